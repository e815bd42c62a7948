"""``QUALITY.md``: what a release measures of its own quality, in Finnish, Swedish and English."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from quality.release.contract import LANGUAGES, published_table
from quality.release.jsonstat import STATUSES
from quality.release.words import number, table, words

if TYPE_CHECKING:
    from quality.disclosure.protect import ProtectionReport

Measured = dict[str, Any]
# Of fewer cells the number alone could tell which they are.
_FEWEST_TOLD = 10


def write_quality(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    folder: Path,
    *,
    release_id: str,
    notice: str,
    protection: ProtectionReport | None = None,
) -> None:
    """Write the report of the release whose tables stand in ``schema``.

    ``protection``: what the full protection did; None where cells are hidden for their own size only.
    """
    measured = measure(connection, schema)
    lines = [f"**{notice}**", ""]
    for language in LANGUAGES:
        lines += _page(language, release_id, measured, protection)
    (folder / "QUALITY.md").write_text("\n".join(lines), encoding="utf-8")


def measure(connection: duckdb.DuckDBPyConnection, schema: str) -> Measured:
    """The numbers of the report. Shares are 0–1."""

    def rows(query: str) -> list[tuple[Any, ...]]:
        return connection.execute(query.format(schema=schema)).fetchall()

    (scope,) = rows("select count(distinct indicator_id), count(*) from {schema}.indicator")
    (span,) = rows(
        "select min_by(period, period_start), max_by(period, period_end), "
        "count(*) filter (where is_series_break), count(*) filter (where not is_complete) "
        "from {schema}.indicator_value"
    )
    (deliveries,) = rows(
        "select count(*) filter (where delivered), count(*) filter (where delivered and is_late), "
        "coalesce(sum(rows), 0) + coalesce(sum(quarantined), 0), coalesce(sum(quarantined), 0) "
        "from {schema}.delivery_coverage"
    )
    (made,) = rows(
        "select strftime(data_until, '%Y-%m-%d'), strftime(created_at, '%Y-%m-%d'), "
        "date_diff('day', data_until, created_at::date) from {schema}.release"
    )
    return {
        "indicators": scope[0],
        "variants": scope[1],
        "first": span[0],
        "last": span[1],
        "breaks": span[2],
        "incomplete": span[3],
        "delivered": deliveries[0],
        "late": deliveries[1],
        "rows": int(deliveries[2]),
        "quarantined": int(deliveries[3]),
        "until": made[0],
        "made": made[1],
        "days": made[2],
        "statuses": {
            (level, status): count
            for level, status, count in rows(
                "select area_level, status, count(*) from {schema}.indicator_value group by all"
            )
        },
        "methods": rows(
            "select method_version, count(distinct indicator_id) from {schema}.indicator group by all order by all"
        ),
        "break_periods": [
            period
            for (period,) in rows(
                "select distinct period from {schema}.indicator_value where is_series_break order by period"
            )
        ],
        "accuracy": rows(_ACCURACY),
        "verdicts": rows(
            "select area_level, benchmark, count(*) filter (where result <> 'cannot_be_said'), "
            "count(*) filter (where starts_with(result, 'possibly_')), "
            "count(*) filter (where result in ('better', 'worse', 'higher', 'lower')) "
            "from {schema}.indicator_comparison where benchmark <> 'duty' group by all order by all"
        ),
        "missing": rows(
            "select table_name, count(distinct organisation), count(distinct period), count(*) "
            "from {schema}.delivery_coverage where not delivered group by table_name order by count(*) desc, table_name"
        ),
    }


_ACCURACY = """
    with annual as (
        select *
        from {schema}.indicator_value
        where
            variant = 'main' and breakdown = 'total' and status = 'shown'
            and period_type in ('year', 'school_year', 'rolling_12_months', 'quarter')
        qualify period_type = first(period_type) over (
            partition by indicator_id
            order by list_position(['year', 'school_year', 'rolling_12_months', 'quarter'], period_type)
            rows between unbounded preceding and unbounded following
        )
    ),
    area as (
        select
            indicator_id,
            median((upper_95 - lower_95) / 2 / nullif(value, 0)) as width,
            avg(unknown_share) as unknown, avg(record_share) as recorded, avg(doubtful_share) as doubtful
        from annual where area_level = 'wellbeing_area' group by indicator_id
    ),
    -- Only where every area is shown can its sum be held against the country.
    summed as (
        select indicator_id, period, sum(numerator) as areas, count(*) as shown
        from annual where area_level = 'wellbeing_area' group by indicator_id, period
    ),
    compared as (
        select
            annual.indicator_id,
            -- Sums of fractions differ by their last digit.
            max(round(summed.areas / nullif(annual.numerator, 0) - 1, 9)) as excess
        from annual
        inner join summed on annual.indicator_id = summed.indicator_id and annual.period = summed.period
        where
            annual.area_level = 'country'
            and summed.shown = (
                select count(distinct area_code) from {schema}.indicator_value as every_one
                where every_one.indicator_id = annual.indicator_id and every_one.area_level = 'wellbeing_area'
                    and every_one.status <> 'not_applicable'
            )
        group by annual.indicator_id
    )
    select area.indicator_id, width, unknown, recorded, doubtful, excess
    from area left join compared using (indicator_id) order by area.indicator_id
"""


# Of verdicts on places that differ by chance alone: between the 95 and the 99.8 % interval, and outside it.
CHANCE = {"possibly": 0.048, "certain": 0.002}


def _page(language: str, release_id: str, measured: Measured, protection: ProtectionReport | None) -> list[str]:
    texts = words("quality")
    levels = {code: names[language] for code, names in words("changes")["levels"].items()}

    def say(key: str, **given: object) -> str:
        return str(texts[key][language]).format(**(measured | given))

    def head(*names: str) -> list[str]:
        return [str(texts["columns"][name][language]) for name in names]

    def percent(value: float | None) -> str:
        return "–" if value is None else number(100 * value, language)

    statuses = published_table("indicator_value").column("status").allowed
    status_names = [texts["shown"][language] if name == "shown" else STATUSES[name][language] for name in statuses]
    breaks = ", ".join(measured["break_periods"]) or texts["none"][language]
    lines = [f"# {say('title')}", "", say("of", release_id=release_id), ""]
    lines += [f"## {say('relevance')}", "", say("relevance_text"), ""]
    lines += table(
        [*head("level"), *status_names],
        [
            [name, *(measured["statuses"].get((level, status), 0) for status in statuses)]
            for level, name in levels.items()
        ],
    )
    lines += [f"## {say('accuracy')}", "", say("accuracy_text"), ""]
    lines += table(
        head("indicator", "width", "unknown", "recorded", "doubtful", "sums"),
        [[indicator, *(percent(value) for value in values)] for indicator, *values in measured["accuracy"]],
    )
    lines += [f"## {say('comparison')}", "", say("comparison_text"), ""]
    lines += table(
        head("level", "benchmark", "verdicts", "possibly", "possibly_chance", "certain", "certain_chance"),
        [
            [
                levels[level],
                texts["benchmarks"][benchmark][language],
                verdicts,
                possibly,
                number(CHANCE["possibly"] * verdicts, language),
                certain,
                number(CHANCE["certain"] * verdicts, language),
            ]
            for level, benchmark, verdicts, possibly, certain in measured["verdicts"]
        ],
    )
    late_share = percent(measured["late"] / measured["delivered"] if measured["delivered"] else None)
    quarantined_share = percent(measured["quarantined"] / measured["rows"] if measured["rows"] else None)
    lines += [
        f"## {say('timeliness')}",
        "",
        say("timeliness_text", late_share=late_share, quarantined_share=quarantined_share),
        "",
        f"## {say('comparability')}",
        "",
        say(
            "comparability_text",
            methods=", ".join(f"{version} ({count})" for version, count in measured["methods"]),
            break_periods=breaks,
        ),
        "",
        f"## {say('protection')}",
        "",
        *_protection(language, measured, protection),
        f"## {say('missing')}",
        "",
    ]
    if not measured["missing"]:
        return [*lines, say("nothing_missing"), ""]
    lines += [say("missing_text", count=sum(row[3] for row in measured["missing"])), ""]
    return lines + table(head("table", "suppliers", "periods", "count"), [list(row) for row in measured["missing"]])


def _protection(language: str, measured: Measured, report: ProtectionReport | None) -> list[str]:
    """Numbers of the whole release only: by place or indicator they would tell what is hidden why."""
    texts = words("quality")
    if report is None:
        hidden = sum(count for (_, status), count in measured["statuses"].items() if status == "hidden")
        text = texts["protection_primary_text"][language]
        return [text.format(hidden=hidden, cells=sum(measured["statuses"].values())), ""]

    def told(count: int) -> str:
        is_few = 0 < count < _FEWEST_TOLD
        return str(texts["fewer"][language]).format(number=_FEWEST_TOLD) if is_few else str(count)

    numbers = {name: told(getattr(report, name)) for name in ("cells", "primary", "secondary")}
    return [
        texts["protection_full_text"][language].format(**numbers),
        "",
        *table(
            [texts["columns"][name][language] for name in ("rule", "hidden", "clients")],
            [
                [text[language], told(outcome.hidden), number(100 * outcome.share_of_clients_shown, language)]
                for text, outcome in ((text, getattr(report, rule)) for rule, text in texts["rules"].items())
            ],
        ),
    ]
