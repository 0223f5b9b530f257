"""Fixtures for every test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared folder of reference data; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("RADIOTYPE_SHARED") or Path(__file__).resolve().parents[2] / "shared")
    if not folder.is_dir():
        pytest.skip(f"the shared folder of reference data is absent: {folder} (set RADIOTYPE_SHARED)")
    return folder
