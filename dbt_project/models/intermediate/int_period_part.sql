-- Grain: one row per period and period that it is made of.
-- An indicator gives contributions of its base period (quarter, half-year, rolling 12 months, year or school year);
-- years and blocks of three years are put together from them. A flow sums its base periods; a stock takes the state at
-- the end of each year.
select
    whole.period_type,
    whole.period,
    part.period_type as base_period_type,
    part.period as base_period,
    part.period_end_exclusive = whole.period_end_exclusive
    or (whole.period_type = 'pooled_3_years' and (part.period_type = 'year' or part.period like '%Q4' or part.period like '%H2')) as is_year_end
from {{ ref('int_period') }} as whole
inner join {{ ref('int_period') }} as part
    on part.period_end_exclusive <= whole.period_end_exclusive
    and part.period_end_exclusive > whole.period_start
where
    (
        whole.period_type = part.period_type
        and whole.period = part.period
        and whole.period_type in ('quarter', 'half_year', 'rolling_12_months', 'school_year')
    )
    or (
        whole.period_type in ('year', 'pooled_3_years')
        and part.period_type in ('quarter', 'half_year', 'rolling_12_months', 'year')
    )
