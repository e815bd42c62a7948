"""Many cases in one warehouse: each becomes the deliveries of an area of its own.

Building the warehouse costs seconds, whatever is in it. A case of one supplier whose figures are the
country's reads the same as the figures of that supplier's area, so up to 22 such cases share a build.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ingest.contracts import contracts
from ingest.reference import ALAND, wellbeing_areas
from tests.oracle.cases.model import Case, Delivery, Expected, Row, usual_home

PACKED_AREA = "08"


def packs(cases: Iterable[Case]) -> list[tuple[Case, ...]]:
    """Cases in groups that share a warehouse; one that cannot share is a group of its own."""
    codes = sorted(code for code in wellbeing_areas() if code != ALAND)
    found: list[list[Case]] = []
    open_pack: list[Case] = []
    for case in cases:
        if not can_share(case):
            found.append([case])
            continue
        if not open_pack or len(open_pack) == len(codes):
            open_pack = []
            found.append(open_pack)
        code = codes[len(open_pack)]
        open_pack.append(in_area(case, code))
    return [tuple(pack) for pack in found]


def can_share(case: Case) -> bool:
    """Whether one area delivers, with its usual home or without, and only the country's figures are expected."""
    suppliers = {delivery.organisation for delivery in case.deliveries} - {_town(PACKED_AREA)}
    return suppliers == {f"hva-{PACKED_AREA}"} and all(expected.level == "country" for expected in case.expected)


def in_area(case: Case, code: str) -> Case:
    """The case as that of another area, with keys that no other case has, in the same order."""
    return replace(
        case,
        deliveries=tuple(_moved(delivery, code) for delivery in case.deliveries),
        expected=tuple(_of_area(expected, code) for expected in case.expected),
    )


def _moved(delivery: Delivery, code: str) -> Delivery:
    supplier = _town(code) if delivery.supplier == _town(PACKED_AREA) else delivery.supplier
    return replace(delivery, area=code, supplier=supplier, rows=tuple(_rows(delivery.rows, code)))


def _town(area: str) -> str:
    return f"kunta-{usual_home(area)}"


def _rows(rows: Iterable[Row], code: str) -> Iterator[Row]:
    for table, values in rows:
        types = {column.name: column.type for column in contracts()[table].columns}
        yield table, {name: _value(types[name], text, code) for name, text in values.items()}


def _value(kind: str, text: str, code: str) -> str:
    if kind == "key" and text:
        return f"{code}-{text}"
    if kind == "municipality" and text == usual_home(PACKED_AREA):
        return usual_home(code)
    return text


def _of_area(expected: Expected, code: str) -> Expected:
    return replace(expected, level="wellbeing_area", area=code)
