-- Grain: one row per indicator x period x chosen area x wellbeing area.
--
-- Finland's wellbeing areas as a map of tiles, north on top: each row is a coloured tile that the
-- style sheet puts in its place, and beside it the plain figures, which are what a file gets.
-- Colour says the size of the figure (five classes of equal numbers of areas), not good or bad.
with

-- include: areas

choices as (
    select 'Koko maa' as area_choice
    union all
    select area_name from areas
),

-- include: indicators

-- include: figures

joined as (
    select
        periods.*,
        areas.area_name,
        areas.tile_row,
        areas.tile_column,
        totals.value,
        totals.lower_95,
        totals.upper_95,
        totals.numerator,
        totals.denominator,
        totals.status,
        totals.data_notice
    from periods
    cross join areas
    left join totals
        on
            periods.indicator_id = totals.indicator_id
            and periods.variant = totals.variant
            and periods.period_type = totals.period_type
            and periods.period = totals.period
            and totals.area_level = 'wellbeing_area'
            and areas.area_code = totals.area_code
),

-- include: wording

classed as (
    select
        *,
        case
            when value is null then 0
            else ntile(5) over (
                partition by indicator_label, period_label, value is null
                order by value
            )
        end as colour_class
    from worded
),

final as (
    select
        classed.indicator_label,
        classed.period_label,
        choices.area_choice,
        classed.tile_row,
        classed.tile_column,
        classed.area_name as place,
        classed.shown_value as value,
        classed.shown_lower as lower_95,
        classed.shown_upper as upper_95,
        classed.numerator,
        classed.denominator,
        classed.status_text,
        '<div class="st-tile st-r' || classed.tile_row || ' st-c' || classed.tile_column
        || ' st-k' || classed.colour_class
        || case when choices.area_choice = classed.area_name then ' st-tile-chosen' else '' end
        || '" title="' || classed.area_name || ': '
        || coalesce(classed.value_text, classed.status_text)
        || coalesce(' (' || classed.interval_text || ')', '')
        || '"><span class="st-tile-name">' || classed.area_name
        || '</span><span class="st-tile-value">'
        || coalesce(
            classed.value_text,
            case classed.status
                when 'hidden' then 'suojattu'
                when 'too_few' then 'liian vähän'
                when 'not_recorded' then 'ei kirjattu'
                when 'not_delivered' then 'ei toimitettu'
                when 'not_applicable' then 'ei koske'
                else 'ei lasketa'
            end
        )
        || '</span></div>'
        -- The places west and east of the northernmost tile are free for the key of the colours.
        || case
            when classed.tile_row = 1
                then
                    '<div class="st-key"><span class="st-key-text">pieni</span>'
                    || '<span class="st-swatch st-k1"></span><span class="st-swatch st-k2"></span>'
                    || '<span class="st-swatch st-k3"></span><span class="st-swatch st-k4"></span>'
                    || '<span class="st-swatch st-k5"></span><span class="st-key-text">suuri</span>'
                    || '</div><div class="st-key st-key-none"><span class="st-swatch st-k0"></span>'
                    || '<span class="st-key-text">ei lukua</span></div>'
            else ''
        end as tile_html,
        coalesce(
            split_part(classed.data_notice, ' /', 1),
            (select any_value(split_part(data_notice, ' /', 1)) from published.release)
        ) as data_notice
    from classed
    cross join choices
)

select * from final
