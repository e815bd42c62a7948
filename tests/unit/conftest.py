"""What several test files look at and nobody changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.synthetic import synthesize


@pytest.fixture(scope="session")
def small_synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The inbox of the small synthetic deliveries of five years."""
    folder = tmp_path_factory.mktemp("synthetic") / "inbox"
    synthesize(folder, scale="small")
    return folder
