"""Intensities into grey levels, counted from 1."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Floats
from radiotype.errors import ComputeError
from radiotype.features.ibsi.settings import Bins

#: Largest level that is counted; beyond it the width does not fit the intensities.
MAX_LEVELS = 10_000_000

Levels = npt.NDArray[np.int32] | npt.NDArray[np.uint16]


def grey_levels(intensities: Floats, bins: Bins, *, lowest: float | None) -> tuple[Levels, float]:
    """Levels as the settings ask for, and the width of one.

    Parameters
    ----------
    intensities : array
        Finite; may be empty.
    bins : Bins
    lowest : float or None
        Where bins of a fixed width begin; at the smallest intensity for None.

    Returns
    -------
    tuple
        Levels from 1 on; the width of one in the unit of the intensities, 0 for a fixed number of bins over one intensity.
    """
    if not intensities.size:
        return np.zeros(intensities.shape, dtype=np.int32), bins.width or 0.0
    if bins.width is not None:
        origin = float(intensities.min()) if lowest is None else lowest
        return levels_of_width(intensities, bins.width, origin=origin), bins.width
    number = bins.number or 1
    return levels_of_number(intensities, number), float(intensities.max() / number - intensities.min() / number)


def level_rule(bins: Bins, least: float, most: float, *, lowest: float | None) -> tuple[float, float, float, float]:
    """What `grey_levels` does to intensities from `least` to `most`, in numbers: origin, width, number and last.

    The level is the whole part of (x - origin) / width x number, `last` at most, plus 1.
    """
    if bins.width is not None:
        return (least if lowest is None else lowest), bins.width, 1.0, float(MAX_LEVELS)
    number = bins.number or 1
    return (least, most - least, float(number), number - 1.0) if least < most else (least, 1.0, 1.0, 0.0)


def levels_of_width(intensities: Floats, width: float, *, origin: float) -> Levels:
    """Levels of bins of a fixed width: floor((x - origin) / width) + 1.

    Parameters
    ----------
    intensities : array
        Finite, none below `origin`.
    width, origin : float
        Width of a bin and lower edge of the first, in the unit of the intensities.

    Returns
    -------
    array of int32, the shape of `intensities`
        From 1 on.

    Raises
    ------
    ComputeError
        RT305 if there would be more than `MAX_LEVELS` of them.

    References
    ----------
    IBSI reference manual, fixed bin size discretisation.

    Examples
    --------
    >>> levels_of_width(np.array([-500.0, -475.5, -475.0]), 25, origin=-500).tolist()
    [1, 1, 2]
    """
    steps = (intensities - origin) / width
    largest = steps.max(initial=0.0)
    if largest >= MAX_LEVELS:
        raise ComputeError(
            "RT305",
            f"bins of width {width:g} from {origin:g} on would number {largest + 1:,.0f}, more than {MAX_LEVELS:,}",
            hint="set a larger width that suits the unit of the scan, or a number of bins",
        )
    levels: Levels = np.floor(steps, out=steps).astype(np.int32) + np.int32(1)
    return levels


def levels_of_number(intensities: Floats, number: int) -> Levels:
    """Levels of a fixed number of bins between the smallest and the largest intensity.

    Parameters
    ----------
    intensities : array
        Finite, at least one.
    number : int

    Returns
    -------
    array of int32, the shape of `intensities`
        1 to `number`; the largest intensity belongs to the last bin. 1 everywhere if all intensities are the same.

    References
    ----------
    IBSI reference manual, fixed bin number discretisation.

    Examples
    --------
    >>> levels_of_number(np.array([0.0, 0.9, 1.0, 4.0]), 4).tolist()
    [1, 1, 2, 4]
    """
    low, high = intensities.min(), intensities.max()
    if low == high:
        return np.ones(intensities.shape, dtype=np.int32)
    steps = (intensities - low) / (high - low) * number
    levels: Levels = np.minimum(steps.astype(np.int32), np.int32(number - 1)) + np.int32(1)
    return levels
