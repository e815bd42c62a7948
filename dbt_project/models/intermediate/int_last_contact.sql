-- Grain: one row per client with a two-way contact: the last one.
select
    client.client_id,
    max(contact.date) as contact_date
from {{ ref('stg_hva__contact') }} as contact
inner join {{ ref('int_client') }} as client on contact.client_key = client.client_key
where contact.two_way
group by client.client_id
