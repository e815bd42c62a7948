{# Claim: half-open spans of the same `of_each` share no day, and each has at least one. #}
{% test spans_are_apart(model, of_each) %}
select *
from (
    select
        {{ of_each | join(', ') }},
        start_date,
        end_date_exclusive,
        lag(end_date_exclusive) over (
            partition by {{ of_each | join(', ') }} order by start_date
        ) as previous_end_exclusive
    from {{ model }}
) as span
where
    start_date < previous_end_exclusive
    or start_date >= end_date_exclusive
{% endtest %}
