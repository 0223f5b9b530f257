"""Names of a cohort's genes and samples, and cohorts of which no shares could be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from radiotype.errors import ComputeError
from radiotype.stats._inputs import FloatArray

#: A sample that is so much weaker than the strongest is what rounding leaves of 0.
ROUNDING = 1e-12


def gene_names(X: Any) -> tuple[str, ...]:
    """Names of the columns, if they have names; refuses two that are the same."""
    return _different("gene", X.columns, "keep one column per gene, such as the mean") if hasattr(X, "columns") else ()


def with_text_names(X: Any) -> Any:
    """A data frame whose genes are called by text, for scikit-learn forgets names that are numbers; an array as it is."""
    return X.set_axis(list(gene_names(X)), axis=1) if hasattr(X, "columns") else X


def sample_names(X: Any) -> tuple[str, ...]:
    """Names of the rows, if they have names; refuses two that are the same."""
    return _different("sample", X.index, "keep one row per sample") if hasattr(X, "columns") else ()


def refuse_masked(X: Any) -> None:
    """Refuse a masked array of which some value is masked: scikit-learn would take it as it stands."""
    n_masked = np.ma.count_masked(X) if np.ma.isMaskedArray(X) else 0
    if n_masked:
        hint = "drop these genes or samples, or fill them in, and say so"
        raise ComputeError("RT305", f"{n_masked} values are masked; missing values are refused", hint=hint)


def refuse_silent(values: FloatArray, samples: Sequence[str], whose: str) -> None:
    """Refuse a sample (row) of nothing but 0, or what rounding leaves of it: no shares could be told."""
    silent = values.max(axis=1) <= ROUNDING * values.max()
    if silent.any():
        first = int(np.argmax(silent))
        name = f"sample {samples[first]!r}" if samples else f"row {first}"
        found = f"{name} expresses none of the {whose} ({int(silent.sum())} such samples)"
        raise ComputeError("RT305", found, hint="drop these samples, or ask for more subclones or wider norm_quantiles")


def _different(what: str, given: Any, hint: str) -> tuple[str, ...]:
    names = tuple(str(name) for name in given)
    if len(set(names)) < len(names):
        twice = next(name for name, times in Counter(names).items() if times > 1)
        raise ComputeError("RT305", f"{what} {twice!r} stands twice", hint=hint)
    return names
