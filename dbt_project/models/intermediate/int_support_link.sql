-- Grain: one row per link of a client to a support person, or part of one: a stale link is cut in two.
-- Definition 16: an open link that has not been confirmed for 180 days (confirmed_on, a newer row or a
-- two-way contact) counts as unknown from then on.
with
link as (
    select
        client.client_id,
        support.person_key,
        support.organisation,
        support.start_date as began_on,
        support.confirmed_on,
        support.end_date_exclusive is null as is_open,
        {{ end_within_data('support.end_date_exclusive') }} as end_date_exclusive,
        max(support.start_date) over (partition by client.client_id) as newest_start_date
    from {{ ref('stg_hva__support_person') }} as support
    inner join {{ ref('int_supplier') }} as supplier on support.organisation = supplier.organisation
    inner join {{ ref('int_client') }} as client on support.client_key = client.client_key
    where
        support.start_date < {{ end_within_data('support.end_date_exclusive') }}
),

confirmed as (
    select
        link.*,
        {{ known_until('link', 'began_on', 'link.newest_start_date') }} as known_until_exclusive
    from link
    left join {{ ref('int_last_contact') }} as last_contact on link.client_id = last_contact.client_id
)

select
    client_id,
    person_key,
    organisation,
    began_on,
    false as is_stale,
    began_on as start_date,
    least(end_date_exclusive, known_until_exclusive) as end_date_exclusive
from confirmed

union all

select
    client_id,
    person_key,
    organisation,
    began_on,
    true,
    known_until_exclusive,
    end_date_exclusive
from confirmed
where known_until_exclusive < end_date_exclusive
