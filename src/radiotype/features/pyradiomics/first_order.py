"""First-order statistics of pyradiomics."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from radiotype.features.ibsi.distribution import statistics

#: Names of pyradiomics with those of `radiotype.features.ibsi.distribution.statistics`.
STATISTICS = {
    "Minimum": "minimum",
    "10Percentile": "percentile_10",
    "90Percentile": "percentile_90",
    "Maximum": "maximum",
    "Mean": "mean",
    "Median": "median",
    "InterquartileRange": "interquartile_range",
    "Range": "range",
    "MeanAbsoluteDeviation": "mean_absolute_deviation",
    "RobustMeanAbsoluteDeviation": "robust_mean_absolute_deviation",
    "Skewness": "skewness",
    "Variance": "variance",
}


def first_order(
    intensities: npt.NDArray[Any], levels: npt.NDArray[np.int64], voxel_volume_mm3: float, *, intensity_shift: int = 0
) -> tuple[dict[str, float], dict[str, str]]:
    """The eighteen first-order features of pyradiomics.

    Parameters
    ----------
    intensities, levels : array, shape (n,)
        Of the voxels of the region.
    voxel_volume_mm3 : float
    intensity_shift : int
        Added before squares are taken (`voxelArrayShift`).

    Returns
    -------
    tuple of dict
        Values, and a code for each NaN: `few_voxels` (of two voxels, none lies between the 10th and the 90th percentile).

    References
    ----------
    van Griethuysen et al., Cancer Research 77 (2017) e104-e107. `Kurtosis` is 3 higher than the IBSI's; it and `Skewness` are 0
    where all intensities are the same.

    Examples
    --------
    >>> values, reasons = first_order(np.array([1, 2, 3, 4]), np.array([1, 1, 1, 1]), 2.0)
    >>> values["TotalEnergy"], values["Uniformity"], round(values["Kurtosis"], 2), reasons
    (60.0, 1.0, 1.64, {})
    """
    different, counts = np.unique(intensities, return_counts=True)
    different = different.astype(np.float64)
    found, codes = statistics(different, counts)
    if different.size == 1:
        found |= {"skewness": 0.0, "kurtosis": -3.0}
    values = {name: found[other] for name, other in STATISTICS.items()}
    values["Kurtosis"] = found["kurtosis"] + 3
    energy = float((np.square(different + intensity_shift) * counts).sum())
    values |= {
        "Energy": energy,
        "TotalEnergy": energy * voxel_volume_mm3,
        "RootMeanSquared": math.sqrt(energy / intensities.size),
    }
    chance = np.unique(levels, return_counts=True)[1] / levels.size
    values["Entropy"] = float(-(chance * np.log2(chance + np.spacing(1))).sum())
    values["Uniformity"] = float(np.square(chance).sum())
    return values, {name: codes[STATISTICS[name]] for name, value in values.items() if math.isnan(value)}
