-- The nine first indicators as one would write them by hand for DuckDB, with no generic part: the
-- measure that the warehouse's SQL is held against (tests/benchmarks/bench_chain.py). Reads the rows
-- of the lake that count (schema `lake`), ends in `figure`: numerator, denominator and 95 and 99.8 %
-- limits for country, area, municipality and group. It knows no shares of unknown or doubtful, no
-- states, no concentration of workers and no catalogue.

-- ---- who, when, where ----
create temp table supplier as
select organisation, substr(organisation, 5) as area, max(period_end_exclusive) as until
from lake.delivery where table_name = 'aftercare_period' and is_counting and organisation like 'hva-%' group by all;

create temp table client as
select client_key, cast(row_number() over (order by client_key) as integer) as client
from (select distinct client_key from lake.aftercare_period);
-- Numbers keep the order of the keys as delivered, which ties go by.
create temp table worker as
select worker_key, cast(row_number() over (order by min(organisation), min(worker_key_order)) as integer) as worker
from lake.worker_assignment where worker_key is not null group by worker_key;
create temp table dwelling as
select dwelling_key, cast(row_number() over (order by min(organisation), min(dwelling_key_order)) as integer) as dwelling
from lake.housing_spell where dwelling_key is not null group by dwelling_key;

create temp table place_code as
select m.code, case when n.area = '91' then 'unknown' else n.code end as municipality
from municipality as m inner join municipality as n on coalesce(m.merged_into, m.code) = n.code;

create temp table quarter as
with bounds as (
    select
        min(greatest(coalesce(d.data_from, date_trunc('year', s.first_day)), date '2015-01-01')) as first_day,
        max(d.period_end_exclusive) as last_day
    from lake.delivery as d
    left join (select organisation, min(start_date) as first_day from lake.aftercare_period group by all) as s
        using (organisation)
    where d.table_name = 'aftercare_period' and d.is_counting
)
select
    year(q)::varchar || 'Q' || quarter(q) as quarter, q::date as starts, (q + interval 3 month)::date as ends,
    year(q)::varchar as year
from bounds, range(date_trunc('quarter', first_day)::timestamp, last_day::timestamp, interval 3 month) as r (q)
where (q + interval 3 month)::date <= last_day;

create temp table period as
select 'quarter' as kind, quarter as period, starts as looks_from, starts, ends from quarter
union all
select 'rolling_12_months', quarter, (starts - interval 9 month)::date, (starts - interval 9 month)::date, ends from quarter
union all
select 'year', year, min(starts), min(starts), max(ends) from quarter group by year having count(*) = 4
union all
select 'pooled_3_years', min(year) || '-' || max(year), min(starts), min(starts), max(ends)
from (select * from quarter qualify count(*) over (partition by year) = 4)
group by floor((year::int - 2023) / 3) having count(*) = 12;

-- ---- at-risk days with area and municipality ----
create temp table aftercare as
select client, s.area, p.start_date as a, least(coalesce(p.end_date_exclusive, until), until) as b
from lake.aftercare_period as p inner join supplier as s using (organisation) inner join client using (client_key)
where p.start_date < least(coalesce(p.end_date_exclusive, until), until);
create temp table residence as
select client, coalesce(municipality_code.municipality, 'unknown') as municipality, r.start_date as a,
    least(coalesce(r.end_date_exclusive, until), until) as b
from lake.residence_spell as r inner join supplier using (organisation) inner join client using (client_key)
left join place_code as municipality_code on r.municipality = municipality_code.code
where r.start_date < least(coalesce(r.end_date_exclusive, until), until);

create temp table at_risk as
with cut as (
    select client, a as d from aftercare union select client, b from aftercare
    union select client, a from residence union select client, b from residence
),
piece as (select client, d as a, lead(d) over (partition by client order by d) as b from cut),
placed as (
    select
        piece.client, piece.a, any_value(piece.b) as b,
        arg_max(p.area, (p.a, -p.area::int)) as area
    from piece inner join aftercare as p on p.client = piece.client and p.a <= piece.a and p.b > piece.a
    group by piece.client, piece.a
),
lived as (
    select placed.client, placed.a, any_value(placed.b) as b, any_value(area) as area,
        coalesce(arg_max(r.municipality, (r.a, r.municipality)), 'unknown') as municipality
    from placed left join residence as r on r.client = placed.client and r.a <= placed.a and r.b > placed.a
    group by placed.client, placed.a
),
island as (
    select *, sum(fresh) over (partition by client order by a) as n
    from (
        select *, case when lag((b, area, municipality)) over (partition by client order by a)
            = (a, area, municipality) then 0 else 1 end as fresh
        from lived
    )
),
joined as (select client, area, municipality, min(a) as a, max(b) as b from island group by client, area, municipality, n)
select client, area, municipality, a, b,
    sum(case when a - old_b <= 90 then 0 else 1 end) over w as chain,
    sum(case when a = old_b then 0 else 1 end) over w as unbroken,
    old_area is not null and (old_area <> area or (
        old_municipality <> municipality and municipality <> 'unknown' and old_municipality <> 'unknown'
    )) as is_new_place
from (
    select *, lag(b) over w as old_b, lag(area) over w as old_area, lag(municipality) over w as old_municipality
    from joined window w as (partition by client order by a)
)
window w as (partition by client order by a);

-- ---- workers: the responsible social worker and the counsellor ----
create temp table run as
with spell as (
    select role, client, worker, w.start_date as a, max(least(coalesce(w.end_date_exclusive, until), until)) as b,
        max(organisation) as organisation, max(change_reason) as reason
    from lake.worker_assignment as w inner join supplier using (organisation) inner join client using (client_key)
    inner join worker using (worker_key)
    where role in ('VASTUU', 'OHJAAJA') and w.start_date < least(coalesce(w.end_date_exclusive, until), until)
    group by role, client, worker, w.start_date
),
numbered as (
    select *, sum(fresh) over (partition by role, client, worker order by a) as n
    from (
        select *, case when a <= max(b) over (
            partition by role, client, worker order by a rows between unbounded preceding and 1 preceding
        ) then 0 else 1 end as fresh
        from spell
    )
)
select role, client, worker, min(a) as a, max(b) as b, arg_min(organisation, a) as organisation,
    arg_min(reason, a) as reason
from numbered group by role, client, worker, n;

create temp table incumbent as
with cut as (
    select role, client, d from (values ('VASTUU'), ('OHJAAJA')) as roles (role)
    cross join (select client, a as d from at_risk union select client, b from at_risk)
    union select role, client, a from run union select role, client, b from run
),
piece as (select role, client, d as a, lead(d) over (partition by role, client order by d) as b from cut)
select
    piece.role, piece.client, piece.a, any_value(piece.b) as b, any_value(r.area) as area,
    any_value(r.municipality) as municipality, any_value(r.chain) as chain,
    bool_or(r.is_new_place and r.a = piece.a) as is_new_place, arg_min(run, (run.a, run.worker)) as run
from piece inner join at_risk as r on r.client = piece.client and r.a <= piece.a and r.b > piece.a
left join run on run.role = piece.role and run.client = piece.client and run.a <= piece.a and run.b > piece.a
group by piece.role, piece.client, piece.a;

create temp table life as
select 'worker' as kind, organisation, worker as key, min(start_date) as first_day,
    max(coalesce(end_date_exclusive, date '9999-12-31')) as end_day
from lake.worker_assignment inner join worker using (worker_key) group by all
union all
select 'dwelling', organisation, dwelling, min(start_date), max(coalesce(end_date_exclusive, date '9999-12-31'))
from lake.housing_spell inner join dwelling using (dwelling_key) group by all;
create temp table key_break as
with event as (
    select kind, organisation, d, sum(began) as began, sum(ended) as ended from (
        select kind, organisation, first_day as d, 1 as began, 0 as ended from life
        union all select kind, organisation, end_day, 0, 1 from life where end_day < date '9999-12-31'
    ) group by all
)
select kind, organisation, d from (
    select *,
        sum(began) over near as began_near, sum(ended) over near as ended_near,
        coalesce(sum(began - ended) over (partition by kind, organisation order by d
            rows between unbounded preceding and 1 preceding), 0) as active
    from event
    window near as (partition by kind, organisation order by d range between current row and interval 6 day following)
) where active >= 5 and ended_near > 0.4 * active and began_near > 0.4 * active;

create temp table incumbency as
with numbered as (
    select role, client, chain, n, any_value(worker) as worker, min(a) as a, max(b) as b, arg_min(run, a) as run,
        max(run.b) as last_run_b, arg_min(area, a) as area, arg_min(municipality, a) as municipality,
        arg_min(is_new_place, a) as is_new_place
    from (
        select *, sum(fresh) over (partition by role, client, chain order by a) as n from (
            select *, run.worker as worker, case when lag(run.worker) over (
                partition by role, client, chain order by a) = run.worker then 0 else 1 end as fresh
            from incumbent where run.worker is not null
        )
    ) group by role, client, chain, n
),
step as (
    select i.*,
        lag(worker) over w as old_worker, lead(worker) over w as next_worker, lag(b) over w as old_b,
        lag(last_run_b) over w as old_run_b, until
    from numbered as i left join supplier on supplier.area = i.area
    window w as (partition by role, client, chain order by n)
),
cover as (
    select *,
        coalesce(run.reason = 'POISSAOLO' and run.b - run.a <= 30 and next_worker = old_worker, false) as is_cover,
        coalesce(run.reason = 'POISSAOLO' and next_worker is null and until - run.a <= 30, false) as is_pending
    from step
)
select *, coalesce(lag(is_cover) over (partition by role, client, chain order by n), false) as is_return from cover;

create temp table pair as
with staying as (
    select t.*, case when i.is_cover or i.is_pending then coalesce(i.old_worker, t.run.worker) else t.run.worker end as worker
    from incumbent as t left join incumbency as i on i.role = t.role and i.client = t.client and i.chain = t.chain
        and i.worker = t.run.worker and t.a >= i.a and t.a < i.b
)
select v.client, v.chain, v.area, v.municipality, greatest(v.a, o.a) as a, least(v.b, o.b) as b,
    v.is_new_place and o.is_new_place as is_new_place, v.worker as v, o.worker as o, v.run as v_run, o.run as o_run
from staying as v inner join staying as o on v.client = o.client and v.a < o.b and v.b > o.a
where v.role = 'VASTUU' and o.role = 'OHJAAJA';

create temp table change as
with either as (
    select *, last_value(v ignore nulls) over w as old_v, last_value(o ignore nulls) over w as old_o
    from pair
    window w as (partition by client, chain order by a rows between unbounded preceding and 1 preceding)
),
kept as (
    select role, client, a, area, municipality, old_worker as old_1, null::int as old_2, worker as new_1,
        null::int as new_2, run.organisation as organisation, run.reason as reason, is_new_place
    from incumbency where old_worker is not null and not is_cover and not is_pending and not is_return
    union all
    select 'EITHER', client, a, area, municipality, old_v, old_o, v, o,
        case when v is not null then v_run.organisation else o_run.organisation end,
        case when v is not null then v_run.reason else o_run.reason end, is_new_place
    from either
    where coalesce(v, o) is not null and coalesce(old_v, old_o) is not null and coalesce(v <> old_v, true)
        and coalesce(v <> old_o, true) and coalesce(o <> old_v, true) and coalesce(o <> old_o, true)
)
select role, client, a as day, area, municipality, old_1, old_2, new_1, new_2,
    coalesce(reason, 'TUNTEMATON') as reason, is_new_place
from kept
where not exists (
    select 1 from key_break as k
    inner join life as f on f.kind = 'worker' and f.organisation = k.organisation and f.key in (kept.old_1, kept.old_2)
        and f.end_day between k.d and k.d + 6
    inner join life as t on t.kind = 'worker' and t.organisation = k.organisation and t.key in (kept.new_1, kept.new_2)
        and t.first_day between k.d and k.d + 6
    where k.kind = 'worker' and k.organisation = kept.organisation
);

create temp table handed as
select role, change.client, day,
    min(case when h.handover_type = 'YHTEISTAPAAMINEN' and h.client_present then h.handover_date - day end) as meeting,
    bool_or(h.handover_type = 'PUHELU' and h.client_present and h.handover_date - day <= 14) as is_remote,
    bool_or(h.handover_type in ('YHTEISTAPAAMINEN', 'PUHELU') and not h.client_present) as is_alone
from lake.handover as h inner join client using (client_key)
inner join worker as f on h.from_worker_key = f.worker_key inner join worker as t on h.to_worker_key = t.worker_key
inner join change on change.client = client.client and f.worker in (old_1, old_2) and t.worker in (new_1, new_2)
    and h.handover_date between change.day - 30 and change.day + 30
group by role, change.client, day;

-- ---- housing ----
create temp table housing as
with spell as (
    select client, dwelling, housing_class, coalesce(suitability, default_suitability) as suitability, move_reason,
        planned, organisation, confirmed_on, end_date_exclusive is null as is_open, start_date as a,
        least(coalesce(end_date_exclusive, until), until) as b
    from lake.housing_spell inner join supplier using (organisation) inner join client using (client_key)
    inner join (
        select code as housing_type, max(value) filter (attribute = 'housing_class') as housing_class,
            max(value) filter (attribute = 'default_suitability') as default_suitability
        from lake.code_attribute where code_list = 'housing_type' group by code
    ) using (housing_type) left join dwelling using (dwelling_key)
    where start_date < least(coalesce(end_date_exclusive, until), until)
),
known as (
    select spell.*, case when is_open then greatest(
        spell.a, coalesce(confirmed_on, spell.a), coalesce(met.day, spell.a), max(spell.a) over (partition by client)
    ) + 180 else spell.b end as known_until
    from spell left join (
        select client, max(date) as day from lake.contact inner join client using (client_key) where two_way group by client
    ) as met using (client)
)
select client, case when housing_class = 'homeless' then 0 else dwelling end as home, housing_class, suitability,
    move_reason, planned, organisation, housing_class = 'temporary' as is_temporary, a as began,
    coalesce(case when housing_class = 'homeless' then 0 else dwelling end, 0) as tie, a, least(b, known_until) as b
from known
union all
select client, null, 'unknown', 'TUNTEMATON', move_reason, planned, organisation, housing_class = 'temporary', a,
    coalesce(dwelling, 0), known_until, b
from known where known_until < b;

create temp table housed as
with cut as (
    select client, a as d from at_risk union select client, b from at_risk
    union select client, a from housing union select client, b from housing
),
piece as (select client, d as a, lead(d) over (partition by client order by d) as b from cut)
select
    piece.client, piece.a, any_value(piece.b) as b, any_value(r.area) as area, any_value(r.municipality) as municipality,
    arg_max(h, (not h.is_temporary, h.began, h.tie, h.organisation)) as h
from piece inner join at_risk as r on r.client = piece.client and r.a <= piece.a and r.b > piece.a
left join housing as h on h.client = piece.client and h.a <= piece.a and h.b > piece.a
group by piece.client, piece.a;

create temp table move as
select client, a as day, area, municipality, h.planned as planned
from (
    select *, lag(h.home) over (partition by client order by a) as old_home
    from housed where h.housing_class in ('stable', 'unstable', 'homeless') and h.home is not null
) as m
where old_home <> h.home and coalesce(h.move_reason, '') <> 'ITSENAISTYMINEN'
    and not exists (
        select 1 from key_break as k
        inner join life as f on f.kind = 'dwelling' and f.organisation = k.organisation and f.key = m.old_home
            and f.end_day between k.d and k.d + 6
        inner join life as t on t.kind = 'dwelling' and t.organisation = k.organisation and t.key = m.h.home
            and t.first_day between k.d and k.d + 6
        where k.kind = 'dwelling' and k.organisation = m.h.organisation
    );

-- ---- contributions: client x place x base period ----
create temp table worked as
select role, client, area, municipality, quarter, sum(least(b, ends) - greatest(a, starts)) as days,
    sum(case when run.worker is null then least(b, ends) - greatest(a, starts) else 0 end) as gap_days
from incumbent inner join quarter on a < ends and b > starts group by all
union all
select 'EITHER', client, area, municipality, quarter, sum(least(b, ends) - greatest(a, starts)),
    sum(case when v is null and o is null then least(b, ends) - greatest(a, starts) else 0 end)
from pair inner join quarter on a < ends and b > starts group by all;
create temp table slept as
select client, area, municipality, quarter,
    coalesce(sum(least(b, ends) - greatest(a, starts)) filter (h.housing_class = 'stable'), 0) as stable,
    coalesce(sum(least(b, ends) - greatest(a, starts)) filter (h.housing_class in ('stable', 'unstable', 'homeless')), 0) as known
from housed inner join quarter on a < ends and b > starts group by all;
create temp table changed as
select role, client, area, municipality, quarter, count(*) as n,
    count(*) filter (not (is_new_place or reason in ('TIIMISIIRTO', 'ORGANISAATIO'))) as without_structural,
    count(*) filter (reason <> 'NUOREN_PYYNTO') as without_own_request,
    count(*) filter (reason <> 'KUOLEMA') as without_death,
    count(*) filter (reason <> 'KUOLEMA' and meeting <= 0) as before,
    count(*) filter (reason <> 'KUOLEMA' and meeting between 1 and 14) as soon_after,
    count(*) filter (reason <> 'KUOLEMA' and meeting > 14) as late,
    count(*) filter (reason <> 'KUOLEMA' and meeting is null and is_remote) as remote,
    count(*) filter (reason <> 'KUOLEMA' and meeting is null and not is_remote and is_alone) as without_client
from change left join handed using (role, client, day) inner join quarter on day >= starts and day < ends group by all;
create temp table moved as
select client, area, municipality, quarter, count(*) as n, count(*) filter (planned = false) as unplanned
from move inner join quarter on day >= starts and day < ends group by all;

create temp table contribution as
with lived as (
    select slept.*, coalesce(moved.n, 0) as moves, coalesce(unplanned, 0) as unplanned, worked.days
    from slept inner join worked on worked.role = 'VASTUU' and (worked.client, worked.area, worked.municipality, worked.quarter)
        = (slept.client, slept.area, slept.municipality, slept.quarter)
    left join moved on (moved.client, moved.area, moved.municipality, moved.quarter)
        = (slept.client, slept.area, slept.municipality, slept.quarter)
),
kept as (
    select worked.*, coalesce(changed.n, 0) as changes, coalesce(without_structural, 0) as without_structural,
        coalesce(without_own_request, 0) as without_own_request, coalesce(without_death, 0) as without_death,
        coalesce(before, 0) as before, coalesce(soon_after, 0) as soon_after, coalesce(late, 0) as late,
        coalesce(remote, 0) as remote, coalesce(without_client, 0) as without_client,
        case role when 'VASTUU' then 'main' when 'OHJAAJA' then 'counsellor' else 'either' end as variant
    from worked left join changed using (role, client, area, municipality, quarter)
),
last_day as (
    select r.client, r.area, r.municipality, quarter from at_risk as r inner join quarter on a < ends and b >= ends
),
twelve as (
    select r.client, r.area, r.municipality, p.period, p.starts, p.ends, u.a <= p.starts as is_throughout
    from at_risk as r inner join period as p on p.kind = 'rolling_12_months' and r.a < p.ends and r.b >= p.ends
    inner join (select client, unbroken, min(a) as a from at_risk group by all) as u
        on u.client = r.client and u.unbroken = r.unbroken
),
counted as (
    select twelve.client, period, role, count(*) as n from twelve inner join change
        on change.client = twelve.client and change.day >= starts and change.day < ends
    group by all
)
select 'PER-01' as indicator, 'main' as variant, client, area, municipality, 'quarter' as kind, quarter as period, 1.0 as x, 0.0 as n from lived
union all select 'JAT-01', variant, client, area, municipality, 'quarter', quarter, changes, days from kept
union all select 'JAT-01', 'without_structural', client, area, municipality, 'quarter', quarter, without_structural, days from kept where role = 'VASTUU'
union all select 'JAT-01', 'without_own_request', client, area, municipality, 'quarter', quarter, without_own_request, days from kept where role = 'VASTUU'
union all select 'JAT-04', variant, client, area, municipality, 'quarter', quarter, gap_days, days from kept
union all select 'SAA-01', variant, client, area, municipality, 'quarter', quarter, before + soon_after, without_death from kept where without_death > 0
union all
select 'SAA-01', way, client, area, municipality, 'quarter', quarter, x, without_death
from (unpivot kept on before, soon_after, late, remote, without_client into name way value x)
where role = 'VASTUU' and without_death > 0
union all select 'ASU-01', 'main', client, area, municipality, 'quarter', quarter, moves, days from lived
union all select 'ASU-01', 'unplanned', client, area, municipality, 'quarter', quarter, unplanned, days from lived
union all select 'ASU-08', 'main', client, area, municipality, 'quarter', quarter, stable, known from lived
union all
select 'JAT-02', v.variant, twelve.client, area, municipality, 'rolling_12_months', twelve.period,
    case when coalesce(n, 0) >= 2 then 1 else 0 end, 1
from twelve cross join (values ('main', 'VASTUU'), ('open_on_last_day', 'VASTUU'), ('counsellor', 'OHJAAJA'),
    ('either', 'EITHER')) as v (variant, role)
left join counted on counted.client = twelve.client and counted.period = twelve.period and counted.role = v.role
where is_throughout or v.variant = 'open_on_last_day'
union all
select 'ASU-03', 'main', client, area, municipality, 'quarter', quarter, case when h.suitability = 'SOVELTUVA' then 1 else 0 end, 1
from housed inner join quarter on a < ends and b >= ends
union all select 'ASU-06', 'main', client, area, 'unknown', 'quarter', quarter, 0, 1 from last_day
union all
select 'ASU-06', 'main', -row_number() over (), substr(organisation, 5), 'unknown', 'quarter', period, places, 0
from lake.supported_housing_capacity
where organisation like 'hva-%' and coalesce(age_from, 0) <= 24 and coalesce(age_to, 999) >= 16;

-- ---- coverage: did the area deliver every source of the indicator? ----
create temp table source as
select indicator, unnest(string_split(tables, ',')) as table_name from catalogue;
create temp table covered as
select s.indicator, a.area, p.kind, p.period
from source as s cross join (select distinct area from supplier) as a cross join period as p
left join lake.delivery as d on d.is_counting and d.table_name = s.table_name and substr(d.organisation, 5) = a.area
    and d.organisation like 'hva-%'
group by s.indicator, a.area, p.kind, p.period, p.looks_from, p.ends, s.table_name
having case when max(d.mode) = 'history'
    then bool_or(d.period_end_exclusive >= p.ends and coalesce(d.data_from <= p.looks_from, true))
    else count(distinct d.period) filter (d.period_start >= p.looks_from and d.period_end_exclusive <= p.ends) * 92
        >= p.ends - p.looks_from - 4 end;
create temp table complete as
select indicator, area, kind, period
from covered inner join (select indicator, count(*) as tables from source group by all) using (indicator)
group by indicator, area, kind, period, tables having count(*) = tables;

-- ---- figures ----
create temp table figure as
with part as (
    select w.kind, w.period, q.kind as base_kind, q.period as base, q.ends = w.ends or (
        w.kind = 'pooled_3_years' and q.period like '%Q4') as is_year_end
    from period as w inner join period as q on q.ends <= w.ends and q.ends > w.starts
        and q.kind in ('quarter', 'rolling_12_months')
        and (w.kind in ('year', 'pooled_3_years') or (w.kind, w.period) = (q.kind, q.period))
),
unit as (
    select c.indicator, c.variant, c.client, c.area, c.municipality, part.kind, part.period, sum(x) as x, sum(n) as n
    from contribution as c
    inner join catalogue using (indicator)
    inner join part on c.kind = part.base_kind and c.period = part.base
        and list_contains(string_split(catalogue.periods, ','), part.kind)
        and (catalogue.is_flow or part.kind in ('quarter', 'rolling_12_months') or part.is_year_end)
    inner join complete on complete.indicator = c.indicator and complete.area = c.area
        and complete.kind = part.kind and complete.period = part.period
    group by all
),
cell as (
    select level, code, indicator, variant, kind, period, client, sum(x) as x, sum(n) as n
    from (
        select 'country' as level, 'FI' as code, unit.* from unit
        union all select 'wellbeing_area', area, unit.* from unit
        union all select 'municipality', municipality, unit.* from unit where kind in ('year', 'pooled_3_years')
        union all select 'municipality_group', group_code, unit.* from unit inner join municipality_group using (municipality)
        where kind in ('year', 'pooled_3_years')
    )
    group by level, code, indicator, variant, kind, period, client
),
summed as (
    select level, code, indicator, variant, kind, period,
        case when indicator = 'PER-01' then count(*) filter (x > 0) else sum(x) end as x, sum(n) as n,
        count(*) filter (n > 0) as clients, sum(x * x) as xx, sum(x * n) as xn, sum(n * n) as nn
    from cell group by level, code, indicator, variant, kind, period
),
clustered as (
    select *, case
        when indicator not in ('JAT-04', 'ASU-08') then n
        when x = 0 or x = n or clients = 1 or xx - 2 * x / n * xn + (x / n) ** 2 * nn < 1e-9 then clients
        else x / n * (1 - x / n) * n * n * (clients - 1.0) / clients / (xx - 2 * x / n * xn + (x / n) ** 2 * nn) end as e
    from summed
)
select level, code, indicator, variant, kind, period, x as numerator, n as denominator, z,
    case
        when n = 0 or is_rate is null then null
        when not is_rate then greatest(0, (2 * x / n * e + z * z - z * sqrt(z * z + 4 * x / n * e * (1 - x / n))) / (2 * (e + z * z)))
        when x >= 10 then x * (1 - 1 / (9.0 * x) - z / (3 * sqrt(x))) ** 3 * 1000 / n
        else lower_limit * 1000 / n end as lower_limit,
    case
        when n = 0 or is_rate is null then null
        when not is_rate then least(1, (2 * x / n * e + z * z + z * sqrt(z * z + 4 * x / n * e * (1 - x / n))) / (2 * (e + z * z)))
        when x >= 10 then (x + 1) * (1 - 1 / (9.0 * (x + 1)) + z / (3 * sqrt(x + 1))) ** 3 * 1000 / n
        else upper_limit * 1000 / n end as upper_limit
from clustered inner join catalogue using (indicator)
cross join (values (1.959963984540054, 0.95), (3.090232306167813, 0.998)) as level_of (z, confidence)
left join poisson_limit on poisson_limit.events = clustered.x and poisson_limit.confidence = level_of.confidence;
