"""What a reader downloads: plain values, marked as synthetic while they are.

Some columns hold the HTML of a card, a tile or an interval bar (their names end in ``_html``); the
same chart has the plain figures beside them, which are for files only. And a trend's lines and bands
go by the names that the chart needs (``X__yhat``, ``X__yhat_lower``, ``X__yhat_upper``). So a file
gets everything but the HTML, plain names, and the marking where the chart has no column for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

DISPLAY_ENDING = "_html"
NOTICE_COLUMN, NOTICE_LABEL = "data_notice", "Aineisto"
LINE, LOWER, UPPER = "__yhat", "__yhat_lower", "__yhat_upper"
LOWER_LABEL, UPPER_LABEL = "{}, väli alkaa", "{}, väli päättyy"


def plain_columns(names: list[str], empty: frozenset[str] = frozenset()) -> dict[int, str]:
    """Place and name in the file of the columns that a file may have.

    ``empty`` names the columns without any value: such a column beside a line of its name only lends
    the line its key. One that has values is a forecast's observations, and nothing is renamed.
    """
    lines = {name for name in names if f"{name}{LINE}" in names and name in empty}
    renamed = {}
    for name in lines:
        renamed |= {
            f"{name}{LINE}": name,
            f"{name}{LOWER}": LOWER_LABEL.format(name),
            f"{name}{UPPER}": UPPER_LABEL.format(name),
        }
    return {
        place: renamed.get(name, name)
        for place, name in enumerate(names)
        if not str(name).endswith(DISPLAY_ENDING) and name not in lines
    }


def keep_exports_plain(notice: Callable[[], str | None]) -> None:
    """Make Superset's CSV and Excel exports of charts leave out what is for display only.

    ``notice`` gives the marking of the current release, or None for real data. Superset has no
    setting for this, so the one method that writes both formats is wrapped.
    """
    from superset.common.chart_data import ChartDataResultFormat
    from superset.common.query_context_processor import QueryContextProcessor

    written = QueryContextProcessor.get_data

    def get_data(self: Any, df: Any, coltypes: list[Any]) -> Any:
        if self._query_context.result_format in ChartDataResultFormat.table_like():
            names = plain_columns(list(df.columns), frozenset(df.columns[df.isna().all()]))
            df = df.iloc[:, list(names)].set_axis(list(names.values()), axis="columns")
            coltypes = [coltypes[place] for place in names if place < len(coltypes)]
            mark = notice()
            if mark and NOTICE_COLUMN not in df.columns:
                df[NOTICE_LABEL] = mark
        return written(self, df, coltypes)

    QueryContextProcessor.get_data = get_data
