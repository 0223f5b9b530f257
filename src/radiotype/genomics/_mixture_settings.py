"""What may be asked of a convex analysis of mixtures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import comb
from typing import Any

import numpy as np

from radiotype.errors import RecipeError
from radiotype.genomics._linear import checked_log_base
from radiotype.stats._inputs import choice, whole_number

ESTIMATES = ("markers", "projection")
NOISES = ("additive", "proportional")

#: Numbers of subclones that are tried when none are given, as far as dimensions and corners allow.
DEFAULT_NUMBERS = range(2, 9)

#: Sets of corners in all partitions. A core looks at 150,000 a second where corners lie like noise, at millions where few
#: matter: this many may take ten minutes.
MOST_SETS = 10**8

_LEAST = {"n_dimensions": 2, "n_clusters": 2, "n_starts": 1, "n_partitions": 1, "min_cluster_genes": 1, "seed": 0}
_ENDS = {
    "outlier_fraction": (1.0, "below 1"),
    "min_coverage": (np.nextafter(1.0, 2.0), "1"),
    "log_offset": (np.inf, "any size"),
}
_LEAST_IF_ANY = {"n_candidates": 2, "n_jobs": 1}


def check_settings(model: Any) -> None:
    """Refuse a setting of a `ConvexMixture` that has no meaning."""
    _listed(model.n_subclones)
    for name, least in _LEAST.items():
        whole_number(name, getattr(model, name), least)
    for name, least in _LEAST_IF_ANY.items():
        if getattr(model, name) is not None:
            whole_number(name, getattr(model, name), least)
    choice("estimate", model.estimate, ESTIMATES)
    choice("noise", model.noise, NOISES)
    checked_log_base(model.log_base)
    try:
        low, high = (float(value) for value in model.norm_quantiles)
    except (TypeError, ValueError):
        low, high = 1.0, 0.0
    if not 0 <= low < high <= 1:
        raise RecipeError("RT103", f"norm_quantiles={model.norm_quantiles!r} are no two rising numbers from 0 to 1")
    for name in _ENDS:
        check_size(name, getattr(model, name))


def check_sets(numbers: Sequence[int], n_candidates: Sequence[int]) -> None:
    """Refuse more sets of corners than can be looked at, given the candidates of each partition."""
    n_sets = sum(comb(n, k) for n in n_candidates for k in numbers)
    if n_sets > MOST_SETS:
        found = (
            f"up to {max(n_candidates)} candidates in {len(n_candidates)} partitions have {n_sets:,} sets of "
            f"{numbers[0]} to {numbers[-1]} corners; expected at most {MOST_SETS:,}"
        )
        raise RecipeError("RT103", found, hint="set n_candidates=20, or ask for fewer subclones or partitions")


def check_size(name: str, value: Any) -> None:
    """Refuse a share or an offset out of its range."""
    below, end = _ENDS[name]
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 <= value < below:
        raise RecipeError("RT103", f"{name}={value!r} is not allowed; expected a number from 0 to {end}")


def numbers_to_try(n_subclones: int | Sequence[int] | None, n_candidates: int, n_dimensions: int) -> list[int]:
    """Numbers of subclones, rising; refuses more than there are corners or dimensions."""
    most = min(n_candidates, n_dimensions)
    numbers = _listed(n_subclones) or [k for k in DEFAULT_NUMBERS if k <= most]
    if numbers[-1] > most:
        raise RecipeError(
            "RT103",
            f"n_subclones={numbers[-1]} are more than the {n_candidates} corners found in {n_dimensions} dimensions",
            hint=f"ask for at most {most}, or raise n_clusters or n_dimensions",
        )
    return numbers


def _listed(n_subclones: int | Sequence[int] | None) -> list[int]:
    if n_subclones is None:
        return []
    if isinstance(n_subclones, str) or not isinstance(n_subclones, int | np.integer | Iterable):
        raise RecipeError("RT103", f"n_subclones={n_subclones!r} is no whole number and no list of them")
    given = [n_subclones] if isinstance(n_subclones, int | np.integer) else list(n_subclones)
    if not given:
        raise RecipeError("RT103", "n_subclones holds no number")
    return sorted({whole_number("n_subclones", k, 2) for k in given})
