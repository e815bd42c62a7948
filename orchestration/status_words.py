"""How the status is said: a table for the terminal, and one in Markdown for Dagster's pages.

Counts, codes and names of tables only: nothing of what was delivered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from orchestration.status import Owed, Refused, Status, SupplierStatus

LISTED = 10
# Late deliveries that a line about a supplier names; `--organisation` lists all.
NAMED = 3


def lines(found: Status, *, every_municipality: bool = False) -> Iterator[str]:
    """The status in words: a table of the areas, municipalities summed up unless all are asked."""
    yield f"Home             {found.home}"
    yield f"Release          {_release_words(found)}"
    yield (
        f"Inbox            {found.waiting_complete} deliveries ready to take in, "
        f"{found.waiting_incomplete} incomplete (waiting for files)"
    )
    yield f"Newest due       {found.due_period}"
    yield f"Erasures         {found.erasures}{_unfinished_words(found)}"
    if found.organisation is None:
        yield from _suppliers(found, every_municipality=every_municipality)
        yield from _tables(found)
    else:
        for entry in found.suppliers:
            yield from _one_supplier(entry, found)
    yield from _refused_lines("Rejected deliveries (in quarantine)", found.rejected)
    yield from _refused_lines("Accepted, but with rows in quarantine", found.with_quarantined_rows)
    yield from _withdrawn_lines(found)
    yield from _past_lines(found)


def markdown(found: Status) -> str:
    """A table of the areas, and a row for the municipalities together."""
    rows = [_cells(entry.organisation, entry.name, [entry]) for entry in _areas(found)]
    rows.append(_cells("kunta-…", "Municipalities", _towns(found)))
    head = ("supplier", "name", "deliveries", "newest", "rows", "in quarantine", "late tables", "late since")
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in lines)


def _cells(organisation: str, name: str, entries: list[SupplierStatus]) -> tuple[str, ...]:
    late = [owed for entry in entries for owed in _broken(entry)]
    newest = [entry.newest_period for entry in entries if entry.newest_period]
    return (
        organisation,
        name,
        f"{sum(entry.deliveries for entry in entries)}",
        max(newest, default="–"),
        f"{sum(entry.rows for entry in entries)}",
        f"{sum(entry.quarantined for entry in entries)}",
        f"{len(late)}",
        min((owed.due_date.isoformat() for owed in late), default="–"),
    )


def _suppliers(found: Status, *, every_municipality: bool) -> Iterator[str]:
    towns = _towns(found)
    yield ""
    yield f"{'supplier':<11}{'name':<24}{'deliveries':>11}{'newest':>9}{'rows':>11}  remarks"
    for entry in [*_areas(found), *(towns if every_municipality else ())]:
        yield (
            f"{entry.organisation:<11}{entry.name[:23]:<24}{entry.deliveries:>11}"
            f"{entry.newest_period or '-':>9}{entry.rows:>11}  {_remarks(entry)}"
        )
    if not every_municipality:
        yield _municipal_line(towns, found.due_period)


def _tables(found: Status) -> Iterator[str]:
    yield ""
    yield f"{'table':<32}{'cadence':<14}{'due':<8}{'by':<12}{'delivered':>11}{'late':>6}  {'next':<8}{'due by'}"
    for entry in found.tables:
        yield (
            f"{entry.table:<32}{entry.cadence.replace('_', ' '):<14}{entry.period:<8}{entry.due_date.isoformat():<12}"
            f"{f'{entry.delivered} of {entry.asked}':>11}{entry.owed:>6}  "
            f"{entry.next_period:<8}{entry.next_due_date.isoformat()}"
        )


def _one_supplier(entry: SupplierStatus, found: Status) -> Iterator[str]:
    """Every table that is expected of one supplier: what came last, what is late, what is next."""
    yield ""
    yield (
        f"{entry.organisation} {entry.name}: {entry.deliveries} deliveries, {entry.rows} rows, "
        f"{entry.quarantined} in quarantine"
    )
    if entry.late:
        yield f"came late: {_listed(entry.late)}"
    yield f"{'table':<32}{'cadence':<14}{'newest':<8}  {'next':<8}{'due by':<12}remarks"
    following = {item.table: item for item in entry.next}
    for table in found.tables:
        owed = [item for item in entry.owed if item.table == table.table]
        item = following.get(table.table)
        yield (
            f"{table.table:<32}{table.cadence.replace('_', ' '):<14}{entry.newest.get(table.table, '-'):<8}  "
            f"{item.period if item else '-':<8}{item.due_date.isoformat() if item else '-':<12}{_owed_words(owed)}"
        )


def _owed_words(owed: Sequence[Owed]) -> str:
    if not owed:
        return ""
    if owed[0].is_new:
        return f"never delivered; {owed[-1].period} was due on {owed[-1].due_date.isoformat()}"
    return "late: " + _listed([f"{item.period} (due {item.due_date.isoformat()})" for item in owed])


def _remarks(entry: SupplierStatus) -> str:
    remarks = []
    broken = _broken(entry)
    if not entry.deliveries:
        remarks.append(f"nothing delivered; {len({owed.table for owed in entry.owed})} tables are due")
    elif new := {owed.table for owed in entry.owed if owed.is_new}:
        remarks.append(f"{len(new)} tables never delivered")
    if entry.missing and entry.deliveries:
        remarks.append(f"missing {_listed(entry.missing)}")
    single = [owed for owed in broken if owed.period not in entry.missing]
    if single:
        named = ", ".join(f"{owed.table} {owed.period} ({owed.days_late} days)" for owed in single[:NAMED])
        more = f" and {len(single) - NAMED} more" if len(single) > NAMED else ""
        remarks.append(f"late now: {named}{more}")
    if entry.late:
        remarks.append(f"came late {_listed(entry.late)}")
    if entry.quarantined:
        remarks.append(f"{entry.quarantined} rows in quarantine")
    return "; ".join(remarks)


def _broken(entry: SupplierStatus) -> list[Owed]:
    """What is late of tables that the supplier has delivered before."""
    return [owed for owed in entry.owed if not owed.is_new]


def _municipal_line(towns: list[SupplierStatus], due: str) -> str:
    delivering = [entry for entry in towns if entry.deliveries]
    owing = [entry.name for entry in towns if due in entry.missing]
    text = f"{len(delivering)} of {len(towns)} municipalities have delivered"
    if owing:
        text += f"; {due} is missing from {len(owing)}: {_listed(owing)}"
    return text


def _refused_lines(title: str, entries: tuple[Refused, ...]) -> Iterator[str]:
    if not entries:
        return
    rules: Counter[str] = Counter()
    for entry in entries:
        rules.update(entry.rules)
    yield ""
    yield f"{title}: {len(entries)}" + (f" ({_counts(rules.items())})" if len(entries) > 1 and rules else "")
    for entry in entries[:LISTED]:
        why = _counts(entry.rules.items()) or "no receipt"
        yield f"  {entry.organisation} {entry.period} {entry.delivery_id}: {why}"
        yield f"    {entry.receipt}"
    if len(entries) > LISTED:
        yield f"  and {len(entries) - LISTED} more"


def _withdrawn_lines(found: Status) -> Iterator[str]:
    if found.withdrawn:
        yield ""
        yield f"Withdrawn deliveries: {len(found.withdrawn)}"
        for entry in found.withdrawn[-LISTED:]:
            yield f"  {entry.organisation} {entry.period} {entry.delivery_id}: {entry.reason} ({entry.asked_by})"


def _past_lines(found: Status) -> Iterator[str]:
    if found.past_retention:
        yield ""
        total = sum(entry.deliveries for entry in found.past_retention)
        yield f"Past their retention: {total} tables of deliveries (`aftercare retain` removes them)"
        for entry in found.past_retention[:LISTED]:
            yield f"  {entry.organisation} {entry.table}: {entry.deliveries}"
        if len(found.past_retention) > LISTED:
            yield f"  and {len(found.past_retention) - LISTED} more"


def _release_words(found: Status) -> str:
    if found.release is None:
        return "none yet"
    state = "up to date" if found.is_up_to_date else "older than what is there now"
    return f"{found.release['release_id']} ({state})"


def _unfinished_words(found: Status) -> str:
    if not found.erasures_unfinished:
        return ""
    return f", {found.erasures_unfinished} unfinished: run it again with the same keys"


def _areas(found: Status) -> list[SupplierStatus]:
    return [entry for entry in found.suppliers if not entry.organisation.startswith("kunta-")]


def _towns(found: Status) -> list[SupplierStatus]:
    return [entry for entry in found.suppliers if entry.organisation.startswith("kunta-")]


def _counts(rules: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{code} × {count}" for code, count in sorted(rules))


def _listed(names: Sequence[str]) -> str:
    shown = list(names)[:LISTED]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
