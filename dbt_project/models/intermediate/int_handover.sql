-- Grain: one row per handover record of a client.
select
    client.client_id,
    from_worker.worker_id as from_worker_id,
    to_worker.worker_id as to_worker_id,
    handover.handover_date,
    handover.handover_type,
    handover.client_present,
    handover.organisation,
    handover.period,
    handover.source_row
from {{ ref('stg_hva__handover') }} as handover
inner join {{ ref('int_client') }} as client on handover.client_key = client.client_key
left join {{ ref('int_worker') }} as from_worker on handover.from_worker_key = from_worker.worker_key
left join {{ ref('int_worker') }} as to_worker on handover.to_worker_key = to_worker.worker_key
