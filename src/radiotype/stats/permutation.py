"""How often an analysis finds something where nothing is: the analysis run again on shuffled outcomes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from radiotype.core.watching import Progress, unwatched
from radiotype.errors import ComputeError
from radiotype.stats._inputs import FloatArray, choice, confidence_level, labels, read_only, same_rows, whole_number
from radiotype.stats.findings import Finding, Findings

KINDS = ("p-value", "score")


@dataclass(frozen=True, eq=False, kw_only=True)
class PermutationCheck:
    """What an analysis says of the outcome, and of shuffled outcomes.

    Attributes
    ----------
    kind : {"p-value", "score"}
        What `observed` and `permuted` are.
    observed : float
        Of the outcome as it is.
    permuted : array, shape (n_permutations,)
        Of each shuffled outcome; NaN where the analysis refused it.
    p_value : float
        Share of outcomes, shuffled ones and the outcome itself, for which the analysis says as much as for the outcome.
    n_false, n_tested : int
        Shuffled outcomes in which the analysis found something (p up to `level`, or a score above `chance`), and those on
        which it ran.
    rate, lower, upper : float
        Rate of false positives with its exact interval.
    level : float
        The rate that was promised.
    band : tuple of int
        Least and largest `n_false` that an analysis with that rate shows, with probability `confidence` or more.
    n_patients, seed : int
        Of the permutations.
    """

    kind: str
    observed: float
    permuted: FloatArray
    p_value: float
    n_false: int
    n_tested: int
    rate: float
    lower: float
    upper: float
    level: float
    band: tuple[int, int]
    confidence: float
    n_patients: int
    seed: int

    @property
    def passed(self) -> bool:
        """Whether there are no more false positives than chance allows."""
        return self.n_false <= self.band[1]

    @property
    def verdict(self) -> str:
        """The result in plain words."""
        counted = (
            f"{self.n_false} of {self.n_tested} shuffled outcomes ({self.rate:.1%}; {self.lower:.1%} to {self.upper:.1%}) "
            f"where {self.level:.0%} were expected ({self.band[0]} to {self.band[1]} by chance)"
        )
        if not self.passed:
            return (
                f"Do not trust it: the analysis finds something in {counted}. "
                "A step sees the outcome or the test cases, or the test does not fit the data."
            )
        start = "Cautious" if self.n_false < self.band[0] else "As promised"
        beyond = f"The outcome itself: {self.kind} {self.observed:.3g}, permutation p = {self.p_value:.3g}."
        return f"{start}: the analysis finds something in {counted}. {beyond}"


def permutation_check(
    analysis: Callable[[Any, Any], Finding | Findings[Any] | float],
    data: Any,
    outcome: Any,
    *,
    patient: ArrayLike | None = None,
    kind: str = "p-value",
    chance: float = 0.5,
    level: float = 0.05,
    n_permutations: int = 200,
    confidence: float = 0.95,
    seed: int = 0,
    n_jobs: int = 1,
    progress: Progress = unwatched,
) -> PermutationCheck:
    """How often an analysis finds something in outcomes that were shuffled among the patients.

    Put the whole analysis into the function, with every choice that saw the outcome: of features, of a cut-point, of a model.

    Parameters
    ----------
    analysis : function
        Takes `data` and an outcome; returns a p-value, or a score (higher says more). A `Finding` counts by its p-value, and
        `Findings` by their smallest q-value.
    data : object
        Passed on as it is.
    outcome : array or data frame, n_cases rows
        Its rows are shuffled; a data frame with time and event keeps the two together.
    patient : array, shape (n_cases,), optional
        All cases of a patient keep a common outcome; by default each case is a patient.
    kind : {"p-value", "score"}
        What the analysis returns.
    chance : float
        Score without any association, such as an area under the curve of 0.5. Half of the shuffled outcomes should lie above.
    level : float
        A p-value up to this finds something. Not used for scores.
    n_permutations : int
        Shuffled outcomes.
    confidence : float
        Level of the band and of the interval.
    seed : int
        Permutation i depends on `seed` and i only.
    n_jobs : int
        Threads that run the analysis; the result does not depend on it.
    progress : callable, optional
        Is told how far it is; `radiotype.run.progress.progress` shows a bar.

    Returns
    -------
    PermutationCheck
        `verdict` says it in words.

    Raises
    ------
    ComputeError
        RT301 with fewer than two patients; RT305 if the cases of a patient have different outcomes, all outcomes are equal, the
        analysis returns no p-value (or score), or refuses more than half of the shuffled outcomes.
    RecipeError
        RT103 if a setting is not allowed.

    References
    ----------
    Phipson & Smyth, Stat Appl Genet Mol Biol 9 (2010) 39: the outcome itself counts as one permutation. Clopper & Pearson,
    Biometrika 26 (1934) 404-413.

    Examples
    --------
    >>> from radiotype.stats import wilcoxon
    >>> random = np.random.default_rng(0)
    >>> table, grade = random.normal(size=(40, 20)), np.arange(40) % 2
    >>> honest = permutation_check(lambda x, y: wilcoxon(x[:, 0], y), table, grade)
    >>> best = permutation_check(lambda x, y: min(wilcoxon(one, y).p_value for one in x.T), table, grade)
    >>> honest.passed, best.passed
    (True, False)
    """
    from scipy.stats import binom, binomtest

    choice("kind", kind, KINDS)
    level = confidence_level(level) if kind == "p-value" else 0.5
    confidence = confidence_level(confidence)
    n_permutations, n_jobs = whole_number("n_permutations", n_permutations, 20), whole_number("n_jobs", n_jobs, 1)
    seed = whole_number("seed", seed, 0)
    n = same_rows({"outcome": outcome} if patient is None else {"outcome": outcome, "patient": patient})
    patients = np.arange(n) if patient is None else labels(patient, "patient")[0]
    first = _first_cases(outcome, patients)

    def once(number: int) -> float:
        random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))
        shuffled = first[random.permutation(first.size)][patients]
        try:
            return _number(analysis(data, _take(outcome, shuffled)), kind)
        except ComputeError:
            return float("nan")

    observed = _number(analysis(data, outcome), kind)
    if np.isnan(observed):
        raise ComputeError("RT305", f"the analysis returned no {kind} for the outcome as it is")
    with progress("shuffled outcomes", n_permutations) as advance, ThreadPoolExecutor(n_jobs) as pool:
        permuted = np.empty(n_permutations)
        for number, value in enumerate(pool.map(once, range(n_permutations))):
            permuted[number] = value
            advance()
    ran = permuted[~np.isnan(permuted)]
    if ran.size < n_permutations / 2:
        found = f"the analysis refused {n_permutations - ran.size} of {n_permutations} shuffled outcomes"
        raise ComputeError("RT305", found, hint="run it on one shuffled outcome to see why")
    positive = ran <= level if kind == "p-value" else ran > chance
    as_much = ran <= observed if kind == "p-value" else ran >= observed
    n_false = int(positive.sum())
    interval = binomtest(n_false, ran.size).proportion_ci(confidence)
    band = binom.ppf([(1 - confidence) / 2, (1 + confidence) / 2], ran.size, level)
    return PermutationCheck(
        kind=kind,
        observed=observed,
        permuted=read_only(permuted),
        p_value=(1 + int(as_much.sum())) / (1 + ran.size),
        n_false=n_false,
        n_tested=int(ran.size),
        rate=n_false / ran.size,
        lower=float(interval.low),
        upper=float(interval.high),
        level=level,
        band=(int(band[0]), int(band[1])),
        confidence=confidence,
        n_patients=int(first.size),
        seed=seed,
    )


def _first_cases(outcome: Any, patients: NDArray[np.intp]) -> NDArray[np.intp]:
    """Position of each patient's first case, after checking that the patient's cases have one outcome."""
    first = np.unique(patients, return_index=True)[1]
    if first.size < 2:
        raise ComputeError("RT301", f"there are {first.size} patients; expected two or more")
    rows = np.asarray(outcome).reshape(patients.size, -1)
    if (rows != rows[first[patients]]).any():
        hint = "reduce the table to one case per patient, or ask for an outcome of the patient"
        raise ComputeError("RT305", "the cases of a patient have different outcomes, or an outcome is missing", hint=hint)
    if (rows == rows[0]).all():
        raise ComputeError("RT305", "all outcomes are equal; expected different values")
    return first


def _take(outcome: Any, positions: NDArray[np.intp]) -> Any:
    """The rows at the positions, under the index of the outcome as it is."""
    if not hasattr(outcome, "iloc"):
        return np.asarray(outcome)[positions]
    taken = outcome.iloc[positions]
    return taken.set_axis(outcome.index, axis=0)


def _number(found: Any, kind: str) -> float:
    if isinstance(found, (Finding, Findings)) and kind == "score":
        return float(found.effect) if isinstance(found, Finding) else _wrong(found, kind)
    if isinstance(found, Finding):
        value = float(found.p_value)
    elif isinstance(found, Findings):
        tested = [one.q_value for one in found.findings.values() if not np.isnan(one.q_value)]
        value = float(min(tested, default=float("nan")))
    elif np.ndim(found) == 0 and isinstance(found, (int, float, np.number)):
        value = float(found)
    else:
        return _wrong(found, kind)
    return value if kind == "score" or np.isnan(value) or 0 <= value <= 1 else _wrong(found, kind)


def _wrong(found: Any, kind: str) -> float:
    raise ComputeError("RT305", f"the analysis returned {str(found)[:80]}; expected a {kind}")
