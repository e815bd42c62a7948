"""How a file larger than the memory it may take goes through the reader and the door, piece by piece.

    python tests/benchmarks/bench_large_file.py FOLDER [--gigabytes 5] [--format csv|csv.gz|csv.zip|parquet]

FOLDER (outside the repository) gets the file, which is written in blocks and kept for the next time, and a
home. One child process reads the file with ``read_pieces``, another is `aftercare ingest` of a delivery of it;
their peaks of resident memory are the result. Goal: 5 GB in less than 2 GB, either way.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from ingest.door.files import hash_of
from ingest.state import Home

GOAL_MB = 2_000
ROWS_A_BLOCK = 100_000
HEADER = b"asiakasavain;kunta;alkup\xc3\xa4iv\xc3\xa4;loppup\xc3\xa4iv\xc3\xa4\n"
DAY_ONE = np.datetime64("2021-01-01")


def blocks(size: int) -> Iterator[pa.Table]:
    """Residence spells with keys of their own, until they make ``size`` bytes of CSV."""
    random = np.random.default_rng(1)
    written = 0
    while written < size:
        text = random.bytes(32 * ROWS_A_BLOCK).hex().encode()
        keys = pa.Array.from_buffers(pa.binary(64), ROWS_A_BLOCK, [None, pa.py_buffer(text)]).cast(pa.binary())
        starts = DAY_ONE + random.integers(0, 1_500, ROWS_A_BLOCK)
        table = pa.table(
            {
                "client_key": keys.cast(pa.string()),
                "municipality": random.choice(["091", "049", "853", "5"], ROWS_A_BLOCK),
                "start_date": pa.array(starts).cast(pa.date32()),
                "end_date": pa.array(starts + 90, mask=random.random(ROWS_A_BLOCK) < 0.2).cast(pa.date32()),
            }
        )
        written += ROWS_A_BLOCK * (64 + 3 + 10 + 10 + 5)
        yield table


def as_csv(table: pa.Table, number: int) -> bytes:
    """Every tenth block has its cells in quotes."""
    stream = pa.BufferOutputStream()
    quoting = "all_valid" if number % 10 == 0 else "none"
    text = pa.table([column.cast(pa.string()) for column in table.columns], names=table.column_names)
    options = pa_csv.WriteOptions(include_header=False, delimiter=";", quoting_style=quoting)
    pa_csv.write_csv(text, stream, options)
    return stream.getvalue().to_pybytes()


def write(path: Path, size: int) -> None:
    """Write the file under another name first, so that an interrupted one is not taken for whole."""
    partial = path.with_name(f"{path.name}.partial")
    if path.suffix == ".parquet":
        tables = blocks(size)
        first = next(tables)
        with pq.ParquetWriter(partial, first.schema) as writer:
            writer.write_table(first)
            for table in tables:
                writer.write_table(table)
    elif path.suffix == ".zip":
        with (
            zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
            archive.open("residence_spell.csv", "w", force_zip64=True) as stream,
        ):
            write_csv(stream, size)
    elif path.suffix == ".gz":
        with gzip.open(partial, "wb", compresslevel=1) as stream:
            write_csv(stream, size)
    else:
        with partial.open("wb") as stream:
            write_csv(stream, size)
    partial.replace(path)


def write_csv(stream: io.BufferedIOBase | gzip.GzipFile, size: int) -> None:
    """Header and rows."""
    stream.write(HEADER)
    for number, table in enumerate(blocks(size)):
        stream.write(as_csv(table, number))


def read(path: Path) -> None:
    """What the child does: read all pieces and print rows, pieces, CPU seconds and peak memory in MB."""
    from ingest.contracts import contracts
    from ingest.door.reading import read_pieces

    rows = pieces = hits = 0
    for piece in read_pieces(path, path.name, contracts()["residence_spell"]):
        rows += piece.rows
        pieces += 1
        hits += len(piece.identifiers)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    sys.stdout.write(f"{rows} {pieces} {hits} {usage.ru_utime + usage.ru_stime:.1f} {usage.ru_maxrss // 1024}\n")


def deliver(path: Path, rows: int, home: Home) -> None:
    """Put the file (by a hard link) and its manifest into the inbox of an empty home."""
    shutil.rmtree(home.root, ignore_errors=True)
    folder = home.inbox / "hva-05" / "2025Q3" / "01JAZ000000000000000000001"
    folder.mkdir(parents=True)
    (folder / path.name).hardlink_to(path)
    with path.open("rb") as stream:
        digest = hash_of(stream)
    manifest = {
        "delivery_id": folder.name,
        "organisation": "hva-05",
        "period": "2025Q3",
        "contract_version": "1.0",
        "key_domain": "common",
        "extracted_at": "2025-10-20T06:12:00+03:00",
        "files": [{"table": "residence_spell", "path": path.name, "sha256": digest, "rows": rows}],
        "data_kind": "synthetic",
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def main() -> None:
    """Write what is missing, read it in a child, print what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gigabytes", type=float, default=5.0)
    parser.add_argument("--format", choices=["csv", "csv.gz", "csv.zip", "parquet"], default="csv")
    parser.add_argument("--read", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    path = options.folder / f"residence_spell-{options.gigabytes:g}.{options.format}"
    if options.read:
        read(path)
        return
    options.folder.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        write(path, int(options.gigabytes * 1e9))
    rows = measure_reading(path)
    measure_intake(path, rows, Home(options.folder.absolute() / "home"))


def measure_reading(path: Path) -> int:
    """Read the file in a child, print what it took, and give its rows."""
    started = time.perf_counter()
    child = subprocess.run([sys.executable, *sys.argv, "--read"], capture_output=True, text=True, check=True)
    wall = time.perf_counter() - started
    rows, pieces, hits, cpu, peak = child.stdout.split()
    sys.stdout.write(
        f"reading  {path.stat().st_size / 1e9:5.2f} GB  {int(rows):12,} rows in {pieces} pieces  "
        f"{cpu} CPU s  {wall:.0f} s wall  {int(peak):,} MB peak (goal {GOAL_MB:,})  {hits} identifiers\n"
    )
    return int(rows)


def measure_intake(path: Path, rows: int, home: Home) -> None:
    """Take the file in through the command line and print what the process took, from delivery to lake."""
    deliver(path, rows, home)
    started = time.perf_counter()
    command = [sys.executable, "-m", "orchestration.cli", "ingest", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | {"AFTERCARE_HOME": str(home.root)})
    assert process.stdout is not None
    told = json.loads(process.stdout.read() or "{}")
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    if status or told.get("rows") != rows:
        raise SystemExit(f"the intake ended with {status}: {told}")
    cpu_seconds = usage.ru_utime + usage.ru_stime
    sys.stdout.write(
        f"intake   {path.stat().st_size / 1e9:5.2f} GB  {rows:12,} rows, {told['rows_quarantined']:,} refused  "
        f"{cpu_seconds:.1f} CPU s  {wall:.0f} s wall  {usage.ru_maxrss // 1024:,} MB peak (goal {GOAL_MB:,})  "
        f"{rows / cpu_seconds:,.0f} rows a CPU s\n"
    )


if __name__ == "__main__":
    main()
