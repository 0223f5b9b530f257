"""Made-up signatures, as a laboratory would write them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

GENES = [f"G{i}" for i in range(8)]


def told(**changes: Any) -> dict[str, Any]:
    """The content of a file: two centroids of eight genes."""
    up, down = np.arange(8.0), np.arange(8.0)[::-1]
    content = {
        "format": "radiotype signature",
        "format_version": 1,
        "name": "two_classes",
        "version": "1",
        "title": "Two made-up classes",
        "source": "made up",
        "licence": "free",
        "direction": "more like the class",
        "rule": "spearman",
        "calls": "largest",
        "weights": {"rising": dict(zip(GENES, up, strict=True)), "falling": dict(zip(GENES, down, strict=True))},
    }
    return {key: value for key, value in (content | changes).items() if value is not None}


def one_sum(**changes: Any) -> dict[str, Any]:
    """The content of a file: a weighted sum of three genes."""
    plain = {"rule": "weighted_sum", "name": "risk", "calls": None, "weights": {"risk": {"G0": 1.0, "G1": -2.0, "G2": 0.5}}}
    return told(**(plain | changes))


def write(folder: Any, content: Any, name: str = "signature.json") -> Any:
    """Write a file; text as it is."""
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def cohort(n: int = 30, seed: int = 0, genes: list[str] | None = None) -> pd.DataFrame:
    """Noise around 5, samples in rows."""
    genes = GENES if genes is None else genes
    values = np.random.default_rng(seed).normal(5, 1, size=(n, len(genes)))
    return pd.DataFrame(values, index=[f"T{i}" for i in range(n)], columns=genes)
