-- Grain: one row per worker key that was ever assigned to a client.
-- Ties go to the smaller key as delivered (definition 4), so the number keeps that order; between
-- two suppliers, whose keys have no order between them, that of the suppliers.
select
    worker_key,
    cast(row_number() over (order by organisation, worker_key_order, worker_key) as integer) as worker_id
from (
    select
        worker_key,
        min(organisation) as organisation,
        min(worker_key_order) as worker_key_order
    from {{ ref('stg_hva__worker_assignment') }}
    where worker_key is not null
    group by worker_key
) as worker
