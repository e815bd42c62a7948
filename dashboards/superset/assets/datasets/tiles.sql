-- Grain: one row per indicator x period x chosen area x row of the tile map (north on top).
--
-- Finland's wellbeing areas as a map of tiles: four columns, written as coloured cells. Colour
-- says the size of the figure (five classes of equal numbers of areas), not good or bad.
with

areas as (
    select area_code, short_name_fi as area_name, tile_row, tile_column
    from published.area
    where area_level = 'wellbeing_area'
),

choices as (
    select 'Koko maa' as area_choice
    union all
    select area_name from areas
),

indicators as (
    select
        indicator_id,
        variant,
        unit,
        indicator_id || ' ' || name_fi
        || case
            when variant = 'main' then ''
            else ', ' || lower(left(variant_name_fi, 1)) || substr(variant_name_fi, 2)
        end as indicator_label
    from published.indicator
),

-- A figure of a day (places, housing at the end) has no year of its own everywhere: the last
-- quarter's then stands for the year.
totals as (
    select * exclude (period_type, period),
        case when period_type = 'quarter' then 'year' else period_type end as period_type,
        case when period_type = 'quarter' then left(period, 4) else period end as period
    from published.indicator_value
    where
        breakdown = 'total'
        and category = 'total'
        and (
            period_type in ('year', 'pooled_3_years')
            or (
                period_type = 'quarter'
                and right(period, 2) = 'Q4'
                and period >= '2022'
                and (indicator_id, variant) not in (
                    select (indicator_id, variant)
                    from published.indicator_value
                    where period_type = 'year'
                )
            )
        )
),

-- Every indicator has every period: what is not calculated says so.
periods as (
    select
        indicators.indicator_id,
        indicators.variant,
        labels.period_type,
        labels.period,
        replace(labels.period, '-', '–') as period_label
    from indicators
    cross join (select distinct period_type, period from totals) as labels
),

area_values as (
    select
        indicators.indicator_label,
        periods.period_label,
        areas.area_name,
        areas.tile_row,
        areas.tile_column,
        totals.value,
        totals.lower_95,
        totals.upper_95,
        indicators.unit,
        case
            when totals.value is null then null
            else ntile(5) over (
                partition by
                    indicators.indicator_label, periods.period_label, totals.value is null
                order by totals.value
            )
        end as colour_class,
        case coalesce(totals.status, 'not_published')
            when 'hidden' then 'suojattu'
            when 'too_few' then 'liian vähän'
            when 'not_recorded' then 'ei kirjattu'
            when 'not_delivered' then 'ei toimitettu'
            when 'not_applicable' then 'ei koske'
            else 'ei lasketa'
        end as status_text
    from periods
    inner join indicators
        on periods.indicator_id = indicators.indicator_id and periods.variant = indicators.variant
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

tiles as (
    select
        area_values.*,
        choices.area_choice,
        '<div class="st-tile st-k' || coalesce(colour_class, 0)
        || case when choices.area_choice = area_name then ' st-tile-chosen' else '' end
        || '"><span class="st-tile-name">' || area_name || '</span><span class="st-tile-value">'
        || case
            when value is null then status_text
            when unit = 'share' then translate(format('{:.1f}', 100 * value), '.', ',')
                || chr(160) || '%'
            when unit = 'per_1000_days' then translate(format('{:.2f}', value), '.', ',')
            when unit = 'per_100' then translate(format('{:.1f}', value), '.', ',')
            else translate(format('{:,.0f}', value), ',', chr(160))
        end
        || '</span></div>' as tile_html
    from area_values
    cross join choices
),

final as (
    select
        indicator_label,
        period_label,
        area_choice,
        tile_row,
        -- The tiles west and east of Lapland are free for the key of the colours.
        coalesce(
            max(tile_html) filter (tile_column = 1),
            case
                when tile_row = 1 then
                    '<div class="st-key"><span class="st-key-text">pieni</span>'
                    || '<span class="st-swatch st-k1"></span><span class="st-swatch st-k2"></span>'
                    || '<span class="st-swatch st-k3"></span><span class="st-swatch st-k4"></span>'
                    || '<span class="st-swatch st-k5"></span><span class="st-key-text">suuri</span>'
                    || '</div>'
                else '<span></span>'
            end
        ) as tile_1,
        coalesce(max(tile_html) filter (tile_column = 2), '<span></span>') as tile_2,
        coalesce(max(tile_html) filter (tile_column = 3), '<span></span>') as tile_3,
        coalesce(
            max(tile_html) filter (tile_column = 4),
            case
                when tile_row = 1 then
                    '<div class="st-key"><span class="st-swatch st-k0"></span>'
                    || '<span class="st-key-text">ei lukua</span></div>'
                else '<span></span>'
            end
        ) as tile_4
    from tiles
    group by indicator_label, period_label, area_choice, tile_row
)

select * from final
