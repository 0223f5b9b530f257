"""The undecimated wavelet transform of pyradiomics: that of PyWavelets, one level at a time, on a box of the scan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[Any]


class Filters(NamedTuple):
    """Low pass and high pass of one wavelet, of one even length."""

    low: Values
    high: Values


def wavelet_names() -> tuple[str, ...]:
    """Names of the wavelets that `filters_of` knows."""
    from radiotype.features.pyradiomics.wavelet_taps import BIORTHOGONAL, DECOMPOSITION

    return (*DECOMPOSITION, "db1", *BIORTHOGONAL, *(name.replace("bior", "rbio") for name in BIORTHOGONAL))


def filters_of(wavelet: str, precision: npt.DTypeLike = np.float64) -> Filters:
    """The filters of decomposition of a wavelet, in single or double precision as in PyWavelets.

    Examples
    --------
    >>> filters_of("haar").high.tolist()
    [-0.7071067811865476, 0.7071067811865476]
    """
    from radiotype.features.pyradiomics.wavelet_taps import BIORTHOGONAL, DECOMPOSITION

    if wavelet in ("db1", *DECOMPOSITION):
        low = np.array(DECOMPOSITION["haar" if wavelet == "db1" else wavelet].split(), dtype=float)
        mirrored = low[::-1]
    else:
        low, mirrored = (np.array(taps.split(), dtype=float) for taps in BIORTHOGONAL[f"bior{wavelet[4:]}"])
        if wavelet.startswith("rbio"):
            low, mirrored = mirrored[::-1], low[::-1]
    high = np.where(np.arange(low.size) % 2 == 0, -mirrored, mirrored)
    factor = np.sqrt(2) if wavelet.startswith("coif") and precision == np.float32 else np.float64(1)  # multiplied in single
    return Filters(*((taps / factor).astype(precision) * factor.astype(precision) for taps in (low, high)))


def reach_voxels(wavelet: str, levels: int) -> tuple[int, int]:
    """How far before and after a voxel its value at a level comes from."""
    length = filters_of(wavelet).low.size
    return levels * (length // 2 - 1), levels * (length // 2)


def wavelet_bands(
    around: Values,
    low: tuple[int, int, int],
    high: tuple[int, int, int],
    *,
    wavelet: str = "coif1",
    levels: int = 1,
    levels_skipped: int = 0,
    across: int | None = None,
) -> Iterator[Values]:
    """Bands of the undecimated transform within a box: details of each level, then the last approximation.

    Every level filters the approximation of the one before it with the same filters, as pyradiomics does. The image goes on
    periodically; an axis of odd length is made even with its first voxel.

    Parameters
    ----------
    around : array, shape (I, J, K)
        The image that is filtered.
    low, high : tuple of int
        First voxel of the box, and the one after its last.
    wavelet : str
    levels, levels_skipped : int
    across : int, optional
        An axis that is not filtered.

    Yields
    ------
    array, shape of the box
        Single precision where the image is, double otherwise; bands in the order LLH, LHL ... HHH of each level, LLL at last.

    References
    ----------
    Lee et al., PyWavelets, Journal of Open Source Software 4 (2019) 1237.

    Examples
    --------
    >>> image = np.arange(64.0).reshape(4, 4, 4)
    >>> bands = list(wavelet_bands(image, (0, 0, 0), (2, 2, 2), wavelet="haar"))
    >>> len(bands), bands[0].shape, round(float(bands[0][0, 0, 0]), 3), round(float(bands[-1][0, 0, 0]), 3)
    (8, (2, 2, 2), -1.414, 29.698)
    """
    precision = np.float32 if around.dtype == np.float32 else np.float64
    filters = filters_of(wavelet, precision)
    axes = [axis for axis in range(3) if axis != across]
    n_levels = levels + levels_skipped
    periods = [n + n % 2 for n in around.shape]
    before, after = reach_voxels(wavelet, n_levels)
    starts = [low[axis] - (before if axis in axes else 0) for axis in range(3)]
    ends = [high[axis] + (after if axis in axes else 0) for axis in range(3)]
    block = around
    for axis, (start, end) in enumerate(zip(starts, ends, strict=True)):
        places = np.arange(start, min(end, start + periods[axis])) % periods[axis]  # a period at most: the rest repeats it
        places[places == around.shape[axis]] = 0
        block = np.take(block, places, axis=axis)
    block = np.ascontiguousarray(block, dtype=precision)
    for level in range(n_levels):
        bands = [("", block)]
        for axis in axes:
            n = min(ends[axis] - starts[axis] - filters.low.size + 1, periods[axis])
            bands = [
                (name + letter, _filtered(band, taps, axis, starts[axis], periods[axis], n))
                for name, band in bands
                for letter, taps in zip("LH", filters, strict=True)
                if letter == "L" or level >= levels_skipped
            ]
        for axis in axes:
            starts[axis] += filters.low.size // 2 - 1
            ends[axis] -= filters.low.size // 2
        block = bands[0][1]
        for _, band in bands[1:]:
            yield _box(band, starts, low, high)
    yield _box(block, starts, low, high)


def _box(band: Values, starts: list[int], low: tuple[int, ...], high: tuple[int, ...]) -> Values:
    """The voxels from `low` to `high` of a band that begins at `starts` and is periodic where it is too short."""
    for axis, (start, first, last) in enumerate(zip(starts, low, high, strict=True)):
        band = _repeated(band, axis, first - start, last - start)
    return band


def _repeated(block: Values, axis: int, first: int, last: int) -> Values:
    """The voxels from `first` to `last` along an axis of a block that goes on periodically."""
    size = block.shape[axis]
    if last <= size:
        return block[tuple(slice(first, last) if other == axis else slice(None) for other in range(3))]
    return np.take(block, np.arange(first, last) % size, axis=axis)


def _filtered(block: Values, taps: Values, axis: int, start: int, period: int, n: int) -> Values:
    """One filter along one axis, `n` voxels of the result; a block that is too short for them goes on periodically.

    Products are added one by one in the order of PyWavelets, which is another one where the filter passes the end of the
    image: sums that cancel are then equal to the last bit.
    """
    length = taps.size
    block = _repeated(block, axis, 0, n + length - 1)
    result = np.zeros([n if other == axis else size for other, size in enumerate(block.shape)], dtype=block.dtype)
    product = np.empty_like(result)
    given, added, one = (np.moveaxis(array, axis, 0) for array in (block, result, product))
    centre = (np.arange(n) + start + length // 2 - 1) % period + length // 2
    for number in range(length):
        np.multiply(given[length - 1 - number :][:n], taps[number], out=one)
        added += one
    for place in np.flatnonzero(centre >= period):
        passed = int(centre[place]) - period
        added[place] = 0
        for number in (*range(passed, -1, -1), *range(passed + 1, length)):
            added[place] += given[place + length - 1 - number] * taps[number]
    return result
