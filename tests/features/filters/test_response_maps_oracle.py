"""Every reference response map of IBSI-2 is met within the tolerance of the standard."""

from pathlib import Path

import numpy as np
import pytest
from ibsi2_response_maps import SPACING, TESTS, TOLERANCE, difference, phantom, reference_maps

from radiotype.features import filters


@pytest.mark.parametrize("test", TESTS)
def test_every_voxel_lies_within_the_tolerance(shared: Path, test: str) -> None:
    assert difference(shared, test) <= TOLERANCE


def test_no_reference_map_is_left_out(shared: Path) -> None:
    assert set(TESTS) == set(reference_maps(shared))


@pytest.mark.parametrize(
    ("test", "other"),
    [
        ("2_a", lambda image: filters.laplacian_of_gaussian(image, 3.2, spacing_mm=SPACING, boundary="zero")),
        ("4_a_1", lambda image: filters.gabor(image, 10, 4, aspect_ratio=0.5, orientation_degrees=-60, spacing_mm=SPACING)),
        ("5_a_1", lambda image: filters.wavelet(image, "db2", "HLL", rotation_invariant=False, boundary="zero")),
        ("9_a", lambda image: filters.riesz_log(image, (0, 1, 0), 3, spacing_mm=SPACING, boundary="zero")),
    ],
)
def test_other_settings_miss_the_reference(shared: Path, monkeypatch: pytest.MonkeyPatch, test: str, other) -> None:
    monkeypatch.setitem(TESTS, test, (TESTS[test][0], other))
    assert difference(shared, test) > TOLERANCE


def test_the_part_to_keep_is_that_of_the_whole(shared: Path) -> None:
    keep = ((20, 30), (10, 44), (31, 33))
    inner = tuple(slice(*own) for own in keep)
    image = phantom(shared, "pattern_1")
    for response in (
        lambda keep: filters.laws(image, "L5E5E5", keep=keep),
        lambda keep: filters.laplacian_of_gaussian(image, 2.5, spacing_mm=SPACING, keep=keep),
        lambda keep: filters.gabor(image, 3, 4, step_degrees=45, orthogonal_planes=True, spacing_mm=SPACING, keep=keep),
        lambda keep: filters.wavelet(image, "db3", "LLH", level=2, keep=keep),
    ):
        assert np.abs(response(keep) - response(None)[inner]).max() < 1e-10
