"""Three pictures through a tumour, as a radiologist sees them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from radiotype.core.volume import Mask, Scan
from radiotype.imaging.axes import patient_axes
from radiotype.imaging.margins import MarginRegions

#: What is shown around the tumour, mm, and the largest picture, pixels.
MARGIN_MM = 25.0
MAX_PIXELS = 160

#: Grey window of CT, HU: lung and soft tissue both visible where lung is shown, else that of soft tissue. Other images: 1 to 99
#: percentile of what is shown.
LUNG_WINDOW, SOFT_TISSUE_WINDOW = (-1000.0, 400.0), (-160.0, 240.0)

#: Lung is shown where at least the first fraction of the voxels has its density, HU, or the second fraction lies this deep, mm,
#: in such voxels. Skin, couch and foam have that density too, but are thin.
LUNG_HU, LUNG_SHOWN, LUNG_BULK, BULK_MM = (-950.0, -500.0), 0.3, 0.02, 4.0


def three_planes(
    scan: Scan, mask: Mask, regions: MarginRegions | None = None, *, parenchyma: Mask | None = None
) -> dict[str, npt.NDArray[Any]]:
    """Axial, coronal and sagittal picture through the slice in which the region is largest.

    Parameters
    ----------
    scan, mask : Scan, Mask
        On one grid.
    regions : MarginRegions, optional
        Those that were compared.
    parenchyma : Mask, optional
        The organ tissue that was found, on the same grid.

    Returns
    -------
    dict of arrays
        For each plane: `image_<plane>` (rows, columns) uint8, `mask_<plane>` (rows, columns) bool, `spacing_<plane>` (2,) in mm
        per row and column. Patient left is on the right, anterior and superior are up (sagittal: anterior is left). With
        regions also `regions_<plane>` (rows, columns) uint8, their labels, and `region_names`, from label 1 on; with a
        parenchyma `parenchyma_<plane>` (rows, columns) bool.
    """
    spacing = np.array(scan.grid.spacing_mm)
    margin = np.ceil(MARGIN_MM / spacing).astype(int)
    low_, high_ = (np.array(corner) for corner in mask.box)
    low = tuple(int(n) for n in np.maximum(low_ - margin, 0))
    high = tuple(int(n) for n in np.minimum(high_ + margin, scan.grid.shape))
    values = scan.box(low, high)  # type: ignore[arg-type]
    region = mask.cropped(low, high)  # type: ignore[arg-type]
    axes = patient_axes(scan.grid.direction)
    spacing = np.array(axes.spacing(scan.grid.spacing_mm))
    shown: dict[str, npt.NDArray[Any]] = {"image": axes.turned(values), "mask": axes.turned(region)}
    window = _window_of_ct(values, scan.grid.spacing_mm) if scan.modality == "CT" else _window(values)
    if parenchyma is not None:
        shown["parenchyma"] = axes.turned(parenchyma.cropped(low, high))  # type: ignore[arg-type]
    result: dict[str, npt.NDArray[Any]] = {}
    if regions is not None:
        shown["regions"] = axes.turned(regions.on(scan.grid.cropped(low, high)).labels)  # type: ignore[arg-type]
        result["region_names"] = np.array(regions.names)
    for plane, axis in (("axial", 2), ("coronal", 1), ("sagittal", 0)):
        across = tuple(a for a in range(3) if a != axis)
        index = int(np.argmax(shown["mask"].sum(axis=across)))
        up = slice(None, None, 1 if axis == 2 else -1)
        step = 1
        for name, array in shown.items():
            cut = np.moveaxis(array, axis, 0)[index].T[up]
            step = int(np.ceil(max(cut.shape) / MAX_PIXELS))
            cut = cut[::step, ::step]
            result[f"{name}_{plane}"] = np.ascontiguousarray(cut if name != "image" else _grey(cut, window))
        result[f"spacing_{plane}"] = spacing[[across[1], across[0]]] * step
    return result


def _grey(image: npt.NDArray[Any], window: tuple[float, float]) -> npt.NDArray[np.uint8]:
    part = (np.nan_to_num(image, nan=window[0]) - window[0]) / (window[1] - window[0])
    return (np.clip(part, 0, 1) * 255).round().astype(np.uint8)


def _window_of_ct(values: npt.NDArray[Any], spacing_mm: tuple[float, float, float]) -> tuple[float, float]:
    from scipy import ndimage

    as_lung = (values > LUNG_HU[0]) & (values < LUNG_HU[1])
    if as_lung.mean() < LUNG_SHOWN:
        depth = ndimage.distance_transform_edt(np.pad(as_lung, 1), sampling=spacing_mm)
        if np.count_nonzero(depth > BULK_MM) < LUNG_BULK * values.size:
            return SOFT_TISSUE_WINDOW
    return LUNG_WINDOW


def _window(values: npt.NDArray[Any]) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    low, high = np.percentile(finite, (1, 99), overwrite_input=True) if finite.size else (0.0, 1.0)
    return float(low), float(high) if high > low else float(low) + 1.0
