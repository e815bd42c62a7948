-- Grain: one row per client at risk on the last day of a quarter, at the place of that day.
with
-- Places change within an unbroken stretch.
unbroken as (
    {{ with_stretch_start(ref('int_at_risk_segment')) | indent(4) }}
),

last_day as (
    select
        unbroken.client_id,
        unbroken.wellbeing_area_code,
        unbroken.municipality_code,
        unbroken.stretch_start,
        quarter.period as quarter,
        twelve_months.period_start as window_start,
        quarter.period_end_exclusive as quarter_end_exclusive
    from unbroken
    inner join {{ ref('int_period') }} as quarter
        on unbroken.start_date < quarter.period_end_exclusive
        and unbroken.end_date_exclusive >= quarter.period_end_exclusive
    inner join {{ ref('int_period') }} as twelve_months
        on quarter.period = twelve_months.period
    where quarter.period_type = 'quarter' and twelve_months.period_type = 'rolling_12_months'
),

window_days as (
    select
        last_day.client_id,
        last_day.quarter,
        sum({{ shared_days(
            'segment.start_date', 'segment.end_date_exclusive', 'last_day.window_start',
            'last_day.quarter_end_exclusive'
        ) }}) as open_days_12_months
    from last_day
    inner join {{ ref('int_at_risk_segment') }} as segment
        on last_day.client_id = segment.client_id
        and segment.start_date < last_day.quarter_end_exclusive
        and segment.end_date_exclusive > last_day.window_start
    group by last_day.client_id, last_day.quarter
),

-- What the area that is responsible on the last day says of the quarter itself, and of no other.
in_touch as (
    select
        client.client_id,
        delivered.period as quarter,
        delivered.wellbeing_area_code,
        max(delivered.in_touch_status) as in_touch_status
    from {{ ref('stg_hva__client') }} as delivered
    inner join {{ ref('int_client') }} as client on delivered.client_key = client.client_key
    group by client.client_id, delivered.period, delivered.wellbeing_area_code
)

select
    last_day.client_id,
    last_day.wellbeing_area_code,
    last_day.municipality_code,
    last_day.quarter,
    last_day.quarter_end_exclusive,
    window_days.open_days_12_months,
    {{ days_between('last_day.stretch_start', 'last_day.quarter_end_exclusive') }} as open_days_in_a_row,
    attribute.age,
    in_touch.in_touch_status
from last_day
inner join window_days
    on last_day.client_id = window_days.client_id and last_day.quarter = window_days.quarter
left join {{ ref('int_client_attribute') }} as attribute
    on last_day.client_id = attribute.client_id and last_day.quarter = attribute.quarter
left join in_touch
    on last_day.client_id = in_touch.client_id
    and last_day.quarter = in_touch.quarter
    and last_day.wellbeing_area_code = in_touch.wellbeing_area_code
