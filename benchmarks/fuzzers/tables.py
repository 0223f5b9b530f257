"""Inputs for the kernels of clusters, corners and survival."""

from __future__ import annotations

from typing import Any

import numpy as np

from .calls import Call, Generator, floats, inputs, one_of, size


def _lengths(name: str, **most: int) -> Any:
    """A fuzzer of a function that tells a length."""

    def fuzz(native: Any, rng: Generator) -> Call:
        return Call(name, {key: size(rng, 0, value) for key, value in most.items()})

    fuzz.__name__ = name
    return fuzz


def pam_workspace(native: Any, rng: Generator) -> Call:
    sizes = {"n_items": size(rng, 0, 50_000), "largest_k": size(rng, 0, 300)}
    return Call("pam_workspace", {**sizes, "single": bool(rng.random() < 0.5)})


def pam(native: Any, rng: Generator) -> Call:
    n = size(rng, 2, 70)
    points = floats(rng, (n, size(rng, 1, 5)), tame=True)
    distances = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=-1))
    distances = np.minimum(distances, distances.T)
    if rng.random() < 0.2:
        distances *= one_of(rng, 1e-200, 1e30, 1e150, 1e306)
    items = np.sort(rng.choice(n, size(rng, 2, n), replace=False)).astype(np.int64)
    k = np.unique(rng.integers(1, min(len(items), 12), size(rng, 1, 4))).astype(np.int64)
    narrow = {"narrow": None}
    positive = distances[distances > 0]
    if rng.random() < 0.5 and (not positive.size or (positive.min() > 1e-30 and positive.max() < 1e30)):
        narrow = inputs(narrow=distances.astype(np.float32))
    arguments = {
        **inputs(distances=distances, items=items, k=k),
        **narrow,
        "workspace": np.empty(native.pam_workspace(len(items), int(k[-1]), narrow["narrow"] is not None)),
        "medoids": np.empty((len(k), int(k[-1])), dtype=np.int64),
        "labels": np.empty((len(k), len(items)), dtype=np.int32),
        "objective": np.empty((len(k), 2)),
    }
    return Call("pam", arguments, scratch=("workspace",))


def cocluster(native: Any, rng: Generator) -> Call:
    n_resamples, n = size(rng, 0, 255), size(rng, 0, 90)
    labels = rng.integers(0, one_of(rng, 1, 2, 5, 255), (n_resamples, n)).astype(np.uint8)
    labels[rng.random(labels.shape) < rng.random()] = 255
    arrays = {"row": np.empty(n, dtype=np.uint8), "counts": rng.integers(0, 9, (n, n)).astype(np.int32)}
    return Call("cocluster", {**inputs(labels=labels), **arrays}, scratch=("row",))


def two_means(native: Any, rng: Generator) -> Call:
    n, d = size(rng, 1, 70), size(rng, 0, 40)
    arguments = {
        **inputs(values=floats(rng, (n, d)), scale=floats(rng, d), starts=rng.integers(0, n, (size(rng, 0, 5), 2))),
        "sides": np.zeros((2, n), dtype=np.uint8),
        "workspace": np.empty(native.two_means_workspace(n, d)),
    }
    return Call("two_means", arguments, scratch=("workspace",))


def _padded(rng: Generator, n: int, lanes: int) -> np.ndarray:
    d = size(rng, 1, 12)
    table = np.zeros((n, d + -d % lanes))
    table[:, :d] = floats(rng, (n, d))
    if n > 1 and rng.random() < 0.3:  # the same row twice, and one between two
        table[-1], table[0] = table[0], table[: max(n // 2, 1)].mean(axis=0) if np.isfinite(table).all() else 0.0
    return table


def corner_sets(native: Any, rng: Generator) -> Call:
    n = size(rng, 1, 12)
    k, n_keep = size(rng, 1, min(n, 4)), size(rng, 1, 9)
    points = _padded(rng, n, native.CORNER_LANES)
    arguments = {
        **inputs(points=points),
        "lowest": 0,
        "found": 0,
        "errors": np.zeros(n_keep),
        "sets": np.zeros((n_keep, k), dtype=np.int64),
        "order": rng.permutation(n).astype(np.int64),
        "workspace": np.empty(native.corner_workspace(n, k, points.shape[1])),
        "whole": np.empty(native.corner_places(n, k), dtype=np.int64),
    }
    lowest = int(rng.integers(0, n - k + 1))
    for at in range(lowest if rng.random() < 0.5 else 0):
        arguments["found"] = native.corner_sets(**{**arguments, "lowest": at})
    return Call("corner_sets", {**arguments, "lowest": lowest}, scratch=("workspace", "whole"))


def simplex_distances(native: Any, rng: Generator) -> Call:
    k, n = size(rng, 1, 9), size(rng, 0, 40)
    table = _padded(rng, k + n, native.CORNER_LANES)
    width = table.shape[1]
    arguments = {
        **inputs(corners=table[:k].copy(), targets=table[k:].copy()),
        "distances": np.empty(n),
        "workspace": np.empty(native.corner_workspace(0, k, width)),
        "whole": np.empty(native.corner_places(0, k), dtype=np.int64),
    }
    return Call("simplex_distances", arguments, scratch=("workspace", "whole"))


def nonnegative(native: Any, rng: Generator) -> Call:
    k, n = size(rng, 1, 13), size(rng, 0, 30)
    table = _padded(rng, k + n, native.CORNER_LANES)
    arguments = {
        **inputs(columns=table[:k].copy(), rows=table[k:].copy()),
        "limit": one_of(rng, np.inf, 1.0, 0.0, 1e300, -1.0),
        "solution": None if rng.random() < 0.3 else np.zeros((n, k)),
        "errors": np.zeros(n),
        "workspace": np.empty(native.nonnegative_workspace(k, table.shape[1])),
        "whole": np.empty(native.nonnegative_places(k), dtype=np.int64),
    }
    return Call("nonnegative", arguments, scratch=("workspace", "whole"))


def _survival(rng: Generator, n: int, *, falling: bool) -> dict[str, Any]:
    """Times, events and strata, sorted: times falling, or rising with events before censored cases."""
    n_strata = size(rng, 1, min(4, n)) if n else 0
    strata = np.sort(rng.integers(0, n_strata, n)) if n else np.zeros(0, dtype=int)
    time = rng.integers(1, one_of(rng, 2, 6, 10_000), n).astype(np.float64)
    event = (rng.random(n) < one_of(rng, 0.0, 0.3, 0.7, 1.0)).astype(np.uint8)
    order = np.lexsort((-time, strata) if falling else (1 - event, time, strata))
    strata = strata[order]
    cuts = np.flatnonzero(np.diff(strata)) + 1
    bounds = np.concatenate([[0], cuts, [n]]).astype(np.int64)
    return inputs(time=time[order], event=event[order], bounds=bounds)


def concordant_pairs(native: Any, rng: Generator) -> Call:
    n = size(rng, 0, 80)
    case = _survival(rng, n, falling=False)
    score, rank = rng.integers(0, one_of(rng, 1, 4, 1000), n), np.zeros(n, dtype=np.int64)
    for first, end in zip(case["bounds"][:-1], case["bounds"][1:], strict=True):
        rank[first:end] = np.unique(score[first:end], return_inverse=True)[1]
    arrays = {"later": np.zeros((n, 3)), "earlier": np.empty((n, 2)), "tree": np.empty(n + 1)}
    return Call("concordant_pairs", {**case, **inputs(rank=rank, weight=floats(rng, n)), **arrays}, scratch=("tree",))


def cox_likelihood(native: Any, rng: Generator) -> Call:
    n, p = size(rng, 1, 80), size(rng, 1, 20)
    width = p + -p % native.COX_LANES
    covariates, coefficients = np.zeros((n, width)), np.zeros(width)
    covariates[:, :p], coefficients[:p] = floats(rng, (n, p)), floats(rng, p)
    case = _survival(rng, n, falling=True)
    arguments = {
        **inputs(covariates=covariates, coefficients=coefficients),
        **case,
        "efron": bool(rng.random() < 0.5),
        "result": np.empty(1 + width + width * width),
        "workspace": np.empty(native.cox_workspace(n, int(case["event"].sum()), width)),
    }
    return Call("cox_likelihood", arguments, scratch=("workspace",))


def coxnet_path(native: Any, rng: Generator) -> Call:
    n, p = size(rng, 2, 60), size(rng, 1, 40)
    stride = n + -n % native.COXNET_LANES
    columns = np.zeros((p, stride))
    columns[:, :n] = floats(rng, (p, n), tame=rng.random() < 0.8)
    lambdas = np.sort(10.0 ** rng.uniform(-4, 1, size(rng, 1, 8)))[::-1].copy()
    factor = np.where(rng.random(p) < 0.1, 0.0, rng.uniform(0.5, 2.0, p))
    arguments = {
        **inputs(covariates=columns, factor=factor, lambdas=lambdas),
        **_survival(rng, n, falling=True),
        "efron": bool(rng.random() < 0.5),
        "l1_ratio": one_of(rng, 1.0, 0.5, 0.01),
        "allowed": one_of(rng, 1e-6, 1e-3, np.inf),
        "saturated": one_of(rng, 0.0, -1.0),
        "ends": (0.99, one_of(rng, 0.0, 1e-5), int(rng.integers(0, p + 2))),
        "max_steps": size(rng, 0, 30),
        "max_sweeps": size(rng, 0, 50),
        "coefficients": np.zeros((len(lambdas), p)),
        "values": np.zeros((len(lambdas), 2)),
        "gradient": np.zeros(p),
        "workspace": np.empty(native.coxnet_workspace(n, stride, p)),
        "positions": np.empty(native.coxnet_positions(n, p), dtype=np.int64),
        "kept": np.empty(p, dtype=np.uint8),
    }
    return Call("coxnet_path", arguments, scratch=("workspace", "positions", "kept"), trusted=("max_steps", "max_sweeps"))


LENGTHS = (
    _lengths("two_means_workspace", n_cases=100_000, n_features=100_000),
    _lengths("corner_workspace", n=10_000, k=100, width=10_000),
    _lengths("corner_places", n=10_000, k=100),
    _lengths("nonnegative_workspace", k=200, width=10_000),
    _lengths("nonnegative_places", k=200),
    _lengths("cox_workspace", n_cases=100_000, n_events=100_000, width=10_000),
    _lengths("coxnet_workspace", n_cases=100_000, stride=100_000, n_covariates=100_000),
    _lengths("coxnet_positions", n_cases=100_000, n_covariates=100_000),
)
FUZZERS = {
    function.__name__: function
    for function in (
        pam_workspace,
        pam,
        cocluster,
        two_means,
        corner_sets,
        simplex_distances,
        nonnegative,
        concordant_pairs,
        cox_likelihood,
        coxnet_path,
        *LENGTHS,
    )
}
