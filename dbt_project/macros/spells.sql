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
