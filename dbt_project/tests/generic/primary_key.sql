{#
    Claim: `columns` together tell one row from every other, and none of them is empty.
    Only a column in `may_be_empty` may be: empty is then a value of its own.
    One query for the whole key, because a test costs more to start than to run.
#}
{% test primary_key(model, columns, may_be_empty=[]) %}
select
    {{ columns | join(', ') }},
    count(*) as rows_of_key
from {{ model }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {%- for column in columns if column not in may_be_empty %}
    or {{ column }} is null
    {%- endfor %}
{% endtest %}
