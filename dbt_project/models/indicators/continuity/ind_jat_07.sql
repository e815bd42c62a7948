-- Grain: one row per variant and client open on the last day of 12 months with three contacts or more in them.
{% for variant, index in [('main', 'coc'), ('upc', 'upc'), ('secon', 'secon')] %}
{{ contribution(
    'JAT-07', ref('int_contact_continuity'), '1', '1', variant=variant, period_type='rolling_12_months',
    duration_days=index
) }}
union all
{% endfor %}
{{ contribution(
    'JAT-07', ref('int_contact_continuity'), 'is_continuous', '1', variant='at_least_07',
    period_type='rolling_12_months'
) }}
