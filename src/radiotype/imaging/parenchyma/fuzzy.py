"""Fuzzy c-means of intensities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Floats
from radiotype.errors import ComputeError

#: Intensities are counted in so many bins first: the classes of 10 million voxels then take milliseconds.
N_BINS = 2048

#: The centres have come to rest when none moves by more than this fraction of the range.
AT_REST, MAX_ITERATIONS = 1e-7, 1000


@dataclass(frozen=True, eq=False)
class FuzzyClasses:
    """Classes of intensities.

    Parameters
    ----------
    centres : array, shape (n_classes,)
        Rising.
    fuzziness : float
        The exponent of the memberships.
    """

    centres: Floats
    fuzziness: float

    def memberships(self, values: Floats) -> Floats:
        """How far each value belongs to each class: (n, n_classes), rows add up to 1."""
        return _memberships(np.asarray(values, dtype=np.float64), self.centres, self.fuzziness)

    def nearest(self, values: npt.NDArray[np.floating]) -> npt.NDArray[np.int64]:
        """The class in which each value has the largest membership, 0 for the darkest; shape of `values`."""
        edges = (self.centres[1:] + self.centres[:-1]) / 2  # the largest membership is that of the nearest centre
        return np.searchsorted(edges, values).astype(np.int64)


def fuzzy_c_means(values: Floats, n_classes: int = 3, *, fuzziness: float = 2.0) -> FuzzyClasses:
    """Classes of intensities that overlap: centres and memberships that make the sum of u^m (x - c)^2 least.

    Parameters
    ----------
    values : array, shape (n,)
        Intensities; they are counted in 2,048 bins from the least to the largest.
    n_classes : int
    fuzziness : float
        m, above 1; 2 is usual.

    Returns
    -------
    FuzzyClasses

    Raises
    ------
    ComputeError
        RT305 for fewer than `n_classes` different values; RT303 if the centres do not come to rest.

    References
    ----------
    Bezdek, Pattern Recognition with Fuzzy Objective Function Algorithms (1981). For fibroglandular tissue: Wu et al., Medical
    Physics 40 (2013) 122302.

    Examples
    --------
    >>> fuzzy_c_means(np.repeat([1.0, 5.0, 20.0], [50, 30, 20])).centres.round(2).tolist()
    [1.0, 5.0, 20.0]
    """
    found, counts = np.unique(values, return_counts=True)
    if len(found) < n_classes or not np.isfinite(found).all():
        raise ComputeError("RT305", f"{len(found)} different intensities do not part into {n_classes} classes")
    if len(found) > N_BINS:
        weights, edges = np.histogram(values, bins=N_BINS)
        sums = np.histogram(values, bins=edges, weights=values)[0]
        kept = weights > 0
        points, weights = sums[kept] / weights[kept], weights[kept]
    else:
        points, weights = found.astype(np.float64), counts
    share = (np.cumsum(weights) - weights / 2) / weights.sum()
    centres = np.interp((np.arange(n_classes) + 0.5) / n_classes, share, points)
    if len(np.unique(centres)) < n_classes:
        centres = np.linspace(points[0], points[-1], n_classes)
    span = points[-1] - points[0]
    for _ in range(MAX_ITERATIONS):
        pull = _memberships(points, centres, fuzziness) ** fuzziness * weights[:, None]
        moved = (pull * points[:, None]).sum(axis=0) / pull.sum(axis=0)
        at_rest = np.abs(moved - centres).max() <= AT_REST * span
        centres = moved
        if at_rest:
            return FuzzyClasses(np.sort(centres), fuzziness)
    raise ComputeError("RT303", f"the classes of intensities did not come to rest in {MAX_ITERATIONS} steps")


def _memberships(values: Floats, centres: Floats, fuzziness: float) -> Floats:
    distances = (values[:, None] - centres) ** 2
    at_centre = distances == 0
    with np.errstate(divide="ignore"):
        closeness = distances ** (-1.0 / (fuzziness - 1.0))
    closeness = np.where(at_centre.any(axis=1, keepdims=True), at_centre, closeness)
    result: Floats = closeness / closeness.sum(axis=1, keepdims=True)
    return result
