"""What the door costs: the national history, then the next quarter of all suppliers.

    python tests/benchmarks/bench_door.py FOLDER [--scale national|small]

FOLDER (outside the repository) gets synthetic deliveries and two homes; an existing set is used
again. Prints CPU seconds (the measure of the goals), wall seconds, rows and peak memory.
Goals on two cores: history ≤ 90 CPU s, one quarter ≤ 12 CPU s, peak < 2 GB.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

from ingest.door import take_in
from ingest.state import Home
from ingest.synthetic import synthesize

GOALS = {"history": 90.0, "quarter": 12.0}
LAST_QUARTER = "2026Q3"


def measure(name: str, home: Home) -> None:
    """Take in what waits in ``home`` and print what it cost."""
    before, started = time.process_time(), time.perf_counter()
    report = take_in(home)
    cpu, wall = time.process_time() - before, time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(
        f"{name:8} {len(report.deliveries):6,} deliveries {report.rows:10,} rows  "
        f"{cpu:6.1f} CPU s (goal {GOALS[name]:.0f})  {wall:6.1f} s wall  {peak:6.0f} MB peak  "
        f"rejected {report.rejected}, quarantined rows {report.rows_quarantined}\n"
    )


def copy(source: Path, home: Home, history: bool) -> None:
    """Put the history (all quarters but the last), or the last quarter, into an empty home."""
    shutil.rmtree(home.root, ignore_errors=True)
    for period in sorted(source.glob("*/*/")):
        if (period.name != LAST_QUARTER) == history:
            target = home.inbox / period.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            # Hard links: the door moves folders and never writes into a delivered file.
            subprocess.run(["cp", "-rl", str(period), str(target)], check=True)


def main() -> None:
    """Run both measurements, each in a home of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", choices=["national", "small"], default="national")
    options = parser.parse_args()
    source = options.folder.absolute() / f"deliveries-{options.scale}"
    synthesize(source, scale=options.scale)
    for name in ("history", "quarter"):
        home = Home(options.folder.absolute() / f"home-{name}")
        copy(source, home, history=name == "history")
        measure(name, home)


if __name__ == "__main__":
    main()
