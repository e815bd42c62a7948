-- Grain: one row per wellbeing area and home municipality with clients: their share of a larger area.
-- At-risk clients in the last quarter for which every area has delivered; before there is one, the
-- young people (18-24 years) of the municipality, at its own area.
with
complete_quarter as (
    select coverage.period
    from {{ ref('int_source_coverage') }} as coverage
    where coverage.period_type = 'quarter' and coverage.table_name = 'aftercare_period'
    group by coverage.period
    having min(case when coverage.is_covered then 1 else 0 end) = 1
    order by coverage.period desc
    limit 1
)

select
    wellbeing_area_code,
    municipality_code,
    cast(count(distinct client_id) as double) as weight
from {{ ref('int_client_quarter') }}
where quarter in (select period from complete_quarter)
group by wellbeing_area_code, municipality_code

union all

select
    wellbeing_area_code,
    municipality_code,
    cast(population_18_24_2019 as double)
from {{ ref('seed_municipality') }}
where
    wellbeing_area_code <> '91'
    and valid_to is null
    and not exists (select 1 from complete_quarter)
