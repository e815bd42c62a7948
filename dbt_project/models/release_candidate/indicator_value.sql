-- Grain: one row per indicator, variant, area level, area, period type and period. Restricted: all values.
with
spine as (
    select
        meta.indicator_id,
        indicator.variant,
        area.area_level,
        area.area_code,
        period.period_type,
        period.period,
        period.period_start,
        period.period_end_exclusive,
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
        and (
            area.area_level in ('country', 'wellbeing_area')
            or period.period_type in ('year', 'pooled_3_years')
        )
),

joined as (
    select
        spine.*,
        meta.scale,
        meta.aggregation,
        meta.interval_method,
        meta.cell_class,
        meta.is_worker_action,
        meta.counts_persons,
        meta.minimum_record_share,
        spine.area_code = '91' and spine.area_level = 'wellbeing_area' as is_outside,
        coalesce(completeness.is_delivered, false) as is_delivered,
        coalesce(completeness.is_complete, false) as is_complete,
        completeness.coverage,
        case
            when meta.aggregation = 'count' then coalesce(cell.numerator_clients, 0)
            else coalesce(cell.numerator_sum, 0)
        end as numerator,
        case when meta.aggregation <> 'count' then coalesce(cell.denominator_sum, 0) end as denominator,
        coalesce(cell.numerator_clients, 0) as numerator_clients,
        coalesce(cell.denominator_clients, 0) as denominator_clients,
        cell.numerator_squares,
        cell.cross_products,
        cell.denominator_squares,
        cell.unknown_share,
        cell.record_share,
        cell.doubtful_share,
        concentration.workers,
        concentration.largest_worker_share,
        exists (
            select 1 from {{ ref('int_key_break') }} as key_break
            where
                key_break.key_kind = meta.key_break
                and key_break.wellbeing_area_code = spine.own_area_code
                and key_break.break_date >= spine.period_start
                and key_break.break_date < spine.period_end_exclusive
        ) as is_series_break
    from spine
    inner join {{ ref('indicator_meta') }} as meta on spine.indicator_id = meta.indicator_id
    left join {{ ref('int_cell_completeness') }} as completeness
        on spine.indicator_id = completeness.indicator_id
        and spine.area_level = completeness.area_level
        and spine.area_code = completeness.area_code
        and spine.period_type = completeness.period_type
        and spine.period = completeness.period
    left join {{ ref('int_cell') }} as cell
        on spine.indicator_id = cell.indicator_id
        and spine.variant = cell.variant
        and spine.area_level = cell.area_level
        and spine.area_code = cell.area_code
        and spine.period_type = cell.period_type
        and spine.period = cell.period
    left join {{ ref('int_worker_concentration') }} as concentration
        on spine.area_level = concentration.area_level
        and spine.area_code = concentration.area_code
        and spine.period_type = concentration.period_type
        and spine.period = concentration.period
),

valued as (
    select
        *,
        case
            when aggregation = 'count' then numerator
            else numerator * scale / nullif(denominator, 0)
        end as value,
        -- Days and events come in clients: the effective number of independent days is what a simple
        -- random sample with the ratio estimator's variance would have.
        case
            when interval_method = 'wilson' then denominator
            when interval_method <> 'wilson_clustered' or denominator = 0 then null
            when
                numerator = 0 or numerator = denominator or denominator_clients = 1
                or numerator_squares
                - 2 * numerator / denominator * cross_products
                + power(numerator / denominator, 2) * denominator_squares < 1e-9
                then denominator_clients
            else
                numerator / denominator * (1 - numerator / denominator)
                * power(denominator, 2) * (denominator_clients - 1.0) / denominator_clients
                / (
                    numerator_squares
                    - 2 * numerator / denominator * cross_products
                    + power(numerator / denominator, 2) * denominator_squares
                )
        end as effective_total
    from joined
),

limited as (
    select
        valued.*,
        {% for name, confidence, z in [('95', '0.95', '1.959963984540054'), ('998', '0.998', '3.090232306167813')] %}
        case
            when valued.denominator is null or valued.denominator = 0 then null
            when valued.interval_method in ('wilson', 'wilson_clustered') then {{ wilson_limit(
                "(valued.numerator / valued.denominator * valued.effective_total)", "valued.effective_total", z, "-"
            ) }}
            when valued.interval_method = 'byar' and valued.numerator >= 10
                then {{ byar_lower("valued.numerator", z) }} * valued.scale / valued.denominator
            when valued.interval_method = 'byar'
                then limit_{{ name }}.lower_limit * valued.scale / valued.denominator
        end as lower_{{ name }},
        case
            when valued.denominator is null or valued.denominator = 0 then null
            when valued.interval_method in ('wilson', 'wilson_clustered') then {{ wilson_limit(
                "(valued.numerator / valued.denominator * valued.effective_total)", "valued.effective_total", z, "+"
            ) }}
            when valued.interval_method = 'byar' and valued.numerator >= 10
                then {{ byar_upper("valued.numerator", z) }} * valued.scale / valued.denominator
            when valued.interval_method = 'byar'
                then limit_{{ name }}.upper_limit * valued.scale / valued.denominator
        end as upper_{{ name }}{{ "," if not loop.last }}
        {% endfor %}
    from valued
    {% for name, confidence in [('95', '0.95'), ('998', '0.998')] %}
    left join {{ ref('seed_poisson_limit') }} as limit_{{ name }}
        on valued.numerator = limit_{{ name }}.events
        and limit_{{ name }}.confidence = {{ confidence }}
    {% endfor %}
)

select * from limited
