-- A figure of a day (places, housing at the end) has no year of its own everywhere: the last
-- quarter's then stands for the year.
totals as (
    select
        * exclude (period_type, period),
        case when period_type = 'quarter' then 'year' else period_type end as period_type,
        case when period_type = 'quarter' then left(period, 4) else period end as period
    from published.indicator_value
    where
        breakdown = 'total'
        and category = 'total'
        and (
            period_type in ('year', 'pooled_3_years')
            or (
                period_type = 'quarter'
                and right(period, 2) = 'Q4'
                and period >= '2022'
                and (indicator_id, variant) not in (
                    select (indicator_id, variant)
                    from published.indicator_value
                    where period_type = 'year'
                )
            )
        )
),

-- Every indicator has every period: what is not calculated says so.
periods as (
    select
        indicators.*,
        labels.period_type,
        labels.period,
        replace(labels.period, '-', '–') as period_label
    from indicators
    cross join (select distinct period_type, period from totals) as labels
),
