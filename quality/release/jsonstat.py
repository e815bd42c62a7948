"""One JSON-stat 2.0 dataset an indicator, for the statistics tools that read that format.

Dimensions: variant, area, period, category (of a breakdown) and measure. The cube is written sparse:
`value` and `status` are objects by position. A figure that is not shown has a status and no value.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb

LANGUAGES = ("fi", "sv", "en")
MEASURES = {
    "value": {"fi": "Arvo", "sv": "Värde", "en": "Value"},
    "numerator": {"fi": "Osoittaja", "sv": "Täljare", "en": "Numerator"},
    "denominator": {"fi": "Nimittäjä", "sv": "Nämnare", "en": "Denominator"},
    "lower_95": {"fi": "95 % alaraja", "sv": "95 % nedre gräns", "en": "95% lower limit"},
    "upper_95": {"fi": "95 % yläraja", "sv": "95 % övre gräns", "en": "95% upper limit"},
}
STATUSES = {
    "hidden": {"fi": "suojattu", "sv": "skyddat", "en": "hidden (protected)"},
    "too_few": {"fi": "liian vähän tapauksia", "sv": "för få fall", "en": "too few cases"},
    "not_recorded": {"fi": "ei kirjattu", "sv": "ej registrerat", "en": "not recorded"},
    "not_delivered": {"fi": "ei toimitettu", "sv": "ej levererat", "en": "not delivered"},
    "not_applicable": {"fi": "ei koske", "sv": "gäller inte", "en": "not applicable"},
}
PERIOD_TYPES = {
    "quarter": {"fi": "neljännes", "sv": "kvartal", "en": "quarter"},
    "half_year": {"fi": "puolivuosi", "sv": "halvår", "en": "half-year"},
    "rolling_12_months": {"fi": "12 kuukautta", "sv": "12 månader", "en": "12 months"},
    "year": {"fi": "vuosi", "sv": "år", "en": "year"},
    "school_year": {"fi": "lukuvuosi", "sv": "läsår", "en": "school year"},
    "pooled_3_years": {"fi": "kolme vuotta yhdessä", "sv": "tre år tillsammans", "en": "three years pooled"},
}
_DIMENSION_LABELS = {
    "variant": {"fi": "Muunnelma", "sv": "Variant", "en": "Variant"},
    "area": {"fi": "Alue", "sv": "Område", "en": "Area"},
    "period": {"fi": "Jakso", "sv": "Period", "en": "Period"},
    "category": {"fi": "Erittely", "sv": "Uppdelning", "en": "Breakdown"},
    "measure": {"fi": "Tunnusluku", "sv": "Mått", "en": "Measure"},
}
_ORDERS = {
    "variant": "variant <> 'main', variant",
    "area": "area_level, area_code",
    "period": "period_type, period",
    "category": "breakdown <> 'total', breakdown, category",
}
_IDS = {
    "variant": "variant",
    "area": "area_code",
    "period": "period_type || '.' || period",
    "category": "case when breakdown = 'total' then 'total' else breakdown || '.' || category end",
}


def write_jsonstat(connection: duckdb.DuckDBPyConnection, schema: str, folder: Path, kind: str, notice: str) -> None:
    """Write ``<indicator_id>_<KIND>.json`` into ``folder`` for every indicator of ``schema``.

    The first language of the labels is Finnish; ``extension`` holds them in all three.
    """
    folder.mkdir()
    names = {}
    for dimension, select in _labels(schema).items():
        rows = connection.execute(select).fetchall()
        names[dimension] = {code: dict(zip(LANGUAGES, texts, strict=True)) for code, *texts in rows}
    connection.execute(_cells_sql(schema))
    found: dict[str, dict[str, list[str]]] = {}
    for dimension in _ORDERS:
        for indicator_id, codes in connection.execute(
            f"select indicator_id, list(code order by place) from (select distinct indicator_id, {dimension} as place, "
            f"{dimension}_id as code from jsonstat_cell) group by indicator_id"
        ).fetchall():
            found.setdefault(indicator_id, {})[dimension] = codes
    texts = {
        indicator_id: (values or "", statuses or "")
        for indicator_id, values, statuses in connection.execute(_texts_sql()).fetchall()
    }
    about = connection.execute(
        "select indicator_id, name_fi, name_sv, name_en, definition_fi, definition_sv, definition_en, "
        f"unit_fi, unit_sv, unit_en, method_version from {schema}.indicator where variant = 'main' order by all"
    ).fetchall()
    for indicator_id, *facts in about:
        if indicator_id not in found:
            continue
        codes = found[indicator_id] | {"measure": list(MEASURES)}
        head = _head(indicator_id, facts, codes, names | {"measure": MEASURES}, notice)
        values, statuses = texts[indicator_id]
        opening = json.dumps(head, ensure_ascii=False, separators=(",", ":"))
        text = f'{opening[:-1]},"value":{{{values}}},"status":{{{statuses}}}}}\n'
        (folder / f"{indicator_id}_{kind.upper()}.json").write_text(text, encoding="utf-8")
    connection.execute("drop table jsonstat_cell")


def _head(
    indicator_id: str,
    facts: list[str],
    codes: dict[str, list[str]],
    names: dict[str, dict[str, dict[str, str]]],
    notice: str,
) -> dict[str, Any]:
    title, definition, unit = (dict(zip(LANGUAGES, facts[start : start + 3], strict=True)) for start in (0, 3, 6))
    head: dict[str, Any] = {
        "version": "2.0",
        "class": "dataset",
        "label": f"{indicator_id} {title['fi']} ({notice})",
        "source": "Saattaen",
        "note": [notice, definition["fi"]],
        "id": list(codes),
        "size": [len(found) for found in codes.values()],
        "role": {"time": ["period"], "geo": ["area"], "metric": ["measure"]},
        "dimension": {
            name: {
                "label": _DIMENSION_LABELS[name]["fi"],
                "category": {
                    "index": found,
                    "label": {code: _name(names[name], code)["fi"] for code in found},
                },
                "extension": {
                    "label": _DIMENSION_LABELS[name],
                    "category": {
                        language: {code: _name(names[name], code)[language] for code in found}
                        for language in LANGUAGES[1:]
                    },
                },
            }
            for name, found in codes.items()
        },
        "extension": {
            "data_notice": notice,
            "label": title,
            "definition": definition,
            "unit": unit,
            "method_version": facts[9],
            "status": STATUSES,
            "licence": "CC-BY-4.0",
        },
    }
    measures = head["dimension"]["measure"]["category"]
    measures["unit"] = {name: {"label": unit["fi"]} for name in ("value", "lower_95", "upper_95")}
    return head


def _name(names: dict[str, dict[str, str]], code: str) -> dict[str, str]:
    """Labels of a code; a period's are made of its kind and itself."""
    if code in names:
        return names[code]
    kind, _, period = code.partition(".")
    if kind in PERIOD_TYPES and period:
        return {language: f"{period}, {PERIOD_TYPES[kind][language]}" for language in LANGUAGES}
    return dict.fromkeys(LANGUAGES, code)


def _labels(schema: str) -> dict[str, str]:
    """SELECTs of code and its labels in three languages. What a variant is called, the first indicator says."""
    return {
        "variant": f"""
            select variant, any_value(variant_name_fi), any_value(variant_name_sv), any_value(variant_name_en)
            from (from {schema}.indicator order by indicator_id, variant) group by variant""",
        "area": f"select area_code, name_fi, name_sv, name_en from {schema}.area",
        "period": f"select '', '', '', '' from {schema}.area where false",
        "category": f"""
            select
                {_IDS["category"]},
                {
            ", ".join(
                f"case when breakdown = 'total' then breakdown_{language} "
                f"else breakdown_{language} || ': ' || category_{language} end"
                for language in LANGUAGES
            )
        }
            from {schema}.breakdown_category""",
    }


def _cells_sql(schema: str) -> str:
    """Cells with their place in every dimension of their indicator's cube, and the place of their first measure."""
    places = ", ".join(
        f"dense_rank() over (partition by indicator_id order by {order}) - 1 as {name}, {_IDS[name]} as {name}_id"
        for name, order in _ORDERS.items()
    )
    sizes = ", ".join(f"max({name}) + 1 as {name}_size" for name in _ORDERS)
    return f"""
        create or replace temp table jsonstat_cell as
        with placed as (
            select indicator_id, status, {", ".join(MEASURES)}, {places} from {schema}.indicator_value
        ),
        sized as (select indicator_id, {sizes} from placed group by indicator_id)
        select
            placed.*,
            (((variant * area_size + area) * period_size + period) * category_size + category)
            * {len(MEASURES)} as position
        from placed inner join sized using (indicator_id)
    """


def _texts_sql() -> str:
    """The members of the value and the status object of every indicator, as text."""
    values = " union all ".join(
        f"select indicator_id, position + {number} as position, {name} as figure, status from jsonstat_cell"
        for number, name in enumerate(MEASURES)
    )
    return f"""
        select
            indicator_id,
            string_agg('"' || position || '":' || figure, ',' order by position) filter (where figure is not null),
            string_agg('"' || position || '":"' || status || '"', ',' order by position)
                filter (where status <> 'shown')
        from ({values})
        group by indicator_id
    """
