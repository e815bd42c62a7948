"""Deliveries as they lie in an inbox, read with pandas into the rows that count.

Deliberately not the door of the product: a second reading of the same contracts. Dates become
whole days since 1970-01-01 (``int64``), and both ends of a spell stay included as delivered.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from ingest.contracts import Column, Contract, code_lists, contracts
from ingest.periods import Period

log = logging.getLogger(__name__)

# What is delivered, and where a row of persons begins when not with a start_date; those without a day count whole.
TABLES = tuple(sorted(contracts()))
BEGINS = {
    "handover": "handover_date",
    "plan": "valid_from",
    "referral": "referral_date",
    "supported_housing_queue": "application_date",
    **dict.fromkeys(("contact", "health_check", "leisure_support", "network_meeting", "plan_action"), "date"),
}
# What is read of those who are no area; the rest of theirs speaks of no client and no indicator asks for it.
OF_OTHERS = {
    "kunta": frozenset({"education_enrolment", "employment_service_spell", "leisure_support", "cost_row"}),
    "kela": frozenset({"benefit_month"}),
}
# An end that never came, in days since 1970-01-01: later than every day that is counted.
OPEN = 10**6
TRUE = {"true", "1", "kyllä", "k", "yes", "y", "ja"}
FALSE = {"false", "0", "ei", "e", "no", "n", "nej"}
UNKNOWN_MUNICIPALITIES = frozenset({"198", "199", "200"})


class DeliveryRefusedError(ValueError):
    """A delivery that does not count as a whole; says why."""


@dataclass(frozen=True)
class Delivery:
    """One manifest and the folder it lies in."""

    folder: Path
    delivery_id: str
    organisation: str
    period: Period
    files: dict[str, dict[str, Any]]  # table -> entry of the manifest
    nothing_to_report: frozenset[str]
    data_from: int | None  # days since 1970-01-01
    correction_of: str | None
    key_domain: str = "common"

    @property
    def is_of_area(self) -> bool:
        """Whether an area delivered it (``hva-…``)."""
        return self.organisation.startswith("hva-")

    @property
    def tables(self) -> frozenset[str]:
        """Everything that the delivery answers for, true zeros included."""
        return frozenset(self.files) | self.nothing_to_report


@dataclass
class Coverage:
    """What one supplier delivered of one table."""

    newest_end: int  # last day of the newest period delivered
    data_from: int | None  # of the delivery that counts; None: all there ever was
    periods: set[str] = field(default_factory=set)
    key_domains: set[str] = field(default_factory=set)


@dataclass
class Register:
    """All rows that count, pooled over suppliers.

    ``tables``: table -> frame with ``organisation`` and ``period`` beside the contract's columns;
    rows of persons are already cut at their supplier's ``data_until``. ``data_until`` and
    ``data_from``: supplier -> days since 1970-01-01 (of its aftercare periods).
    """

    tables: dict[str, pd.DataFrame]
    coverage: dict[tuple[str, str], Coverage]
    data_until: dict[str, int]
    data_from: dict[str, int | None]
    modes: dict[str, str]

    def is_covered(self, organisation: str, table: str, start: int, end: int) -> bool:
        """Whether the supplier's table answers for every day from ``start`` to ``end``."""
        found = self.coverage.get((organisation, table))
        if found is None:
            return False
        if self.modes[table] == "history":
            begins = found.data_from is None or found.data_from <= start
            return begins and found.newest_end >= end
        delivered = [(to_day(p.start), to_day(p.last_day)) for p in map(Period.parse, found.periods)]
        if self.modes[table] == "snapshot":  # a year's state says nothing of its quarters
            delivered = [(first, last) for first, last in delivered if start <= first and last <= end]
        wanted = [pd.Period(quarter) for quarter in quarters_within(start, end)]
        return all(
            any(first <= to_day(quarter.start_time) and to_day(quarter.end_time) <= last for first, last in delivered)
            for quarter in wanted
        )


def to_day(value: Any) -> int:
    """Days since 1970-01-01 of a date or ISO text."""
    return int(np.datetime64(pd.Timestamp(value).date(), "D").astype(np.int64))


def quarters_within(start: int, end: int) -> list[str]:
    """Codes of the calendar quarters that lie between two days, both included."""
    first, last = pd.Timestamp(start, unit="D"), pd.Timestamp(end, unit="D")
    return [str(quarter) for quarter in pd.period_range(first, last, freq="Q")]


def find_deliveries(source: Path | Iterable[Path]) -> list[Delivery]:
    """Deliveries in order of acceptance: by id, a correction right after what it corrects.

    ``source``: an inbox (searched for ``manifest.json``) or the folders of single deliveries.
    """
    folders = (
        sorted(path.parent for path in source.rglob("manifest.json"))
        if isinstance(source, Path)
        else [Path(folder) for folder in source]
    )
    found = sorted((_read_manifest(folder) for folder in folders), key=lambda d: d.delivery_id)
    everything = {delivery.delivery_id for delivery in found}
    ordered: list[Delivery] = []
    waiting: dict[str, list[Delivery]] = {}

    def accept(delivery: Delivery) -> None:
        ordered.append(delivery)
        for correction in waiting.pop(delivery.delivery_id, []):
            accept(correction)

    for delivery in found:
        target = delivery.correction_of
        if target in everything and target not in {d.delivery_id for d in ordered}:
            waiting.setdefault(str(target), []).append(delivery)
        else:
            accept(delivery)
    return ordered


def read_register(source: Path | Iterable[Path], municipalities: frozenset[str] | set[str]) -> Register:
    """Read what counts of every area, and of ``OF_OTHERS`` what municipalities and Kela delivered.

    ``municipalities``: the codes that exist; rows naming another one are dropped.
    """
    accepted = []
    for delivery in find_deliveries(source):
        if not delivery.is_of_area and not delivery.tables & OF_OTHERS.get(delivery.organisation.split("-")[0], set()):
            continue
        try:
            _check(delivery)
        except DeliveryRefusedError as refusal:
            log.warning("%s does not count: %s", delivery.delivery_id, refusal)
            continue
        accepted.append(delivery)

    while True:
        try:
            return _read_counting(accepted, municipalities)
        except DeliveryRefusedError as refusal:
            # Only rows show it (a key twice): without this delivery other versions count.
            (refused,) = refusal.args[1:]
            log.warning("%s does not count: %s", refused.delivery_id, refusal.args[0])
            accepted.remove(refused)


def _read_counting(accepted: list[Delivery], municipalities: Any) -> Register:
    modes = {table: contracts()[table].mode for table in TABLES}
    coverage: dict[tuple[str, str], Coverage] = {}
    # What counts: of a history the latest version of the latest period, else that of each period.
    counting: dict[tuple[str, str, str], Delivery] = {}
    for delivery in accepted:
        wanted = set(TABLES) if delivery.is_of_area else OF_OTHERS[delivery.organisation.split("-")[0]]
        for table in delivery.tables & wanted:
            key = (delivery.organisation, table)
            end = to_day(delivery.period.last_day)
            seen = coverage.setdefault(key, Coverage(end, delivery.data_from))
            seen.periods.add(delivery.period.code)
            seen.key_domains.add(delivery.key_domain)
            if modes[table] != "history":
                seen.newest_end = max(seen.newest_end, end)
                counting[(*key, delivery.period.code)] = delivery
            elif end >= seen.newest_end:
                seen.newest_end, seen.data_from = end, delivery.data_from
                counting[(*key, "")] = delivery

    frames: dict[str, list[pd.DataFrame]] = {table: [] for table in TABLES}
    for (organisation, table, _), delivery in counting.items():
        if table in delivery.files:
            frame = _typed_rows(delivery, contracts()[table], municipalities)
            frame["organisation"] = organisation
            frame["period"] = delivery.period.code
            frames[table].append(frame)

    suppliers = {organisation for organisation, table in coverage if table == "aftercare_period"}
    data_until = {s: coverage[(s, "aftercare_period")].newest_end for s in suppliers}
    data_from = {s: coverage[(s, "aftercare_period")].data_from for s in suppliers}
    tables = {}
    for table in TABLES:
        # Another supplier's last day is that of the table itself.
        until = {
            org: found.newest_end for (org, name), found in coverage.items() if name == table and org[:4] != "hva-"
        }
        tables[table] = _cut(table, _pool(frames[table], contracts()[table]), data_until | until)
    return Register(tables, coverage, data_until, data_from, modes)


def _cut(table: str, frame: pd.DataFrame, data_until: dict[str, int]) -> pd.DataFrame:
    """Nothing after the supplier's last delivered day counts; ``is_open``: had no end at all."""
    frame = frame.copy()
    begin = BEGINS.get(table, "start_date")
    if begin not in frame:
        return frame
    # An area without aftercare periods has no day of its own to count.
    until = frame["organisation"].map(data_until).fillna(-OPEN).astype("int64")
    frame = frame[frame[begin].isna() | (frame[begin].fillna(0).astype("int64") <= until)]
    if "end_date" in frame:
        until = until.loc[frame.index]
        frame["is_open"] = frame["end_date"].isna()
        # An end that lies after the last delivered day has not been observed yet.
        frame["is_closed"] = frame["end_date"].notna() & (frame["end_date"] <= until).fillna(False)
        frame["end_date"] = frame["end_date"].fillna(OPEN).clip(upper=until).astype("int64")
    frame["data_until"] = until
    return frame.reset_index(drop=True)


def _pool(frames: list[pd.DataFrame], contract: Contract) -> pd.DataFrame:
    if frames:
        return pd.concat(frames, ignore_index=True)
    columns = {column.name: _empty(column) for column in contract.columns}
    text = pd.Series(dtype=object)
    return pd.DataFrame({**columns, "organisation": text, "period": text})


def _empty(column: Column) -> pd.Series:
    kinds = {"date": "Int64", "int": "Int64", "bool": "boolean"}
    return pd.Series(dtype=kinds.get(column.type, "object"))


def _read_manifest(folder: Path) -> Delivery:
    raw = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    data_from = raw.get("data_from")
    return Delivery(
        folder=folder,
        delivery_id=raw["delivery_id"],
        organisation=raw["organisation"],
        period=Period.parse(raw["period"]),
        files={entry["table"]: entry for entry in raw["files"]},
        nothing_to_report=frozenset(raw.get("nothing_to_report", [])),
        data_from=None if data_from is None else to_day(data_from),
        correction_of=raw.get("correction_of"),
        key_domain=raw.get("key_domain", "common"),
    )


def _check(delivery: Delivery) -> None:
    """Raise ``DeliveryRefusedError``: an unknown table or column, or a file that is wrong."""
    unknown = sorted(delivery.tables - set(contracts()))
    if unknown:
        raise DeliveryRefusedError(f"unknown table {', '.join(unknown)}")
    for entry in delivery.files.values():
        path = delivery.folder / entry["path"]
        if not path.exists():
            raise DeliveryRefusedError(f"{entry['path']} is not there")
        if hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
            raise DeliveryRefusedError(f"{entry['path']} has another sha256 than the manifest says")
    read = set(TABLES) if delivery.is_of_area else OF_OTHERS[delivery.organisation.split("-")[0]]
    for table in sorted(set(delivery.files) & read):
        path = delivery.folder / delivery.files[table]["path"]
        try:
            names = {str(name).strip() for name in _raw_rows(path, header_only=True).columns}
        except ValueError as error:  # UnicodeDecodeError and what pandas and pyarrow raise
            raise DeliveryRefusedError(f"{path.name} cannot be read: {error}") from error
        required = {column.name for column in contracts()[table].columns if column.required}
        if required - names:
            raise DeliveryRefusedError(f"{table} lacks {', '.join(sorted(required - names))}")
        extra = names - set(contracts()[table].column_names)
        if extra:
            raise DeliveryRefusedError(f"{table} has the unknown column {', '.join(sorted(extra))}")


def _raw_rows(path: Path, header_only: bool = False) -> pd.DataFrame:
    """The file as it stands: text cells from CSV, native ones from Parquet and XLSX."""
    if path.suffix == ".parquet":
        if header_only:
            return pd.DataFrame(columns=pq.read_schema(path).names)
        return pd.read_parquet(path)
    if path.suffix == ".xlsx":
        return pd.read_excel(path, dtype=object, engine="calamine")
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    header = text.split("\n", 1)[0]
    separator = ";" if header.count(";") > header.count(",") else ","
    return pd.read_csv(
        StringIO(header if header_only else text),
        sep=separator,
        dtype=str,
        keep_default_na=False,
    )


def _typed_rows(delivery: Delivery, contract: Contract, municipalities: Any) -> pd.DataFrame:
    """Rows of one file by contract; a row with anything wrong in it is dropped whole."""
    raw = _raw_rows(delivery.folder / delivery.files[contract.table]["path"])
    raw.columns = [str(name).strip() for name in raw.columns]
    entry = delivery.files[contract.table]
    if len(raw) != entry.get("rows", len(raw)):
        raise DeliveryRefusedError(f"{contract.table} has {len(raw)} rows", delivery)
    typed: dict[str, pd.Series] = {}
    bad = pd.Series(False, index=raw.index)
    for column in contract.columns:
        if column.name not in raw:  # only an optional one: the header has been checked
            typed[column.name] = pd.Series(_empty(column), index=raw.index)
            continue
        values = raw[column.name]
        text = values.map(_text)
        given = text != ""
        typed[column.name], understood = _parse(column, values, text, municipalities)
        bad |= given & ~understood
        if column.required:
            bad |= ~given
        if column.within_period:
            first, last = to_day(delivery.period.start), to_day(delivery.period.last_day)
            bad |= ~typed[column.name].between(first, last).fillna(False).astype(bool)
    frame = pd.DataFrame(typed, index=raw.index)
    for column in contract.columns:
        if column.spell_end_of:
            before = frame[column.name] < frame[column.spell_end_of]
            bad |= before.fillna(False).astype(bool)
    if frame.duplicated(list(contract.primary_key)).any():
        raise DeliveryRefusedError(f"{contract.table} has a primary key twice", delivery)
    if bad.any():
        log.info("%s %s: %d rows dropped", delivery.delivery_id, contract.table, int(bad.sum()))
    return frame[~bad].reset_index(drop=True)


def _text(value: Any) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is pd.NA else str(value).strip()


def _parse(column: Column, values: pd.Series, text: pd.Series, municipalities: Any) -> tuple[pd.Series, pd.Series]:
    """Typed values, and which cells were understood."""
    if column.type == "date":
        iso = pd.to_datetime(text.str.slice(0, 10), format="%Y-%m-%d", errors="coerce")
        finnish = pd.to_datetime(text, format="%d.%m.%Y", errors="coerce")
        date = iso.fillna(finnish).astype("datetime64[s]")
        day = pd.Series(pd.NA, index=values.index, dtype="Int64")
        known = date.notna()
        day[known] = date[known].to_numpy().astype("datetime64[D]").astype("int64")
        return day, known
    if column.type == "bool":
        lower = text.str.lower()
        truth = pd.Series(pd.NA, index=values.index, dtype="boolean")
        truth[lower.isin(TRUE)] = True
        truth[lower.isin(FALSE)] = False
        return truth, truth.notna()
    if column.type == "int":
        number = pd.to_numeric(text, errors="coerce")
        fits = number.notna() & (number % 1 == 0)
        if column.minimum is not None:
            fits &= number >= column.minimum
        if column.maximum is not None:
            fits &= number <= column.maximum
        return number.where(fits).astype("Int64"), fits
    if column.type == "decimal":
        amount = pd.to_numeric(text.str.replace(",", ".", regex=False), errors="coerce")
        fits = amount.notna()
        if column.minimum is not None:
            fits &= amount >= column.minimum
        return amount.where(fits), fits
    plain = text.astype(object).where(text != "", None)
    if column.type == "municipality":
        # Leading zeros that a workbook lost on the way are put back.
        plain = plain.where(~text.str.fullmatch(r"\d{1,2}"), text.str.zfill(3))
        return plain, plain.isin(municipalities) | plain.isin(UNKNOWN_MUNICIPALITIES)
    if column.type == "key":
        return plain.str.lower(), text.str.fullmatch("[0-9a-fA-F]{64}")
    if column.type == "code":
        return plain, plain.isin(code_lists()[str(column.code_list)].codes)
    return plain, text != ""


def read_reference(path: Path) -> pd.DataFrame:
    """A reference table, every cell as text (codes keep their zeros)."""
    return pd.read_csv(BytesIO(path.read_bytes()), dtype=str, keep_default_na=False)
