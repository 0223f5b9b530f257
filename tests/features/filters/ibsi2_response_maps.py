"""Our response maps beside the reference maps of IBSI-2, phase 1."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import numpy.typing as npt

from radiotype.features import filters

Floats = npt.NDArray[np.float64]

#: What the tests of each number are about.
FILTERS = {
    "1": "mean",
    "2": "Laplacian of Gaussian",
    "3": "Laws' kernels",
    "4": "Gabor",
    "5": "Daubechies 2",
    "6": "Coiflet 1",
    "7": "Haar",
    "8": "Simoncelli",
    "9": "Riesz transform of Laplacian of Gaussian",
    "10": "Riesz transform of Simoncelli",
}

#: Distance between the voxels of the phantoms, mm.
SPACING = (2.0, 2.0, 2.0)

#: Largest difference of any voxel, as a part of the range of the reference.
TOLERANCE = 0.01


def _laws(names: str, boundary: filters.Boundary, **options: object) -> Callable[[Floats], Floats]:
    chosen = {"rotation_invariant": False, "energy_distance": None} | options
    return lambda image: filters.laws(image, names, boundary=boundary, **chosen)


def _gabor(
    sigma: float, length: float, aspect: float, boundary: filters.Boundary, **options: object
) -> Callable[[Floats], Floats]:
    return lambda image: filters.gabor(
        image, sigma, length, aspect_ratio=aspect, spacing_mm=SPACING, boundary=boundary, **options
    )


def _log(sigma: float, boundary: filters.Boundary, dimensions: int = 3) -> Callable[[Floats], Floats]:
    return lambda image: filters.laplacian_of_gaussian(
        image, sigma, spacing_mm=SPACING, dimensions=dimensions, boundary=boundary
    )


def _wavelet(name: str, subband: str, boundary: filters.Boundary, turned: bool, level: int = 1) -> Callable[[Floats], Floats]:
    return lambda image: filters.wavelet(image, name, subband, level=level, rotation_invariant=turned, boundary=boundary)


_TURNED = {"rotation_invariant": True}
_ENERGY = {"rotation_invariant": True, "energy_distance": 7}

#: Phantom and filter of each test of the reference manual that has a reference map.
TESTS: dict[str, tuple[str, Callable[[Floats], Floats]]] = {
    "1_a_1": ("checkerboard", lambda image: filters.mean(image, 15, boundary="zero")),
    "1_a_2": ("checkerboard", lambda image: filters.mean(image, 15, boundary="nearest")),
    "1_a_3": ("checkerboard", lambda image: filters.mean(image, 15, boundary="periodic")),
    "1_a_4": ("checkerboard", lambda image: filters.mean(image, 15, boundary="mirror")),
    "1_b_1": ("impulse", lambda image: filters.mean(image, 15, dimensions=2, boundary="zero")),
    "2_a": ("impulse", _log(3, "zero")),
    "2_b": ("checkerboard", _log(5, "mirror")),
    "2_c": ("checkerboard", _log(5, "mirror", 2)),
    "3_a_1": ("impulse", _laws("E5L5S5", "zero")),
    "3_a_2": ("impulse", _laws("E5L5S5", "zero", **_TURNED)),
    "3_a_3": ("impulse", _laws("E5L5S5", "zero", **_ENERGY)),
    "3_b_1": ("checkerboard", _laws("E3W5R5", "mirror")),
    "3_b_2": ("checkerboard", _laws("E3W5R5", "mirror", **_TURNED)),
    "3_b_3": ("checkerboard", _laws("E3W5R5", "mirror", **_ENERGY)),
    "3_c_1": ("checkerboard", _laws("L5S5", "mirror")),
    "3_c_2": ("checkerboard", _laws("L5S5", "mirror", **_TURNED)),
    "3_c_3": ("checkerboard", _laws("L5S5", "mirror", **_ENERGY)),
    "4_a_1": ("impulse", _gabor(10, 4, 0.5, "zero", orientation_degrees=60)),
    "4_a_2": ("impulse", _gabor(10, 4, 0.5, "zero", step_degrees=45, orthogonal_planes=True)),
    "4_b_1": ("sphere", _gabor(20, 8, 2.5, "mirror", orientation_degrees=225)),
    "4_b_2": ("sphere", _gabor(20, 8, 2.5, "mirror", step_degrees=22.5, orthogonal_planes=True)),
    "5_a_1": ("impulse", _wavelet("db2", "LHL", "zero", False)),
    "5_a_2": ("impulse", _wavelet("db2", "LHL", "zero", True)),
    "6_a_1": ("sphere", _wavelet("coif1", "HHL", "periodic", False)),
    "6_a_2": ("sphere", _wavelet("coif1", "HHL", "periodic", True)),
    "7_a_1": ("checkerboard", _wavelet("haar", "LLL", "mirror", True, 2)),
    "7_a_2": ("checkerboard", _wavelet("haar", "HHH", "mirror", True, 2)),
    "8_a_1": ("checkerboard", lambda image: filters.simoncelli(image, level=1, boundary="periodic")),
    "8_a_2": ("checkerboard", lambda image: filters.simoncelli(image, level=2, boundary="periodic")),
    "8_a_3": ("checkerboard", lambda image: filters.simoncelli(image, level=3, boundary="periodic")),
    "9_a": ("impulse", lambda image: filters.riesz_log(image, (1, 0, 0), 3, spacing_mm=SPACING, boundary="zero")),
    "9_b_1": ("sphere", lambda image: filters.riesz_log(image, (0, 2, 0), 3, spacing_mm=SPACING, boundary="zero")),
    "10_b_1": ("pattern_1", lambda image: filters.riesz_simoncelli(image, (0, 2, 0), boundary="periodic")),
}


def phantom(shared: Path, name: str) -> Floats:
    """Intensities of a digital phantom."""
    path = shared / "data/imaging/ibsi_data_sets/ibsi_2_digital_phantom/nifti" / name / f"image/{name}.nii.gz"
    return np.asarray(nibabel.load(path).dataobj, dtype=np.float64)


def reference_maps(shared: Path) -> dict[str, Path]:
    """The file of each reference map, by test."""
    folder = shared / "data/imaging/ibsi_reference_values/ibsi2_reference_data/reference_response_maps"
    return {path.name.removesuffix("-ValidCRM.nii.gz"): path for path in sorted(folder.glob("*.nii.gz"))}


def difference(shared: Path, test: str) -> float:
    """The largest difference of any voxel from the reference map, as a part of its range."""
    name, response = TESTS[test]
    reference = np.asarray(nibabel.load(reference_maps(shared)[test]).dataobj, dtype=np.float64)
    return float(np.abs(response(phantom(shared, name)) - reference).max() / np.ptp(reference))
