"""What can be wrong with a row beside the other rows of its delivery, or beside the delivery before.

A query reads one view per table of the contract (accepted rows, with ``delivery``, the number of
the delivery they came in) and ``deliveries`` (``delivery``, ``supplier``, ``period_start``,
``period_end`` exclusive). A query of the history also reads ``previous_<table>``: the rows of the
delivery before, with the number of the delivery that they are compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ingest.contracts import Contract, Reference
from ingest.door.rules.examples import key
from ingest.door.rules.model import QUARANTINE_ROW, REJECT_FILE, WARN, Example, Query, Rule
from ingest.door.values import quoted
from ingest.reference import UNKNOWN_MUNICIPALITIES

# From so many rows on, a file without a row of its own supplier is somebody else's.
FOREIGN_ROWS = 5
# Two responsible workers for longer than this is no handover with overlap but an assignment that
# nobody closed (definition of the incumbent).
OVERLAP_DAYS = 60
# More changes of the responsible worker in a quarter than this are hardly true.
CHANGES_IN_QUARTER = 5
# A larger share of unknown values than this makes a breakdown doubtful ...
UNKNOWN_SHARE = 0.2
# ... but in a handful of rows one value alone would be such a share.
UNKNOWN_ROWS = 5
# A number of rows that differs by more than this from the period before is told ...
VOLUME_CHANGE = 0.3
# ... where that is more than the chance of small numbers: so many rows of a table of states, so
# many standard deviations of the difference of two counts of events.
VOLUME_ROWS = 10
VOLUME_DEVIATIONS = 3.0

# A client who has left is in no later snapshot, but stays in the history of aftercare periods.
REMEMBERED_IN = {"client": "aftercare_period"}
# Columns whose unknown share counts, and the rows in which a value can be expected.
KNOWN_WHERE: dict[tuple[str, str], str] = {
    ("client", "home_municipality"): "true",
    ("client", "language_group"): "true",
    ("client", "gender"): "true",
    ("client", "in_touch_status"): "true",
    ("aftercare_period", "end_reason"): "end_date_exclusive is not null",
    ("worker_assignment", "worker_key"): "true",
    ("worker_assignment", "change_reason"): "true",
    ("housing_spell", "housing_type"): "true",
    ("handover", "from_worker_key"): "true",
    ("contact", "worker_key"): "true",
}
UNKNOWN_CODES = ("TUNTEMATON", "unknown")


def spell_columns(contract: Contract) -> tuple[str, str] | None:
    """Lake names of the first and the exclusive last day of a table of spells."""
    for column in contract.columns:
        if column.spell_end_of:
            return column.spell_end_of, column.lake_name
    return None


def _references(severity: str) -> Callable[[Contract], Iterator[Query]]:
    def queries(contract: Contract) -> Iterator[Query]:
        for reference in contract.references:
            if reference.severity == severity:
                yield _reference_query(contract, reference)

    return queries


def _reference_query(contract: Contract, reference: Reference) -> Query:
    here, there = reference.columns, reference.to_columns
    tables = [reference.table]
    spell = spell_columns(contract)
    known = f'select delivery, {", ".join(there)} from "{reference.table}"'
    remembered = REMEMBERED_IN.get(reference.table)
    if remembered and remembered != contract.table and there == ("client_key",):
        tables.append(remembered)
        known += f' union all select delivery, client_key from "{remembered}"'
    given = " and ".join(f"row_of.{name} is not null" for name in here)
    if remembered == contract.table and spell:
        given += f" and row_of.{spell[1]} is null"
    same = " and ".join(f"known.{to} = row_of.{name}" for name, to in zip(here, there, strict=True))
    return Query(
        f'with known as ({known}) select delivery, source_row from "{contract.table}" as row_of '
        f"where {given} and not exists "
        f"(select 1 from known where known.delivery = row_of.delivery and {same})",
        column=", ".join(here),
        expected=f"{reference.table}.{', '.join(there)}",
        tables=tuple(tables),
    )


def _outside_care(contract: Contract) -> Iterator[Query]:
    """Spells of the period on which the client was in no spell of the table that should hold them.

    What lies before the client's first one is history that the contract asks for; of a client with
    none at all the reference tells.
    """
    spell = spell_columns(contract)
    if contract.within is None or spell is None:
        return
    start, end = spell
    yield Query(
        f"""
        with care as (
            select delivery, client_key, start_date, coalesce(end_date_exclusive, date '9999-12-31') as ends
            from "{contract.within}"
        ),
        known as (
            select delivery, client_key, min(start_date) as first_day from care group by all
        )
        select row_of.delivery, row_of.source_row
        from "{contract.table}" as row_of
        inner join deliveries using (delivery)
        inner join known on known.delivery = row_of.delivery and known.client_key = row_of.client_key
        where coalesce(row_of.{end}, date '9999-12-31') > greatest(deliveries.period_start, known.first_day)
            and not exists (
                select 1 from care
                where care.delivery = row_of.delivery and care.client_key = row_of.client_key
                    and care.start_date < coalesce(row_of.{end}, date '9999-12-31')
                    and care.ends > row_of.{start}
            )
        """,
        column=start,
        expected=contract.within,
        tables=(contract.within,),
    )


def _overlaps(contract: Contract) -> Iterator[Query]:
    if contract.table == "worker_assignment":
        yield Query(
            f"""
            with spell as (
                select
                    delivery, client_key, worker_key, start_date, source_row,
                    least(coalesce(end_date_exclusive, period_end), period_end) as ends
                from worker_assignment
                inner join deliveries using (delivery)
                where role = 'VASTUU' and worker_key is not null
                    and coalesce(end_date_exclusive, period_end) > period_start
            )
            select distinct earlier.delivery, earlier.source_row
            from spell as earlier
            inner join spell as later
                on later.delivery = earlier.delivery and later.client_key = earlier.client_key
            where earlier.worker_key <> later.worker_key
                and earlier.start_date < later.start_date
                and least(earlier.ends, later.ends) - later.start_date > {OVERLAP_DAYS}
            """,
            column="end_date",
            expected=f"≤ {OVERLAP_DAYS}",
        )


def _many_changes(contract: Contract) -> Iterator[Query]:
    if contract.table == "worker_assignment":
        yield Query(
            f"""
            with begun as (
                select delivery, client_key, count(*) as spells, max(source_row) as source_row
                from worker_assignment
                inner join deliveries using (delivery)
                where role = 'VASTUU' and worker_key is not null
                    and start_date >= period_start and start_date < period_end
                group by all
                having count(*) > {CHANGES_IN_QUARTER}
            ),
            changed as (
                select
                    delivery, begun.source_row as source_row,
                    spells - (min(worker_assignment.start_date) >= any_value(period_start))::integer as changes
                from begun
                inner join deliveries using (delivery)
                inner join worker_assignment using (delivery, client_key)
                where worker_assignment.role = 'VASTUU'
                group by delivery, client_key, begun.source_row, spells
            )
            select delivery, source_row, changes::varchar as seen
            from changed where changes > {CHANGES_IN_QUARTER}
            """,
            column="start_date",
            expected=f"≤ {CHANGES_IN_QUARTER}",
        )


def _mostly_unknown(contract: Contract) -> Iterator[Query]:
    for column in contract.columns:
        applies = KNOWN_WHERE.get((contract.table, column.name))
        if applies is None:
            continue
        codes = tuple(UNKNOWN_MUNICIPALITIES) if column.type == "municipality" else UNKNOWN_CODES
        listed = ", ".join(quoted(code) for code in sorted(codes))
        unknown = f"{column.lake_name} is null or {column.lake_name} in ({listed})"
        yield Query(
            f"""
            select
                delivery, null::integer as source_row,
                round(100.0 * count(*) filter ({unknown}) / count(*))::integer || ' % ('
                || count(*) filter ({unknown}) || '/' || count(*) || ')' as seen
            from "{contract.table}"
            where {applies}
            group by delivery
            having count(*) filter ({unknown}) >= {UNKNOWN_ROWS}
                and count(*) filter ({unknown}) > {UNKNOWN_SHARE} * count(*)
            """,
            column=column.name,
            expected=f"≤ {UNKNOWN_SHARE:.0%}".replace("%", " %"),
        )


def _foreign_file(contract: Contract) -> Iterator[Query]:
    if "hva" not in contract.suppliers:
        return
    # A municipality's own area is the one it lies in.
    own = "coalesce(area_of_municipality(supplier), supplier)" if "kunta" in contract.suppliers else "supplier"
    for column in contract.columns:
        if column.type == "wellbeing_area" and column.required:
            yield Query(
                f"""
                select delivery, null::integer as source_row, null::varchar as seen
                from "{contract.table}"
                inner join deliveries using (delivery)
                group by delivery
                having count(*) >= {FOREIGN_ROWS} and count(*) filter ({column.lake_name} = {own}) = 0
                """,
                column=column.name,
                expected="organisation = hva-<" + column.name + ">",
            )


def _vanished(contract: Contract) -> Iterator[Query]:
    """Clients of the snapshot before with an open aftercare period who are in neither table now."""
    if contract.table == "client":
        yield Query(
            """
            with open_before as (
                select distinct period.delivery, period.client_key
                from previous_aftercare_period as period
                inner join previous_client as client
                    on client.delivery = period.delivery and client.client_key = period.client_key
                where period.end_date_exclusive is null
            )
            select delivery, null::integer as source_row, client_key as record
            from open_before
            where not exists (
                select 1 from client
                where client.delivery = open_before.delivery and client.client_key = open_before.client_key
            ) and not exists (
                select 1 from aftercare_period as period
                where period.delivery = open_before.delivery and period.client_key = open_before.client_key
            )
            order by delivery, client_key
            """,
            column="client_key",
            tables=("aftercare_period",),
        )


def _start_moved(contract: Contract) -> Iterator[Query]:
    """Spells that were open in the delivery before and begin on another day now."""
    spell = spell_columns(contract)
    if contract.mode != "history" or spell is None:
        return
    start, end = spell
    identity = [name for name in contract.primary_key if name != start]
    same = " and ".join(f"now.{name} is not distinct from before.{name}" for name in identity)
    yield Query(
        f"""
        with before as (
            select delivery, {", ".join(identity)}, {start}
            from "previous_{contract.table}"
            where {end} is null
        ),
        changed as (
            select * from before
            where not exists (
                select 1 from "{contract.table}" as now
                where now.delivery = before.delivery and now.{start} = before.{start} and {same}
            )
        )
        select distinct now.delivery, now.source_row
        from changed as before
        inner join "{contract.table}" as now on now.delivery = before.delivery and {same}
        where coalesce(now.{end}, date '9999-12-31') > before.{start}
        """,
        column=start,
    )


def _area(**tables: tuple[dict[str, str | None], ...]) -> Example:
    return Example(tables)


_CARE: dict[str, tuple[dict[str, str | None], ...]] = {"client": ({},), "aftercare_period": ({},)}
_PAST = "2025-04-01"


def _workers(*changes: dict[str, str | None]) -> Example:
    return Example(_CARE | {"worker_assignment": changes})


def _rentals(count: int, period: str, number: int, *before: Example) -> Example:
    """A municipality's own rental homes come as one row; what is counted here are clients."""
    clients = tuple({"client_key": key(row)} for row in range(count))
    return Example({"client": clients}, period=period, number=number, manifest=_extracted(period), before=before)


def _extracted(period: str) -> dict[str, str]:
    return {
        "extracted_at": {"2025Q1": "2025-04-20", "2025Q2": "2025-07-20", "2025Q3": "2025-10-20"}[period]
        + "T06:12:00+03:00"
    }


def _earlier(rows: dict[str, tuple[dict[str, str | None], ...]], period: str = "2025Q2", number: int = 1) -> Example:
    return Example(rows, period=period, number=number, manifest=_extracted(period))


def _assigned(start: str, end: str | None = None, worker: int = 201) -> dict[str, str | None]:
    return {"worker_key": key(worker), "start_date": start, "end_date": end, "change_reason": "LAHTENYT"}


_BEGUN_IN_QUARTER = tuple(
    _assigned(
        f"2025-0{7 + number // 3}-{1 + 9 * (number % 3):02d}",
        f"2025-0{7 + number // 3}-{9 + 9 * (number % 3):02d}",
        201 + number,
    )
    for number in range(6)
)
_WORKER_BEFORE = _assigned(_PAST, "2025-06-30", 200)

RULES = (
    Rule(
        "FILE_SUPPLIER",
        REJECT_FILE,
        "Yksikään rivi ei ole toimittajan omalta alueelta: tiedosto on toisen toimittajan. Odotettu: {expected}.",
        "Ingen rad gäller leverantörens eget område: filen är en annan leverantörs. Förväntat: {expected}.",
        "No row is of the supplier's own area: the file is another supplier's. Expected: {expected}.",
        fires=Example(
            {"client": tuple({"client_key": key(n), "responsible_area": "06"} for n in range(FOREIGN_ROWS))},
            also=("WARN_AREA",),
        ),
        passes=Example(
            {
                "client": (
                    *({"client_key": key(n), "responsible_area": "06"} for n in range(FOREIGN_ROWS)),
                    {"client_key": key(99)},
                )
            },
            also=("WARN_AREA",),
        ),
        table=_foreign_file,
    ),
    Rule(
        "ROW_REFERENCE",
        QUARANTINE_ROW,
        "Rivi viittaa riviin, jota toimituksessa ei ole (tai joka jätettiin pois). Odotettu: {expected}.",
        "Raden hänvisar till en rad som inte finns i leveransen (eller som utelämnades). Förväntat: {expected}.",
        "The row refers to a row that is not in the delivery (or was left out). Expected: {expected}.",
        fires=_area(plan=({},), plan_party=({"plan_key": key(402)},)),
        passes=_area(plan=({},), plan_party=({},)),
        table=_references(QUARANTINE_ROW),
    ),
    Rule(
        "WARN_REFERENCE",
        WARN,
        "Rivi viittaa riviin, jota toimituksessa ei ole (tai joka jätettiin pois). Odotettu: {expected}.",
        "Raden hänvisar till en rad som inte finns i leveransen (eller som utelämnades). Förväntat: {expected}.",
        "The row refers to a row that is not in the delivery (or was left out). Expected: {expected}.",
        fires=Example(_CARE | {"worker_assignment": ({"client_key": key(2)},)}),
        # A client who has left is no longer in the snapshot.
        passes=Example(
            {
                "client": ({"client_key": key(2)},),
                "aftercare_period": ({"end_date": "2025-03-31", "end_reason": "IKARAJA"},),
                "worker_assignment": ({"end_date": "2025-03-31"},),
            }
        ),
        table=_references(WARN),
    ),
    Rule(
        "WARN_OUTSIDE_CARE",
        WARN,
        "Jakso ei osu yhteenkään saman asiakkaan jaksoon taulussa {expected}.",
        "Perioden sammanfaller inte med någon av klientens perioder i tabellen {expected}.",
        "The spell shares no day with any spell of the same client in {expected}.",
        fires=Example(
            {
                "client": ({},),
                "aftercare_period": ({"end_date": "2025-06-30", "end_reason": "IKARAJA"},),
                "worker_assignment": ({"start_date": "2025-07-01"},),
            }
        ),
        passes=Example(
            {
                "client": ({},),
                "aftercare_period": ({"end_date": "2025-07-01", "end_reason": "IKARAJA"},),
                "worker_assignment": ({"start_date": "2025-07-01"},),
            }
        ),
        table=_outside_care,
    ),
    Rule(
        "WARN_OVERLAP",
        WARN,
        "Kaksi vastuutyöntekijää on yhtä aikaa pidempään kuin saattaen vaihtaminen kestää: aiempi vastuujakso "
        "on ehkä jäänyt päättämättä. Odotettu: {expected} päivää.",
        "Två ansvariga arbetare samtidigt längre än en ledsagad överföring varar: den tidigare ansvarsperioden "
        "har kanske inte avslutats. Förväntat: {expected} dagar.",
        "Two responsible workers at once for longer than a handover lasts: the earlier assignment may not have "
        "been closed. Expected: {expected} days.",
        fires=_workers(_assigned("2024-01-01"), _assigned("2025-07-31", worker=202)),
        passes=_workers(_assigned("2024-01-01"), _assigned("2025-08-02", worker=202)),
        table=_overlaps,
    ),
    Rule(
        "WARN_CHANGES",
        WARN,
        "Vastuutyöntekijä vaihtui jakson aikana epätavallisen monta kertaa. Nähty: {seen}. Odotettu: {expected}.",
        "Den ansvariga arbetaren byttes ovanligt många gånger under perioden. Sett: {seen}. Förväntat: {expected}.",
        "The responsible worker changed unusually often in the period. Seen: {seen}. Expected: {expected}.",
        fires=_workers(_WORKER_BEFORE, *_BEGUN_IN_QUARTER),
        passes=_workers(*_BEGUN_IN_QUARTER),  # the first of the six is no change
        table=_many_changes,
    ),
    Rule(
        "WARN_UNKNOWN_SHARE",
        WARN,
        "Tieto puuttuu tai on tuntematon suuressa osassa rivejä. Nähty: {seen}. Odotettu: {expected}.",
        "Uppgiften saknas eller är okänd på en stor del av raderna. Sett: {seen}. Förväntat: {expected}.",
        "The value is missing or not known in a large share of the rows. Seen: {seen}. Expected: {expected}.",
        fires=Example({"client": tuple({"client_key": key(n), "gender": None if n < 5 else "1"} for n in range(24))}),
        passes=Example({"client": tuple({"client_key": key(n), "gender": None if n < 5 else "1"} for n in range(25))}),
        table=_mostly_unknown,
    ),
    # ---- beside the delivery before ----
    Rule(
        "WARN_PERIOD_SKIPPED",
        WARN,
        "Edellinen toimitus on kauempaa kuin edelliseltä jaksolta: väliin jäävä jakso puuttuu. Nähty: {seen}. "
        "Odotettu: {expected}.",
        "Den föregående leveransen gäller inte perioden närmast före: en period däremellan saknas. Sett: {seen}. "
        "Förväntat: {expected}.",
        "The delivery before is not of the period just before: a period in between is missing. Seen: {seen}. "
        "Expected: {expected}.",
        fires=_rentals(3, "2025Q3", 2, _rentals(3, "2025Q1", 1)),
        passes=_rentals(3, "2025Q3", 2, _rentals(3, "2025Q2", 1)),
        needs_history=True,
    ),
    Rule(
        "WARN_VOLUME",
        WARN,
        "Rivien määrä poikkeaa paljon edellisestä jaksosta. Nähty: {seen}. Odotettu: {expected}.",
        "Antalet rader avviker mycket från perioden före. Sett: {seen}. Förväntat: {expected}.",
        "The number of rows differs much from the period before. Seen: {seen}. Expected: {expected}.",
        fires=_rentals(54, "2025Q3", 2, _rentals(40, "2025Q2", 1)),
        passes=_rentals(52, "2025Q3", 2, _rentals(40, "2025Q2", 1)),
        needs_history=True,
    ),
    Rule(
        "WARN_CLIENT_VANISHED",
        WARN,
        "Asiakkaalla oli edellisessä toimituksessa avoin jälkihuoltojakso, mutta nyt häntä ei ole kummassakaan "
        "taulussa. Odotettu: jakso päättymispäivineen. Edellinen jakso: {expected}.",
        "Klienten hade en öppen eftervårdsperiod i föregående leverans men finns nu inte i någon av tabellerna. "
        "Förväntat: perioden med slutdatum. Föregående period: {expected}.",
        "The client had an open aftercare period in the delivery before but is in neither table now. Expected: "
        "the period with its end date. Period before: {expected}.",
        fires=Example(
            {"client": ({"client_key": key(2)},), "aftercare_period": ({"client_key": key(2)},)},
            number=2,
            before=(_earlier(_CARE),),
        ),
        passes=Example(
            {
                "client": ({"client_key": key(2)},),
                "aftercare_period": (
                    {"end_date": "2025-07-31", "end_reason": "IKARAJA"},
                    {"client_key": key(2), "period_key": key(102)},
                ),
            },
            number=2,
            before=(_earlier(_CARE),),
        ),
        table=_vanished,
        needs_history=True,
    ),
    Rule(
        "WARN_START_MOVED",
        WARN,
        "Jakso, joka oli edellisessä toimituksessa avoin, alkaa nyt eri päivänä. Edellinen jakso: {expected}.",
        "En period som var öppen i föregående leverans börjar nu en annan dag. Föregående period: {expected}.",
        "A spell that was open in the delivery before begins on another day now. Period before: {expected}.",
        fires=Example(
            {"aftercare_period": ({"start_date": "2024-01-02"},)},
            number=2,
            before=(_earlier({"aftercare_period": ({},)}),),
        ),
        passes=Example(
            {"aftercare_period": ({"end_date": "2025-09-30", "end_reason": "IKARAJA"},)},
            number=2,
            before=(_earlier({"aftercare_period": ({},)}),),
        ),
        table=_start_moved,
        needs_history=True,
    ),
)
