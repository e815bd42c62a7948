{# Who delivers a source table of an indicator, and what a delivery covers. #}

{# The table as `source_tables` names it: an area's own by the contract's name, another supplier's with its kind
   before it (kela.benefit_month, kunta.cost_row), for several kinds of suppliers may deliver one table. #}
{% macro source_name(delivery) -%}
    case
        when {{ delivery }}.organisation like 'hva-%' then {{ delivery }}.table_name
        else split_part({{ delivery }}.organisation, '-', 1) || '.' || {{ delivery }}.table_name
    end
{%- endmacro %}

{# Source tables of an indicator that municipalities deliver. #}
{% macro municipal_sources(source_tables) -%}
    {%- set found = [] -%}
    {%- for table in source_tables if table.startswith('kunta.') -%}
        {%- do found.append(table) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#
    Whether the deliveries `counting` of one supplier and table (a group; none: a row of nulls) cover the days from
    `window_start` to `end_exclusive`. A history covers from data_from to the end of its newest delivery. A snapshot
    covers the periods that were delivered (quarters, half-years or years, by its cadence), an increment their days.
#}
{% macro deliveries_cover(mode, window_start, end_exclusive) -%}
    case
        when {{ mode }} = 'history' then count(case
            when
                counting.period_end_exclusive >= {{ end_exclusive }}
                and (counting.data_from is null or counting.data_from <= {{ window_start }})
                then 1
        end) > 0
        -- One delivery counts for each period, and periods of one table do not overlap.
        when {{ mode }} = 'snapshot' then sum(case
            when
                counting.period_start >= {{ window_start }}
                and counting.period_end_exclusive <= {{ end_exclusive }}
                then {{ days_between('counting.period_start', 'counting.period_end_exclusive') }}
            else 0
        end) >= {{ days_between(window_start, end_exclusive) }}
        -- Without a delivery there is nothing to share (greatest and least would pass over the nulls).
        else sum(case
            when counting.period is null then 0
            else {{ shared_days(
                'counting.period_start', 'counting.period_end_exclusive', window_start, end_exclusive
            ) }}
        end) >= {{ days_between(window_start, end_exclusive) }}
    end
{%- endmacro %}
