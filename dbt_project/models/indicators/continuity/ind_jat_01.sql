-- Grain: one row per variant, client, place and quarter with an at-risk day.
{{ contribution('JAT-01', ref('int_client_quarter'), 'changes', 'at_risk_days',
    doubtful_part='doubtful_days', part_base='at_risk_days'
) }}
union all
{{ contribution(
    'JAT-01', ref('int_client_quarter'), 'changes_without_structural', 'at_risk_days', variant='without_structural',
    doubtful_part='doubtful_days', part_base='at_risk_days'
) }}
union all
{{ contribution(
    'JAT-01', ref('int_client_quarter'), 'changes_without_own_request', 'at_risk_days', variant='without_own_request',
    doubtful_part='doubtful_days', part_base='at_risk_days'
) }}
