-- Grain: one row per young person who was ever in aftercare.
-- A number of our own stands for the 64-character key in every join below; nothing depends on its order.
select
    client_key,
    cast(row_number() over (order by client_key) as integer) as client_id
from (
    select distinct client_key from {{ ref('stg_hva__aftercare_period') }}
) as client
