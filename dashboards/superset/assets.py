"""The dashboards as Superset's import bundle, from the short descriptions in ``assets/``.

``datasets/<slug>.sql`` and ``.yaml`` (name, description, columns with the label a reader sees and
the published column they are ``of``), ``fragments/`` (parts that several queries include),
``charts/<slug>.yaml`` (dataset, kind, parameters; ``only_in_files`` names columns that an export
has and the page does not), ``dashboards/<slug>.yaml`` and ``.css`` (filters, rows). Descriptions of
columns come from the contract of the published tables. Here they get identifiers derived from
their slugs, so that importing again replaces and never duplicates, and the form that Superset
wants. Imports nothing of Superset.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template
from typing import Any
from uuid import UUID, uuid5

import yaml

FOLDER = Path(__file__).resolve().parent / "assets"
# The contract of what the datasets read; a file like any other of the release, so nothing is imported.
CONTRACT_FOLDER = Path(__file__).resolve().parents[2] / "quality" / "release" / "tables"
_NAMESPACE = UUID("6b1f6b1e-52c2-5d0c-9a57-0c1f6a3b7d11")
LANGUAGES = ("fi", "sv", "en")
DATABASE_NAME = "Julkaisu"
DATABASE_SLUG = "julkaisu"
# A row of the grid is twelve columns; the import wants an identifier before it knows the real one.
GRID_COLUMNS = 12
_INCLUDE = re.compile(r"^-- include: (\w+)$", re.MULTILINE)


class AssetError(Exception):
    """A description in ``assets/`` that does not fit together; the message names the file."""


@dataclass(frozen=True)
class Filling:
    """What the release decides: default choices and the words that mark synthetic data."""

    database_uri: str
    indicator: str
    period: str
    notice: str

    def mark(self, title: str) -> str:
        """The title with the marking, if there is one."""
        return f"{title} – {self.notice}" if self.notice else title


def identifier(kind: str, slug: str) -> str:
    """The lasting identifier of an asset; kind is database, dataset, chart or dashboard."""
    return str(uuid5(_NAMESPACE, f"{kind}/{slug}"))


def read(kind: str) -> dict[str, dict[str, Any]]:
    """Descriptions by slug; kind is ``datasets``, ``charts`` or ``dashboards``."""
    return {
        path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((FOLDER / kind).glob("*.yaml"))
    }


def dataset_sql(slug: str) -> str:
    """The query of a virtual dataset, with the fragments that it shares with others put in.

    Raises AssetError when it includes a fragment that does not exist.
    """

    def fragment(found: re.Match[str]) -> str:
        path = FOLDER / "fragments" / f"{found[1]}.sql"
        if not path.exists():
            raise AssetError(f"datasets/{slug}.sql: no fragment {found[1]!r} (assets/fragments)")
        return path.read_text(encoding="utf-8").rstrip()

    text = (FOLDER / "datasets" / f"{slug}.sql").read_text(encoding="utf-8")
    return _INCLUDE.sub(fragment, text)


@cache
def published_descriptions() -> dict[str, str]:
    """What the contract says in Finnish of every published column, by ``table.column``."""
    found = {}
    for path in sorted(CONTRACT_FOLDER.glob("*.yml")):
        table = yaml.safe_load(path.read_text(encoding="utf-8"))
        for column in table["columns"]:
            names = [f"{column['name']}_{language}" for language in LANGUAGES] if column.get("languages") else []
            text = column["description"]["fi"].rstrip(".") + "."
            found |= {f"{table['table']}.{name}": text for name in names or [column["name"]]}
    return found


def _column_description(slug: str, facts: dict[str, str]) -> str | None:
    if "of" not in facts:
        return None
    try:
        return published_descriptions()[facts["of"]]
    except KeyError:
        raise AssetError(f"datasets/{slug}.yaml: no published column {facts['of']!r}") from None


def bundle(filling: Filling) -> dict[str, str]:
    """All files of the import bundle: path inside it to YAML text.

    Raises AssetError when a chart names an unknown dataset or a dashboard an unknown chart.
    """
    datasets, charts = read("datasets"), read("charts")
    files: dict[str, Any] = {
        "metadata.yaml": {
            "version": "1.0.0",
            "type": "assets",
            "timestamp": "2026-01-01T00:00:00+00:00",
        },
        f"databases/{DATABASE_SLUG}.yaml": _database(filling),
    }
    for slug, dataset in datasets.items():
        files[f"datasets/{DATABASE_SLUG}/{slug}.yaml"] = _dataset(slug, dataset)
    for number, (slug, chart) in enumerate(charts.items(), start=1):
        if chart["dataset"] not in datasets:
            raise AssetError(f"charts/{slug}.yaml: no dataset {chart['dataset']!r}; there are {', '.join(datasets)}")
        files[f"charts/{slug}.yaml"] = _chart(slug, chart, number)
    for slug, dashboard in read("dashboards").items():
        files[f"dashboards/{slug}.yaml"] = _dashboard(slug, dashboard, charts, datasets, filling)
    return {path: yaml.safe_dump(content, allow_unicode=True, sort_keys=False) for path, content in files.items()}


def _database(filling: Filling) -> dict[str, Any]:
    return {
        "database_name": DATABASE_NAME,
        "sqlalchemy_uri": filling.database_uri,
        "cache_timeout": None,
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_file_upload": False,
        "extra": {
            "engine_params": {},
            "metadata_params": {},
            "metadata_cache_timeout": {},
            "schemas_allowed_for_file_upload": [],
        },
        "uuid": identifier("database", DATABASE_SLUG),
        "version": "1.0.0",
    }


def _dataset(slug: str, dataset: dict[str, Any]) -> dict[str, Any]:
    return {
        "table_name": dataset["name"],
        "main_dttm_col": None,
        "description": dataset["description"],
        "default_endpoint": None,
        "offset": 0,
        "cache_timeout": None,
        "catalog": None,
        "schema": "published",
        "sql": dataset_sql(slug),
        "params": None,
        "template_params": None,
        "filter_select_enabled": True,
        "fetch_values_predicate": None,
        "extra": None,
        "normalize_columns": False,
        "always_filter_main_dttm": False,
        "uuid": identifier("dataset", slug),
        "metrics": [
            {
                "metric_name": "count",
                "verbose_name": "Rivejä",
                "metric_type": "count",
                "expression": "count(*)",
                "description": None,
                "d3format": None,
                "extra": {},
                "warning_text": None,
            }
        ],
        "columns": [
            {
                "column_name": column,
                "verbose_name": facts["label"],
                "is_dttm": False,
                "is_active": True,
                "type": facts.get("type", "VARCHAR"),
                "advanced_data_type": None,
                "groupby": True,
                "filterable": True,
                "expression": None,
                "description": _column_description(slug, facts),
                "python_date_format": None,
                "extra": {},
            }
            for column, facts in dataset["columns"].items()
        ],
        "version": "1.0.0",
        "database_uuid": identifier("database", DATABASE_SLUG),
    }


def _metric(metric: dict[str, str]) -> dict[str, Any]:
    return {
        "expressionType": "SQL",
        "sqlExpression": metric["sql"],
        "label": metric["label"],
        "hasCustomLabel": True,
        "optionName": f"metric_{metric['label']}",
    }


def _filter(condition: dict[str, Any], number: int) -> dict[str, Any]:
    if "sql" in condition:
        return {
            "clause": "WHERE",
            "expressionType": "SQL",
            "sqlExpression": condition["sql"],
            "filterOptionName": f"filter_{number}",
        }
    return {
        "clause": "WHERE",
        "expressionType": "SIMPLE",
        "subject": condition["column"],
        "operator": condition["operator"],
        "comparator": condition["value"],
        "filterOptionName": f"filter_{number}",
    }


def _chart(slug: str, chart: dict[str, Any], number: int) -> dict[str, Any]:
    params = {"viz_type": chart["viz_type"], "time_range": "No filter", **chart["params"]}
    for name in ("metrics", "metrics_b"):
        if name in params:
            params[name] = [_metric(metric) for metric in params[name]]
    filters = [_filter(*pair[::-1]) for pair in enumerate(chart.get("filters", []))]
    params["adhoc_filters"] = filters
    if chart["viz_type"] == "mixed_timeseries":
        params["adhoc_filters_b"] = [_filter(*pair[::-1]) for pair in enumerate(chart.get("filters_b", []))]
    if chart["viz_type"] == "table":
        only_in_files = chart.get("only_in_files", [])
        params["all_columns"] = [*params["all_columns"], *only_in_files]
        params["column_config"] = params.get("column_config", {}) | {name: {"visible": False} for name in only_in_files}
        params = {
            "allow_render_html": True,
            "show_cell_bars": False,
            "color_pn": False,
            "server_pagination": False,
            "allow_rearrange_columns": False,
            **params,
        }
    return {
        "slice_name": chart["name"],
        "description": chart["description"],
        "certified_by": None,
        "certification_details": None,
        "viz_type": chart["viz_type"],
        "params": params,
        "query_context": None,
        "cache_timeout": None,
        "uuid": identifier("chart", slug),
        "version": "1.0.0",
        "dataset_uuid": identifier("dataset", chart["dataset"]),
    }


def _dashboard(
    slug: str,
    dashboard: dict[str, Any],
    charts: dict[str, dict[str, Any]],
    datasets: dict[str, dict[str, Any]],
    filling: Filling,
) -> dict[str, Any]:
    title = filling.mark(dashboard["title"])
    words = {
        "indicator": filling.indicator,
        "period": filling.period,
        "notice": f"– {filling.notice}" if filling.notice else "",
    }
    position, chart_numbers = _position(slug, dashboard, charts, title, words)
    return {
        "dashboard_title": title,
        "description": dashboard["description"],
        "css": (FOLDER / "dashboards" / f"{slug}.css").read_text(encoding="utf-8"),
        "slug": slug,
        "certified_by": "",
        "certification_details": "",
        "published": True,
        "uuid": identifier("dashboard", slug),
        "position": position,
        "metadata": {
            "color_scheme": "",
            "refresh_frequency": 0,
            "expanded_slices": {},
            "timed_refresh_immune_slices": [],
            "cross_filters_enabled": False,
            "filter_bar_orientation": "VERTICAL",
            "label_colors": dashboard.get("label_colors", {}),
            "native_filter_configuration": [
                _native_filter(item, chart_numbers, charts, datasets, words) for item in dashboard["filters"]
            ],
        },
        "version": "1.0.0",
    }


def _position(
    slug: str,
    dashboard: dict[str, Any],
    charts: dict[str, dict[str, Any]],
    title: str,
    words: dict[str, str],
) -> tuple[dict[str, Any], dict[str, int]]:
    """The grid, and the stand-in number of every chart (the import puts the real ones in)."""
    row_ids = [f"ROW-{number}" for number in range(len(dashboard["rows"]))]
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": row_ids, "parents": ["ROOT_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": title}},
    }
    chart_numbers: dict[str, int] = {}
    for row_id, row in zip(row_ids, dashboard["rows"], strict=True):
        width = sum(item["width"] for item in row["items"])
        if width != GRID_COLUMNS:
            raise AssetError(f"dashboards/{slug}.yaml: {row_id} is {width} columns wide, not {GRID_COLUMNS}")
        children = []
        for item_number, item in enumerate(row["items"]):
            meta: dict[str, Any] = {"width": item["width"], "height": row["height"]}
            parents = ["ROOT_ID", "GRID_ID", row_id]
            if "text" in item:
                key = f"MARKDOWN-{row_id}-{item_number}"
                kind = "MARKDOWN"
                meta["code"] = Template(item["text"]).substitute(words)
            elif item["chart"] in charts:
                key = f"CHART-{item['chart']}"
                kind = "CHART"
                chart_numbers[item["chart"]] = len(chart_numbers) + 1
                meta |= {
                    "chartId": chart_numbers[item["chart"]],
                    "sliceName": charts[item["chart"]]["name"],
                    "uuid": identifier("chart", item["chart"]),
                }
            else:
                raise AssetError(f"dashboards/{slug}.yaml: no chart {item['chart']!r}; there are {', '.join(charts)}")
            position[key] = {
                "type": kind, "id": key, "children": [], "parents": parents, "meta": meta,
            }  # fmt: skip
            children.append(key)
        position[row_id] = {
            "type": "ROW",
            "id": row_id,
            "children": children,
            "parents": ["ROOT_ID", "GRID_ID"],
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
    return position, chart_numbers


def _native_filter(
    item: dict[str, Any],
    chart_numbers: dict[str, int],
    charts: dict[str, dict[str, Any]],
    datasets: dict[str, dict[str, Any]],
    words: dict[str, str],
) -> dict[str, Any]:
    column = item["column"]
    default = Template(item["default"]).substitute(words)
    # A filter reaches every chart whose dataset has its column, and no other.
    excluded = [
        number for slug, number in chart_numbers.items() if column not in datasets[charts[slug]["dataset"]]["columns"]
    ]
    return {
        "id": f"NATIVE_FILTER-{item['slug']}",
        "name": item["name"],
        "description": item.get("description", ""),
        "filterType": "filter_select",
        "type": "NATIVE_FILTER",
        "targets": [
            {
                "datasetUuid": identifier("dataset", item["dataset"]),
                "column": {"name": column},
            }
        ],
        "controlValues": {
            "multiSelect": False,
            "enableEmptyFilter": True,
            "defaultToFirstItem": False,
            "inverseSelection": False,
            "searchAllOptions": False,
            # Else a reader's half-typed name becomes a choice that nothing fits.
            "creatable": False,
            "sortAscending": not item.get("descending", False),
        },
        "defaultDataMask": {
            "extraFormData": {"filters": [{"col": column, "op": "IN", "val": [default]}]},
            "filterState": {"value": [default], "label": default},
            "ownState": {},
        },
        "cascadeParentIds": [f"NATIVE_FILTER-{item['parent']}"] if "parent" in item else [],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": excluded},
        "chartsInScope": [],
        "tabsInScope": [],
    }


def fingerprint_text(files: dict[str, str]) -> str:
    """The bundle as one text, for telling whether anything changed."""
    return json.dumps(files, sort_keys=True, ensure_ascii=False)
