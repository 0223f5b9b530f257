"""A number beyond the image: filters respond as they do to an image that was padded with it by hand."""

import numpy as np
import pytest

from radiotype.features import filters

OUTSIDE, PADDING = -1000.0, 14
FILTERS = {
    "mean": lambda image, boundary: filters.mean(image, 5, boundary=boundary),
    "log": lambda image, boundary: filters.laplacian_of_gaussian(image, 1.5, boundary=boundary),
    "laws": lambda image, boundary: filters.laws(image, "L5E5S5", energy_distance=None, boundary=boundary),
    "laws, levels": lambda image, boundary: filters.laws(image, "L5L3L5", pooling="mean", energy_distance=2, boundary=boundary),
    "laws, edges": lambda image, boundary: filters.laws(
        image, "E5E5E5", rotation_invariant=False, energy_distance=None, boundary=boundary
    ),
    "wavelet": lambda image, boundary: filters.wavelet(image, "db2", "LLH", boundary=boundary),
    "wavelet, high": lambda image, boundary: filters.wavelet(image, "db2", "HHH", rotation_invariant=False, boundary=boundary),
    "wavelet, deep": lambda image, boundary: filters.wavelet(image, "haar", "LLL", level=2, boundary=boundary),
    "gabor": lambda image, boundary: filters.gabor(image, 1.5, 4, boundary=boundary),
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_flat_image_within_its_own_intensity_has_a_flat_response(name: str) -> None:
    respond = FILTERS[name]
    found = respond(np.full((9, 9, 9), OUTSIDE), OUTSIDE)
    assert np.ptp(found) < 1e-9 * abs(OUTSIDE)


@pytest.mark.parametrize("name", [name for name in FILTERS if name not in ("laws, levels", "wavelet, deep")])
def test_a_number_is_what_the_image_is_padded_with(name: str) -> None:
    """Of one kernel along each axis; a response that is padded again differs near the edges."""
    respond = FILTERS[name]
    image = np.random.default_rng(4).normal(-500, 100, (11, 8, 10))
    expected = respond(np.pad(image, PADDING, constant_values=OUTSIDE), "nearest")[(slice(PADDING, -PADDING),) * 3]
    np.testing.assert_allclose(respond(image, OUTSIDE), expected, rtol=0, atol=1e-9 * np.ptp(expected))


@pytest.mark.parametrize("name", ["laws", "wavelet", "laws, levels"])
def test_a_number_beyond_the_image_lies_beyond_a_turned_one(name: str) -> None:
    respond = FILTERS[name]
    image = np.random.default_rng(5).normal(-500, 100, (9, 9, 9))
    turned = respond(image.transpose(1, 2, 0)[::-1, ::-1], OUTSIDE)
    np.testing.assert_allclose(turned, respond(image, OUTSIDE).transpose(1, 2, 0)[::-1, ::-1], rtol=0, atol=1e-9)
