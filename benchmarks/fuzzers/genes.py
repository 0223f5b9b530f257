"""Inputs for the kernels of sets of columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from .calls import Call, Generator, floats, inputs, size


def ranked_sets_scratch(native: Any, rng: Generator) -> Call:
    return Call("ranked_sets_scratch", {"n_columns": size(rng, 0, 100_000), "n_sets": size(rng, 0, 10_000)})


def _sets(native: Any, rng: Generator) -> dict[str, Any]:
    n_samples, n_columns, n_sets = size(rng, 0, 9), size(rng, 1, 300), size(rng, 0, 20)
    sizes = [size(rng, 0, n_columns) for _ in range(n_sets)]
    members = [np.sort(rng.choice(n_columns, n, replace=False)) for n in sizes]
    values = floats(rng, (n_samples, n_columns))
    arrays = inputs(
        values=values,
        members=np.concatenate([*members, []]).astype(np.int32),
        bounds=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
    )
    scores = np.zeros((n_samples, n_sets))
    return {**arrays, "scores": scores, "scratch": np.empty(native.ranked_sets_scratch(n_columns, n_sets), dtype=np.uint64)}


def ssgsea(native: Any, rng: Generator) -> Call:
    arguments = _sets(native, rng)
    weights = np.arange(arguments["values"].shape[1] + 1, dtype=np.float64) ** rng.choice([0.0, 0.25, 0.75, 1.0, 10.0])
    return Call("ssgsea", {**arguments, **inputs(weight_of_rank=weights)}, scratch=("scratch",))


def spectra(native: Any, rng: Generator) -> Call:
    arguments = _sets(native, rng)
    n_columns, members = arguments["values"].shape[1], arguments["members"]
    owner = np.repeat(np.arange(len(arguments["bounds"]) - 1, dtype=np.int32), np.diff(arguments["bounds"]))
    order = np.argsort(members, kind="stable")
    bounds = np.searchsorted(members[order], np.arange(n_columns + 1)).astype(np.int64)
    return Call("spectra", {**arguments, **inputs(sets_of=owner[order], column_bounds=bounds)}, scratch=("scratch",))


def random_sets_scratch(native: Any, rng: Generator) -> Call:
    return Call("random_sets_scratch", {name: size(rng, 0, 30_000) for name in ("n_ranked", "n_members", "n_sets")})


def _ranking(rng: Generator) -> dict[str, Any]:
    n = size(rng, 2, 300)
    weights = rng.integers(1, int(rng.choice([2, 5, 2**20, 2**44])), n).astype(np.float64)
    if rng.random() < 0.5:
        weights = np.sort(weights)[::-1].copy()
    state = rng.integers(1, 2**64, 4, dtype=np.uint64)
    return {**inputs(weights=weights), "n_members": size(rng, 1, n - 1), "state": state}


def random_enrichment(native: Any, rng: Generator) -> Call:
    ranking = _ranking(rng)
    n_scratch = native.random_sets_scratch(ranking["weights"].size, ranking["n_members"], 0)
    arrays = {"scores": np.empty(size(rng, 0, 40)), "scratch": np.empty(n_scratch, dtype=np.uint64)}
    return Call("random_enrichment", {**ranking, **arrays}, scratch=("scratch",))


def enrichment_levels(native: Any, rng: Generator) -> Call:
    ranking = _ranking(rng)
    n_sets = size(rng, 1, 20)
    targets = np.sort(np.maximum(rng.random(size(rng, 0, 6)), 1e-6))
    n_scratch = native.random_sets_scratch(ranking["weights"].size, ranking["n_members"], n_sets)
    arguments = {
        **ranking,
        **inputs(targets=targets),
        "n_sets": n_sets,
        "survivors": np.zeros(size(rng, 0, 12), dtype=np.int64),
        "found": np.empty((len(targets), 2), dtype=np.int64),
        "scratch": np.empty(n_scratch, dtype=np.uint64),
    }
    return Call("enrichment_levels", arguments, scratch=("scratch",))


FUZZERS = {
    function.__name__: function
    for function in (ranked_sets_scratch, ssgsea, spectra, random_sets_scratch, random_enrichment, enrichment_levels)
}
