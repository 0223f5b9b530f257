"""Response maps lie where the scan lies, and come back from their files as they were."""

import doctest
from pathlib import Path

import numpy as np
import pytest

from radiotype.core import Grid, Mask, Scan
from radiotype.errors import InputError, RecipeError
from radiotype.features import filters
from radiotype.features.ibsi import IbsiSettings, response_maps
from radiotype.io import read_scan, write_scan

LOG = {"kind": "log", "sigma_mm": 3.0}
SHAPE = (24, 30, 20)
PLACE = np.array([7, 19, 12])

#: Axes as in files: straight, reversed and in another order, and turned by some degrees.
AFFINES = {
    "straight": np.array([[1.5, 0, 0, -3], [0, 1.5, 0, 8], [0, 0, 2, 40], [0, 0, 0, 1.0]]),
    "reversed": np.array([[0, 0, 2.0, 5], [-1.5, 0, 0, 8], [0, -1.5, 0, 40], [0, 0, 0, 1.0]]),
    "oblique": np.array([[1.2, -0.9, 0, 5], [0.9, 1.2, 0, 8], [0, 0, -2.0, 40], [0, 0, 0, 1.0]]),
}


def blob(affine) -> Scan:
    away = ((np.moveaxis(np.indices(SHAPE), 0, -1) - PLACE) * [1.5, 1.5, 2.0]) ** 2
    return Scan(np.rint(1000 * np.exp(-away.sum(axis=-1) / 40)), Grid(SHAPE, affine), "MR")


@pytest.mark.parametrize("spacing", [None, 1.0])
@pytest.mark.parametrize("name", AFFINES)
def test_a_blob_answers_where_it_lies(name: str, spacing, tmp_path: Path) -> None:
    scan = blob(AFFINES[name])
    inside = np.zeros(SHAPE, dtype=bool)
    inside[2:14, 12:25, 6:17] = True
    for mask in (None, Mask(inside, scan.grid)):
        (response,) = response_maps(scan, mask, IbsiSettings(spacing_mm=spacing, filters=[LOG])).values()
        read = read_scan(write_scan(tmp_path / "log.nii.gz", response))
        assert read.grid.same_as(response.grid)
        lowest = np.unravel_index(read.data.argmin(), read.grid.shape)
        found = read.grid.affine[:3] @ [*lowest, 1]
        expected = scan.grid.affine[:3] @ [*PLACE, 1]
        assert np.linalg.norm(found - expected) <= (0.9 if spacing else 1e-4)
        np.testing.assert_allclose(read.data, response.data, rtol=1e-6, atol=1e-6)


def test_without_interpolation_a_map_of_the_whole_scan_has_its_grid() -> None:
    scan = blob(AFFINES["straight"])
    (response,) = response_maps(scan, None, IbsiSettings(spacing_mm=None, filters=[LOG])).values()
    assert response.grid.same_as(scan.grid)
    expected = filters.laplacian_of_gaussian(scan.data.astype(float), 3.0, spacing_mm=(1.5, 1.5, 2.0))
    np.testing.assert_allclose(response.data, expected, atol=1e-8)


def test_the_same_scan_gives_the_same_bytes(tmp_path: Path) -> None:
    chosen = IbsiSettings(filters=[LOG, {"kind": "laws", "kernels": "L5E5E5"}, {"kind": "simoncelli", "level": 1}])
    scan = blob(AFFINES["oblique"])
    one, two = (response_maps(scan, None, chosen, n_threads=n) for n in (1, 3))
    for name, response in one.items():
        first = write_scan(tmp_path / "a.nii.gz", response).read_bytes()
        assert first == write_scan(tmp_path / "b.nii.gz", two[name]).read_bytes()
    plain = write_scan(tmp_path / "a.nii", response)
    assert read_scan(plain).grid.same_as(response.grid)


def test_what_cannot_be_written_or_filtered_is_refused(tmp_path: Path) -> None:
    scan = blob(AFFINES["straight"])
    with pytest.raises(InputError) as caught:
        write_scan(tmp_path / "map.mha", scan)
    assert caught.value.code == "RT211"
    series = Scan(np.stack([scan.data] * 2), scan.grid, "MR", times_s=(0.0, 60.0))
    with pytest.raises(InputError) as caught:
        write_scan(tmp_path / "map.nii", series)
    assert caught.value.code == "RT212"
    with pytest.raises(RecipeError) as refused:
        response_maps(scan, None, IbsiSettings())
    assert refused.value.code == "RT103"
    speck = np.zeros(SHAPE, dtype=bool)
    speck[3, 3, 3] = True
    with pytest.raises(RecipeError, match="no voxel"):
        response_maps(scan, Mask(speck, scan.grid), IbsiSettings(spacing_mm=7.0, filters=[LOG]))


def test_the_example_runs() -> None:
    from importlib import import_module

    module = import_module("radiotype.features.ibsi.response_maps")
    assert doctest.testmod(module, extraglobs={"np": np}).failed == 0
