"""Read synthetic deliveries with pandas, with an eye on nothing but the files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from python_calamine import load_workbook

from ingest.contracts import contract
from ingest.periods import Period
from ingest.synthetic.formats import format_of

TRUE_WORDS = {"true", "1", "kyllä"}


@dataclass(frozen=True)
class Delivery:
    folder: Path
    manifest: dict[str, Any]

    @property
    def organisation(self) -> str:
        return str(self.manifest["organisation"])

    @property
    def period(self) -> Period:
        return Period.parse(self.manifest["period"])

    def raw(self, table: str) -> pd.DataFrame:
        """All cells as text (dates in ISO 8601), empty ones as None."""
        entry = next(file for file in self.manifest["files"] if file["table"] == table)
        path = self.folder / entry["path"]
        if path.suffix == ".csv":
            area = self.organisation.removeprefix("hva-")
            windows = area != self.organisation and "1252" in format_of(area).name
            frame = pd.read_csv(
                path,
                sep=";" if windows else ",",
                encoding="cp1252" if windows else "utf-8",
                dtype=str,
                keep_default_na=False,
            )
            frame = frame.mask(frame == "").astype(object)
            for column in contract(table).columns:
                if windows and column.type == "date":
                    frame[column.name] = [
                        "-".join(reversed(text.split("."))) if isinstance(text, str) else None
                        for text in frame[column.name]
                    ]
            return frame.where(frame.notna(), None)
        if path.suffix == ".xlsx":
            header, *rows = load_workbook(path).get_sheet_by_index(0).to_python()
            frame = pd.DataFrame(rows, columns=header, dtype=object)
        else:
            frame = pd.read_parquet(path, dtype_backend="pyarrow").astype(object)
        return frame.map(_as_text)

    def typed(self, table: str) -> pd.DataFrame:
        """Dates as datetime64 (what is no day is NaT), whole numbers and booleans as such."""
        frame = self.raw(table)
        for column in contract(table).columns:
            values = frame[column.name]
            if column.type == "date":
                frame[column.name] = pd.to_datetime(values, format="%Y-%m-%d", errors="coerce")
            elif column.type == "int":
                frame[column.name] = pd.to_numeric(values)
            elif column.type == "decimal":
                frame[column.name] = pd.to_numeric(values.astype("string").str.replace(",", "."))
            elif column.type == "bool":
                frame[column.name] = [None if text is None else text in TRUE_WORDS for text in values]
        return frame


def _as_text(value: Any) -> str | None:
    if value is None or value is pd.NA or value == "" or value is pd.NaT:
        return None
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float):
        if np.isnan(value):
            return None
        return str(int(value)) if value == int(value) else str(value)
    return value.isoformat()[:10] if isinstance(value, date) else str(value)


def find(inbox: Path) -> list[Delivery]:
    return [
        Delivery(path.parent, json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(inbox.glob("*/*/*/manifest.json"))
    ]
