-- Wellbeing areas by the short name that filters and charts show.
areas as (
    select area_code, short_name_fi as area_name, tile_row, tile_column
    from published.area
    where area_level = 'wellbeing_area'
),
