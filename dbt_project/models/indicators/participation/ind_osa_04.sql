-- Grain: one row per respondent and half-year.
{{ contribution(
    'OSA-04', ref('int_survey_answer'), 'agrees * is_newest_instrument', 'is_newest_instrument', period='half_year',
    period_type='half_year', unit_type='respondent', unit_key='respondent_key', municipality_code="'unknown'",
    unknown_part='1 - is_newest_instrument', part_base='1', where="item_code = 'SAMA_TYONTEKIJA'"
) }}
