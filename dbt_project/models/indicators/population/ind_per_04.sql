-- Grain: one row per variant and aftercare period that ended in the quarter, but by death or emigration.
-- Whether one of the reasons asked about was before the limit is unknown where the limit or the reason is.
{% set asked = {
    'main': "('EI_YHTEYTTA', 'OMA_PYYNTO')",
    'lost_contact': "('EI_YHTEYTTA')",
    'own_request': "('OMA_PYYNTO')",
} %}
{% for variant, reasons in asked.items() %}
{{ contribution(
    'PER-04', ref('int_ended_aftercare_period'),
    'case when end_reason in ' ~ reasons ~ ' and is_before_limit then 1 else 0 end', '1',
    variant=variant, unit_type='aftercare_period', unit_key='period_key', client_id='client_id',
    unknown_part='case when end_reason is null or (end_reason in ' ~ reasons ~ ' and is_before_limit is null)'
    ~ ' then 1 else 0 end', part_base='1',
    where="coalesce(end_reason, 'MUU') not in ('KUOLEMA', 'MAASTAMUUTTO')"
) }}
{{ 'union all' if not loop.last }}
{% endfor %}
