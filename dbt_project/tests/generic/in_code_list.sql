{# Claim: every value is a code of the contracts' list `code_list` (empty is allowed). #}
{% test in_code_list(model, column_name, code_list) %}
select model.{{ column_name }}
from {{ model }} as model
left join {{ source('lake', 'code') }} as code
    on code.code_list = '{{ code_list }}'
    and model.{{ column_name }} = code.code
where
    model.{{ column_name }} is not null
    and code.code is null
{% endtest %}
