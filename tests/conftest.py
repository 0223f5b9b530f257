"""Fixtures that every test may use."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
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


@pytest.fixture
def same_bytes_at_every_level() -> Callable[[str], None]:
    """Run a program that prints the SIMD level and a digest of its numbers, at every level of this processor."""

    def run(program: str, level: str | None = None) -> list[str]:
        environment = {name: value for name, value in os.environ.items() if name != "RADIOTYPE_SIMD"}
        if level:
            environment["RADIOTYPE_SIMD"] = level
        done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
        return done.stdout.split()

    def check(program: str) -> None:
        best, expected = run(program)
        assert len(expected) == hashlib.sha256().digest_size * 2
        levels = ["base", "avx2", "avx512"]
        others = levels[: levels.index(best)]
        if not others:
            pytest.skip("this processor has the base level only")
        for level in others:
            assert run(program, level) == [level, expected]

    return check
