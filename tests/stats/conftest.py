"""Survival data for the tests of this folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def golden(shared: Path) -> Callable[[str], Any]:
    """Numbers written by R 4.2.2, survival 3.5-3: `golden("km")`."""

    def read(name: str) -> Any:
        return json.loads((shared / "golden" / "survival" / f"{name}.json").read_text(encoding="utf-8"))

    return read


@pytest.fixture(scope="session")
def survival_data(shared: Path) -> Callable[[str], pd.DataFrame]:
    """Data sets of R survival: `survival_data("lung")`. Colon is cut to deaths, and status is 1 for an event."""

    def read(name: str) -> pd.DataFrame:
        table = pd.read_csv(shared / "golden" / "survival" / f"input_{name}.csv")
        if name == "lung":
            table["status"] -= 1
        if name == "colon":
            table = table[table["etype"] == 2].reset_index(drop=True)
        return table

    return read


@pytest.fixture
def leukaemia() -> pd.DataFrame:
    """Weeks of remission under 6-mercaptopurine (drug) or placebo: Freireich et al., Blood 21 (1963) 699-716."""
    drug = {
        1: [6, 6, 6, 7, 10, 13, 16, 22, 23],
        0: [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35],
    }
    placebo = {1: [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]}
    rows = [
        (weeks, event, arm)
        for arm, times in (("drug", drug), ("placebo", placebo))
        for event, column in times.items()
        for weeks in column
    ]
    return pd.DataFrame(rows, columns=["weeks", "relapse", "arm"])


@pytest.fixture
def simulated() -> pd.DataFrame:
    """120 cases with ties, censoring and three covariates of known effect."""
    random = np.random.default_rng(np.random.SeedSequence(11))
    table = pd.DataFrame(
        {
            "age": random.normal(60, 9, 120),
            "volume": random.lognormal(2, 1, 120),
            "treated": random.integers(0, 2, 120),
            "site": random.choice(["north", "south", "west"], 120),
        }
    )
    log_hazard = 0.04 * (table["age"] - 60) + 0.03 * table["volume"] - 0.7 * table["treated"]
    latent = random.exponential(20 * np.exp(-log_hazard))
    end = random.uniform(2, 40, 120)
    table["time"] = np.ceil(np.minimum(latent, end))
    table["event"] = (latent <= end).astype(int)
    return table


@pytest.fixture(scope="session")
def golden_file(shared: Path) -> Callable[[str], Any]:
    """What R 4.2.2 wrote into another golden folder: `golden_file("basic_stats/icc.json")`; a CSV becomes a table."""

    def read(name: str) -> Any:
        path = shared / "golden" / name
        return pd.read_csv(path) if path.suffix == ".csv" else json.loads(path.read_text(encoding="utf-8"))

    return read
