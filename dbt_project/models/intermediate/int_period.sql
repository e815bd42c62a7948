-- Grain: one row per period type and period that the deliveries can speak about.
-- window_start is the first day that the period looks at (a rolling period looks back 12 months).
with
bounds as (
    select
        -- A history without data_from holds everything there ever was: whole years of it can be told.
        min(greatest(
            coalesce(delivery.data_from, cast(date_trunc('year', spell.first_day) as date)),
            cast('{{ var("first_day") }}' as date)
        )) as first_day,
        max(delivery.period_end_exclusive) as last_day_exclusive
    from {{ ref('stg_lake__delivery') }} as delivery
    left join (
        select organisation, min(start_date) as first_day
        from {{ ref('stg_hva__aftercare_period') }}
        group by organisation
    ) as spell
        on delivery.organisation = spell.organisation
    where
        delivery.table_name = 'aftercare_period'
        and delivery.is_counting
),

quarter_row as (
    select
        quarter.quarter,
        quarter.quarter_start,
        quarter.quarter_end_exclusive,
        quarter.year
    from {{ ref('seed_quarter') }} as quarter
    cross join bounds
    where
        quarter.quarter_end_exclusive > bounds.first_day
        and quarter.quarter_end_exclusive <= bounds.last_day_exclusive
),

year_row as (
    select
        quarter.year,
        min(quarter.quarter_start) as year_start,
        max(quarter.quarter_end_exclusive) as year_end_exclusive
    from quarter_row as quarter
    group by quarter.year
    having count(*) = 4
),

final as (
    select 'quarter' as period_type, quarter as period, quarter_start as period_start,
        quarter_end_exclusive as period_end_exclusive, quarter_start as window_start
    from quarter_row

    union all

    -- Twelve months that begin before the data do are there all the same: they are not delivered.
    select 'rolling_12_months', quarter_row.quarter, first_quarter.quarter_start,
        quarter_row.quarter_end_exclusive, first_quarter.quarter_start
    from quarter_row
    inner join {{ ref('seed_quarter') }} as first_quarter
        on cast(substr(quarter_row.quarter, 1, 4) as integer) * 4 + cast(substr(quarter_row.quarter, 6, 1) as integer)
        = cast(substr(first_quarter.quarter, 1, 4) as integer) * 4 + cast(substr(first_quarter.quarter, 6, 1) as integer) + 3

    union all

    select
        'half_year',
        year || case when quarter like '%Q1' or quarter like '%Q2' then 'H1' else 'H2' end,
        min(quarter_start),
        max(quarter_end_exclusive),
        min(quarter_start)
    from quarter_row
    group by year, case when quarter like '%Q1' or quarter like '%Q2' then 'H1' else 'H2' end
    having count(*) = 2

    union all

    select 'year', year, year_start, year_end_exclusive, year_start
    from year_row

    union all

    -- From 1 August to 31 July.
    select
        'school_year',
        school_year.year || '-' || (cast(school_year.year as integer) + 1),
        {{ day_of_year('school_year.year', '08-01') }},
        {{ day_of_year('(cast(school_year.year as integer) + 1)', '08-01') }},
        {{ day_of_year('school_year.year', '08-01') }}
    from (select distinct year from {{ ref('seed_quarter') }}) as school_year
    cross join bounds
    where
        {{ day_of_year('school_year.year', '08-01') }} >= bounds.first_day
        and {{ day_of_year('(cast(school_year.year as integer) + 1)', '08-01') }} <= bounds.last_day_exclusive

    union all

    -- Blocks do not overlap: 2023-2025, 2026-2028, … (1 January 2023 is when the areas began).
    select
        'pooled_3_years',
        min(year) || '-' || max(year),
        min(year_start),
        max(year_end_exclusive),
        min(year_start)
    from year_row
    group by floor((cast(year as integer) - 2023) / 3.0)
    having count(*) = 3
)

select * from final
