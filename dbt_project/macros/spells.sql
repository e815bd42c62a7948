{# Parts of queries on delivered spells and events, with `supplier` and `client` joined as everywhere. #}

{# A spell's end as far as the supplier has told: what lies after its last delivered day has not been seen. #}
{% macro end_within_data(end_date_exclusive) -%}
    least(coalesce({{ end_date_exclusive }}, supplier.data_until_exclusive), supplier.data_until_exclusive)
{%- endmacro %}

{#
    The day until which what a spell says is known (definition 16). An open one is stale so long after the last sign
    of it: its beginning, a confirmation, a two-way contact (`last_contact`) or a newer row.
#}
{% macro known_until(spell, began, newest_start_date) -%}
    case when {{ spell }}.is_open then {{ add_days(
        'greatest(' ~ spell ~ '.' ~ began
        ~ ', coalesce(' ~ spell ~ '.confirmed_on, ' ~ spell ~ '.' ~ began ~ ')'
        ~ ', coalesce(last_contact.contact_date, ' ~ spell ~ '.' ~ began ~ '), ' ~ newest_start_date ~ ')',
        var('stale_days')
    ) }} else {{ spell }}.end_date_exclusive end
{%- endmacro %}

{# The place (`segment`) and the quarter (`period`) of a day of `client`; days at risk only. #}
{% macro join_place_and_quarter(day) -%}
    inner join {{ ref('int_at_risk_segment') }} as segment
        on client.client_id = segment.client_id
        and {{ day }} >= segment.start_date
        and {{ day }} < segment.end_date_exclusive
    inner join {{ ref('int_period') }} as period
        on {{ day }} >= period.period_start
        and {{ day }} < period.period_end_exclusive
        and period.period_type = 'quarter'
{%- endmacro %}

{#
    Spells of clients that do not overlap (a relation), each with the first day of the unbroken stretch that it is
    part of. `same` names a column that has one value throughout a stretch; gaps of up to `longest_gap` days do not
    break it.
#}
{% macro with_stretch_start(relation, same=none, longest_gap=0) -%}
    select
        * exclude (is_beginning),
        max(case when is_beginning then start_date end) over (
            partition by client_id order by start_date rows between unbounded preceding and current row
        ) as stretch_start
    from (
        select
            *,
            not coalesce(
                {{ days_between('lag(end_date_exclusive) over history', 'start_date') }} <= {{ longest_gap }}
                {%- if same %}
                and lag({{ same }}) over history = {{ same }}
                {%- endif %},
                false
            ) as is_beginning
        from {{ relation }}
        window history as (partition by client_id order by start_date)
    ) as marked
{%- endmacro %}
