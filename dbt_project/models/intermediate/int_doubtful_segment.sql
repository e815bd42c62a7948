-- Grain: one row per role, client and stretch of at-risk days on which the incumbent is doubtful, in one place.
-- Definition 4.
select
    segment.role,
    segment.client_id,
    segment.wellbeing_area_code,
    segment.municipality_code,
    greatest(segment.start_date, doubtful.start_date) as start_date,
    least(segment.end_date_exclusive, doubtful.end_date_exclusive) as end_date_exclusive
from {{ ref('int_doubtful_run') }} as doubtful
inner join {{ ref('int_incumbent_segment') }} as segment
    on doubtful.role = segment.role
    and doubtful.client_id = segment.client_id
    and doubtful.worker_id = segment.worker_id
    and doubtful.run_start = segment.run_start
    and doubtful.start_date < segment.end_date_exclusive
    and doubtful.end_date_exclusive > segment.start_date
