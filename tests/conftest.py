"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def _work_in_this_process() -> None:
    """Worker processes take two seconds to start; the tests that are about them ask for them."""
    os.environ.setdefault("RADIOTYPE_JOBS", "0")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data and golden outputs that lies beside the project; skips where it is absent."""
    folder = Path(os.environ.get("RADIOTYPE_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    if not (folder / "golden").is_dir():
        pytest.skip(f"needs the shared data folder, which is not at {folder.name}; set RADIOTYPE_SHARED")
    return folder
