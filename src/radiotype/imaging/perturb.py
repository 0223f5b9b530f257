"""Masks as another reader might have drawn them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Integral, Real
from pathlib import Path

import numpy as np
import numpy.typing as npt

from radiotype.core.case import MaskLoader, Region
from radiotype.core.cohort import Cohort
from radiotype.core.geometry import Floats, Grid
from radiotype.core.volume import Mask, Scan
from radiotype.errors import ComputeError, RecipeError

#: Rises whenever `deform` gives another mask for the same seed; part of the key of stored results.
VERSION = 1

#: Plane waves that make up a displacement field.
N_WAVES = 100

#: With it, places of a deformed lung nodule move alike over distances like those of two readers (benchmarks/readers.py).
SMOOTHNESS_MM = 5.0

#: Largest amount, in smoothnesses: for balls up to 14 mm, some 1 field in 100 folds the surface; at 0.25, up to 1 in 5.
MAX_AMOUNT = 0.2

#: A field is drawn again if it is weaker than this at the surface, relative to its expectation: made stronger, it would fold.
WEAKEST = 2 / 3

#: The box in which a region is displaced is wider by this many amounts, which next to no displacement exceeds.
REACH = 8.0


def deform(mask: Mask, *, amount_mm: float, smoothness_mm: float = SMOOTHNESS_MM, seed: int | np.random.SeedSequence) -> Mask:
    """Move the surface of a mask by a smooth random displacement: as if it had been drawn once more.

    Parameters
    ----------
    mask : Mask
    amount_mm : float
        Root mean square, over the surface and over all directions, of the displacement, mm: how far the surface moves along its
        normal. At most a fifth of `smoothness_mm`; 0 leaves the mask as it is.
    smoothness_mm : float
        Displacements of two points d mm apart have the correlation exp(-d^2 / (2 smoothness_mm^2)). A region much smaller than
        this is shifted rather than deformed.
    seed : int or SeedSequence
        The field is drawn in patient space, from the middle of the box around the region: voxels of another size or order are
        displaced in the same way.

    Returns
    -------
    Mask
        On the same grid. Of the voxels that the displaced region meets, those it fills most, as many as its volume makes up,
        and one at least. Outside of the grid there is no region, and what is displaced there is lost.

    Raises
    ------
    RecipeError
        RT103 for an amount or a smoothness that cannot be.
    ComputeError
        RT305 if the whole region is displaced out of the grid.

    References
    ----------
    Simard, Steinkraus & Platt, ICDAR 2003, 958-962; the waves: Rahimi & Recht, NIPS 2007, 1177-1184.

    Examples
    --------
    >>> ball = (np.indices((24, 24, 24)) - 11.5) ** 2
    >>> mask = Mask(ball.sum(axis=0) < 64, Grid((24, 24, 24), np.eye(4)))
    >>> other = deform(mask, amount_mm=1.0, seed=1)
    >>> 0.8 < other.n_voxels / mask.n_voxels < 1.25, bool(np.all(other.data == mask.data))
    (True, False)
    """
    check_deformation(amount_mm, smoothness_mm, seed)
    if amount_mm == 0:
        return mask
    from threadpoolctl import threadpool_limits

    grid, (low, high) = mask.grid, mask.box
    reach = np.ceil(REACH * amount_mm / np.array(grid.spacing_mm)).astype(int) + 1
    first, end = np.array(low) - reach, np.array(high) + reach
    region = np.pad(mask.cropped(low, high), np.stack([reach, reach], axis=1))
    with threadpool_limits(1):  # many small products: threads would only wait for each other
        field = _field(mask, amount_mm, smoothness_mm, np.random.default_rng(seed))
        filled = _displaced(region, grid.cropped(tuple(first), tuple(end)), field)
    whole = np.zeros(grid.shape, dtype=np.bool_)
    inner = np.clip(first, 0, None), np.minimum(end, grid.shape)
    there = tuple(slice(a, b) for a, b in zip(*inner, strict=True))
    whole[there] = filled[tuple(slice(a, b) for a, b in zip(inner[0] - first, inner[1] - first, strict=True))]
    if not whole.any():
        raise ComputeError(
            "RT305",
            f"a displacement of {amount_mm:g} mm moved the whole region of {mask.n_voxels} voxels out of the scan",
            hint="take a smaller amount_mm, another seed, or an image that reaches further",
        )
    return Mask(whole, grid, mask.label, mask.source, mask.remarks)


def check_deformation(amount_mm: float, smoothness_mm: float, seed: int | np.random.SeedSequence) -> None:
    """Refuse what `deform` refuses.

    Raises
    ------
    RecipeError
        RT103.
    """
    for name, value, least in (("amount_mm", amount_mm, "0 or more"), ("smoothness_mm", smoothness_mm, "above 0")):
        if not isinstance(value, Real) or not 0 <= value < np.inf or (value == 0 and name == "smoothness_mm"):
            raise RecipeError("RT103", f"{name} is {value!r}; expected a number of mm, {least}")
    if amount_mm > MAX_AMOUNT * smoothness_mm:
        raise RecipeError(
            "RT103",
            f"amount_mm is {amount_mm:g}, more than a fifth of smoothness_mm ({smoothness_mm:g}): the surface could fold",
            hint=f"give smoothness_mm={amount_mm / MAX_AMOUNT:g} or more, or a smaller amount",
        )
    if not isinstance(seed, np.random.SeedSequence) and (not isinstance(seed, Integral) or seed < 0):
        raise RecipeError("RT103", f"seed is {seed!r}; expected a whole number, 0 or more, or a SeedSequence")


@dataclass(frozen=True)
class DeformedMasks:
    """Reads the masks that `source` reads, and deforms them; each by a field of its own."""

    source: MaskLoader
    amount_mm: float
    smoothness_mm: float
    seed: tuple[int, ...]

    @property
    def path(self) -> Path:
        return self.source.path

    def files(self) -> tuple[Path, ...]:
        return self.source.files()

    def how(self) -> Mapping[str, str]:
        own = [f"{self.amount_mm!r} mm", f"smooth over {self.smoothness_mm!r} mm", f"seed {self.seed}", f"version {VERSION}"]
        return {**self.source.how(), "deformed": ", ".join(own)}

    def __call__(self, like: Scan) -> tuple[Mask, ...]:
        return tuple(
            deform(
                mask,
                amount_mm=self.amount_mm,
                smoothness_mm=self.smoothness_mm,
                seed=np.random.SeedSequence([*self.seed, number]),
            )
            for number, mask in enumerate(self.source(like))
        )


def deformed(cohort: Cohort, *, amount_mm: float, smoothness_mm: float = SMOOTHNESS_MM, seed: int) -> Cohort:
    """The cohort with every mask deformed when it is read; the parenchyma stays as it is.

    Parameters
    ----------
    cohort : Cohort
    amount_mm, smoothness_mm : float
        As in `deform`.
    seed : int
        The field of a region depends on it and on the key of its row, not on the other rows.

    Raises
    ------
    RecipeError
        RT103 for an amount, a smoothness or a seed that cannot be.
    """
    check_deformation(amount_mm, smoothness_mm, seed)

    def of(region: Region) -> Region:
        key = hashlib.sha256("\0".join(region.key).encode("utf-8")).digest()
        words = np.frombuffer(key, dtype="<u4").tolist()
        return replace(region, masks=DeformedMasks(region.masks, float(amount_mm), float(smoothness_mm), (int(seed), *words)))

    return Cohort(tuple(replace(case, regions=tuple(map(of, case.regions))) for case in cohort.cases))


@dataclass(frozen=True, eq=False)
class _Field:
    """u(x) = sum of amplitudes * cos(waves . (x - origin) + phases), mm.

    `waves` (n, 3) in radians per mm of patient space, `amplitudes` (n, 3) in mm, `phases` (n,).
    """

    waves: Floats
    amplitudes: Floats
    phases: Floats
    origin_mm: Floats

    def at(self, points_mm: Floats) -> Floats:
        """Displacements at points, both (n, 3), mm in patient space."""
        found = np.empty(points_mm.shape)
        for start in range(0, len(points_mm), 4096):
            part = slice(start, start + 4096)
            found[part] = np.cos((points_mm[part] - self.origin_mm) @ self.waves.T + self.phases) @ self.amplitudes
        return found


def _field(mask: Mask, amount_mm: float, smoothness_mm: float, random: np.random.Generator) -> _Field:
    """A field whose root mean square per direction is `amount_mm` over the faces between the region and the rest."""
    low, high = (np.array(corner, dtype=np.float64) for corner in mask.box)
    middle = _position(mask.grid, (low + high - 1)[None] / 2)[0]
    faces, areas = _faces(mask)
    expected = np.sqrt(N_WAVES / 2)
    while True:
        waves = random.normal(size=(N_WAVES, 3)) / smoothness_mm
        amplitudes = random.normal(size=(N_WAVES, 3))
        phases = random.uniform(0, 2 * np.pi, N_WAVES)
        field = _Field(waves, amplitudes, phases, middle)
        found = np.sqrt(np.average(np.mean(field.at(faces) ** 2, axis=1), weights=areas))
        if found >= WEAKEST * expected:
            return replace(field, amplitudes=amplitudes * (amount_mm / found))


def _faces(mask: Mask) -> tuple[Floats, Floats]:
    """Patient positions (n, 3), mm, of the middles of the faces between the region and the rest, and their areas."""
    region = np.pad(mask.cropped(*mask.box), 1)
    spacing, faces, areas = mask.grid.spacing_mm, [], []
    for axis, step in enumerate(spacing):
        between = np.argwhere(np.diff(region, axis=axis)) + np.array(mask.box[0]) - 1.0
        between[:, axis] += 0.5
        faces.append(between)
        areas.append(np.full(len(between), np.prod(spacing) / step))
    return _position(mask.grid, np.concatenate(faces)), np.concatenate(areas)


def _position(grid: Grid, indices: Floats) -> Floats:
    """Patient positions of voxel indices, both (n, 3)."""
    position: Floats = indices @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    return position


def _displaced(region: npt.NDArray[np.bool_], grid: Grid, field: _Field) -> npt.NDArray[np.bool_]:
    """The voxels that the displaced region fills most, as many as it fills in sum."""
    from scipy import ndimage

    # The waves are products of one factor per axis of the grid, so a plane of displacements is one product of matrices.
    along = field.waves @ grid.affine[:3, :3]
    start = field.waves @ (grid.affine[:3, 3] - field.origin_mm) + field.phases
    x, y, z = (np.exp(1j * np.outer(along[:, axis], np.arange(n))) for axis, n in enumerate(region.shape))
    x *= np.exp(1j * start)[:, None]
    z = np.concatenate([z.real, -z.imag])
    to_index = np.linalg.inv(grid.affine[:3, :3])
    fraction = np.empty(region.shape, dtype=np.float32)
    source = region.astype(np.float32)
    j, k = np.indices(region.shape[1:])
    for i, plane in enumerate(fraction):
        xy = (field.amplitudes.T[:, :, None] * (x[:, i, None] * y)).transpose(0, 2, 1)
        u = np.concatenate([xy.real, xy.imag], axis=2) @ z
        back = np.tensordot(to_index, u, axes=1)
        ndimage.map_coordinates(source, [i - back[0], j - back[1], k - back[2]], output=plane, order=1, mode="constant")
    n = max(1, round(float(fraction.sum(dtype=np.float64))))
    met = np.flatnonzero(fraction)
    fullest = met[np.argsort(-fraction.flat[met], kind="stable")[:n]]
    filled = np.zeros(region.shape, dtype=np.bool_)
    filled.flat[fullest] = True
    return filled
