-- Grain: one row per client at risk on 183 days or more of 12 months, at the place of the last one.
with
client_window as (
    {{ clients_with_action('VERKOSTO') }}
)

{{ contribution(
    'VER-05', 'client_window', 'is_done', '1', period_type='rolling_12_months', recorded_part='is_recorded',
    part_base='1'
) }}
