"""What changed between a release and the one before, and why: the rows of ``published.release_change``.

Compared are published figures with published figures, so nothing is told that readers of both files
could not find; of a figure that is no longer shown the old value is not repeated. The reason is the
first that fits, in the order of ``REASONS``: a release cannot tell apart two causes that act at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from quality.release.contract import published_table

# Two computations of the same sum may differ in the last bits; that is no revision.
TOLERANCE = 1e-9
_KEY = ("indicator_id", "variant", "area_level", "area_code", "period_type", "period", "breakdown", "category")
_GROUP = _KEY[:6]
_COUNTS = ("numerator", "denominator", "lower_95", "upper_95", "lower_998", "upper_998")
# Columns that the comparison reads of the release before.
_NEEDED = {
    "indicator": ("indicator_id", "variant", "method_version"),
    "indicator_value": (*_KEY, "value", *_COUNTS, "status", "is_complete", "is_series_break"),
    "delivery_coverage": ("organisation", "table_name", "period", "delivered", "version", "rows", "is_late"),
    "release": ("release_id", "data_kind", "code_version", "created_at"),
}
_DELIVERY_KINDS = (
    "delivery_removed", "delivery_corrected", "delivery_rows_changed", "delivery_arrived_late", "delivery_arrived",
)  # fmt: skip


@dataclass(frozen=True)
class Before:
    """The release that a new one is compared with, attached as ``before``. ``created_at``: ISO text, UTC."""

    release_id: str
    code_version: str
    created_at: str


def attach_before(connection: duckdb.DuckDBPyConnection, current: Path, data_kind: str) -> Before | None:
    """Attach the release that readers see now as ``before``.

    ``current``: the link to its folder. None when there is none, when it is of another kind of data,
    or when its tables are of an older shape that lacks what is compared.
    """
    file = current.resolve() / "aftercare.duckdb"
    if not file.is_file():
        return None
    connection.execute(f"attach '{_quoted(file)}' as before (read_only)")
    found = connection.execute(
        "select table_name, column_name from duckdb_columns() where database_name = 'before' "
        "and schema_name = 'published'"
    ).fetchall()
    needed = {(table, column) for table, columns in _NEEDED.items() for column in columns}
    if needed <= set(found):
        row = connection.execute(
            "select release_id, code_version, strftime(created_at, '%Y-%m-%dT%H:%M:%SZ') "
            f"from before.published.release where data_kind = '{_quoted(data_kind)}'"
        ).fetchone()
        if row:
            return Before(*row)
    connection.execute("detach before")
    return None


def change_sql(before: Before | None, code_version: str, notice: str) -> str:
    """SELECT of the changes between ``before.published`` and ``checked``, in the contract's columns.

    ``notice``: SQL of the last column. Without ``before`` the select has no rows.
    """
    table = published_table("release_change")
    nothing = {column.name: f"cast(null as {column.type})" for column in table.columns}
    if before is None:
        columns = ", ".join(f"{nothing[name]} as {name}" for name in table.column_names)
        return f"select {columns} where false"

    def row(source: str, **given: str) -> str:
        return (
            "select " + ", ".join(f"{given.get(name, nothing[name])} as {name}" for name in inner) + f" from {source}"
        )

    inner = [name for name in table.column_names if name not in ("change_number", "compared_with", "data_notice")]
    key = {name: name for name in _KEY}
    group = {name: name for name in _GROUP}
    shown_kinds = "('revised', 'recounted')"
    parts = [
        row(
            "figure where kind is not null",
            **key,
            kind="kind",
            reason="reason",
            figures="cast(1 as bigint)",
            old_status="old_status",
            new_status="new_status",
            old_value=f"case when kind in {shown_kinds} then old_value end",
            new_value=f"case when kind in {shown_kinds} or kind = 'newly_shown' then new_value end",
        ),
        *(
            row(
                f"figure where {condition} group by all",
                **group,
                kind=f"'{kind}'",
                reason="reason",
                figures="count(*)",
            )
            for kind, condition in (
                ("figures_removed", "is_known and in_before and not in_new"),
                ("completed", "in_before and in_new and not old_complete and new_complete"),
                ("no_longer_complete", "in_before and in_new and old_complete and not new_complete"),
                ("series_break", "in_before and in_new and not old_break and new_break"),
                ("new_figures", "is_known and in_new and not in_before"),
            )
        ),
        row(
            "indicator_pair where old_method <> new_method",
            indicator_id="indicator_id",
            variant="variant",
            kind="'method_changed'",
            old_method_version="old_method",
            new_method_version="new_method",
        ),
        row(
            "indicator_pair where new_method is null",
            indicator_id="indicator_id",
            variant="variant",
            kind="'indicator_removed'",
            old_method_version="old_method",
        ),
        row(
            "indicator_pair where old_method is null",
            indicator_id="indicator_id",
            variant="variant",
            kind="'indicator_added'",
            new_method_version="new_method",
        ),
        row(
            "delivery_change",
            kind="kind",
            period="period",
            organisation="organisation",
            table_name="table_name",
            old_version="old_version",
            new_version="new_version",
        ),
    ]
    kinds = ", ".join(f"'{kind}'" for kind in table.column("kind").allowed)
    levels = ", ".join(f"'{level}'" for level in table.column("area_level").allowed)
    return f"""
        with {_ctes(before, code_version)},
        change as ({" union all ".join(parts)})
        select
            cast(row_number() over (
                order by
                    list_position([{kinds}], kind), indicator_id, variant,
                    list_position([{levels}], area_level), area_code, period_type, period, breakdown, category,
                    organisation, table_name
            ) as integer) as change_number,
            {", ".join(inner)},
            '{_quoted(before.release_id)}' as compared_with,
            {notice}
        from change
    """


def _ctes(before: Before, code_version: str) -> str:
    """``delivery_change``, ``indicator_pair`` and ``figure`` (a row a figure of either release)."""
    same_code = "true" if before.code_version == code_version else "false"
    ranks = ", ".join(f"'{kind}'" for kind in _DELIVERY_KINDS)
    joined = " and ".join(f"old.{name} = new.{name}" for name in _KEY)
    either = ", ".join(f"coalesce(new.{name}, old.{name}) as {name}" for name in _KEY)
    differ = " or ".join(_differs(f"old_{name}", f"new_{name}") for name in _COUNTS)
    pairs = ", ".join(f"old.{name} as old_{name}, new.{name} as new_{name}" for name in ("value", *_COUNTS))
    return f"""
        delivery_change as (
            select
                coalesce(new.organisation, old.organisation) as organisation,
                coalesce(new.table_name, old.table_name) as table_name,
                coalesce(new.period, old.period) as period,
                case
                    when not coalesce(new.delivered, false) then 'delivery_removed'
                    when not coalesce(old.delivered, false) and new.is_late then 'delivery_arrived_late'
                    when not coalesce(old.delivered, false) then 'delivery_arrived'
                    when new.version < old.version then 'delivery_removed'
                    when new.version > old.version then 'delivery_corrected'
                    else 'delivery_rows_changed'
                end as kind,
                case when old.delivered then old.version end as old_version,
                case when new.delivered then new.version end as new_version
            from before.published.delivery_coverage as old
            full join checked.delivery_coverage as new
                on old.organisation = new.organisation
                and old.table_name = new.table_name
                and old.period = new.period
            where
                (coalesce(old.delivered, false) or coalesce(new.delivered, false))
                and (
                    coalesce(old.delivered, false) <> coalesce(new.delivered, false)
                    or old.version <> new.version
                    or old.rows <> new.rows
                )
        ),

        -- Which areas a supplier's data can touch. Kela speaks of all.
        town as (
            select area_code, parent_code, group_code from checked.area where area_level = 'municipality'
        ),
        belongs as (
            select 'country' as level, 'FI' as code, 'hva-' || area_code as organisation
            from checked.area where area_level = 'wellbeing_area'
            union all
            select 'wellbeing_area', area_code, 'hva-' || area_code
            from checked.area where area_level = 'wellbeing_area'
            union all
            select 'collaborative_area', parent_code, 'hva-' || area_code
            from checked.area where area_level = 'wellbeing_area' and parent_code is not null
            union all select 'municipality', area_code, 'hva-' || parent_code from town
            union all select 'municipality_group', group_code, 'hva-' || parent_code from town
            union all select 'country', 'FI', 'kunta-' || area_code from town
            union all select 'municipality', area_code, 'kunta-' || area_code from town
            union all select 'municipality_group', group_code, 'kunta-' || area_code from town
            union all select 'wellbeing_area', parent_code, 'kunta-' || area_code from town
            union all
            select 'collaborative_area', area.parent_code, 'kunta-' || town.area_code
            from town
            inner join checked.area as area
                on area.area_level = 'wellbeing_area' and town.parent_code = area.area_code
            union all select distinct area_level, area_code, 'kela' from checked.area
        ),
        needed as (
            select
                indicator_id,
                -- A table of another kind of supplier has the kind before it: kunta.cost_row.
                case when contains(source, '.') then split_part(source, '.', 1) else 'hva' end as supplier,
                case when contains(source, '.') then split_part(source, '.', 2) else source end as table_name
            from (
                select distinct indicator_id, trim(unnest(string_split(source_tables, ','))) as source
                from checked.indicator
            )
        ),
        touched as (
            select
                needed.indicator_id, belongs.level, belongs.code,
                min(list_position([{ranks}], delivery_change.kind)) as rank
            from delivery_change
            inner join needed
                on delivery_change.table_name = needed.table_name
                and split_part(delivery_change.organisation, '-', 1) = needed.supplier
            inner join belongs on delivery_change.organisation = belongs.organisation
            group by needed.indicator_id, belongs.level, belongs.code
        ),
        touched_anywhere as (
            select distinct needed.indicator_id
            from delivery_change
            inner join needed
                on delivery_change.table_name = needed.table_name
                and split_part(delivery_change.organisation, '-', 1) = needed.supplier
        ),

        indicator_pair as (
            select
                coalesce(new.indicator_id, old.indicator_id) as indicator_id,
                coalesce(new.variant, old.variant) as variant,
                old.method_version as old_method,
                new.method_version as new_method
            from before.published.indicator as old
            full join checked.indicator as new
                on old.indicator_id = new.indicator_id and old.variant = new.variant
        ),

        pair as (
            select
                {either},
                {pairs},
                old.status as old_status, new.status as new_status,
                old.is_complete as old_complete, new.is_complete as new_complete,
                old.is_series_break as old_break, new.is_series_break as new_break,
                old.indicator_id is not null as in_before,
                new.indicator_id is not null as in_new
            from before.published.indicator_value as old
            full join checked.indicator_value as new on {joined}
        ),
        judged as (
            select
                *,
                case
                    when not in_before or not in_new then null
                    when old_status <> new_status and new_status = 'hidden' then 'newly_hidden'
                    when old_status <> new_status and old_status = 'shown' then 'no_longer_shown'
                    when old_status <> new_status and new_status = 'shown' then 'newly_shown'
                    when old_status <> new_status then 'status_changed'
                    when {_differs("old_value", "new_value")} then 'revised'
                    when {differ} then 'recounted'
                end as kind
            from pair
        ),
        figure as (
            select
                judged.*,
                -- An indicator that comes or goes is one change, not one a figure.
                indicator_pair.old_method is not null and indicator_pair.new_method is not null as is_known,
                case
                    when indicator_pair.old_method <> indicator_pair.new_method then 'method'
                    when touched.rank is not null then [{ranks}][touched.rank]
                    when touched_anywhere.indicator_id is not null then 'delivery_elsewhere'
                    when not {same_code} then 'code'
                    when judged.kind = 'newly_hidden' then 'protection'
                    else 'unknown'
                end as reason
            from judged
            inner join indicator_pair
                on judged.indicator_id = indicator_pair.indicator_id and judged.variant = indicator_pair.variant
            left join touched
                on judged.indicator_id = touched.indicator_id
                and judged.area_level = touched.level
                and judged.area_code = touched.code
            left join touched_anywhere on judged.indicator_id = touched_anywhere.indicator_id
        )"""


def _differs(old: str, new: str) -> str:
    return (
        f"(({old} is null) <> ({new} is null) "
        f"or abs({old} - {new}) > {TOLERANCE} * greatest(1, abs({old}), abs({new})))"
    )


def _quoted(text: object) -> str:
    return str(text).replace("'", "''")
