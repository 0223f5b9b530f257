"""Laws' kernels: levels, edges, spots, waves and ripples, alone or by the energy of their response."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

from radiotype.core.geometry import Floats
from radiotype.errors import RecipeError
from radiotype.features.filters.boundary import Boundary, Range, checked_boundary, needed, whole
from radiotype.features.filters.mean import mean_chains
from radiotype.features.filters.pooling import Pooling
from radiotype.features.filters.rotations import pooled_turns
from radiotype.features.filters.separable import Chain, along_axis, beyond, convolution

#: Laws' vectors, before each is given the length 1.
KERNELS = {
    "L5": (1, 4, 6, 4, 1),
    "E5": (-1, -2, 0, 2, 1),
    "S5": (-1, 0, 2, 0, -1),
    "W5": (-1, 2, 0, -2, 1),
    "R5": (1, -4, 6, -4, 1),
    "L3": (1, 2, 1),
    "E3": (-1, 0, 1),
    "S3": (-1, 2, -1),
}


def laws_chains(kernels: str) -> tuple[Chain, ...]:
    """One chain for each kernel of a name such as "L5E5E5".

    Raises
    ------
    RecipeError
        RT103 for a name that is not made of two or three kernels.
    """
    names = re.findall(r"[A-Z][0-9]", kernels)
    if "".join(names) != kernels or len(names) not in (2, 3) or not set(names) <= set(KERNELS):
        hint = f"two of them within slices, three in space, of {', '.join(KERNELS)}"
        raise RecipeError("RT103", f"{kernels!r} names no kernels of Laws", hint=hint)
    return tuple((convolution((np.array(KERNELS[name]) / math.hypot(*KERNELS[name])).tolist()),) for name in names)


def laws(
    image: Floats,
    kernels: str,
    *,
    rotation_invariant: bool = True,
    pooling: Pooling = "max",
    energy_distance: int | None = 7,
    boundary: Boundary = "mirror",
    keep: Sequence[Range] | None = None,
) -> Floats:
    """The response to Laws' kernels along the axes, or its texture energy.

    Parameters
    ----------
    image : array, shape (I, J, K)
        Finite.
    kernels : str
        One kernel per axis, such as "L5E5E5"; two, such as "L5E5", stay within slices (I, J).
    rotation_invariant : bool
        Pool the responses to the kernels in all directions of the grid.
    pooling : "max", "mean" or "min"
    energy_distance : int, optional
        The mean size of the response among the voxels up to so far away along each axis, in place of the response.
    boundary : Boundary
        What lies beyond the image, and beyond the response whose energy is taken; of a number, the response to it.
    keep : three of (low, high), optional
        Voxels that the result holds; all when left out.

    References
    ----------
    IBSI reference manual, Laws kernels (JTXT) and energy maps.

    Examples
    --------
    >>> stripes = np.tile([0.0, 1.0], 4)[None, :, None] * np.ones((8, 1, 1))
    >>> laws(stripes, "L5R5", rotation_invariant=False, energy_distance=None)[0, 3:5, 0].round(3).tolist()
    [1.829, -1.829]
    """
    chains, boundary, keep = laws_chains(kernels), checked_boundary(boundary), keep or whole(image.shape)
    how = pooling if rotation_invariant else None
    if energy_distance is None:
        return pooled_turns(image, chains, how, boundary=boundary, keep=keep)
    energy = mean_chains(2 * energy_distance + 1, len(chains))
    reach = [energy_distance if chain else 0 for chain in energy]
    wide = [needed((low - far, high + far), n, boundary) for (low, high), far, n in zip(keep, reach, image.shape, strict=True)]
    response = np.abs(pooled_turns(image, chains, how, boundary=boundary, keep=wide))
    outside = beyond(boundary, tuple(taps for chain in chains for taps in chain))
    boundary = outside if isinstance(outside, str) else abs(outside)  # the turns of a filter differ in its sign alone
    for axis, (chain, held, kept, n) in enumerate(zip(energy, wide, keep, image.shape, strict=True)):
        response = along_axis(response, axis, chain, boundary=boundary, keep=kept, held=held, n=n)
        boundary = beyond(boundary, chain)
    return response
