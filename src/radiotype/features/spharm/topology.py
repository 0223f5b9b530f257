"""From a mask to one simply connected solid of voxels, fine enough for its surface to be mapped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
MAX_BOX_VOXELS = 100_000_000

#: In a larger box than this handles are only cut: growing what lies outside would take seconds.
MAX_FILLED_BOX_VOXELS = 20_000_000

#: Where filling changes no more than this fraction of the voxels, cutting is not tried.
HARDLY_ANY = 1e-3

#: Filling may change this many times the voxels of cutting: a cut is a slit through the body, which few harmonics follow.
FILLING_MAY_COST = 2


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
    n_changed : int
        Voxels of the solid's size that were left out or filled to make it simply connected and well composed.
    handles : "none", "cut" or "fill"
        How that was done.
    """

    voxels: Bools
    spacing_mm: Triple
    first: tuple[int, int, int]
    halvings: int
    n_mask: int
    n_component: int
    n_filled: int
    n_surface: int
    n_changed: int
    handles: Literal["none", "cut", "fill"]

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
        """Voxels filled or left out, those of cavities included, relative to the part described."""
        return (self.n_filled + self.n_changed / 8**self.halvings) / self.n_component


def bordered(voxels: Bools) -> npt.NDArray[np.uint8]:
    """The voxels (I, J, K) as bytes of shape (K + 2, J + 2, I + 2), with an empty voxel all around."""
    x, y, z = voxels.shape
    result = np.zeros((z + 2, y + 2, x + 2), dtype=np.uint8)
    result[1:-1, 1:-1, 1:-1] = voxels.T
    return result


def simply_connected(voxels: Bools, spacing_mm: Triple, *, handles: Literal["cut", "fill"] = "cut") -> tuple[Bools, int]:
    """A solid much like the given one, whose surface is one sphere.

    Either the solid is grown from its deepest voxel, deepest first, as far as its surface stays one sphere: handles are cut
    where they are thinnest, contacts along an edge or a corner only are opened. Or what lies outside is grown in the same way
    from afar: holes are closed where they are narrowest, such contacts are filled. Voxels of one depth are taken in an order
    that turns and mirrors of the array do not change. A lobe that could be reached only past a contact is not lost: the voxel
    there is taken together with one that mends the contact, even one that the solid (what lies outside) did not have.

    Parameters
    ----------
    voxels : array of bool, shape (I, J, K)
        To "cut", without cavities: a tunnel to each would be left open.
    spacing_mm : tuple of float
        Size of a voxel; depth is the distance to the nearest voxel on the other side of the surface.
    handles : "cut" or "fill"

    Returns
    -------
    voxels, n_changed
        The solid, read-only, and the number of voxels that differ.

    References
    ----------
    Simple points: Bertrand & Malandain, Pattern Recognition Letters 15 (1994) 169-175. Well-composed sets: Latecki, Computer
    Vision and Image Understanding 61 (1995) 70-83.

    Examples
    --------
    >>> ring = np.ones((4, 3, 1), dtype=bool)
    >>> ring[1:3, 1] = False
    >>> [simply_connected(ring, (1.0, 1.0, 1.0), handles=how)[1] for how in ("cut", "fill")]
    [1, 2]
    """
    frame = canonical_frame(voxels, spacing_mm)
    room = bordered(frame.turn(voxels))
    outside = handles == "fill"
    if outside:
        room ^= 1
    distance = np.empty(room.shape, dtype=np.float32)
    scratch = np.empty(4 * (max(room.shape) + 1))
    x, y, z = frame.spacing(steps_of(spacing_mm))
    native.squared_distance(room, np.array([z, y, x], dtype=np.float64), distance, scratch)
    n_changed = native.grow_solid(room, distance, outside, np.empty(int(np.count_nonzero(room)), dtype=np.uint64))
    if outside:
        room ^= 1
    result = frame.back(room[1:-1, 1:-1, 1:-1].T).view(np.bool_)
    result.flags.writeable = False
    return result, n_changed


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
    >>> made.halvings, made.spacing_mm, made.n_changed
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
    n_changed = 0
    handles: Literal["none", "cut", "fill"] = "none"
    if not sound:
        fine, n_changed, handles = _repaired(fine, spacing)
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
        n_changed=n_changed,
        handles=handles,
    )


def _repaired(voxels: Bools, spacing_mm: Triple) -> tuple[Bools, int, Literal["cut", "fill"]]:
    """Handles filled, or cut where that changes far fewer voxels; not both are tried where filling changes hardly any."""
    if voxels.size > MAX_FILLED_BOX_VOXELS:
        return *simply_connected(voxels, spacing_mm, handles="cut"), "cut"
    filled, n_filled = simply_connected(voxels, spacing_mm, handles="fill")
    if n_filled <= HARDLY_ANY * np.count_nonzero(voxels):
        return filled, n_filled, "fill"
    cut, n_cut = simply_connected(voxels, spacing_mm, handles="cut")
    return (filled, n_filled, "fill") if n_filled <= FILLING_MAY_COST * n_cut else (cut, n_cut, "cut")


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
