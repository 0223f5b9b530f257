"""From a mask to one simply connected solid of voxels, fine enough for its surface to be mapped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

import radiotype._native as native
from radiotype.errors import ComputeError
from radiotype.features.mesh import checked_region
from radiotype.features.spharm.frame import Triple, canonical_frame, steps_of

Bools = npt.NDArray[np.bool_]

#: The voxels are halved until their surface has this many vertices.
MIN_VERTICES = 10_000

#: A box of more voxels than this would need more than 1 GB.
MAX_BOX_VOXELS = 120_000_000


@dataclass(frozen=True, eq=False)
class Solid:
    """A simply connected solid of voxels and how it came from its mask.

    Parameters
    ----------
    voxels : array of bool, shape (I, J, K)
        The solid in the box of the largest part of the mask. Read-only.
    spacing_mm : tuple of float
        Size of its voxels.
    first : tuple of int
        Index in the mask of the first voxel of that box.
    halvings : int
        How often the size of the voxels was halved.
    n_mask, n_component, n_filled : int
        Voxels of the mask, of its largest part (connected by faces), and of that part's cavities, which are filled.
    n_surface : int
        Voxels of the filled part with a face on its surface.
    n_left_out : int
        Voxels of the solid's size that had to be left out to make it simply connected and well composed.
    """

    voxels: Bools
    spacing_mm: Triple
    first: tuple[int, int, int]
    halvings: int
    n_mask: int
    n_component: int
    n_filled: int
    n_surface: int
    n_left_out: int

    @property
    def volume_mm3(self) -> float:
        """Volume of the solid."""
        return float(np.count_nonzero(self.voxels)) * float(np.prod(self.spacing_mm))

    @property
    def kept_fraction(self) -> float:
        """Part of the mask's voxels that lies in the part described."""
        return self.n_component / self.n_mask

    @property
    def changed_fraction(self) -> float:
        """Voxels filled or left out, relative to the part described."""
        return (self.n_filled + self.n_left_out / 8**self.halvings) / self.n_component


def bordered(voxels: Bools) -> npt.NDArray[np.uint8]:
    """The voxels (I, J, K) as bytes of shape (K + 2, J + 2, I + 2), with an empty voxel all around."""
    x, y, z = voxels.shape
    result = np.zeros((z + 2, y + 2, x + 2), dtype=np.uint8)
    result[1:-1, 1:-1, 1:-1] = voxels.T
    return result


def simply_connected(voxels: Bools, spacing_mm: Triple) -> tuple[Bools, int]:
    """The largest part of a solid, grown from its deepest voxel outwards, whose surface is one sphere.

    Handles are cut where they are thinnest, and contacts along an edge or a corner only are opened. Voxels of one depth are
    taken in an order that turns and mirrors of the array do not change.

    Parameters
    ----------
    voxels : array of bool, shape (I, J, K)
        Cavities are not closed here: a tunnel to each is left open.
    spacing_mm : tuple of float
        Size of a voxel; "deep" is by the distance to the nearest empty voxel.

    Returns
    -------
    voxels, n_left_out
        The solid, read-only, and the number of voxels left out.

    References
    ----------
    Simple points: Bertrand & Malandain, Pattern Recognition Letters 15 (1994) 169-175. Well-composed sets: Latecki, Computer
    Vision and Image Understanding 61 (1995) 70-83.

    Examples
    --------
    >>> ring = np.ones((3, 3, 1), dtype=bool)
    >>> ring[1, 1] = False
    >>> simply_connected(ring, (1.0, 1.0, 1.0))[1]
    1
    """
    frame = canonical_frame(voxels, spacing_mm)
    room = bordered(frame.turn(voxels))
    distance = np.empty(room.shape, dtype=np.float32)
    scratch = np.empty(4 * (max(room.shape) + 1))
    x, y, z = frame.spacing(steps_of(spacing_mm))
    native.squared_distance(room, np.array([z, y, x], dtype=np.float64), distance, scratch)
    n_left_out = native.grow_solid(room, distance, np.empty(int(np.count_nonzero(room)), dtype=np.uint64))
    result = frame.back(room[1:-1, 1:-1, 1:-1].T).view(np.bool_)
    result.flags.writeable = False
    return result, n_left_out


def solid(mask: Bools, spacing_mm: npt.ArrayLike, *, min_vertices: int = MIN_VERTICES) -> Solid:
    """The simply connected solid of the largest part of a mask.

    Parameters
    ----------
    mask : array of bool, shape (I, J, K)
    spacing_mm : array, shape (3,)
    min_vertices : int
        Voxels are halved along every axis until their surface has this many vertices.

    Raises
    ------
    InputError, ComputeError
        As `radiotype.features.mesh.checked_region`; RT306 if the box of the solid has too many voxels.

    Examples
    --------
    >>> made = solid(np.ones((2, 2, 2), dtype=bool), (1, 1, 3))
    >>> made.halvings, made.spacing_mm, made.n_left_out
    (5, (0.03125, 0.03125, 0.09375), 0)
    """
    region = checked_region(mask, spacing_mm)
    part, first = _largest_part(region.mask)
    part, n_component, n_filled = _without_cavities(part)
    x, y, z = region.spacing_mm.tolist()
    fine = part
    _require_room(fine.size)
    vertices, squares, badly = native.surface_counts(bordered(fine))
    sound = badly == 0 and vertices - squares == 2
    halvings = 0
    while vertices < min_vertices:
        halvings += 1
        _require_room(8 * fine.size)
        fine = fine.repeat(2, 0).repeat(2, 1).repeat(2, 2)
        vertices, _, _ = native.surface_counts(bordered(fine))
    spacing = (x / 2**halvings, y / 2**halvings, z / 2**halvings)
    n_left_out = 0
    if not sound:
        fine, n_left_out = simply_connected(fine, spacing)
    i, j, k = (a + b for a, b in zip(region.first, first, strict=True))
    fine.flags.writeable = False
    return Solid(
        voxels=fine,
        spacing_mm=spacing,
        first=(i, j, k),
        halvings=halvings,
        n_mask=int(np.count_nonzero(region.mask)),
        n_component=n_component,
        n_filled=n_filled,
        n_surface=_on_surface(part),
        n_left_out=n_left_out,
    )


def _largest_part(mask: Bools) -> tuple[Bools, tuple[int, int, int]]:
    """The largest part connected by faces in its tight box, and where that begins."""
    from scipy import ndimage

    labels, n_parts = ndimage.label(mask)
    if n_parts == 1:
        return mask, (0, 0, 0)
    largest = 1 + int(np.argmax(np.bincount(labels.ravel())[1:]))
    place = ndimage.find_objects(labels, max_label=largest)[largest - 1]
    i, j, k = (int(along.start) for along in place)
    return labels[place] == largest, (i, j, k)


def _without_cavities(part: Bools) -> tuple[Bools, int, int]:
    """The part with its cavities filled, its voxels, and those of the cavities."""
    from scipy import ndimage

    labels, n_gaps = ndimage.label(np.pad(~part, 1, constant_values=True))
    n_part = int(np.count_nonzero(part))
    if n_gaps == 1:
        return part, n_part, 0
    filled = labels[1:-1, 1:-1, 1:-1] != labels[0, 0, 0]
    return filled, n_part, int(np.count_nonzero(filled)) - n_part


def _on_surface(part: Bools) -> int:
    """Number of voxels with an empty voxel beyond one of their faces."""
    room = np.pad(part, 1)
    inner = room.copy()
    for axis in range(3):
        inner &= np.roll(room, 1, axis) & np.roll(room, -1, axis)
    return int(np.count_nonzero(room)) - int(np.count_nonzero(inner))


def _require_room(n_voxels: int) -> None:
    if n_voxels > MAX_BOX_VOXELS:
        raise ComputeError(
            "RT306",
            f"the box of the region has {n_voxels:,} voxels, expected at most {MAX_BOX_VOXELS:,}",
            hint="resample the mask to larger voxels, or leave the family `spharm` out",
        )
