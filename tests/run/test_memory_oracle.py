"""What a row is said to need is what describing it takes: real rows in processes of their own."""

import sys
from pathlib import Path

import numpy as np
import pytest
from memory_cases import ball, filled, measured, write
from scipy import ndimage

SIZE, SPACING = (256, 256, 96), (0.8, 0.8, 1.5)
WITHIN = 0.25


def plain(folder):
    return {"image": "scan.nii.gz", "mask": "mask.nii.gz"}


def mapped(folder):
    write(folder / "scan.nii", filled(SIZE, np.float32), SPACING)
    return {"image": "scan.nii", "mask": "mask.nii.gz"}


def deflated(folder):
    write(folder / "scan.mha", filled(SIZE, np.float32), SPACING)
    return {"image": "scan.mha", "mask": "mask.nii.gz", "parenchyma": "mask.nii.gz"}


def float_mask(folder):
    write(folder / "float.nii.gz", ball(SIZE, SPACING, 15, np.float64), SPACING)
    return {"image": "scan.nii.gz", "mask": "float.nii.gz"}


def several_labels(folder):
    write(folder / "labels.nii.gz", ball(SIZE, SPACING, 60, labels=5), SPACING)
    return {"image": "scan.nii.gz", "mask": "labels.nii.gz"}


def one_phase(folder):
    write(folder / "phases.nii.gz", np.stack([filled(SIZE, np.int16, np.random.default_rng(0))] * 3), SPACING)
    return {"image": "phases.nii.gz", "mask": "mask.nii.gz", "modality": "MR", "phase": 1}


def contours(folder):
    sys.path.insert(0, str(Path(__file__).parents[1] / "io"))
    from hospital import write_rtstruct, write_series

    drawn = write_series(folder / "series", filled(SIZE, np.int16), spacing=SPACING)
    turn = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    rings = [np.column_stack([100 + 12 * np.cos(turn), 100 + 12 * np.sin(turn), 0 * turn + k * 1.5]) for k in range(40, 56)]
    write_rtstruct(folder / "drawn.dcm", drawn, [("GTV", [ring.ravel().round(3).tolist() for ring in rings])])
    return {"image": "series", "mask": "drawn.dcm"}


def fills(folder, spacing, size=(128, 128, 64), **how):
    rng = np.random.default_rng(0)
    write(folder / "noise.nii.gz", filled(size, np.int16, rng) + 2000, spacing)
    write(folder / "full.nii.gz", ball(size, spacing, 200), spacing)
    return {"image": "noise.nii.gz", "mask": "full.nii.gz", "modality": "MR", **how}


def fills_and_is_resampled_to_more(folder):
    return fills(folder, (1.2, 1.2, 2.5))


def fills_and_is_resampled_to_less(folder):
    return fills(folder, (0.6, 0.6, 1.2))


def fills_and_is_drawn(folder):
    return fills(folder, (1.0, 1.0, 1.0), SIZE, parts=("pictures",))


def fills_and_has_a_shape(folder):
    return fills(folder, (1.0, 1.0, 1.0), SIZE, parts=("morphology",))


def lung_is_found(folder):
    """Lung from end to end, but for a tumour in the middle."""
    rng = np.random.default_rng(0)
    write(folder / "lung.nii", filled((200, 200, 100), np.float32, rng), (1.5, 1.5, 1.5))
    write(folder / "tumour.nii.gz", ball((200, 200, 100), (1.5, 1.5, 1.5), 15), (1.5, 1.5, 1.5))
    return {"image": "lung.nii", "mask": "tumour.nii.gz", "find": "lung", "parts": ("margin",)}


def brain(folder, size, spacing, **how):
    """A skull-stripped brain."""
    noise = filled(size, np.int16, np.random.default_rng(0)) + np.int16(1800)
    write(folder / "brain.nii.gz", noise * ball(size, spacing, 70, np.int16), spacing)
    write(folder / "lesion.nii.gz", ball(size, spacing, 15), spacing)
    return {"image": "brain.nii.gz", "mask": "lesion.nii.gz", "modality": "MR", "parts": ("margin",), **how}


def brain_is_found(folder):
    return brain(folder, (160, 160, 160), (1.0, 1.0, 1.0), find="brain")


def bias_is_removed(folder):
    return brain(folder, (200, 200, 200), (0.8, 0.8, 0.8), harmonise={"bias_field": True, "intensity": "z_score"})


def thick_slices_become_thin(folder):
    return brain(folder, (120, 120, 36), (1.6, 1.6, 5.0), harmonise={"spacing_mm": 0.9})


def ball_of(n_voxels, side):
    return ball((side,) * 3, (1, 1, 1), (n_voxels * 3 / 4 / np.pi) ** (1 / 3))


def plate():
    return np.pad(np.ones((250, 250, 2), np.uint8), 2)


def porous():
    noise = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(64,) * 3), 1.5)
    return (ball_of(1e5, 64) * (noise > -0.06)).astype(np.uint8)


def thin_and_across():
    """A stair through a large box: the halved voxels take more than the surface."""
    voxels = np.zeros((108,) * 3, np.uint8)
    for n in range(2, 93):
        voxels[n : n + 9, n : n + 9, n : n + 9] = 1
    return voxels


def two_parts():
    """Only the larger part is described; its surface alone is halved."""
    voxels = np.zeros((64,) * 3, np.uint8)
    voxels[2:42, 2:42, 2:42] = voxels[44:62, 44:62, 44:62] = 1
    return voxels


SOLIDS = {
    "ball of 100 voxels": lambda: ball_of(100, 16), "ball of 1e5 voxels": lambda: ball_of(1e5, 64),
    "ball of 2e6 voxels": lambda: ball_of(2e6, 164), "plate": plate, "porous": porous,
    "thin and across": thin_and_across, "two parts": two_parts,
}  # fmt: skip


@pytest.fixture(scope="module")
def common(tmp_path_factory):
    folder = tmp_path_factory.mktemp("memory")
    write(folder / "scan.nii.gz", filled(SIZE, np.int16), SPACING)
    write(folder / "mask.nii.gz", ball(SIZE, SPACING, 15), SPACING)
    return folder


CASES = [
    plain, mapped, deflated, float_mask, several_labels, one_phase, contours, fills_and_is_resampled_to_more,
    fills_and_is_resampled_to_less, fills_and_is_drawn, fills_and_has_a_shape, lung_is_found, brain_is_found,
    bias_is_removed, thick_slices_become_thin,
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_a_row_takes_what_it_is_said_to_need(common, case):
    files = {key: common / value if key in ("image", "mask", "parenchyma") else value for key, value in case(common).items()}
    found = measured(**files)
    assert found["failure"] is None
    estimate = max(found["estimates"])
    assert abs(estimate - found["peak"]) < WITHIN * found["peak"], found


@pytest.mark.parametrize("name", [*SOLIDS, "ball of 1e5 voxels, published map"])
def test_a_harmonic_shape_takes_no_more_than_it_is_said_to_need_and_no_less_than_half(tmp_path, name):
    solid, _, published = name.partition(", ")
    voxels = SOLIDS[solid]()
    image, mask = (write(tmp_path / f"{n}.nii.gz", one) for n, one in enumerate((np.zeros_like(voxels), voxels)))
    settings = {"spharm": {"sphere_map": "cald" if published else "area"}}
    found = measured(image=image, mask=mask, parts=("spharm",), settings=settings)
    assert found["failure"] is None
    assert found["peak"] <= max(found["estimates"]) <= 2 * found["peak"], found


IBSI = {
    "own voxels": ((1.0, 1.0, 1.0), 45, {"spacing_mm": None}),
    "to more voxels": ((1.2, 1.2, 2.5), 200, {"spacing_mm": 1.0}),
    "to fewer voxels": ((0.6, 0.6, 0.8), 200, {"spacing_mm": 1.0}),
    "spline": ((0.8, 0.8, 3.0), 40, {"spacing_mm": 1.0, "interpolation": "cubic"}),
    "laplacian": ((1.0, 1.0, 1.0), 40, {"spacing_mm": None, "filters": [{"kind": "log", "sigma_mm": 3.0}]}),
    "all frequencies": ((1.5, 1.5, 1.5), 30, {"spacing_mm": None, "filters": [{"kind": "simoncelli", "boundary": "mirror"}]}),
    "waves, resampled": (
        (1.0, 1.0, 2.0), 30, {"spacing_mm": 1.0, "filters": [{"kind": "gabor", "sigma_mm": 5.0, "wavelength_mm": 4.0}]},
    ),
    "autocorrelation": ((1.0, 1.0, 1.0), 40, {"spacing_mm": None, "spatial_autocorrelation": True}),
}  # fmt: skip


@pytest.mark.parametrize("name", IBSI)
def test_features_of_the_ibsi_take_what_they_are_said_to_need(tmp_path, name):
    spacing, radius_mm, options = IBSI[name]
    size = (128, 128, 64)
    image = write(tmp_path / "i.nii.gz", filled(size, np.int16, np.random.default_rng(0)) + 2000, spacing)
    mask = write(tmp_path / "m.nii.gz", ball(size, spacing, radius_mm), spacing)
    found = measured(image=image, mask=mask, modality="MR", parts=("ibsi",), settings={"ibsi": options})
    assert found["failure"] is None
    assert abs(max(found["estimates"]) - found["peak"]) < WITHIN * found["peak"], found


PYRADIOMICS = {
    "original": ((1.0, 1.0, 1.0), 45, {}),
    "LoG around": ((1.0, 1.0, 1.0), 30, {"images": {"LoG": {"sigmas_mm": [1, 2]}}}),
    "LoG of all": ((1.0, 1.0, 1.0), 200, {"images": {"LoG": {"sigmas_mm": [2.0]}}}),
    "wavelet": ((1.0, 1.0, 1.0), 45, {"filters_see": "padding", "images": {"Wavelet": {}}}),
    "voxel by voxel": ((1.0, 1.0, 1.0), 45, {"images": {"Square": True, "Exponential": True}}),
    "patterns": ((1.0, 1.0, 1.0), 20, {"images": {"Original": False, "LBP3D": {}}}),
    "patterns of many voxels": ((1.0, 1.0, 1.0), 45, {"images": {"Original": False, "LBP3D": {"levels": 4}}}),
    "resampled": ((2.0, 2.0, 2.0), 200, {"spacing_mm": [1.5] * 3, "images": {"LoG": {"sigmas_mm": [2]}, "Wavelet": {}}}),
}


@pytest.mark.parametrize("name", PYRADIOMICS)
def test_features_of_pyradiomics_take_what_they_are_said_to_need_with_their_filters(tmp_path, name):
    spacing, radius_mm, options = PYRADIOMICS[name]
    size = (128, 128, 64)
    image = write(tmp_path / "i.nii.gz", filled(size, np.int16, np.random.default_rng(0)) + 2000, spacing)
    mask = write(tmp_path / "m.nii.gz", ball(size, spacing, radius_mm), spacing)
    options = {**options, "features": {"firstorder": None, "glcm": ["Contrast"]}}
    found = measured(image=image, mask=mask, modality="MR", parts=("pyradiomics",), settings={"pyradiomics": options})
    assert found["failure"] is None
    assert abs(max(found["estimates"]) - found["peak"]) < WITHIN * found["peak"], found
