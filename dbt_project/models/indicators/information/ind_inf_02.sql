-- Grain: one row per variant and client at risk on 183 days or more of 12 months, at the place of the last one.
with
client_window as (
    {{ clients_with_action('OIKEUDET') }}
)

{% for variant, least_times in [('main', 1), ('again', 2)] %}
{{ contribution(
    'INF-02', 'client_window', 'case when times >= ' ~ least_times ~ ' then 1 else 0 end', '1', variant=variant,
    period_type='rolling_12_months', recorded_part='is_recorded', part_base='1'
) }}
{{ 'union all' if not loop.last }}
{% endfor %}
