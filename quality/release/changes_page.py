"""``CHANGES.md`` (Finnish, Swedish, English) and ``CHANGES.json``: the table ``release_change`` told shortly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb

from quality.release.changes import Before
from quality.release.contract import LANGUAGES
from quality.release.words import number, table, words

# Figures named one by one on the page; the table has them all.
LISTED = 30
_REVISIONS = ("revised", "recounted", "newly_hidden", "no_longer_shown", "newly_shown", "status_changed")
_OTHERS = ("figures_removed", "completed", "no_longer_complete", "series_break")
_METHODS = ("method_changed", "indicator_removed", "indicator_added")

Row = dict[str, Any]


def write_changes(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    folder: Path,
    *,
    release_id: str,
    before: Before | None,
    notice: str,
) -> None:
    """Write both files from ``<schema>.release_change`` and ``<schema>.area``."""
    told = {
        "data_notice": notice,
        "compared_with": before.release_id if before else None,
        "compared_with_made_at": before.created_at if before else None,
        "changes": dict(
            connection.execute(
                f"select kind, count(*) from {schema}.release_change group by kind order by min(change_number)"
            ).fetchall()
        ),
        "by_indicator_and_area": _rows(
            connection,
            f"""
            select
                indicator_id, variant, area_level, area_code, kind, reason,
                cast(sum(figures) as bigint) as figures,
                list_sort(list_distinct(list(period))) as periods
            from {schema}.release_change
            where area_code is not null
            group by indicator_id, variant, area_level, area_code, kind, reason
            order by min(change_number)""",
        ),
        "methods": _rows(
            connection,
            f"""
            select indicator_id, variant, kind, old_method_version, new_method_version
            from {schema}.release_change where kind in {_METHODS} order by change_number""",
        ),
        "deliveries": _rows(
            connection,
            f"""
            select organisation, table_name, period, kind, old_version, new_version
            from {schema}.release_change where organisation is not null order by change_number""",
        ),
    }
    (folder / "CHANGES.json").write_text(_json(told), encoding="utf-8")
    largest = _rows(
        connection,
        f"""
        select change.*, area.name_fi, area.name_sv, area.name_en, count(*) over () as all_of_them
        from {schema}.release_change as change
        inner join {schema}.area as area using (area_level, area_code)
        where
            kind = 'revised' and breakdown = 'total'
            and area_level in ('country', 'collaborative_area', 'wellbeing_area')
        order by abs(new_value - old_value) / greatest(abs(old_value), 1e-9) desc, change_number
        limit {LISTED}""",
    )
    lines = [f"**{notice}**", ""]
    for language in LANGUAGES:
        lines += _page(language, release_id, before, told, largest)
    (folder / "CHANGES.md").write_text("\n".join(lines), encoding="utf-8")


def _page(language: str, release_id: str, before: Before | None, told: Row, largest: list[Row]) -> list[str]:
    texts = words("changes")

    def say(key: str, **given: object) -> str:
        return str(texts[key][language]).format(**given)

    def of(group: str, code: str | None) -> str:
        return str(texts[group][code][language]) if code else ""

    def head(*names: str) -> list[str]:
        return [of("columns", name) for name in names]

    lines = [f"# {say('title')}", ""]
    if before is None:
        return [*lines, say("first", release_id=release_id), ""]
    lines += [say("compared", release_id=release_id, before=before.release_id, made=before.created_at), ""]
    if not told["changes"]:
        return [*lines, say("nothing"), ""]
    lines += [say("complete"), ""]

    def summary(title: str, kinds: tuple[str, ...], otherwise: str | None = None) -> list[str]:
        grouped = _by_level(told["by_indicator_and_area"], kinds)
        if not grouped:
            return [f"## {say(title)}", "", say(otherwise), ""] if otherwise else []
        rows: list[list[object]] = [
            [
                _indicator(row),
                of("levels", row["area_level"]),
                row["areas"],
                ", ".join(sorted(row["periods"])),
                of("kinds", row["kind"]),
                row["figures"],
                of("reasons", row["reason"]),
            ]
            for row in grouped
        ]
        header = head("indicator", "level", "areas", "periods", "change", "figures", "reason")
        return [f"## {say(title)}", "", *table(header, rows)]

    lines += summary("revisions", _REVISIONS, "no_revisions")
    if largest:
        lines += [f"### {say('largest', count=len(largest), all=largest[0]['all_of_them'])}", ""]
        lines += table(
            head("indicator", "area", "period", "old", "new", "reason"),
            [
                [
                    _indicator(row),
                    row[f"name_{language}"],
                    row["period"],
                    number(row["old_value"], language),
                    number(row["new_value"], language),
                    of("reasons", row["reason"]),
                ]
                for row in largest
            ],
        )
    lines += summary("others", _OTHERS)
    if told["methods"]:
        lines += [f"## {say('methods')}", ""]
        lines += table(
            head("indicator", "change", "old", "new"),
            [
                [_indicator(row), of("kinds", row["kind"]), row["old_method_version"] or "–", _or_dash(row)]
                for row in told["methods"]
            ],
        )
    if told["deliveries"]:
        lines += [f"## {say('deliveries')}", ""]
        lines += table(
            head("change", "organisation", "period", "tables"),
            [
                [of("kinds", kind), organisation, period, ", ".join(tables)]
                for (kind, organisation, period), tables in _by_delivery(told["deliveries"]).items()
            ],
        )
    return lines + summary("new", ("new_figures",))


def _by_level(rows: list[Row], kinds: tuple[str, ...]) -> list[Row]:
    """Rows of these kinds put together over the areas of a level."""
    found: dict[tuple[object, ...], Row] = {}
    for row in rows:
        if row["kind"] in kinds:
            key = tuple(row[name] for name in ("indicator_id", "variant", "area_level", "kind", "reason"))
            one = found.setdefault(key, row | {"areas": 0, "figures": 0, "periods": set()})
            one["areas"] += 1
            one["figures"] += row["figures"]
            one["periods"] |= set(row["periods"])
    return list(found.values())


def _by_delivery(rows: list[Row]) -> dict[tuple[str, str, str], list[str]]:
    found: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        found.setdefault((row["kind"], row["organisation"], row["period"]), []).append(row["table_name"])
    return found


def _indicator(row: Row) -> str:
    return str(row["indicator_id"]) + ("" if row["variant"] == "main" else f" ({row['variant']})")


def _or_dash(row: Row) -> str:
    return row["new_method_version"] or "–"


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    found = connection.execute(query)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _json(told: Row) -> str:
    """One entry a line: readable, and small enough for thousands of changes."""
    parts = []
    for key, value in told.items():
        if isinstance(value, list):
            entries = ",\n  ".join(json.dumps(entry, ensure_ascii=False) for entry in value)
            parts.append(f' "{key}": [{entries}]')
        else:
            parts.append(f' "{key}": {json.dumps(value, ensure_ascii=False)}')
    return "{\n" + ",\n".join(parts) + "\n}\n"
