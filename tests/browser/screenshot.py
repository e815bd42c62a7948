"""Write a picture of the dashboard: ``python -m tests.browser.screenshot --into docs/dashboard.png``.

Needs a running server (``--base``) and the log-ins of its ``AFTERCARE_HOME``.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from dashboards.superset import assets
from tests.browser.driving import ERRORS, Witness, browser, log_in, new_page, open_dashboard


def main() -> int:
    """Log in as the reader, wait until all is drawn, write the PNG; 1 when a chart has an error."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--base", default="http://127.0.0.1:8088")
    parser.add_argument("--width", type=int, default=1440)
    parser.add_argument("--height", type=int, default=2200)
    options = parser.parse_args()
    logins = Path(os.environ.get("AFTERCARE_HOME") or "var") / "superset" / "logins.txt"
    passwords = dict(line.split(" ", 1) for line in logins.read_text("utf-8").splitlines())
    witness = Witness(options.base.split("//", 1)[1])
    with browser() as chromium:
        page = new_page(chromium, options.width, options.height)
        witness.watch(page)
        log_in(page, options.base, "johto", passwords["johto"])
        open_dashboard(page, options.base, charts=len(assets.read("charts")))
        # Lines are drawn from left to right in a second.
        page.wait_for_timeout(2000)
        page.screenshot(path=options.into)
        errors = page.locator(ERRORS).count()
    sys.stdout.write(
        f"{options.into}: {errors} errors in charts, console {witness.console_errors[:5]}, "
        f"failed {witness.failed_requests[:5]}, elsewhere {witness.other_hosts[:5]}\n"
    )
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
