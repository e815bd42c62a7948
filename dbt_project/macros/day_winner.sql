{#
    The spell that holds each day, on intervals.

    `base`: relation of disjoint half-open intervals per client (client_id, start_date,
    end_date_exclusive and the columns `keep`): the days that are asked about.
    `spells`: relation of half-open spells that compete for those days (client_id, start_date,
    end_date_exclusive and the columns `carry`).
    `order_by`: who wins a day, in terms of `spell.`.

    Every start and end cuts the client's time; between two cuts nothing changes, so one winner
    holds the whole piece. Days without a spell stay, with nulls. No day is ever exploded: the
    result has as many rows as there are cuts.
#}
{% macro day_winner(base, spells, keep, carry, order_by) -%}
    select
        client_id,
        {% for column in keep + carry -%}
        {{ column }},
        {% endfor -%}
        start_date,
        end_date_exclusive
    from (
        select
            segment.client_id,
            {% for column in keep -%}
            base.{{ column }},
            {% endfor -%}
            {% for column in carry -%}
            spell.{{ column }},
            {% endfor -%}
            segment.start_date,
            segment.end_date_exclusive,
            row_number() over (
                partition by segment.client_id, segment.start_date
                order by {{ order_by }}
            ) as spell_rank
        from (
            select
                client_id,
                boundary_date as start_date,
                lead(boundary_date) over (
                    partition by client_id order by boundary_date
                ) as end_date_exclusive
            from (
                select client_id, start_date as boundary_date from {{ base }}
                union
                select client_id, end_date_exclusive as boundary_date from {{ base }}
                union
                select client_id, start_date as boundary_date from {{ spells }}
                union
                select client_id, end_date_exclusive as boundary_date from {{ spells }}
            ) as boundary
        ) as segment
        inner join {{ base }} as base
            on segment.client_id = base.client_id
            and segment.start_date >= base.start_date
            and segment.start_date < base.end_date_exclusive
        left join {{ spells }} as spell
            on segment.client_id = spell.client_id
            and segment.start_date >= spell.start_date
            and segment.start_date < spell.end_date_exclusive
    ) as ranked
    where spell_rank = 1
{%- endmacro %}
