-- Grain: one row per client, place and quarter with an at-risk day.
{{ contribution(
    'ASU-08', ref('int_client_quarter'), 'stable_days', 'stable_days + unstable_days + homeless_days',
    unknown_part='at_risk_days - stable_days - unstable_days - homeless_days', part_base='at_risk_days'
) }}
