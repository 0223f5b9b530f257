"""Mixtures add up on a linear scale only: expression that is linear, or made so on request."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from radiotype.errors import ComputeError, RecipeError
from radiotype.stats._inputs import FloatArray

#: A sample that hardly exceeds this is taken for logarithms: 2^50 is more than any assay counts.
HIGHEST_LOGARITHM = 50.0

#: Squares and cubes of expression beyond this are no numbers any more.
HIGHEST_EXPRESSION = 1e75

#: Share of the expressed genes of a sample that must not exceed it. A spike-in or an age among logarithms tells nothing.
HARDLY = 0.99


def checked_log_base(log_base: str | float | None) -> None:
    """Refuse what is no base of logarithms."""
    if log_base is None or (isinstance(log_base, str) and log_base == "refuse"):
        return
    if isinstance(log_base, bool | str) or not isinstance(log_base, int | float | np.number) or not 1 < log_base < np.inf:
        hint = '2 for values that are log2; None for linear values, without a check; "refuse" for linear values, with a check'
        raise RecipeError("RT103", f"log_base={log_base!r} is no number above 1", hint=hint)


def linear_expression(values: FloatArray, genes: Sequence[str], log_base: str | float | None, log_offset: float) -> FloatArray:
    """Expression (n_samples, n_genes) on its linear scale, none negative."""
    if log_base not in (None, "refuse"):
        with np.errstate(over="ignore"):
            values = np.float64(log_base) ** values - log_offset
        if values.max(initial=0.0) > 2.0**HIGHEST_LOGARITHM:
            found = (
                f"{log_base} to the power of some value exceeds 2^{HIGHEST_LOGARITHM:.0f}, too large a number for expression"
            )
            raise ComputeError("RT305", found, hint="leave log_base out if the values are linear")
        values = np.where((values < 0) & (values > -1e-9 * max(log_offset, 1.0)), 0.0, values)
    if (values < 0).any():
        sample, gene = (int(at[0]) for at in np.nonzero(values < 0))
        raise ComputeError(
            "RT305",
            f"{int((values < 0).sum())} values are negative, the first in gene {genes[gene]!r} of row {sample}; "
            "expected linear expression, 0 or more",
            hint="use values before centring, scaling or taking logarithms; log_base=2 turns log2 values back",
        )
    if values.max(initial=0.0) > HIGHEST_EXPRESSION:
        found = f"the largest value is {values.max():.4g}; expected expression of at most {HIGHEST_EXPRESSION:g}"
        raise ComputeError("RT305", found, hint="divide the table by a number")
    silent = ~values.any(axis=1)
    if silent.any():
        raise ComputeError(
            "RT305",
            f"row {int(np.argmax(silent))} expresses no gene ({int(silent.sum())} rows in all)",
            hint="drop these samples",
        )
    if log_base == "refuse":
        _refuse_logarithms(values)
    return values


def _refuse_logarithms(values: FloatArray) -> None:
    """Each sample is judged by itself, for a cohort may have been put together from both kinds."""
    high = np.array([np.quantile(row[row > 0], HARDLY) for row in values])
    logged = high <= HIGHEST_LOGARITHM
    if logged.any():
        first = int(np.argmax(logged))
        raise ComputeError(
            "RT305",
            f"{int(logged.sum())} of {len(values)} samples look like logarithms, the first in row {first}: "
            f"{HARDLY:.0%} of the genes it expresses do not exceed {high[first]:.4g}; expected linear expression",
            hint="give linear values, or log_base=2 if these are log2; log_base=None if they are linear though small",
        )
