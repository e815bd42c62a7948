"""From a published figure back to the deliveries behind it: counts, names and hashes, never a row.

release → indicator's model → contributions → lake partitions → deliveries with their receipts. Needs the
warehouse, so it is for the operator: how many contributions a hidden figure has is restricted.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from ingest.lake import file_path
from ingest.state import Home
from orchestration import versions
from orchestration.errors import OperationError
from orchestration.versions import DBT_PROJECT, PROJECT_ROOT
from orchestration.warehouse import mark_file

TOTAL = "total"


@dataclass(frozen=True)
class Asked:
    """The figure in question. ``category`` belongs to ``breakdown``; ``period_type`` None: whichever there is."""

    indicator_id: str
    area_code: str
    period: str
    variant: str = "main"
    breakdown: str = TOTAL
    category: str = TOTAL
    period_type: str | None = None


@dataclass(frozen=True)
class Origin:
    """One delivery behind the figure. Paths are below the home; ``receipt`` None when it is gone."""

    organisation: str
    table: str
    period: str
    delivery_id: str
    version: int
    sha256: str
    rows: int
    quarantined: int
    partition: str
    receipt: str | None


@dataclass(frozen=True)
class Trace:
    """``figure``: the published row; ``contributions``: how many by wellbeing area.

    ``same_input``: whether the warehouse was built from what the release was made from; else the
    contributions and deliveries are those of the warehouse of now.
    """

    release: dict[str, Any]
    figure: dict[str, Any]
    model: dict[str, Any]
    contributions: dict[str, int]
    origins: tuple[Origin, ...]
    same_input: bool


def trace(home: Home, asked: Asked) -> Trace:
    """Follow one figure of the current release back. Raises ``OperationError`` when there is no such figure."""
    release_file = home.current_release / "aftercare.duckdb"
    if not release_file.exists():
        raise OperationError("Nothing is published yet.", "Run `aftercare run` first.")
    with duckdb.connect(str(release_file.resolve()), read_only=True) as connection:
        release = _one(connection, "select * exclude (data_notice) from published.release", []) or {}
        figure = _figure(connection, asked)
        facts = _one(
            connection,
            "select method_version, source_tables from published.indicator where indicator_id = ? and variant = ?",
            [asked.indicator_id, asked.variant],
        )
    if not home.warehouse.exists():
        raise OperationError("There is no warehouse to trace in.", "Run `aftercare build` first.")
    mark = versions.read_mark(mark_file(home)) or {}
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        try:
            _select_origins(connection, figure)
            contributions = _contributions(connection, figure)
            origins = _origins(connection, home)
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise OperationError(
                "The warehouse was built by an earlier version and cannot be traced in.", "Run `aftercare build`."
            ) from error
    return Trace(
        release=release,
        figure=figure,
        model=_model(asked.indicator_id, release["code_version"]) | (facts or {}),
        contributions=contributions,
        origins=tuple(origins),
        same_input=mark.get("input_hash") == release["input_hash"]
        and mark.get("code_version") == release["code_version"],
    )


def _figure(connection: duckdb.DuckDBPyConnection, asked: Asked) -> dict[str, Any]:
    given = [asked.indicator_id, asked.variant, asked.area_code, asked.period, asked.breakdown, asked.category]
    found = connection.execute(
        """
        select indicator_id, variant, area_level, area_code, period_type, period, breakdown, category, status,
            value, numerator, denominator, is_complete
        from published.indicator_value
        where indicator_id = ? and variant = ? and area_code = ? and period = ? and breakdown = ? and category = ?
        order by period_type
        """,
        given,
    )
    names = [column[0] for column in found.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    if asked.period_type:
        rows = [row for row in rows if row["period_type"] == asked.period_type]
    if not rows:
        raise OperationError(
            f"The current release has no figure {asked.indicator_id} ({asked.variant}) of {asked.area_code} for "
            f"{asked.period}, {asked.breakdown} {asked.category}.",
            "Expected codes as in published.indicator_value: JAT-01 05 2025 --breakdown sex.female",
        )
    if len(rows) > 1:
        kinds = ", ".join(row["period_type"] for row in rows)
        raise OperationError(f"{asked.period} is a period of several kinds: {kinds}.", "Choose with --period-type.")
    return rows[0]


def _select_origins(connection: duckdb.DuckDBPyConnection, figure: dict[str, Any]) -> None:
    """Temporary tables: the base periods and the places that the figure is put together from."""
    connection.execute(
        """
        create temp table traced_period as
        select part.base_period_type, part.base_period
        from intermediate.int_period_part as part
        inner join roll_up.indicator_meta as meta on meta.indicator_id = ? and meta.base_period = part.base_period_type
        where part.period_type = ? and part.period = ?
            and (meta.time_basis = 'flow' or part.period_type = part.base_period_type or part.is_year_end)
        """,
        [figure["indicator_id"], figure["period_type"], figure["period"]],
    )
    # Areas (and municipalities) whose source tables were not all delivered for the period are in no figure.
    connection.execute(
        """
        create temp table traced_area as
        select area.wellbeing_area_code, coverage.municipality_code
        from reference.seed_wellbeing_area as area
        inner join roll_up.int_indicator_coverage as coverage
            on area.wellbeing_area_code = coverage.wellbeing_area_code
        where coverage.indicator_id = $indicator and coverage.period_type = $period_type
            and coverage.period = $period and coverage.is_covered
            and case $level
                when 'wellbeing_area' then area.wellbeing_area_code = $code
                when 'collaborative_area' then 'YTA-' || area.collaborative_area_code = $code
                else area.wellbeing_area_code <> '91'
            end
        """,
        {
            "indicator": figure["indicator_id"],
            "period_type": figure["period_type"],
            "period": figure["period"],
            "level": figure["area_level"],
            "code": figure["area_code"],
        },
    )
    connection.execute(
        """
        create temp table traced_municipality as
        select $code as municipality_code where $level = 'municipality'
        union all
        select municipality_code from reference.seed_municipality_group
        where $level = 'municipality_group' and group_code = $code
        """,
        {"level": figure["area_level"], "code": figure["area_code"]},
    )
    connection.execute(
        f"""
        create temp table traced_origin as
        select origin.*
        from roll_up.contribution_origin as origin
        {_SELECTED.format(relation="origin")}
        """,
        {"indicator": figure["indicator_id"], "variant": figure["variant"], "level": figure["area_level"]},
    )


_SELECTED = """
        inner join traced_period
            on {relation}.period_type = traced_period.base_period_type
            and {relation}.period = traced_period.base_period
        where {relation}.indicator_id = $indicator and {relation}.variant = $variant
            and exists (
                select 1 from traced_area
                where traced_area.wellbeing_area_code = {relation}.wellbeing_area_code
                    and coalesce(traced_area.municipality_code, {relation}.municipality_code)
                        = {relation}.municipality_code
            )
            and (
                $level not in ('municipality', 'municipality_group')
                or {relation}.municipality_code in (select municipality_code from traced_municipality)
            )
"""


def _contributions(connection: duckdb.DuckDBPyConnection, figure: dict[str, Any]) -> dict[str, int]:
    breakdown = figure["breakdown"]
    if breakdown == TOTAL:
        rows = connection.execute(
            """
            select wellbeing_area_code, cast(sum(contributions) as bigint)
            from (
                select distinct wellbeing_area_code, municipality_code, period_type, period, contributions
                from traced_origin
            )
            group by wellbeing_area_code order by wellbeing_area_code
            """
        ).fetchall()
    else:
        # The name comes from the published row, so it is one of the breakdowns that there are.
        rows = connection.execute(
            f"""
            select wellbeing_area_code, count(*)
            from marts.contribution as contribution
            {_SELECTED.format(relation="contribution")}
                and contribution."{breakdown}" = $category
            group by wellbeing_area_code order by wellbeing_area_code
            """,
            {
                "indicator": figure["indicator_id"],
                "variant": figure["variant"],
                "level": figure["area_level"],
                "category": figure["category"],
            },
        ).fetchall()
    return dict(rows)


def _origins(connection: duckdb.DuckDBPyConnection, home: Home) -> list[Origin]:
    rows = connection.execute(
        """
        select distinct
            organisation, table_name, delivered_period, delivery_id, version, sha256, row_count,
            row_count_quarantined
        from traced_origin
        order by organisation, table_name, delivered_period, delivery_id
        """
    ).fetchall()
    found = []
    for organisation, table, period, delivery_id, version, sha256, accepted, quarantined in rows:
        partition = file_path(home, table, organisation, period, delivery_id)
        receipt = home.outbox / organisation / period / delivery_id / "receipt.json"
        found.append(
            Origin(
                organisation,
                table,
                period,
                delivery_id,
                version,
                sha256,
                accepted,
                quarantined,
                partition=str(partition.relative_to(home.root)),
                receipt=str(receipt.relative_to(home.root)) if receipt.is_file() else None,
            )
        )
    return found


def _model(indicator_id: str, code_version: str) -> dict[str, Any]:
    name = f"ind_{indicator_id.lower().replace('-', '_')}"
    file: Path | None = next((DBT_PROJECT / "models" / "indicators").rglob(f"{name}.sql"), None)
    return {
        "model": name,
        "file": file.relative_to(PROJECT_ROOT).as_posix() if file else None,
        # Else the file here is not the one that the release was computed by.
        "is_of_this_code": code_version == versions.code_version(),
    }


def _one(connection: duckdb.DuckDBPyConnection, query: str, given: list[Any]) -> dict[str, Any] | None:
    found = connection.execute(query, given)
    names = [column[0] for column in found.description or ()]
    row = found.fetchone()
    return dict(zip(names, row, strict=True)) if row else None
