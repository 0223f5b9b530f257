"""Filters that a scan cannot be filtered with: what they would respond to is not what they are for."""

from __future__ import annotations

from collections.abc import Sequence

from radiotype.errors import ComputeError

#: Voxels that the standard deviation of a Gaussian takes at least: sampled more coarsely, its second derivative adds up to
#: more than a hundredth of its size, so that the response holds the intensity itself.
LEAST_SIGMA = 0.6

#: Voxels that a wave takes at least; shorter ones look like longer ones.
LEAST_WAVE = 2.0


class UnfitError(ComputeError):
    """A filter does not fit a scan: a value of `radiotype.core.reasons.MISSING` stands beside its features.

    Parameters
    ----------
    reason : str
        A key of `MISSING`.
    """

    def __init__(self, reason: str, code: str, found: str, *, hint: str) -> None:
        super().__init__(code, found, hint=hint)
        self.reason = reason


def require_sampled(length_mm: float, spacing_mm: Sequence[float], least: float, what: str) -> None:
    """Refuse what is shorter than so many voxels.

    Raises
    ------
    UnfitError
        RT305.
    """
    longest = max(spacing_mm)
    if length_mm < least * longest * (1 - 1e-9):
        raise UnfitError(
            "filter_too_fine",
            "RT305",
            f"{what} of {length_mm:g} mm is shorter than {least:g} voxels of {longest:g} mm",
            hint="make it longer, set a smaller spacing_mm, or stay within slices (`dimensions: 2`) where they are far apart",
        )


def require_no_mean(sizes: Sequence[int], edge: float) -> None:
    """Refuse a band of frequencies that holds the mean intensity: axes of an even number of voxels have no frequency 0.

    Parameters
    ----------
    sizes : sequence of int
        Voxels along the axes that are transformed.
    edge : float
        The lower edge of the band, 1 for half a wave per voxel.

    Raises
    ------
    UnfitError
        RT305.
    """
    lowest = sum((1 / (n - 1)) ** 2 for n in sizes if n % 2 == 0) ** 0.5
    if lowest > edge:
        raise UnfitError(
            "filter_passes_mean",
            "RT305",
            f"a scan of {' x '.join(map(str, sizes))} voxels that repeats itself would keep its mean intensity in the band",
            hint="set `boundary: mirror` of the filter, or a lower level",
        )
