"""Finding what has gone past its retention on the disk: lake, archive, quarantine, outbox.

Everything is found by looking at the folders, never by what an earlier run remembers: so a run that
was killed is finished by the next, and what has come back (a delivery sent once more) goes again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.door.manifest import MANIFEST_NAME
from ingest.door.receipt import ACCEPTED, ACCEPTED_WITH_FINDINGS
from ingest.door.storing import IDENTIFIER_FOLDER
from ingest.due import is_past, retention_years
from ingest.outdated_receipts import names_rows_of
from ingest.periods import Period, PeriodError
from ingest.state import Home


class Kind(Enum):
    """What a thing is that goes."""

    RECEIPT = "receipt"
    QUARANTINED_ROWS = "quarantined_rows"
    REJECTED = "rejected"
    ORIGINAL = "original"
    LAKE = "lake"


@dataclass(frozen=True)
class Gone:
    """A file or folder to be removed; with ``without`` it stays, less what it says of these tables."""

    kind: Kind
    path: Path
    organisation: str
    table: str = ""
    rows: int = 0
    files: int = 0
    without: frozenset[str] = frozenset()


@dataclass
class Known:
    """What the ledger says: tables by delivery (organisation, period, id), and what has expired.

    ``expired`` holds (delivery id, table). ``accepted`` maps (organisation, table) to the acceptances
    that stand: (period, number, time as ISO, whether a later period replaces an earlier one).
    """

    tables: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    expired: set[tuple[str, str]] = field(default_factory=set)
    accepted: dict[tuple[str, str], list[tuple[Period, int, str, bool]]] = field(default_factory=dict)

    @classmethod
    def of(cls, ledger: pa.Table) -> Known:
        """Read a ledger with state."""
        known = cls()
        # As text: turning times into Python objects imports pandas.
        times = ledger.column("accepted_at").cast(pa.timestamp("us")).cast(pa.string()).to_pylist()
        names = ["organisation", "period", "delivery_id", "table_name", "acceptance_no", "mode"]
        rows = ledger.select([*names, "is_withdrawn", "is_expired"]).to_pylist()
        for row, time in zip(rows, times, strict=True):
            place = (row["organisation"], row["period"], row["delivery_id"])
            known.tables.setdefault(place, set()).add(row["table_name"])
            known.numbers[row["delivery_id"]] = row["acceptance_no"]
            if row["is_expired"]:
                known.expired.add((row["delivery_id"], row["table_name"]))
            if not row["is_withdrawn"]:
                known.accepted.setdefault((row["organisation"], row["table_name"]), []).append(
                    (known.period(row["period"]), row["acceptance_no"], time, row["mode"] == "history")
                )
        return known

    @staticmethod
    @cache
    def period(code: str) -> Period:
        """The period of an accepted delivery."""
        return Period.parse(code)

    def is_corrected(self, organisation: str, table: str, period: Period, number: int) -> bool:
        """Whether a later version of a table stands (of a history: also one of a later period)."""
        return any(
            later > number and (other == period or (is_history and other > period))
            for other, later, _, is_history in self.accepted.get((organisation, table), ())
        )

    def is_corrected_since(self, organisation: str, table: str | None, period: Period, since: str) -> bool:
        """Whether the table (any: ``None``) was accepted for the period at a time (ISO, UTC) or later."""
        return any(
            other == period and time >= since
            for (supplier, name), versions in self.accepted.items()
            if supplier == organisation and table in (None, name)
            for other, _, time, _ in versions
        )


def gone(home: Home, known: Known, today: date) -> Iterator[Gone]:
    """Everything on the disk that is past its retention on a day, or refused and corrected since."""
    yield from _lake(home, known, today)
    yield from _archive(home, known, today)
    yield from _quarantine(home, known, today)
    yield from _outbox(home, known, today)


def _lake(home: Home, known: Known, today: date) -> Iterator[Gone]:
    """Files past their time by their place, whether or not a ledger row names them."""
    tables = sorted(home.lake.glob("[!_.]*")) if home.lake.exists() else []
    for path in (file for table in tables for file in sorted(table.glob("organisation=*/period=*/*"))):
        table, organisation, code, file = path.relative_to(home.lake).parts
        organisation, code = organisation.partition("=")[2], code.partition("=")[2]
        period = _period(code)
        past = period is not None and is_past(table, period, today)
        if past or (file.removesuffix(".parquet"), table) in known.expired:
            yield Gone(Kind.LAKE, path, organisation, table, rows=_rows(path))


def _archive(home: Home, known: Known, today: date) -> Iterator[Gone]:
    """A delivery's folder once all its tables have expired, before that the files of those that have."""
    for folder in _deliveries(home.archive):
        organisation, code, delivery_id = folder.relative_to(home.archive).parts
        tables = known.tables.get((organisation, code, delivery_id), set())
        expired = {table for table in tables if (delivery_id, table) in known.expired}
        if not expired:
            continue
        originals = _originals(folder)
        for name, of in sorted(originals.items()):
            # A workbook of several tables stays until the last of them has expired.
            if of and of <= expired and (folder / name).is_file():
                yield Gone(Kind.ORIGINAL, folder / name, organisation, min(of), files=1)
        if expired == tables:
            others = [path for path in folder.iterdir() if path.name not in {MANIFEST_NAME, *originals}]
            yield Gone(Kind.ORIGINAL, folder, organisation, min(tables), files=len(others))


def _quarantine(home: Home, known: Known, today: date) -> Iterator[Gone]:
    for folder in _deliveries(home.quarantine):
        organisation, code, name = folder.relative_to(home.quarantine).parts
        delivery_id = name.partition("~")[0]
        period = _period(code)
        for path in sorted(folder.glob("rows/*")):
            table = path.stem.removeprefix(".").partition(".")[0]
            past = period is not None and is_past(table, period, today)
            number = known.numbers.get(delivery_id)
            corrected = (
                period is not None and number is not None and known.is_corrected(organisation, table, period, number)
            )
            if past or corrected or (delivery_id, table) in known.expired:
                yield Gone(Kind.QUARANTINED_ROWS, path, organisation, table, rows=_rows(path))
        if any(path.name != "rows" for path in folder.iterdir()):
            refused = _Refused.of(home, folder, (organisation, code, delivery_id))
            if refused.is_past(today) or refused.is_corrected(known):
                yield Gone(Kind.REJECTED, folder, organisation)


def _outbox(home: Home, known: Known, today: date) -> Iterator[Gone]:
    for folder in _deliveries(home.outbox):
        place = folder.relative_to(home.outbox).parts
        organisation, code, delivery_id = place
        tables = known.tables.get((organisation, code, delivery_id))
        if tables is None:
            if _Refused.of(home, home.quarantine.joinpath(*place), (organisation, code, delivery_id)).is_past(today):
                yield Gone(Kind.RECEIPT, folder, organisation)
            continue
        expired = {table for table in tables if (delivery_id, table) in known.expired}
        if expired == tables:
            yield Gone(Kind.RECEIPT, folder, organisation)
        elif expired and names_rows_of(folder, frozenset(expired)):
            yield Gone(Kind.RECEIPT, folder, organisation, without=frozenset(expired))


@dataclass(frozen=True)
class _Refused:
    """A delivery that was refused whole, as far as it can be told.

    Its retention is the shortest of the tables that its manifest names (of all, where it names none):
    it is kept only so that it can be corrected. It counts from the end of its period or from the day
    on which it was refused, whichever is earlier, since its period may be nonsense.
    """

    organisation: str
    period: Period | None
    tables: frozenset[str]
    refused_at: str | None  # ISO
    written_on: date
    holds_identifier: bool
    was_accepted: bool  # sent again under its own id, and accepted then

    @classmethod
    def of(cls, home: Home, folder: Path, place: tuple[str, str, str]) -> _Refused:
        receipt = _json(home.outbox.joinpath(*place) / "receipt.json")
        rejected = receipt if receipt.get("outcome") == "rejected" else {}
        manifest = _json(folder / MANIFEST_NAME) or _json(folder / IDENTIFIER_FOLDER / MANIFEST_NAME)
        tables = _named_tables(manifest) | _named_tables({"files": rejected.get("tables")})
        time = rejected.get("checked_at")
        standing = folder if folder.exists() else home.outbox.joinpath(*place)
        return cls(
            organisation=place[0],
            period=_period(place[1]),
            tables=frozenset(tables),
            refused_at=time if isinstance(time, str) else None,
            written_on=datetime.fromtimestamp(standing.stat().st_mtime, UTC).date(),
            holds_identifier=(folder / IDENTIFIER_FOLDER).exists(),
            was_accepted=receipt.get("outcome") in (ACCEPTED, ACCEPTED_WITH_FINDINGS),
        )

    def is_past(self, today: date) -> bool:
        """Whether its retention is over, whichever way it is counted."""
        tables = self.tables or {""}  # no contract knows this one: the shortest retention
        if self.period is not None and any(is_past(table, self.period, today) for table in tables):
            return True
        day = date.fromisoformat(self.refused_at[:10]) if self.refused_at else self.written_on
        years = min(retention_years(table) for table in tables)
        return today >= day.replace(year=day.year + years, day=min(day.day, 28))

    @property
    def refused_before(self) -> str:
        """The second after it was refused, written as the ledger's times are.

        Receipts tell whole seconds, and what was accepted in the same batch is no correction.
        """
        assert self.refused_at is not None
        moment = datetime.fromisoformat(self.refused_at).astimezone(UTC) + timedelta(seconds=1)
        return moment.strftime("%Y-%m-%d %H:%M:%S.%f")

    def is_corrected(self, known: Known) -> bool:
        """Whether everything that it names has been accepted for its period since it was refused."""
        if self.holds_identifier:
            return False  # kept until the controller has decided
        if self.was_accepted or self.period is None or self.refused_at is None:
            return self.was_accepted
        tables: set[str | None] = set(self.tables) or {None}
        return all(
            known.is_corrected_since(self.organisation, table, self.period, self.refused_before) for table in tables
        )


def _originals(folder: Path) -> dict[str, set[str]]:
    """File of an archived delivery -> tables in it; empty when the manifest does not tell."""
    found: dict[str, set[str]] = {}
    files = _json(folder / MANIFEST_NAME).get("files")
    for file in files if isinstance(files, list) else ():
        if isinstance(file, dict) and isinstance(file.get("path"), str) and isinstance(file.get("table"), str):
            found.setdefault(Path(file["path"]).name, set()).add(file["table"])
    return found


def _named_tables(manifest: dict[str, Any]) -> set[str]:
    files = manifest.get("files")
    named = [file.get("table") for file in files if isinstance(file, dict)] if isinstance(files, list) else []
    nothing = manifest.get("nothing_to_report")
    named += nothing if isinstance(nothing, list) else []
    return {name for name in named if isinstance(name, str)}


def _deliveries(root: Path) -> list[Path]:
    return sorted(path for path in root.glob("*/*/*") if path.is_dir() and not path.is_symlink())


def _period(code: str) -> Period | None:
    try:
        return Period.parse(code)
    except (PeriodError, ValueError):
        return None


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _rows(path: Path) -> int:
    try:
        return int(pq.ParquetFile(path).metadata.num_rows)
    except (OSError, pa.ArrowException):
        return 0
