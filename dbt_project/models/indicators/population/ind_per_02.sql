-- Grain: one row per end of entitling care whose 90 days have been seen, in the quarter of its last day.
{{ contribution(
    'PER-02', ref('int_care_ending'),
    'case when ' ~ days_between('last_day', 'aftercare_day') ~ ' <= 90 then 1 else 0 end', '1',
    unit_type='placement', unit_key='placement_key', client_id='person_id', where='days_seen >= 90'
) }}
