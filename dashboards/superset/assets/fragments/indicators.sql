-- Indicators as the filter names them, and how their figures are written: shares as per cent.
indicators as (
    select
        indicator_id,
        variant,
        unit,
        indicator_id || ' ' || name_fi
        || case
            when variant = 'main' then ''
            else ', ' || lower(left(variant_name_fi, 1)) || substr(variant_name_fi, 2)
        end as indicator_label,
        case when unit = 'share' then 100 else 1 end as factor,
        case unit when 'per_1000_days' then 2 when 'index' then 2 when 'persons' then 0 when 'days' then 0 else 1 end as decimals,
        case when unit = 'share' then chr(160) || '%' else '' end as unit_sign
    from published.indicator
),
