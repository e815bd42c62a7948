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

indicators as (
    select
        indicator_id,
        variant,
        unit,
        indicator_id || ' ' || name_fi
        || case
            when variant = 'main' then ''
            else ', ' || lower(left(variant_name_fi, 1)) || substr(variant_name_fi, 2)
        end as indicator_label,
        case when unit = 'share' then 100 else 1 end as factor,
        case unit when 'per_1000_days' then 2 when 'persons' then 0 else 1 end as decimals,
        case when unit = 'share' then chr(160) || '%' else '' end as unit_sign
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
        indicators.indicator_label,
        indicators.unit,
        indicators.unit_sign,
        indicators.decimals,
        indicators.factor,
        periods.period_label,
        choices.area_choice,
        choices.municipality_choice,
        choices.is_chosen,
        places.area_level,
        places.level_label,
        places.level_order,
        places.place,
        totals.numerator,
        totals.denominator,
        totals.value * indicators.factor as value,
        totals.lower_95 * indicators.factor as lower_95,
        totals.upper_95 * indicators.factor as upper_95,
        country.country_value * indicators.factor as country_value,
        nullif(scales.scale_end, 0) * indicators.factor as scale_end,
        coalesce(totals.status, 'not_published') as status,
        totals.data_notice
    from choices
    inner join places
        on choices.area_level = places.area_level and choices.area_code = places.area_code
    cross join periods
    inner join indicators
        on periods.indicator_id = indicators.indicator_id and periods.variant = indicators.variant
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

worded as (
    select
        *,
        case status
            when 'shown' then 'näytetään'
            when 'hidden' then 'suojattu, pieni luku'
            when 'too_few' then 'liian vähän tapauksia'
            when 'not_recorded' then 'ei kirjattu'
            when 'not_delivered' then 'tietoja ei toimitettu'
            when 'not_applicable' then 'ei koske'
            else 'ei lasketa tälle tasolle tai jaksolle'
        end as status_text,
        translate(
            case decimals
                when 0 then format('{:,.0f}', value)
                when 1 then format('{:,.1f}', value)
                else format('{:,.2f}', value)
            end,
            ',.', chr(160) || ','
        ) || unit_sign as shown_value_text,
        translate(
            case decimals
                when 0 then format('{:,.0f}', lower_95) || '–' || format('{:,.0f}', upper_95)
                when 1 then format('{:,.1f}', lower_95) || '–' || format('{:,.1f}', upper_95)
                else format('{:,.2f}', lower_95) || '–' || format('{:,.2f}', upper_95)
            end,
            ',.', chr(160) || ','
        ) || unit_sign as shown_interval_text,
        round(100 * least(value / scale_end, 1), 1) as value_position,
        round(100 * least(lower_95 / scale_end, 1), 1) as lower_position,
        round(100 * least(upper_95 / scale_end, 1), 1) as upper_position,
        round(100 * least(country_value / scale_end, 1), 1) as country_position
    from joined
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
        value,
        lower_95,
        upper_95,
        numerator,
        denominator,
        status_text,
        case
            when is_chosen then '<span class="st-chosen">' || place || '</span>'
            else '<span>' || place || '</span>'
        end as place_html,
        coalesce(shown_value_text, '–') as value_text,
        coalesce(shown_interval_text, '–') as interval_text,
        case
            when value is null then '<span class="st-status">' || status_text || '</span>'
            else
                '<div class="st-bar">'
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
    from worded
)

select * from final
