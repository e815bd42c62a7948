-- Grain: one row per client, place and quarter with an at-risk day.
{{ contribution('PER-01', ref('int_client_quarter'), '1', '0') }}
