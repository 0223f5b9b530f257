"""A table of expression as an array, checked: samples in rows, genes in columns."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from radiotype.errors import ComputeError
from radiotype.stats._feature_values import feature_values
from radiotype.stats._inputs import FloatArray


@dataclass(frozen=True, eq=False)
class Expression:
    """Values of every gene in every sample."""

    values: FloatArray  # (n_samples, n_genes)
    samples: tuple[str, ...]
    genes: tuple[str, ...]


def checked_expression(expression: Any) -> Expression:
    """Finite values and the names; an array without names has genes f1, f2 ... and samples s1, s2 ...

    Raises
    ------
    ComputeError
        RT301 without samples; RT305 if a value is missing or no number, or a name stands twice.
    """
    values, genes = feature_values(expression)
    if not len(values):
        raise ComputeError("RT301", "the table has no samples")
    named = hasattr(expression, "columns")
    samples = tuple(str(name) for name in expression.index) if named else tuple(f"s{i + 1}" for i in range(len(values)))
    twice = [name for name, times in Counter(samples).items() if times > 1]
    if twice:
        raise ComputeError("RT305", f"sample {twice[0]!r} stands twice", hint="keep one row per sample")
    missing = np.isnan(values).any(axis=0)
    if missing.any():
        first = genes[int(np.argmax(missing))]
        found = f"{int(missing.sum())} columns have missing values, the first {first!r}"
        raise ComputeError("RT305", found, hint="drop these columns, or fill them in, and say so")
    return Expression(values, samples, genes)
