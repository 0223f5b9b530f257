"""Intensities into grey levels as pyradiomics counts them: bins of a fixed width begin at a multiple of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from radiotype.errors import ComputeError
from radiotype.features.ibsi.discretise import MAX_LEVELS
from radiotype.features.pyradiomics.settings import PyradiomicsSettings


def grey_levels(intensities: npt.NDArray[Any], settings: PyradiomicsSettings, image: str = "original") -> npt.NDArray[np.int64]:
    """Levels from 1 on.

    Parameters
    ----------
    intensities : array, shape (n,)
        Finite, at least one, in the type of the scan: edges of bins are rounded to it.
    settings : PyradiomicsSettings
        `bin_width` and `bin_count`.
    image : str
        Its name, for errors.

    Returns
    -------
    array of int64, shape (n,)

    Raises
    ------
    ComputeError
        RT305 if there would be far too many.

    References
    ----------
    pyradiomics, `imageoperations.getBinEdges`.

    Examples
    --------
    >>> grey_levels(np.array([54, 74, 75, 166]), PyradiomicsSettings(bin_width=25)).tolist()
    [1, 1, 2, 5]
    """
    if intensities.dtype.kind != "f":
        intensities = intensities.astype(np.int64)
    if settings.bin_count is not None:
        edges = np.histogram_bin_edges(intensities, settings.bin_count)
        edges[-1] += 1
    else:
        width, low, high = settings.bin_width, intensities.min(), intensities.max()
        if float(high) / width - float(low) / width >= MAX_LEVELS:
            raise ComputeError(
                "RT305",
                f"bins of width {width:g} from {low:g} to {high:g} in the image {image} would number more than {MAX_LEVELS:,}",
                hint="set a larger features.pyradiomics.bin_width that suits the unit of the scan, or bin_count",
            )
        edges = np.arange(low - low % width, high + 2 * width, width)
    levels: npt.NDArray[np.int64] = np.digitize(intensities, edges)
    return levels
