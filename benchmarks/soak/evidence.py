"""How often a Cox LASSO predicts survival that has nothing to do with its features: 400 tables of each of two kinds.

Run: python benchmarks/soak/evidence.py; minutes of two cores. The seed was chosen before the first run. A test at 0.05 should
reject in 5 % of the tables; the band is that of the binomial distribution, 0.001 outside. Fewer is allowed (a test may be
cautious), more is not. What is often done, and does not hold, is in brackets. A third kind holds features that matter, to see
what the honest test finds where there is something. Moderated tests and SAM have such a campaign in their tests
(tests/stats/test_moderated_invariant.py, tests/stats/test_sam_oracle.py).
"""

from __future__ import annotations

import os
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

os.environ.update({"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"})  # before NumPy loads

import numpy as np
import pandas as pd
from scipy.stats import binom, norm

from radiotype.errors import ComputeError
from radiotype.stats import CoxLasso, concordance, cox, cross_validated_lasso, permutation_check
from radiotype.stats.cross_validation import deal_folds

SEED = 20261121
N_TABLES, LEVEL, N_PERMUTATIONS, PART = 400, 0.05, 39, 25
LOWER, UPPER = (int(bound) for bound in binom.ppf([0.0005, 0.9995], N_TABLES, LEVEL))
N_CASES, N_FEATURES, N_FACTORS, OUTER, INNER = 80, 100, 5, 3, 3
MODEL = CoxLasso(n_lambdas=30, lambda_min_ratio=0.1)
MATTER = "three features matter"
KINDS = ("independent features", "correlated features", MATTER)


def table(kind: str, random: np.random.Generator) -> tuple[np.ndarray, pd.DataFrame]:
    """Features and follow-up of some kind; about half of the cases are censored."""
    X = random.normal(size=(N_CASES, N_FEATURES))
    if kind == "correlated features":
        X += random.normal(size=(N_CASES, N_FACTORS)) @ random.normal(size=(N_FACTORS, N_FEATURES))
    risk = 0.6 * X[:, :3].sum(axis=1) if kind == MATTER else np.zeros(N_CASES)
    latent, end = random.exponential(np.exp(-risk)), random.exponential(1, N_CASES)
    return X, pd.DataFrame({"time": np.minimum(latent, end), "event": latent <= end})


def nested_risk(X: np.ndarray, outcome: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Risk of each case by a LASSO whose lambda and coefficients come from the other folds, and the folds."""
    time, event = outcome["time"].to_numpy(), outcome["event"].to_numpy()
    folds, risk = deal_folds(event, OUTER, np.random.default_rng(SEED)), np.empty(len(X))
    for fold in range(OUTER):
        train, test = folds != fold, folds == fold
        inner = cross_validated_lasso(MODEL, X[train], time[train], event[train], n_folds=INNER)
        risk[test] = inner.model.predict(X[test], inner.lambda_min)
    return risk.round(10), folds


def nested_concordance(X: np.ndarray, outcome: pd.DataFrame) -> float:
    risk, folds = nested_risk(X, outcome)
    return concordance(outcome["time"], outcome["event"], risk, strata=folds).c_index


def cox_p_value(outcome: pd.DataFrame, risk: np.ndarray, strata: np.ndarray | None = None) -> float:
    """One-sided, of higher hazard with higher risk; 1 if there is no risk to tell apart."""
    if np.ptp(risk) == 0:
        return 1.0
    try:
        z = cox(outcome["time"], outcome["event"], risk[:, None], strata=strata).z[0]
    except ComputeError:  # risks that differ between folds only
        return 1.0
    return float(norm.sf(z))


def of_one_table(kind: str, random: np.random.Generator, seed: int) -> tuple[dict[str, bool], dict[str, float]]:
    """What each test says of one table, and some numbers to be averaged."""
    X, outcome = table(kind, random)
    time, event = outcome["time"], outcome["event"]
    honest = permutation_check(nested_concordance, X, outcome, kind="score", n_permutations=N_PERMUTATIONS, seed=seed)
    risk, folds = nested_risk(X, outcome)
    nested = concordance(time, event, risk, strata=folds)
    naive = cross_validated_lasso(MODEL, X, time, event, measure="concordance", n_folds=INNER, seed=seed)
    best = int(naive.mean.argmax())
    chosen = cross_validated_lasso(MODEL, X, time, event, n_folds=INNER, seed=seed)
    own = chosen.model.predict(X, chosen.lambda_min).round(10)
    score = (nested.c_index - 0.5) / nested.standard_error if nested.standard_error > 0 else 0.0
    rejects = {
        "nested C, permutation p": honest.p_value <= LEVEL,
        "(nested C, its error as of one score)": score >= norm.isf(LEVEL),
        "(nested risk, p of a Cox model)": cox_p_value(outcome, risk, folds) <= LEVEL,
        "(best C of the curve, with its standard error)": (
            naive.mean[best] - 0.5 >= norm.isf(LEVEL) * naive.standard_error[best] and naive.n_nonzero[best] > 0
        ),
        "(chosen model on its own cases, p of a Cox model)": cox_p_value(outcome, own) <= LEVEL,
        "(permutation_check says: do not trust it)": not honest.passed,
    }
    numbers = {
        "nested C": nested.c_index,
        "best C of the curve": float(naive.mean[best]),
        "C of the chosen model on its own cases": concordance(time, event, own).c_index,
        "share of tables in which a feature was chosen": float(np.ptp(own) > 0),
    }
    return rejects, numbers


def of_a_kind(kind: str, first: int) -> list[tuple[dict[str, bool], dict[str, float]]]:
    place = KINDS.index(kind)
    parts = range(first, first + PART)
    randoms = (np.random.default_rng(np.random.SeedSequence(SEED, spawn_key=(place, number))) for number in parts)
    return [of_one_table(kind, random, number) for number, random in zip(parts, randoms, strict=True)]


def main() -> None:
    counts: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(KINDS, 0))
    values: dict[str, dict[str, list[float]]] = defaultdict(lambda: {kind: [] for kind in KINDS})
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        parts = [(kind, first) for kind in KINDS for first in range(0, N_TABLES, PART)]
        for (kind, _), found in zip(parts, pool.map(of_a_kind, *zip(*parts, strict=True)), strict=True):
            for rejects, numbers in found:
                for name, one in rejects.items():
                    counts[name][kind] += int(one)
                for name, number in numbers.items():
                    values[name][kind].append(number)
    report(counts, values)
    honest = [name for name in counts if not name.startswith("(")]
    broken = [f"{name}: {kind}" for name in honest for kind in KINDS if kind != MATTER and counts[name][kind] > UPPER]
    raise SystemExit(f"above the band: {broken}" if broken else 0)


def report(counts: dict[str, dict[str, int]], values: dict[str, Any]) -> None:
    print("# A Cox LASSO where there is nothing to predict\n")
    print(f"`make soak SUITE=evidence`: {N_TABLES} tables of each kind, {N_CASES} cases, about half censored, {N_FEATURES}")
    print(
        f"features; seed {SEED}. Lambda by the deviance in {INNER} folds, nested in {OUTER}; {N_PERMUTATIONS} permutations. How"
    )
    print(
        f"many of {N_TABLES} tables were rejected at {LEVEL}, one-sided. Without effects a calibrated test rejects {LOWER} to"
    )
    print(f"{UPPER}; **more** is too often.\n\n| test | {' | '.join(KINDS)} |\n|---{'|---' * len(KINDS)}|")
    for name, of in counts.items():
        cells = [f"**{of[kind]}**" if kind != MATTER and of[kind] > UPPER else str(of[kind]) for kind in KINDS]
        print(f"| {name} | {' | '.join(cells)} |")
    print(f"\n| mean, and its error | {' | '.join(KINDS)} |\n|---{'|---' * len(KINDS)}|")
    for name, kinds in values.items():
        cells = [f"{np.mean(kinds[kind]):.3f} ± {np.std(kinds[kind]) / N_TABLES**0.5:.3f}" for kind in KINDS]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
