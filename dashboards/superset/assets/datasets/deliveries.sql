-- Grain: one row per chosen area x wellbeing area (and all municipalities together).
--
-- Each quarter is one square: all tables came, some are missing, nothing came, or came late. What is
-- delivered for a half-year or a year belongs to the quarter that ends it.
with

-- include: areas

-- include: table_names

-- A table that nobody has delivered yet is not in use: its absence says nothing about a sender.
in_use as (
    select table_name from published.delivery_coverage group by table_name having bool_or(delivered)
),

coverage as (
    select
        delivery.organisation,
        case
            when delivery.period_type = 'year' then delivery.period || 'Q4'
            when delivery.period_type = 'half_year'
                then left(delivery.period, 4) || case right(delivery.period, 1) when '1' then 'Q2' else 'Q4' end
            else delivery.period
        end as period,
        delivery.delivered,
        delivery.rows,
        delivery.quarantined,
        delivery.is_late,
        coalesce(areas.area_name, 'Kunnat yhteensä') as sender,
        coalesce(table_names.table_label, delivery.table_name) as table_label
    from published.delivery_coverage as delivery
    inner join in_use on delivery.table_name = in_use.table_name
    left join areas on delivery.organisation = 'hva-' || areas.area_code
    left join table_names on delivery.table_name = table_names.table_name
    where delivery.organisation like 'hva-%' or delivery.organisation like 'kunta-%'
),

quarters as (
    select
        sender,
        period,
        count(*) filter (delivered) as delivered,
        count(*) as expected,
        sum(coalesce(rows, 0)) as rows,
        sum(coalesce(quarantined, 0)) as quarantined,
        coalesce(bool_or(is_late), false) as is_late,
        string_agg(distinct table_label, ', ' order by table_label) filter (not delivered)
            as missing
    from coverage
    group by sender, period
),

squares as (
    select
        *,
        case
            when delivered = 0 then 'st-q-none'
            when delivered < expected then 'st-q-part'
            when is_late then 'st-q-late'
            else 'st-q-all'
        end as square_class,
        case
            when delivered = 0 then '–'
            when delivered < expected then '◐'
            when is_late then '!'
            else '✓'
        end as square_sign
    from quarters
),

senders as (
    select
        sender,
        string_agg(
            '<span class="st-q ' || square_class || '" title="' || left(period, 4) || '/'
            || right(period, 1) || ': ' || delivered || '/' || expected || ' taulua'
            || case when is_late then ', myöhässä' else '' end
            || coalesce('; puuttuu: ' || missing, '') || '">' || square_sign || '</span>',
            '' order by period
        ) as quarters_html,
        string_agg(
            left(period, 4) || '/' || right(period, 1) || ': ' || delivered || '/' || expected
            || case when is_late then ' myöhässä' else '' end,
            '; ' order by period
        ) as quarters_text,
        min(period) as first_period,
        max(period) as last_period,
        sum(delivered) as delivered,
        sum(expected) as expected,
        sum(rows) as rows,
        sum(quarantined) as quarantined,
        coalesce(arg_max(missing, period), 'ei mitään') as missing_latest
    from squares
    group by sender
),

final as (
    select
        choice.area_choice,
        senders.sender,
        case when senders.sender = 'Kunnat yhteensä' then 2 else 1 end as sender_order,
        '<div class="st-quarters">' || senders.quarters_html || '</div>' as quarters_html,
        senders.quarters_text,
        round(100.0 * senders.delivered / senders.expected, 1) as delivered_share,
        -- What the newest quarter still lacks; an area that has none says so.
        senders.missing_latest,
        senders.rows,
        senders.quarantined,
        (select any_value(split_part(data_notice, ' /', 1)) from published.release) as data_notice
    from senders
    cross join unnest(['Koko maa', senders.sender]) as choice (area_choice)
)

select * from final
