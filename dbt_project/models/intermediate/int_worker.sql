-- Grain: one row per worker key that was ever assigned to a client.
-- The number keeps the key's order, because ties go to the smaller key (definition 4).
select
    worker_key,
    cast(row_number() over (order by worker_key) as integer) as worker_id
from (
    select distinct worker_key
    from {{ ref('stg_hva__worker_assignment') }}
    where worker_key is not null
) as worker
