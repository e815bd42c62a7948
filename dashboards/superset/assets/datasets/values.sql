-- Grain: one row per indicator x period x choice (area, municipality) x place shown for the choice.
--
-- A choice brings its comparisons with it: a municipality is shown beside all municipalities of
-- its area, the area, its municipality group and the country. So filters stay plain equalities
-- and every chart answers them. A place without a published figure keeps its row and says why.
with

places as (
    select
        area_level,
        area_code,
        parent_code,
        group_code,
        case when area_level = 'wellbeing_area' then short_name_fi else name_fi end as place,
        case area_level
            when 'country' then 'Koko maa'
            when 'wellbeing_area' then 'Hyvinvointialue'
            when 'municipality_group' then 'Kuntaryhmä'
            when 'municipality' then 'Kunta'
        end as level_label,
        case area_level
            when 'country' then 1
            when 'wellbeing_area' then 2
            when 'municipality_group' then 3
            else 4
        end as level_order
    from published.area
    where area_level in ('country', 'wellbeing_area', 'municipality_group', 'municipality')
),

areas as (
    select area_code, place as area_name from places where area_level = 'wellbeing_area'
),

municipalities as (
    select
        place as municipality_name,
        area_code as municipality_code,
        parent_code,
        group_code
    from places
    where area_level = 'municipality'
),

choices as (
    select
        'Koko maa' as area_choice,
        'Kaikki kunnat' as municipality_choice,
        area_level,
        area_code,
        area_level = 'country' as is_chosen
    from places

    union all

    select
        areas.area_name,
        'Kaikki kunnat',
        places.area_level,
        places.area_code,
        places.area_level in ('country', 'wellbeing_area')
    from areas
    inner join places
        on
            places.area_level = 'country'
            or (places.area_level = 'wellbeing_area' and places.area_code = areas.area_code)
            or (places.area_level = 'municipality' and places.parent_code = areas.area_code)

    union all

    select
        choice.area_choice,
        municipalities.municipality_name,
        places.area_level,
        places.area_code,
        places.area_level <> 'municipality'
        or places.area_code = municipalities.municipality_code
    from municipalities
    inner join areas on municipalities.parent_code = areas.area_code
    cross join unnest(['Koko maa', areas.area_name]) as choice (area_choice)
    inner join places
        on
            places.area_level = 'country'
            or (
                places.area_level = 'wellbeing_area'
                and places.area_code = municipalities.parent_code
            )
            or (
                places.area_level = 'municipality_group'
                and places.area_code = municipalities.group_code
            )
            or (
                places.area_level = 'municipality'
                and places.parent_code = municipalities.parent_code
            )
),

-- include: indicators

-- include: figures

country as (
    select indicator_id, variant, period_type, period, value as country_value
    from totals
    where area_level = 'country'
),

-- The bars of one indicator and period share a scale; the widest twentieth is cut at its end.
scales as (
    select
        indicator_id,
        variant,
        period_type,
        period,
        coalesce(
            quantile_cont(coalesce(upper_95, value), 0.95) filter (
                area_level = 'municipality' and indicator_id <> 'PER-01'
            ),
            max(coalesce(upper_95, value)) filter (area_level <> 'country'),
            max(coalesce(upper_95, value))
        ) as scale_end
    from totals
    group by all
),

joined as (
    select
        periods.*,
        choices.area_choice,
        choices.municipality_choice,
        choices.is_chosen,
        places.area_level,
        places.level_label,
        places.level_order,
        places.place,
        totals.numerator,
        totals.denominator,
        totals.value,
        totals.lower_95,
        totals.upper_95,
        country.country_value,
        nullif(scales.scale_end, 0) as scale_end,
        totals.status,
        totals.data_notice
    from choices
    inner join places
        on choices.area_level = places.area_level and choices.area_code = places.area_code
    cross join periods
    left join totals
        on
            periods.indicator_id = totals.indicator_id
            and periods.variant = totals.variant
            and periods.period_type = totals.period_type
            and periods.period = totals.period
            and places.area_level = totals.area_level
            and places.area_code = totals.area_code
    left join country
        on
            periods.indicator_id = country.indicator_id
            and periods.variant = country.variant
            and periods.period_type = country.period_type
            and periods.period = country.period
    left join scales
        on
            periods.indicator_id = scales.indicator_id
            and periods.variant = scales.variant
            and periods.period_type = scales.period_type
            and periods.period = scales.period
),

-- include: wording

placed as (
    select
        *,
        round(100 * least(value / scale_end, 1), 1) as value_position,
        round(100 * least(lower_95 / scale_end, 1), 1) as lower_position,
        round(100 * least(upper_95 / scale_end, 1), 1) as upper_position,
        round(100 * least(country_value / scale_end, 1), 1) as country_position
    from worded
),

final as (
    select
        indicator_label,
        period_label,
        area_choice,
        municipality_choice,
        is_chosen,
        area_level,
        level_label,
        level_order,
        place,
        shown_value as value,
        shown_lower as lower_95,
        shown_upper as upper_95,
        numerator,
        denominator,
        status_text,
        coalesce(value_text, '–') as value_text,
        coalesce(interval_text, '–') as interval_text,
        case
            when value is null
                then
                    '<span class="st-status' || case when is_chosen then ' st-chosen' else '' end
                    || '">' || status_text || '</span>'
            else
                '<div class="st-bar' || case when is_chosen then ' st-chosen' else '' end || '">'
                || case
                    when country_position is null then ''
                    else '<span class="st-country" style="left:' || country_position || '%"></span>'
                end
                || case
                    when lower_position is null then ''
                    else
                        '<span class="st-interval" style="left:' || lower_position || '%;width:'
                        || greatest(upper_position - lower_position, 0.4) || '%"></span>'
                end
                || '<span class="st-dot' || case when is_chosen then ' st-dot-chosen' else '' end
                || '" style="left:' || value_position || '%"></span></div>'
        end as interval_html,
        coalesce(
            split_part(data_notice, ' /', 1),
            (select any_value(split_part(data_notice, ' /', 1)) from published.release)
        ) as data_notice
    from placed
)

select * from final
