-- Grain: one row per indicator, variant, area level, area, period type, period, breakdown and category.
-- Restricted: all values. Every cell that there may be stands here, with what was delivered; one without
-- contributions as well.
{% set is_share = "meta.share_variants like '%,' || spine.variant || ',%'" -%}
with
spine as (
    select
        meta.indicator_id,
        indicator.variant,
        indicator.worker_role,
        coalesce(meta.population_variants like '%,' || indicator.variant || ',%', false) as is_per_population,
        area.area_level,
        area.area_code,
        period.period_type,
        period.period,
        period.period_start,
        period.period_end_exclusive,
        breakdown.breakdown,
        breakdown.category,
        case
            when area.area_level = 'wellbeing_area' then area.area_code
            when area.area_level = 'municipality' then area.parent_code
        end as own_area_code
    from {{ ref('indicator_meta') }} as meta
    inner join {{ ref('indicator') }} as indicator on meta.indicator_id = indicator.indicator_id
    inner join {{ ref('area') }} as area
        on meta.levels like '%,' || area.area_level || ',%'
        and area.valid_to is null
    inner join {{ ref('int_period') }} as period
        on meta.period_types like '%,' || period.period_type || ',%'
    inner join {{ ref('seed_breakdown_category') }} as breakdown
        on meta.breakdowns like '%,' || breakdown.breakdown || ',%'
    -- What a class allows on a level; a class or level that the list does not know is not published.
    inner join {{ ref('seed_cell_class_level') }} as allowed
        on meta.cell_class = allowed.cell_class
        and area.area_level = allowed.area_level
        and (
            case when breakdown.breakdown = 'total' then allowed.period_types else allowed.breakdown_period_types end
            = 'all'
            or ',' || case
                when breakdown.breakdown = 'total' then allowed.period_types else allowed.breakdown_period_types
            end || ',' like '%,' || period.period_type || ',%'
        )
),

-- Breaks by date, and a supplier's new client system where the indicator rests on its keys (definition 5).
break_day as (
    select meta.indicator_id, series_break.wellbeing_area_code, series_break.break_date
    from {{ ref('indicator_meta') }} as meta
    inner join {{ ref('seed_series_break') }} as series_break
        on series_break.scope = 'all'
        or (series_break.scope = 'age_limit' and not meta.has_fixed_age_band)
        or (series_break.scope = 'indicator' and series_break.indicator_id = meta.indicator_id)

    union all

    select meta.indicator_id, key_break.wellbeing_area_code, key_break.break_date
    from {{ ref('indicator_meta') }} as meta
    inner join {{ ref('int_key_break') }} as key_break on meta.key_break = key_break.key_kind
),

final as (
    select
        spine.*,
        case
            when spine.is_per_population then meta.population_scale
            when {{ is_share }} then 1.0
            else meta.scale
        end as scale,
        case when spine.is_per_population or {{ is_share }} then 'ratio' else meta.aggregation end as aggregation,
        case
            when spine.is_per_population then 'byar'
            when {{ is_share }} then 'wilson'
            else meta.interval_method
        end as interval_method,
        meta.cell_class,
        meta.is_worker_action,
        meta.counts_persons,
        meta.minimum_record_share,
        spine.area_code = '91' and spine.area_level = 'wellbeing_area' as is_outside,
        coalesce(completeness.is_delivered, false) as is_delivered,
        coalesce(completeness.is_complete, false) as is_complete,
        completeness.coverage,
        coalesce(figure.numerator, 0) as numerator,
        case
            when meta.aggregation <> 'count' or spine.is_per_population then coalesce(figure.denominator, 0)
        end as denominator,
        coalesce(figure.numerator_clients, 0) as numerator_clients,
        coalesce(figure.denominator_clients, 0) as denominator_clients,
        figure.numerator_squares,
        figure.cross_products,
        figure.denominator_squares,
        figure.unknown_share,
        figure.record_share,
        figure.doubtful_share,
        concentration.workers,
        concentration.largest_worker_share,
        amount.largest_amount,
        amount.second_amount,
        exists (
            select 1 from break_day
            where
                break_day.indicator_id = spine.indicator_id
                and (break_day.wellbeing_area_code is null or break_day.wellbeing_area_code = spine.own_area_code)
                and break_day.break_date >= spine.period_start
                and break_day.break_date < spine.period_end_exclusive
        ) as is_series_break,
        -- A count of nobody is 0; a ratio without a denominator is no figure.
        case
            when meta.aggregation = 'count' and not spine.is_per_population then coalesce(figure.value, 0)
            else figure.value
        end as value,
        figure.effective_total,
        figure.dispersion,
        figure.lower_95,
        figure.upper_95,
        figure.lower_998,
        figure.upper_998
    from spine
    inner join {{ ref('indicator_meta') }} as meta on spine.indicator_id = meta.indicator_id
    left join {{ ref('int_cell_completeness') }} as completeness
        on spine.indicator_id = completeness.indicator_id
        and spine.area_level = completeness.area_level
        and spine.area_code = completeness.area_code
        and spine.period_type = completeness.period_type
        and spine.period = completeness.period
    left join {{ ref('int_figure') }} as figure on {{ same_cell('spine', 'figure') | indent(8) }}
    -- How workers share a category is not known: below areas a worker's action is broken down for nobody.
    left join {{ ref('int_worker_concentration') }} as concentration
        on spine.breakdown = 'total'
        and spine.worker_role = concentration.role
        and spine.area_level = concentration.area_level
        and spine.area_code = concentration.area_code
        and spine.period_type = concentration.period_type
        and spine.period = concentration.period
    left join {{ ref('int_largest_amount') }} as amount on {{ same_cell('spine', 'amount') | indent(8) }}
)

select * from final
