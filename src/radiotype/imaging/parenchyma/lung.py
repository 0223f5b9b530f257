"""Lung on CT: what is darker than tissue, without the air around the patient, vessels filled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from radiotype.errors import ComputeError
from radiotype.imaging.parenchyma.found import Organ
from radiotype.imaging.parenchyma.shapes import closed, components, filled, largest
from radiotype.imaging.parenchyma.working import Bools, WorkingScan

#: Lung is darker than the first number, HU; a part whose median is below the second is air or bowel gas.
TISSUE_HU, AIR_HU = -400.0, -950.0

#: Gaps narrower than twice this are filled, mm: vessels, walls of bronchi, clefts at the hilum.
CLOSING_MM = 10.0

#: A part is larger than this, ml.
LEAST_ML = 1.0

#: A second part counts when it is at least this fraction of the first.
SECOND = 0.02

#: Lungs of adults, ml; less is doubtful where they end within the scan, more always.
USUAL_ML = (800.0, 9000.0)


def find_lung(scan: WorkingScan) -> Organ:
    """Lung tissue on CT, vessels included; airways are not taken out.

    1. Voxels below -400 HU, in parts that touch face to face. 2. Parts whose median is below -950 HU are left out: the air
    around the patient, a trachea that lies apart, bowel gas. Where these hold more of the density of lung than is left, the
    lungs are one with the air outside, through an open mouth: all begins anew with what tissue encloses in axial slices. 3. The
    two largest of the rest, the second if it has at least 2 % of the first. 4. Of each: cavities filled, and gaps closed that
    no ball of 10 mm fits into.

    Parameters
    ----------
    scan : WorkingScan
        In HU.

    Returns
    -------
    Organ

    Raises
    ------
    ComputeError
        RT311 if no part of the scan is lung.
    """
    dark: Bools = scan.values < TISSUE_HU
    labels, chosen, air = _lungs_among(dark, scan)
    if np.count_nonzero(air & (scan.values >= AIR_HU)) > np.count_nonzero(np.isin(labels, chosen)):
        labels, chosen, _ = _lungs_among(dark & _enclosed(scan), scan)
    if not chosen:
        raise ComputeError(
            "RT311",
            f"no part of the scan, of {LEAST_ML:g} ml or more, has the density of lung ({AIR_HU:g} to {TISSUE_HU:g} HU)",
            hint="is it a CT of the chest, in HU? A mask of the lung in the column `parenchyma` is taken as it is",
        )
    region: Bools = np.zeros(scan.values.shape, dtype=np.bool_)
    parts = np.zeros_like(region)
    for label in chosen:
        parts |= labels == label
        region |= filled(closed(filled(labels == label), CLOSING_MM, scan.spacing_mm))
    cut = any(np.take(parts, end, axis=axis).any() for axis in range(3) for end in (0, -1))
    volume = scan.ml(region)
    strange = volume > USUAL_ML[1] or (volume < USUAL_ML[0] and not cut)
    doubts = (f"lungs of {volume:,.0f} ml",) if strange else ()
    return Organ(region, "density and shape", doubts, ("the scan shows a part of the lungs",) if cut else ())


def _lungs_among(dark: Bools, scan: WorkingScan) -> tuple[npt.NDArray[np.int32], list[int], Bools]:
    """Labels of the parts of what is dark, those of lungs, and the larger parts that are air."""
    labels, sizes = components(dark)
    chosen: list[int] = []
    air: list[int] = []
    for label in (np.argsort(-sizes[1:], kind="stable") + 1).tolist():
        if len(chosen) == 2 or (chosen and sizes[label] < SECOND * sizes[chosen[0]]):
            break
        if sizes[label] * scan.voxel_ml < LEAST_ML:
            break
        (chosen if np.median(scan.values[labels == label]) >= AIR_HU else air).append(label)
    return labels, chosen, np.isin(labels, air)


def _enclosed(scan: WorkingScan) -> Bools:
    """The patient with all that lies within the patient in axial slices."""
    from scipy import ndimage

    body = largest(scan.values >= TISSUE_HU)
    for z in range(body.shape[2]):
        body[:, :, z] = ndimage.binary_fill_holes(body[:, :, z])
    return body
