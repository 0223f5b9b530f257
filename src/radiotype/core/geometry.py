"""Where voxels lie in the patient."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from radiotype.errors import InputError

Floats = npt.NDArray[np.float64]

#: Two grids are the same when no corner voxel centre differs by more than this fraction of the smallest spacing.
GRID_TOLERANCE_VOXELS = 0.1

#: No position or spacing is larger than this, mm; a larger number is a damaged header.
MAX_POSITION_MM = 1e9

#: Largest cosine between two axes that still counts as a right angle (rounding of stored orientations).
ORTHOGONALITY_TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False)
class Grid:
    """Shape and position of a voxel array in patient space.

    Parameters
    ----------
    shape : tuple of int, (I, J, K)
        Number of voxels along each index axis.
    affine : array, shape (4, 4), mm
        Maps voxel indices (i, j, k, 1) to patient coordinates, LPS: +x left, +y posterior, +z superior.

    Raises
    ------
    InputError
        RT207 if a number is not finite, a spacing is not positive or the axes are not at right angles.

    Examples
    --------
    >>> import numpy as np
    >>> Grid((64, 64, 20), np.diag([0.9, 0.9, 3.0, 1.0])).spacing_mm
    (0.9, 0.9, 3.0)
    """

    shape: tuple[int, int, int]
    affine: Floats

    def __post_init__(self) -> None:
        shape = tuple(int(n) for n in self.shape)
        affine = np.array(self.affine, dtype=np.float64)
        if len(shape) != 3 or min(shape) < 1:
            raise InputError("RT207", f"a volume needs three axes of at least one voxel, found shape {shape}")
        if affine.shape != (4, 4) or not np.isfinite(affine).all():
            raise InputError("RT207", "the matrix that places the voxels is not 4 x 4 or holds values that are not finite")
        if np.abs(affine).max() > MAX_POSITION_MM:
            raise InputError("RT207", "the matrix that places the voxels holds numbers that no patient reaches")
        axes = affine[:3, :3]
        lengths = np.linalg.norm(axes, axis=0)
        if lengths.min() <= 0:
            raise InputError("RT207", f"voxel spacing must be positive, found {lengths.round(4).tolist()} mm")
        cosines = np.abs((axes / lengths).T @ (axes / lengths) - np.eye(3)).max()
        if cosines > ORTHOGONALITY_TOLERANCE:
            raise InputError(
                "RT207",
                f"the voxel axes are not at right angles (largest cosine {cosines:.4f}), as after a tilted gantry",
                hint="resample the scan and its masks to a regular grid first",
            )
        affine.setflags(write=False)
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "affine", affine)

    @cached_property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between neighbouring voxel centres along I, J and K, mm."""
        i, j, k = np.linalg.norm(self.affine[:3, :3], axis=0).tolist()
        return (i, j, k)

    @property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel, mm3."""
        return float(np.prod(self.spacing_mm))

    @property
    def direction(self) -> Floats:
        """Unit vectors of the index axes in patient space, shape (3, 3), one column per axis."""
        direction: Floats = self.affine[:3, :3] / np.array(self.spacing_mm)
        return direction

    @property
    def origin_mm(self) -> tuple[float, float, float]:
        """Patient position of the centre of voxel (0, 0, 0), mm."""
        x, y, z = self.affine[:3, 3].tolist()
        return (x, y, z)

    def corners_mm(self) -> Floats:
        """Patient positions of the eight corner voxel centres, shape (8, 3), mm."""
        last = np.array(self.shape) - 1
        index = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)]) * last
        corners: Floats = index @ self.affine[:3, :3].T + self.affine[:3, 3]
        return corners

    def same_as(self, other: Grid) -> bool:
        """Whether both grids have one shape and no corner differs by more than a tenth of a voxel."""
        if self.shape != other.shape:
            return False
        if (self.affine == other.affine).all():
            return True
        shift = np.linalg.norm(self.corners_mm() - other.corners_mm(), axis=1).max()
        return bool(shift <= GRID_TOLERANCE_VOXELS * min(self.spacing_mm + other.spacing_mm))

    def cropped(self, low: tuple[int, int, int], high: tuple[int, int, int]) -> Grid:
        """The grid of the box low <= index < high; it may reach beyond this grid."""
        affine = self.affine.copy()
        affine[:3, 3] += affine[:3, :3] @ np.array(low, dtype=np.float64)
        i, j, k = (int(b - a) for a, b in zip(low, high, strict=True))
        return Grid((i, j, k), affine)

    def __str__(self) -> str:
        size = " x ".join(str(n) for n in self.shape)
        spacing = " x ".join(f"{s:.4g}" for s in self.spacing_mm)
        origin = ", ".join(f"{x:.2f}" for x in self.origin_mm)
        axes = ", ".join("(" + " ".join(f"{x:.3g}" for x in axis + 0.0) + ")" for axis in self.direction.round(4).T)
        return f"{size} voxels, {spacing} mm, origin ({origin}) mm, axes {axes}"
