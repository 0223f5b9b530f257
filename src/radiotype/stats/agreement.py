"""How far repeated readings of the same subjects agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from radiotype.errors import ComputeError
from radiotype.stats._inputs import FloatArray, choice, confidence_level, design_matrix, same_rows
from radiotype.stats.findings import Finding

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, eq=False, kw_only=True)
class IntraclassCorrelation(Finding):
    """An intraclass correlation of `n` subjects; the F test is that of no difference between subjects."""

    n_readings: int
    model: str
    kind: str
    unit: str
    f: float
    degrees_of_freedom: tuple[int, int]


def icc(
    ratings: Any, *, model: str = "two-way", kind: str = "agreement", unit: str = "single", confidence: float = 0.95
) -> IntraclassCorrelation:
    """Share of the variance that is due to the subjects, not to the readings (intraclass correlation): 1 is perfect.

    Parameters
    ----------
    ratings : array or data frame, shape (n_subjects, n_readings)
        One row per subject, one column per reading (rater, segmentation, visit), in any unit.
    model : {"two-way", "one-way"}
        "two-way": every column is one rater, who read all subjects. "one-way": readings have no order, ICC(1).
    kind : {"agreement", "consistency"}
        Whether a rater who always reads higher lowers the value, ICC(2), or not, ICC(3). A one-way model has "agreement"
        only.
    unit : {"single", "average"}
        Reliability of one reading, or of the mean of all columns.
    confidence : float
        Level of the interval.

    Returns
    -------
    IntraclassCorrelation
        `effect` is at most 1, and below 0 where subjects differ less than readings. The interval of an average is that of
        the single reading, stepped up (Spearman-Brown).

    Raises
    ------
    ComputeError
        RT301 for fewer than three subjects or two readings; RT305 if all values are equal, missing or not numbers.
    RecipeError
        RT103 if an option is not allowed.

    References
    ----------
    Shrout & Fleiss, Psychol Bull 86 (1979) 420-428; McGraw & Wong, Psychol Methods 1 (1996) 30-46. Equal to
    `ICC(lmer = FALSE)` of R psych 2.2.9.

    Examples
    --------
    >>> ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    >>> found = icc(ratings)
    >>> round(found.effect, 2), round(found.lower, 2), round(found.upper, 2)
    (0.29, 0.02, 0.76)
    >>> round(icc(ratings, kind="consistency").effect, 2), round(icc(ratings, model="one-way").effect, 2)
    (0.71, 0.17)
    """
    from scipy.special import fdtrc

    choice("model", model, ("two-way", "one-way"))
    choice("kind", kind, ("agreement",) if model == "one-way" else ("agreement", "consistency"))
    choice("unit", unit, ("single", "average"))
    level = confidence_level(confidence)
    values = _readings(ratings)
    n, k = values.shape
    squares = _mean_squares(values, model)
    value = _single(squares, n, k, kind)
    lower, upper = _limits(squares, n, k, kind, level)
    if unit == "average":
        value, lower, upper = (_stepped_up(one, k) for one in (value, lower, upper))
    lower, upper = min(lower, value), max(min(upper, 1.0), value)  # rounding, where the readings agree
    degrees = (n - 1, n * (k - 1) if model == "one-way" else (n - 1) * (k - 1))
    f = squares.subjects / squares.error if squares.error > 0 else float("inf")
    p_value = float(fdtrc(*degrees, f))
    return IntraclassCorrelation(
        measure=f"ICC({_NUMBER[model, kind]},{1 if unit == 'single' else k})",
        n=n,
        effect=value,
        lower=lower,
        upper=upper,
        confidence=level,
        p_value=p_value,
        q_value=p_value,
        n_readings=k,
        model=model,
        kind=kind,
        unit=unit,
        f=f,
        degrees_of_freedom=degrees,
    )


def readings_by_feature(readings: Sequence[DataFrame]) -> dict[str, DataFrame]:
    """For each feature, a table of subjects by readings, from one feature table per reading.

    Parameters
    ----------
    readings : sequence of data frames, each of shape (n_subjects, n_features)
        Same subjects in the same order, and the same features.

    Returns
    -------
    dict of data frames, each of shape (n_subjects, n_readings)
        To be given to `per_feature` with `icc`.

    Raises
    ------
    ComputeError
        RT301 for fewer than two readings; RT305 if subjects or features differ.

    Examples
    --------
    >>> import pandas as pd
    >>> from radiotype.stats import per_feature
    >>> first = pd.DataFrame({"volume": [10.0, 20.0, 35.0], "margin": [0.3, 0.1, 0.2]}, index=["a", "b", "c"])
    >>> second = pd.DataFrame({"volume": [11.0, 19.0, 36.0], "margin": [0.2, 0.3, 0.1]}, index=["a", "b", "c"])
    >>> per_feature(readings_by_feature([first, second]), icc).to_frame()["effect"].round(2).to_dict()
    {'volume': 1.0, 'margin': -1.0}
    """
    from pandas import DataFrame

    if len(readings) < 2:
        raise ComputeError("RT301", f"there are {len(readings)} readings; agreement needs two or more")
    same_rows({f"reading {number + 1}": table for number, table in enumerate(readings)})
    first = readings[0]
    for number, table in enumerate(readings[1:], start=2):
        if not table.columns.equals(first.columns):
            raise ComputeError("RT305", f"the features of reading {number} are not those of reading 1, in the same order")
    return {
        str(name): DataFrame({f"reading {number + 1}": table[name] for number, table in enumerate(readings)}) for name in first
    }


_NUMBER = {("one-way", "agreement"): 1, ("two-way", "agreement"): 2, ("two-way", "consistency"): 3}


@dataclass(frozen=True)
class _MeanSquares:
    subjects: float
    readings: float
    error: float


def _readings(ratings: Any) -> FloatArray:
    values, _ = design_matrix(ratings, None)
    values /= np.abs(values).max() or 1.0  # keeps the squares of huge and tiny values within range
    n, k = values.shape
    if n < 3 or k < 2:
        raise ComputeError("RT301", f"there are {n} subjects and {k} readings; agreement needs three subjects and two readings")
    return values


def _mean_squares(values: FloatArray, model: str) -> _MeanSquares:
    n, k = values.shape
    centred = values - values.mean()
    subject, reading = centred.mean(axis=1), centred.mean(axis=0)
    subjects, readings = k * float(subject @ subject) / (n - 1), n * float(reading @ reading) / (k - 1)
    rest = centred - subject[:, None]
    if model == "one-way":
        readings, error = float("nan"), float(np.sum(rest**2)) / (n * (k - 1))
    else:
        error = float(np.sum((rest - reading) ** 2)) / ((n - 1) * (k - 1))
    rounding = (8 * np.finfo(float).eps * float(np.abs(values).max())) ** 2
    subjects, readings, error = (0.0 if square <= rounding else square for square in (subjects, readings, error))
    if subjects == error == 0:
        raise ComputeError("RT305", "the subjects do not differ in any reading", hint="agreement needs subjects that differ")
    return _MeanSquares(subjects, readings, error)


def _single(squares: _MeanSquares, n: int, k: int, kind: str) -> float:
    rows, columns, error = squares.subjects, squares.readings, squares.error
    spread = k * (columns - error) / n if kind == "agreement" and not np.isnan(columns) else 0.0
    return (rows - error) / (rows + (k - 1) * error + spread)


def _limits(squares: _MeanSquares, n: int, k: int, kind: str, level: float) -> tuple[float, float]:
    """Limits of a single reading: exact from F, or for agreement of raters with Satterthwaite's degrees of freedom."""
    from scipy.special import fdtri

    probability = (1 + level) / 2
    rows, columns, error = squares.subjects, squares.readings, squares.error
    if kind == "consistency" or np.isnan(columns):
        degrees = float(n * (k - 1) if np.isnan(columns) else (n - 1) * (k - 1))
        low, high = fdtri(n - 1, degrees, probability) * error, error / fdtri(degrees, n - 1, probability)
        return float((rows - low) / (rows + (k - 1) * low)), float((rows - high) / (rows + (k - 1) * high))
    value = _single(squares, n, k, kind)
    a, b = k * value, n * (1 - value) + k * value * (n - 1)
    spread, noise = a * columns, b * error
    degrees = float((n - 1) * (k - 1))
    if spread != 0:
        degrees = (spread + noise) ** 2 / (spread**2 / (k - 1) + noise**2 / degrees)
    low, high = fdtri(n - 1, degrees, probability), fdtri(degrees, n - 1, probability)
    rest = k * columns + (k * n - k - n) * error
    lower, upper = (rows - low * error) / (low * rest + n * rows), (high * rows - error) / (rest + n * high * rows)
    return float(n * lower), float(n * upper)


def _stepped_up(value: float, k: int) -> float:
    """Spearman-Brown; a single reading at its lowest possible value leaves the average without a bound."""
    below = 1 + (k - 1) * value
    return k * value / below if below > 0 else float("-inf")
