# ruff: noqa: T201
"""What the search for identifiers misses, what it wrongly refuses, and what it costs.

``python -m tests.benchmarks.bench_identifiers [--values 20000] [--rows 1000000] [--inbox FOLDER]``: per
form the values missed in cells and in texts that stand alone; per innocent form the false alarms;
CPU seconds per million rows beside a plain read of the same CSV; with ``--inbox`` also the alarms in
the CSV and Parquet files of the deliveries there.
"""

from __future__ import annotations

import argparse
import io
import random
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv

from ingest.contracts import contracts
from ingest.door.reading import read_table
from ingest.identifiers import hits_in_column, hits_in_table, kinds_in, may_contain_identifier
from tests.identifier_corpora import FILE_NAMES, NEGATIVES, ONLY_IN_CELLS, POSITIVES, kind_fits


def missed(values: int) -> None:
    """Print per form the values found nowhere, in cells and in texts that stand alone."""
    print(f"{'form':32}{'values':>8}{'missed in cells':>17}{'in other texts':>16}")
    for form, (kind, generate) in POSITIVES.items():
        chance = random.Random(f"bench {form}")
        made = [generate(chance) for _ in range(values)]
        found: list[set[str]] = [set() for _ in made]
        for position, hit in hits_in_column(pa.chunked_array([pa.array(made)]), "wave", "text"):
            found[position].add(hit)
        cells = sum(not kind_fits(kind, hits, value) for hits, value in zip(found, made, strict=True))
        texts = "-"
        if form not in ONLY_IN_CELLS:
            texts = str(sum(not kind_fits(kind, set(kinds_in(value)), value) for value in made))
        print(f"{form:32}{values:>8}{cells:>17}{texts:>16}")


def false_alarms(values: int) -> None:
    """Print per innocent form how many values are taken for an identifier."""
    print(f"\n{'innocent form':32}{'values':>8}{'false alarms':>17}")
    for form, (column_type, generate) in NEGATIVES.items():
        chance = random.Random(f"bench {form}")
        made = pa.chunked_array([pa.array([generate(chance) for _ in range(values)])])
        alarms = {position for position, _ in hits_in_column(made, form, column_type)}
        print(f"{form:32}{values:>8}{len(alarms):>17}")
    print(f"{'names of files and sheets':32}{len(FILE_NAMES):>8}{sum(bool(kinds_in(name)) for name in FILE_NAMES):>17}")


def cost(rows: int) -> None:
    """Print CPU seconds per million rows of a clean file and of one that needs the closer look."""
    columns = ("client_key", "worker_key", "role", "start_date", "end_date", "change_reason")
    chance = random.Random(1)
    keys = [NEGATIVES["key"][1](chance) for _ in range(20_000)]
    dates = [NEGATIVES["ISO date"][1](chance) for _ in range(20_000)]
    lines = [
        f"{chance.choice(keys)},{chance.choice(keys)},VASTUU,{chance.choice(dates)},{chance.choice(dates)},LAHTENYT\n"
        for _ in range(rows)
    ]
    body = "".join(lines).encode()
    types = {name: "date" if name.endswith("date") else "key" if name.endswith("key") else "code" for name in columns}
    options = pa_csv.ReadOptions(use_threads=False, column_names=list(columns))
    as_text = pa_csv.ConvertOptions(column_types=dict.fromkeys(columns, pa.string()))

    def read() -> pa.Table:
        return pa_csv.read_csv(io.BytesIO(body), options, convert_options=as_text)

    table = read()
    by_name = dict(zip(columns, table.columns, strict=True))
    per_million = 1_000_000 / rows
    plain = _seconds(read) * per_million
    quick = _seconds(lambda: may_contain_identifier(body)) * per_million
    clean = _seconds(lambda: list(hits_in_table(by_name, types, suspicious=False))) * per_million
    close = _seconds(lambda: list(hits_in_table(by_name, types))) * per_million
    print(f"\nCPU s per million rows ({len(body) / rows:.0f} bytes a row): plain read {plain:.2f}")
    print(f"  clean file: quick look {quick:.2f} + columns {clean:.2f} = {(quick + clean) / plain:.2f} x the read")
    print(f"  suspicious file: {quick + close:.2f} = {(quick + close) / plain:.2f} x the read")


def deliveries(inbox: Path) -> None:
    """Print the files of an inbox in which an identifier is found, by table, and how many there are."""
    files = alarms = 0
    for path in sorted(inbox.rglob("*")):
        contract = contracts().get(path.stem)
        if contract is None or path.suffix not in {".csv", ".parquet", ".xlsx"}:
            continue
        files += 1
        hits = read_table(path, path.name, contract).identifiers
        if hits:
            alarms += 1
            print(f"  {contract.table}{path.suffix}: {sorted({hit.kind for hit in hits})}")
    print(f"\n{files} files of clean deliveries: {alarms} refused")


def _seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def main() -> None:
    """Print all measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--values", type=int, default=20_000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--inbox", type=Path)
    options = parser.parse_args()
    missed(options.values)
    false_alarms(10 * options.values)
    cost(options.rows)
    if options.inbox:
        deliveries(options.inbox)


if __name__ == "__main__":
    main()
