{{ config(materialized="view") }}
-- Grain: one row per indicator, variant, area level, area, period type, period, breakdown and category
-- with contributions. The figure (definition 8: a ratio of sums, null without a denominator; a median;
-- a cumulative incidence) and its intervals.
with
-- A quarter has one base period and a year four: the residents of a period are their mean.
base_period as (
    select period_type, period, count(*) as base_periods
    from {{ ref('int_period_part') }}
    where base_period_type = 'quarter'
    group by period_type, period
),

counted as (
    select
        cell.*,
        coalesce(
            meta.aggregation = 'count' and meta.population_variants like '%,' || cell.variant || ',%', false
        ) as is_per_population,
        coalesce(
            meta.aggregation in ({{ time_aggregations() }}) and meta.share_variants like '%,' || cell.variant || ',%', false
        ) as is_share,
        cell.denominator_sum / base_period.base_periods as residents
    from {{ ref('int_cell') }} as cell
    inner join {{ ref('indicator_meta') }} as meta on cell.indicator_id = meta.indicator_id
    left join base_period
        on cell.period_type = base_period.period_type
        and cell.period = base_period.period
),

cell as (
    select
        cell.indicator_id,
        coalesce(curve.variant, cell.variant) as variant,
        cell.area_level,
        cell.area_code,
        cell.period_type,
        cell.period,
        cell.breakdown,
        cell.category,
        -- Of a wait's units, persons with an event are at most so many.
        case
            when curve.indicator_id is null then cell.numerator_clients
            when meta.aggregation = 'median' then cell.denominator_clients
            else least(cell.denominator_clients, cast(curve.numerator as hugeint))
        end as numerator_clients,
        case
            when cell.is_per_population then cast(cell.residents as hugeint)
            else cell.denominator_clients
        end as denominator_clients,
        cell.numerator_squares,
        cell.cross_products,
        cell.denominator_squares,
        cell.square_rates,
        cell.unknown_share,
        cell.record_share,
        cell.doubtful_share,
        case when cell.is_per_population or cell.is_share then 'ratio' else meta.aggregation end as aggregation,
        case
            when cell.is_per_population then 'byar'
            when cell.is_share then 'wilson'
            else meta.interval_method
        end as interval_method,
        case
            when cell.is_per_population then meta.population_scale
            when cell.is_share then 1.0
            else meta.scale
        end as scale,
        case
            when curve.indicator_id is not null then curve.numerator
            when meta.aggregation = 'count' then cell.numerator_units
            else cell.numerator_sum
        end as numerator,
        case
            when curve.indicator_id is not null then curve.denominator
            when cell.is_per_population then cell.residents
            when meta.aggregation <> 'count' then cell.denominator_sum
        end as denominator,
        round(curve.value, 12) as curve_value,
        round(curve.lower_95, 12) as curve_lower_95,
        round(curve.upper_95, 12) as curve_upper_95,
        round(curve.lower_998, 12) as curve_lower_998,
        round(curve.upper_998, 12) as curve_upper_998
    from counted as cell
    inner join {{ ref('indicator_meta') }} as meta on cell.indicator_id = meta.indicator_id
    left join {{ ref('int_curve_figure') }} as curve
        on cell.indicator_id = curve.indicator_id
        and cell.variant = curve.cell_variant
        and cell.area_level = curve.area_level
        and cell.area_code = curve.area_code
        and cell.period_type = curve.period_type
        and cell.period = curve.period
        and cell.breakdown = curve.breakdown
        and cell.category = curve.category
),

valued as (
    select
        *,
        case
            when aggregation in ({{ time_aggregations() }}) then curve_value * scale
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
        end as effective_total,
        -- Client-level dispersion of events: sum of (y - r t)^2 / (r t) over clients, by clients - 1.
        case
            when interval_method <> 'byar_dispersed' then null
            when numerator > 0 and denominator > 0 and denominator_clients > 1
                then greatest(1, (square_rates * denominator / numerator - numerator) / (denominator_clients - 1.0))
            else 1.0
        end as dispersion
    from cell
),

limited as (
    select
        valued.*,
        {% for name, confidence, z in confidence_levels() %}
        {% for side, sign, byar in [
            ('lower', '-', byar_lower("valued.numerator", z)), ('upper', '+', byar_upper("valued.numerator", z))
        ] %}
        case
            when valued.aggregation in ({{ time_aggregations() }})
                then valued.curve_{{ side }}_{{ name }} * valued.scale
            when valued.denominator is null or valued.denominator = 0 then null
            when valued.interval_method in ('wilson', 'wilson_clustered') then {{ wilson_limit(
                "(valued.numerator / valued.denominator * valued.effective_total)", "valued.effective_total", z, sign
            ) }}
            when valued.interval_method = 'byar' and valued.numerator >= 10
                then {{ byar }} * valued.scale / valued.denominator
            when valued.interval_method = 'byar'
                then limit_{{ name }}.{{ side }}_limit * valued.scale / valued.denominator
            when valued.interval_method = 'byar_dispersed' and valued.numerator >= 10
                then {{ dispersed_limit("valued.numerator", byar, "valued.dispersion") }}
                    * valued.scale / valued.denominator
            when valued.interval_method = 'byar_dispersed'
                then {{ dispersed_limit("valued.numerator", "limit_" ~ name ~ "." ~ side ~ "_limit", "valued.dispersion") }}
                    * valued.scale / valued.denominator
        end as {{ side }}_{{ name }}{{ "," if not loop.last }}
        {%- endfor %}{{ "," if not loop.last }}
        {% endfor %}
    from valued
    {% for name, confidence, z in confidence_levels() %}
    left join {{ ref('seed_poisson_limit') }} as limit_{{ name }}
        on valued.numerator = limit_{{ name }}.events
        and limit_{{ name }}.confidence = {{ confidence }}
    {% endfor %}
)

select * from limited
