{{ config(materialized="view") }}
-- Grain: one row per indicator, variant, area level, area, period type and period with contributions.
-- The figure (definition 8: a ratio of sums, null without a denominator) and its intervals.
with
cell as (
    select
        cell.indicator_id,
        cell.variant,
        cell.area_level,
        cell.area_code,
        cell.period_type,
        cell.period,
        cell.numerator_clients,
        cell.denominator_clients,
        cell.numerator_squares,
        cell.cross_products,
        cell.denominator_squares,
        cell.unknown_share,
        cell.record_share,
        cell.doubtful_share,
        meta.aggregation,
        meta.interval_method,
        meta.scale,
        case when meta.aggregation = 'count' then cell.numerator_clients else cell.numerator_sum end as numerator,
        case when meta.aggregation <> 'count' then cell.denominator_sum end as denominator
    from {{ ref('int_cell') }} as cell
    inner join {{ ref('indicator_meta') }} as meta on cell.indicator_id = meta.indicator_id
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
    from cell
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
