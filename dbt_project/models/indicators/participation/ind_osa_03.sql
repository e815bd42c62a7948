-- Grain: one row per wave and area; a delivered sum, of as many persons as answered.
{{ contribution(
    'OSA-03', ref('stg_hva__survey_wave'), 'responded', 'invited', period='period',
    period_type='half_year', unit_type='survey_wave',
    unit_key="wellbeing_area_code || ':' || wave", municipality_code="'unknown'", persons='responded'
) }}
