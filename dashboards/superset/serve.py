"""Serve Superset on this machine: ``.venv-dash/bin/python -m dashboards.superset.serve``.

Options: ``--port`` (8088), ``--host`` (127.0.0.1; another address belongs behind a TLS proxy).
Run the bootstrap first. The process becomes the server, so that its process id stays the same.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from dashboards.superset.settings import Settings


def server_command(host: str, port: int, folder: Path) -> list[str]:
    """Arguments of the server process.

    One worker with threads: a DuckDB file is opened once a process, and SimpleCache lives in it.
    Kept-alive connections outlast the browser's pauses (with 2 s, readers met closed ones).
    """
    return [
        sys.executable, "-m", "gunicorn",
        "--workers", "1",
        "--worker-class", "gthread",
        "--threads", "8",
        "--timeout", "120",
        "--keep-alive", "65",
        "--bind", f"{host}:{port}",
        "--worker-tmp-dir", "/dev/shm" if Path("/dev/shm").is_dir() else str(folder),
        # One socket in the home folder for all servers of a user: nobody needs it here.
        "--no-control-socket",
        "superset.app:create_app()",
    ]  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    """Replace this process by the server; exits 2 when the bootstrap has not been run."""
    parser = argparse.ArgumentParser(description="Serve the dashboards")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8088)
    options = parser.parse_args(arguments)
    settings = Settings.from_environment()
    if not settings.logins_file.exists():
        sys.stderr.write(
            f"No Superset in {settings.folder}. Set it up first: python -m dashboards.superset.bootstrap\n"
        )
        sys.exit(2)
    settings.prepare_environment()
    os.execv(sys.executable, server_command(options.host, options.port, settings.folder))


if __name__ == "__main__":
    main()
