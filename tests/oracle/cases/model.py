"""What a hand-computed case is, and how it becomes real deliveries in an inbox."""

from __future__ import annotations

import hashlib
import io
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from ingest.contracts import contracts
from ingest.periods import Period
from ingest.reference import municipalities

# Every table that areas' cases need; those without rows are delivered as true zeros.
DELIVERED = (
    "client",
    "aftercare_period",
    "residence_spell",
    "worker_assignment",
    "handover",
    "contact",
    "housing_spell",
    "supported_housing_capacity",
    "placement",
    "plan",
    "plan_action",
)
# A municipality of the areas that the cases name, for clients whose home does not matter.
USUAL_HOME = {"07": "109", "08": "837", "12": "507"}

Row = tuple[str, dict[str, str]]  # table, columns as delivered (ISO dates, "" for empty)


@dataclass(frozen=True)
class Delivery:
    """One delivery. Without residence rows every client lives in the area's usual home.

    ``number``: its place in the order of ids within the case; ``corrects``: the number of the
    delivery that it corrects. ``left_out``: tables it does not answer for at all. ``supplier``: who delivered when
    no area did (``kunta-837``, ``kela``); such a delivery has the tables of its rows alone.
    """

    area: str
    period: str
    rows: tuple[Row, ...]
    number: int = 1
    corrects: int | None = None
    data_from: str | None = None
    left_out: frozenset[str] = frozenset()
    supplier: str | None = None
    key_domain: str = "common"

    @property
    def organisation(self) -> str:
        """Who delivered it."""
        return self.supplier or f"hva-{self.area}"


@dataclass(frozen=True)
class Expected:
    """A figure computed by hand. ``None``: not checked (or, when not delivered, absent).

    ``also``: further columns of the result, such as ``unknown_share`` or ``status_candidate``.
    """

    indicator: str
    period: str
    numerator: float | None
    denominator: float | None
    level: str = "country"
    area: str = "FI"
    variant: str = "main"
    also: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A few clients, and what must come out.

    ``depends_on_key_order``: the outcome rests on the order of the keys as delivered, which a
    warehouse that gives new keys on arrival need not keep.
    """

    name: str
    rule: str
    deliveries: tuple[Delivery, ...]
    expected: tuple[Expected, ...]
    depends_on_key_order: bool = False

    @property
    def organisations(self) -> tuple[str, ...]:
        """The areas that deliver in the case."""
        return tuple(sorted({delivery.organisation for delivery in self.deliveries if not delivery.supplier}))


def aftercare(client: str, start: str, end: str = "") -> Row:
    """An aftercare period."""
    key = f"p-{client}-{start}"
    basis = {"end_reason": "EI_TARVETTA" if end else "", "legal_basis": "HUOSTA"}
    row = {"client_key": client, "period_key": key, "start_date": start, "end_date": end}
    return "aftercare_period", {**row, **basis, "entitlement_end_date": ""}


def worker(client: str, key: str, start: str, end: str = "", reason: str = "", role: str = "VASTUU") -> Row:
    """A worker's assignment; ``key`` may be empty (nobody knows who)."""
    row = {"client_key": client, "worker_key": key, "role": role, "team_key": ""}
    return "worker_assignment", {
        **row, "start_date": start, "end_date": end, "change_reason": reason
    }  # fmt: skip


def home(client: str, municipality: str, start: str, end: str = "") -> Row:
    """A spell of residence."""
    row = {"client_key": client, "municipality": municipality}
    return "residence_spell", {**row, "start_date": start, "end_date": end}


def lives(
    client: str,
    dwelling: str,
    housing_type: str,
    start: str,
    end: str = "",
    *,
    reason: str = "",
    planned: str = "",
    suitability: str = "",
    confirmed_on: str = "",
) -> Row:
    """A spell of housing."""
    return "housing_spell", {
        "client_key": client,
        "dwelling_key": dwelling,
        "municipality": "837",
        "housing_type": housing_type,
        "suitability": suitability,
        "start_date": start,
        "end_date": end,
        "move_reason": reason,
        "planned": planned,
        "confirmed_on": confirmed_on,
    }


def met(client: str, key: str, day: str, two_way: str = "true") -> Row:
    """A contact."""
    row = {"contact_key": f"k-{client}-{key}-{day}", "client_key": client, "worker_key": key}
    return "contact", {**row, "date": day, "channel": "TAPAAMINEN", "two_way": two_way}


def handed_over(
    client: str,
    day: str,
    old: str,
    new: str,
    kind: str = "YHTEISTAPAAMINEN",
    present: str = "true",
) -> Row:
    """A handover record."""
    row = {"client_key": client, "handover_date": day, "handover_type": kind}
    return "handover", {
        **row, "from_worker_key": old, "to_worker_key": new, "client_present": present
    }  # fmt: skip


def unit(key: str, places: str, age_from: str = "", age_to: str = "") -> Row:
    """A unit of supported housing."""
    row = {"municipality_code": "837", "unit_key": key, "places": places, "places_free": "0"}
    return "supported_housing_capacity", {
        **row, "age_from": age_from, "age_to": age_to, "operator": "HVA"
    }  # fmt: skip


def placed(client: str, start: str, end: str = "", *, basis: str = "HUOSTA", reason: str = "") -> Row:
    """A placement in an institution."""
    row = {"client_key": client, "placement_key": f"s-{client}-{start}", "start_date": start, "end_date": end}
    return "placement", {
        **row, "placement_type": "LAITOS", "legal_basis": basis, "end_reason": reason, "child_alone": ""
    }  # fmt: skip


def planned(client: str, key: str, valid_from: str, valid_to: str = "") -> Row:
    """A version of the plan for independent living."""
    row = {"client_key": client, "plan_key": key, "plan_type": "ITSENAISTYMINEN", "valid_from": valid_from}
    return "plan", {
        **row, "valid_to": valid_to, "review_date": "", "client_present": "true", "client_view_recorded": "",
        "continuing_need": "",
    }  # fmt: skip


def agreed(client: str, plan: str, action: str, status: str, day: str = "") -> Row:
    """An action of a plan."""
    row = {"client_key": client, "plan_key": plan, "action_code": action}
    return "plan_action", {**row, "status": status, "date": day}


def studies(client: str, level: str, start: str, end: str = "", reason: str = "") -> Row:
    """A right to study."""
    row = {"client_key": client, "level": level, "start_date": start, "end_date": end}
    return "education_enrolment", {**row, "end_reason": reason, "municipality_code": ""}


def usual_home(area: str) -> str:
    """The municipality in which an area's clients live unless a case says otherwise."""
    return USUAL_HOME.get(area) or home_of(area)


def does(client: str, activity: str, start: str, end: str = "", confirmed_on: str = "") -> Row:
    """A main activity."""
    row = {"client_key": client, "main_activity": activity}
    return "activity_spell", {**row, "start_date": start, "end_date": end, "confirmed_on": confirmed_on}


def assisted(client: str, *months: str, benefit: str = "PTT") -> tuple[Row, ...]:
    """Months for which Kela paid a benefit."""
    row = {"client_key": client, "benefit_code": benefit, "municipality_code": ""}
    return tuple(("benefit_month", {**row, "month": month}) for month in months)


def served(client: str, service: str, municipality: str, start: str, end: str = "") -> Row:
    """A spell in a municipal service."""
    row = {"client_key": client, "service": service, "employment_area_code": "", "municipality_code": municipality}
    return "employment_service_spell", {**row, "start_date": start, "end_date": end}


def leisure(client: str, municipality: str, day: str) -> Row:
    """Support for a hobby."""
    row = {"client_key": client, "municipality_code": municipality, "kind": "KORTTI"}
    return "leisure_support", {**row, "date": day, "amount_eur": ""}


def cost(area: str, municipality: str, account: str, euros: str, method: str = "SUORA", year: str = "2025") -> Row:
    """A row of costs."""
    row = {"year": year, "area": area, "municipality_code": municipality, "service_code": "2110"}
    return "cost_row", {**row, "account_code": account, "amount_eur": euros, "method": method}


def home_of(area: str) -> str:
    """The first municipality of an area."""
    return min(
        code for code, town in municipalities().items() if town.wellbeing_area_code == area and town.valid_to is None
    )


def delivery_id(case: Case, number: int) -> str:
    """A 26-character id: the same case and number always give the same one, in their order."""
    return f"01{zlib.crc32(case.name.encode()):010d}{number:014d}"


def pseudonym(name: str) -> str:
    """A key of 64 hexadecimal digits that sorts as ``name`` does; empty stays empty."""
    return name.encode("ascii").hex().ljust(64, "0") if name else ""


def write_deliveries(case: Case, into: Path, style: str = "utf8_comma") -> list[Path]:
    """Write a case below ``into`` as ``<organisation>/<period>/<delivery_id>/``.

    ``style``: utf8_comma, cp1252_semicolon (dd.mm.yyyy), parquet or xlsx. Gives the folders.
    """
    folders = []
    for delivery in case.deliveries:
        identity = delivery_id(case, delivery.number)
        folder = into / delivery.organisation / delivery.period / identity
        folder.mkdir(parents=True)
        files, nothing = [], []
        rows = [*delivery.rows, *_usual_rows(delivery)]
        more = sorted({name for name, _ in rows} - set(DELIVERED))
        for table in (*(() if delivery.supplier else DELIVERED), *more):
            mine = [row for name, row in rows if name == table]
            if table in delivery.left_out:
                continue
            if not mine:
                nothing.append(table)
                continue
            name, content = _file(table, mine, style)
            (folder / name).write_bytes(content)
            sha256 = hashlib.sha256(content).hexdigest()
            files.append({"table": table, "path": name, "sha256": sha256, "rows": len(mine)})
        extracted = Period.parse(delivery.period).end_exclusive + timedelta(days=19)
        manifest = {
            "delivery_id": identity,
            "organisation": delivery.organisation,
            "period": delivery.period,
            "contract_version": "1.0",
            "key_domain": delivery.key_domain,
            "extracted_at": f"{extracted.isoformat()}T06:12:00+03:00",
            "files": files,
            "data_kind": "synthetic",
        }
        if nothing:
            manifest["nothing_to_report"] = nothing
        if delivery.corrects is not None:
            manifest["correction_of"] = delivery_id(case, delivery.corrects)
        if delivery.data_from is not None:
            manifest["data_from"] = delivery.data_from
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=2), encoding="utf-8")
        folders.append(folder)
    return folders


def _usual_rows(delivery: Delivery) -> Iterable[Row]:
    if delivery.supplier:
        return
    clients = sorted({row["client_key"] for table, row in delivery.rows if table == AFTERCARE})
    usual = usual_home(delivery.area)
    if not any(table == "residence_spell" for table, _ in delivery.rows):
        yield from (home(client, usual, "2010-01-01") for client in clients)
    for client in clients:
        yield (
            "client",
            {
                "client_key": client,
                "birth_year": "2005",
                "gender": "9",
                "home_municipality": usual,
                "responsible_area": delivery.area,
                "language_group": "fi",
                "in_touch_status": "",
                "has_children": "",
            },
        )


AFTERCARE = "aftercare_period"


def _file(table: str, rows: list[dict[str, str]], style: str) -> tuple[str, bytes]:
    contract = contracts()[table]
    frame = pd.DataFrame(rows, columns=list(contract.column_names), dtype=object)
    for column in contract.columns:
        if column.type == "key":
            frame[column.name] = frame[column.name].map(pseudonym)
    buffer = io.BytesIO()
    if style == "utf8_comma":
        return f"{table}.csv", frame.to_csv(index=False).encode("utf-8")
    dates = [column.name for column in contract.columns if column.type == "date"]
    if style == "cp1252_semicolon":
        for name in dates:
            frame[name] = frame[name].map(_finnish)
        return f"{table}.csv", frame.to_csv(index=False, sep=";").encode("cp1252")
    frame = frame.astype(object).where(frame != "", None)
    if style == "parquet":
        for name in dates:
            frame[name] = frame[name].map(lambda day: day and date.fromisoformat(day))
        frame.to_parquet(buffer, index=False)
        return f"{table}.parquet", buffer.getvalue()
    if style == "xlsx":
        frame.to_excel(buffer, index=False, engine="openpyxl")
        return f"{table}.xlsx", buffer.getvalue()
    raise ValueError(f"{style!r} is no style; known: utf8_comma, cp1252_semicolon, parquet, xlsx")


def _finnish(day: str) -> str:
    try:
        return f"{date.fromisoformat(day):%d.%m.%Y}"
    except ValueError:  # empty, or a case's bad date
        return day
