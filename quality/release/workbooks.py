"""A workbook a municipality: its figures of a release, labelled, a sheet in each language.

Made when asked for, out of the release alone: all of them cost many times what publishing does
(measured: docs/releases.md), and a nightly release would carry them for nobody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb

from quality.release.contract import LANGUAGES
from quality.release.jsonstat import STATUSES
from quality.release.words import words

# Width of each column, in characters.
_WIDTHS = (16, 10, 48, 26, 12, 18, 18, 20, 10, 12, 12, 11, 11, 26, 20, 12, 14, 16)
_FIGURE_COLUMNS = range(8, 13)
_COMPARED_COLUMNS = range(14, 16)


class UnknownMunicipalityError(ValueError):
    """A code that the release has no municipality for."""


def write_workbooks(
    release: Path, into: Path, codes: Sequence[str] = (), progress: Callable[[str], None] | None = None
) -> list[Path]:
    """Write ``<code>_<name>_<KIND>.xlsx`` into ``into`` for these municipalities (default: all).

    ``release``: the folder of a release. Returns the files in the order of the codes.
    """
    file = (release / "aftercare.duckdb").resolve()
    with duckdb.connect(str(file), read_only=True) as connection:
        about = connection.execute(
            "select release_id, data_kind, created_at, strftime(data_until, '%Y-%m-%d'), data_notice "
            "from published.release"
        ).fetchone()
        assert about is not None
        towns = {
            code: dict(zip(LANGUAGES, names, strict=True))
            for code, *names in connection.execute(
                "select area_code, name_fi, name_sv, name_en from published.area "
                "where area_level = 'municipality' and area_code <> 'unknown' and area_code in ("
                "select area_code from published.indicator_value where area_level = 'municipality') order by area_code"
            ).fetchall()
        }
        if unknown := sorted(set(codes) - set(towns)):
            raise UnknownMunicipalityError(f"no municipality {', '.join(unknown)} in the release {about[0]}")
        wanted = sorted(set(codes)) or list(towns)
        labels = {language: _labels(connection, language) for language in LANGUAGES}
        figures = _figures(connection, wanted)
    into.mkdir(parents=True, exist_ok=True)
    written = []
    for number, code in enumerate(wanted, start=1):
        name = re.sub(r"[^a-z0-9åäö]+", "-", towns[code]["fi"].lower()).strip("-")
        target = into / f"{code}_{name}_{about[1].upper()}.xlsx"
        _write(target, towns[code], about, figures.get(code, []), labels)
        written.append(target)
        if progress and number % 50 == 0:
            progress(f"{number} of {len(wanted)} workbooks")
    return written


def _labels(connection: duckdb.DuckDBPyConnection, language: str) -> dict[str, dict[Any, tuple[str, ...]]]:
    """Texts of one language, by indicator and variant, and by breakdown and category."""
    return {
        "indicator": {
            (indicator_id, variant): tuple(texts)
            for indicator_id, variant, *texts in connection.execute(
                f"select indicator_id, variant, theme_{language}, name_{language}, variant_name_{language}, "
                f"unit_{language} from published.indicator"
            ).fetchall()
        },
        "category": {
            (breakdown, category): tuple(texts)
            for breakdown, category, *texts in connection.execute(
                f"select breakdown, category, breakdown_{language}, category_{language} "
                "from published.breakdown_category"
            ).fetchall()
        },
    }


def _figures(connection: duckdb.DuckDBPyConnection, codes: list[str]) -> dict[str, list[tuple[Any, ...]]]:
    """Rows by municipality, totals first; with the same figure of its area and of the country."""
    rows = connection.execute(
        """
        with same as (
            select area_level, area_code, indicator_id, variant, period_type, period, breakdown, category, value
            from published.indicator_value
            where area_level in ('country', 'wellbeing_area')
        )
        select
            own.area_code, own.indicator_id, own.variant, indicator.unit, own.period, own.breakdown, own.category,
            own.status, own.value, own.lower_95, own.upper_95, own.numerator, own.denominator,
            of_area.value, of_country.value, own.is_complete, own.is_series_break
        from published.indicator_value as own
        inner join published.indicator as indicator using (indicator_id, variant)
        inner join published.area as area
            on own.area_level = area.area_level and own.area_code = area.area_code
        left join published.breakdown_category as named
            on own.breakdown = named.breakdown and own.category = named.category
        left join same as of_area
            on of_area.area_level = 'wellbeing_area' and area.parent_code = of_area.area_code
            and (own.indicator_id, own.variant, own.period_type, own.period, own.breakdown, own.category)
            = (of_area.indicator_id, of_area.variant, of_area.period_type, of_area.period, of_area.breakdown,
                of_area.category)
        left join same as of_country
            on of_country.area_level = 'country'
            and (own.indicator_id, own.variant, own.period_type, own.period, own.breakdown, own.category)
            = (of_country.indicator_id, of_country.variant, of_country.period_type, of_country.period,
                of_country.breakdown, of_country.category)
        where own.area_level = 'municipality' and list_contains($codes, own.area_code)
        order by
            own.area_code, own.breakdown <> 'total', indicator.theme, own.indicator_id, own.variant <> 'main',
            own.variant, own.period_start desc, own.period_type, own.breakdown, named.category_order, own.category
        """,
        {"codes": codes},
    ).fetchall()
    found: dict[str, list[tuple[Any, ...]]] = {}
    for code, *row in rows:
        found.setdefault(code, []).append(tuple(row))
    return found


def _write(
    target: Path,
    names: dict[str, str],
    about: tuple[Any, ...],
    figures: list[tuple[Any, ...]],
    labels: dict[str, dict[str, dict[Any, tuple[str, ...]]]],
) -> None:
    # A third of a second that no other command should pay.
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    release_id, _, created_at, until, notice = about
    texts = words("workbook")
    bold = Font(bold=True)
    book = Workbook(write_only=True)
    book.properties.title = f"{names['fi']} ({notice})" if notice else names["fi"]
    book.properties.creator = "Saattaen"
    book.properties.created = book.properties.modified = created_at.replace(tzinfo=None)
    for language in LANGUAGES:
        sheet = book.create_sheet(texts["sheet"][language])
        for number, width in enumerate(_WIDTHS, start=1):
            sheet.column_dimensions[get_column_letter(number)].width = width
        header = [column[language] for column in texts["columns"]]
        sheet.freeze_panes = "A5"
        sheet.auto_filter.ref = f"A4:{get_column_letter(len(header))}{max(5, 4 + len(figures))}"

        def heading(value: str | None, sheet: Any = sheet) -> Any:
            cell = WriteOnlyCell(sheet, value)
            cell.font = bold
            return cell

        sheet.append([heading(notice)])
        sheet.append([heading(texts["title"][language].format(name=names[language]))])
        sheet.append([texts["release"][language].format(release_id=release_id, until=until)])
        sheet.append([heading(name) for name in header])
        shown = {"shown": texts["shown"][language]} | {code: said[language] for code, said in STATUSES.items()}
        answer = {True: texts["is_so"][language], False: texts["is_not_so"][language]}
        for indicator_id, variant, unit, period, breakdown, category, status, *rest in figures:
            *numbers, is_complete, is_series_break = rest
            theme, name, variant_name, unit_name = labels[language]["indicator"][indicator_id, variant]
            breakdown_name, category_name = labels[language]["category"].get(
                (breakdown, category), (breakdown, category)
            )
            row: list[Any] = [
                theme, indicator_id, name, variant_name, period, breakdown_name, category_name, shown[status],
                *numbers[:5], unit_name, *numbers[5:], answer[is_complete], answer[is_series_break],
            ]  # fmt: skip
            for column in (*_FIGURE_COLUMNS, *_COMPARED_COLUMNS):
                if row[column] is not None:
                    counted = column in (11, 12)
                    cell = WriteOnlyCell(sheet, row[column])
                    cell.number_format = "0" if counted else "0.0%" if unit == "share" else "0.00"
                    row[column] = cell
            sheet.append(row)
    book.save(target)
