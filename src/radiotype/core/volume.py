"""Images and regions: `Scan` and `Mask`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Floats, Grid
from radiotype.errors import InputError

Box = tuple[tuple[int, int, int], tuple[int, int, int]]

#: Modalities that are known, with the unit of their voxel values. OT is any other image in arbitrary units.
UNIT_OF_MODALITY = {"CT": "HU", "MR": "1", "PT": "SUVbw", "SER": "1", "OT": "1"}

#: Units of voxel values (UCUM, or the field's own abbreviation where UCUM has none).
UNITS = frozenset({"HU", "SUVbw", "Bq/mL", "1"})


class Voxels(Protocol):
    """A voxel array that may still lie on disk."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> npt.DTypeLike:
        """Type of what `read` gives."""
        ...

    @property
    def mapped(self) -> bool:
        """Whether `read` gives pages of the file, which take memory only once they are looked at."""
        ...

    def read(self) -> npt.NDArray[Any]:
        """The array in its stored type; (I, J, K) or (T, I, J, K)."""
        ...


@dataclass(frozen=True)
class ArrayVoxels:
    """A voxel array in memory."""

    array: npt.NDArray[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def dtype(self) -> npt.DTypeLike:
        return self.array.dtype

    @property
    def mapped(self) -> bool:
        return False

    def read(self) -> npt.NDArray[Any]:
        return self.array


@dataclass(frozen=True)
class PhaseVoxels:
    """One phase of a series that may still lie on disk."""

    series: Voxels
    index: int

    @property
    def shape(self) -> tuple[int, ...]:
        return self.series.shape[1:]

    @property
    def dtype(self) -> npt.DTypeLike:
        return self.series.dtype

    @property
    def mapped(self) -> bool:
        return False

    def read(self) -> npt.NDArray[Any]:
        one: npt.NDArray[Any] = self.series.read()[self.index].copy()  # a view would keep the whole series
        return one


@dataclass(frozen=True, eq=False, repr=False)
class Scan:
    """An image of one patient at one visit; its voxels are read when first asked for.

    Parameters
    ----------
    voxels : Voxels or array
        (I, J, K), or (T, I, J, K) for a series of phases, in the stored type. An array is not copied, since scans are large:
        `data` is a read-only view of it, and who changes the array afterwards changes the scan.
    grid : Grid
        Where the voxels lie; its shape is (I, J, K).
    modality : str
        One of `UNIT_OF_MODALITY`.
    unit : str, optional
        Unit of slope * stored + intercept; that of the modality when left out.
    slope, intercept : float
        Turn stored numbers into values.
    times_s : tuple of float, optional
        Time of each phase, seconds from the first.
    remarks : tuple of str
        What reading had to decide, such as "2 images of another size or direction were left out".

    Raises
    ------
    InputError
        RT208 for an unknown modality or unit, RT207 if the voxels do not have the grid's shape.

    Examples
    --------
    >>> import numpy as np
    >>> scan = Scan(np.arange(8, dtype=np.int16).reshape(2, 2, 2), Grid((2, 2, 2), np.eye(4)), "CT")
    >>> scan.box((0, 0, 0), (1, 1, 2)).tolist()
    [[[0.0, 1.0]]]
    """

    voxels: Voxels
    grid: Grid
    modality: str = "OT"
    unit: str = ""
    slope: float = 1.0
    intercept: float = 0.0
    times_s: tuple[float, ...] | None = None
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.voxels, np.ndarray):
            object.__setattr__(self, "voxels", ArrayVoxels(self.voxels))
        if self.modality not in UNIT_OF_MODALITY:
            known = ", ".join(UNIT_OF_MODALITY)
            raise InputError("RT208", f"modality {self.modality!r} is not known", hint=f"use one of {known}")
        if not self.unit:
            object.__setattr__(self, "unit", UNIT_OF_MODALITY[self.modality])
        if self.unit not in UNITS:
            raise InputError("RT208", f"unit {self.unit!r} is not known", hint=f"use one of {', '.join(sorted(UNITS))}")
        shape = tuple(self.voxels.shape)
        if shape[-3:] != self.grid.shape or len(shape) not in (3, 4):
            raise InputError("RT207", f"voxels of shape {shape} do not fit a grid of {self.grid.shape}")
        if self.times_s is not None and (len(shape) == 3 or len(self.times_s) != shape[0]):
            raise InputError("RT207", f"{len(self.times_s)} times do not fit voxels of shape {shape}")

    def __repr__(self) -> str:
        phases = f", {self.n_phases} phases" if len(self.voxels.shape) == 4 else ""
        return f"Scan({self.modality} in {self.unit}, {_size(self.grid)}{phases})"

    @property
    def n_phases(self) -> int:
        """Number of phases; 1 for a plain volume."""
        return self.voxels.shape[0] if len(self.voxels.shape) == 4 else 1

    @cached_property
    def data(self) -> npt.NDArray[Any]:
        """The stored numbers, read-only, without slope and intercept."""
        data = self.voxels.read().view()
        data.setflags(write=False)
        return data

    def phase(self, index: int) -> Scan:
        """One phase of a series as a plain volume; 0 is the first."""
        if not 0 <= index < self.n_phases:
            raise InputError("RT212", f"phase {index} was asked for, the scan has {self.n_phases} (0 is the first)")
        if len(self.voxels.shape) == 3:
            return self
        return replace(self, voxels=PhaseVoxels(self.voxels, index), times_s=None)

    def box(self, low: tuple[int, int, int], high: tuple[int, int, int]) -> Floats:
        """Values of the voxels low <= index < high, as float64 in `unit`.

        Raises
        ------
        InputError
            RT212 for a scan of several phases; RT207 if the box leaves the grid.
        """
        if len(self.voxels.shape) == 4:
            raise InputError(
                "RT212",
                f"the scan has {self.n_phases} phases where one volume is needed",
                hint="name one in the column `phase` of the manifest, or use `read_scan(path, phase=...)`",
            )
        if min(low) < 0 or any(b > n or b <= a for a, b, n in zip(low, high, self.grid.shape, strict=True)):
            raise InputError("RT207", f"the box {low} to {high} does not lie within the grid {self.grid.shape}")
        part = self.data[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
        if part.dtype != np.float64:
            part = part.copy(order="K")  # numbers that lie close are converted twice as fast
        part = part.astype(np.float64)
        if (self.slope, self.intercept) != (1.0, 0.0):
            part *= self.slope
            part += self.intercept
        return part


@dataclass(frozen=True, eq=False, repr=False)
class Mask:
    """A region of a scan.

    Parameters
    ----------
    data : array, shape (I, J, K), bool
        True inside the region; 0 and 1 will do. An array that could still be written to is copied.
    grid : Grid
        Where the voxels lie.
    label : str
        The label it was read from: a number as text, or "any".
    source : str
        Name of the file it was read from, without its folder.
    remarks : tuple of str
        What reading had to decide, such as "2 open contours ignored".

    Raises
    ------
    InputError
        RT204 if no voxel is inside; RT205 if data hold other values than 0 and 1; RT207 if data and grid differ in shape.

    Examples
    --------
    >>> import numpy as np
    >>> data = np.zeros((4, 4, 4), dtype=bool)
    >>> data[1:3, 2, 2] = True
    >>> Mask(data, Grid((4, 4, 4), np.eye(4))).box
    ((1, 2, 2), (3, 3, 3))
    """

    data: npt.NDArray[np.bool_]
    grid: Grid
    label: str = "1"
    source: str = ""
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        data = np.asarray(self.data)
        if data.shape != self.grid.shape:
            raise InputError("RT207", f"a mask of shape {data.shape} does not fit a grid of {self.grid.shape}")
        data = _read_only_bools(data)
        object.__setattr__(self, "data", data)
        if not data.any():
            raise InputError("RT204", "the mask has no voxel inside", hint="check the export of this mask")

    def __repr__(self) -> str:
        return f"Mask(label {self.label}, {self.n_voxels:,} voxels inside, {_size(self.grid)})"

    @cached_property
    def box(self) -> Box:
        """Tight box (low, high) of the region: low <= index < high."""
        low, high = [0, 0, 0], list(self.data.shape)
        part = self.data
        for axis in sorted(range(3), key=lambda one: -self.data.strides[one]):  # slices first, then rows of these only
            inside = np.flatnonzero(part.any(axis=tuple(a for a in range(3) if a != axis)))
            low[axis], high[axis] = int(inside[0]), int(inside[-1]) + 1
            part = self.data[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
        return (low[0], low[1], low[2]), (high[0], high[1], high[2])

    def cropped(self, low: tuple[int, int, int], high: tuple[int, int, int]) -> npt.NDArray[np.bool_]:
        """The part low <= index < high; a view, read-only."""
        return self.data[low[0] : high[0], low[1] : high[1], low[2] : high[2]]

    @cached_property
    def n_voxels(self) -> int:
        """Number of voxels inside."""
        return int(np.count_nonzero(self.data))

    @property
    def volume_mm3(self) -> float:
        """Number of voxels inside times the volume of one, mm3."""
        return self.n_voxels * self.grid.voxel_volume_mm3


def _size(grid: Grid) -> str:
    shape, spacing = " x ".join(map(str, grid.shape)), " x ".join(f"{step:.4g}" for step in grid.spacing_mm)
    return f"{shape} voxels of {spacing} mm"


def _read_only_bools(data: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Bools that nobody else can change."""
    if data.dtype != np.bool_:
        other = data[~((data == 0) | (data == 1))]
        if other.size:
            raise InputError(
                "RT205",
                f"the array of the mask holds {other.flat[0]}; a mask holds True and False, or 1 and 0",
                hint="say what is inside: Mask(array == label, grid) or Mask(array > 0.5, grid)",
            )
    data = np.array(data, dtype=np.bool_) if data.dtype != np.bool_ or data.flags.writeable else data.view()
    data.setflags(write=False)
    return data


def require_same_grid(scan: Scan, mask: Mask, *, what: str = "mask") -> None:
    """Refuse a mask on another grid than its scan.

    Raises
    ------
    InputError
        RT203 with both grids printed.
    """
    if not scan.grid.same_as(mask.grid):
        raise InputError(
            "RT203",
            f"the {what} lies on another grid than the scan\n  scan  {scan.grid}\n  {what:<4}  {mask.grid}",
            hint="check the export, or allow resampling: `masks: {resample: nearest}` in the recipe, --resample-masks nearest",
        )
