"""The response to an image that is turned, moved, scaled or added to another follows from that to the image."""

from itertools import permutations, product

import numpy as np
import pytest

from radiotype.features import filters

N = 21
RNG = np.random.default_rng(20)
IMAGE, OTHER = RNG.normal(size=(2, N, N, N))
INNER = (slice(8, 13),) * 3

LINEAR = {
    "mean": lambda image: filters.mean(image, 5),
    "log": lambda image: filters.laplacian_of_gaussian(image, 1.3),
    "laws, mean": lambda image: filters.laws(image, "L5S5R5", pooling="mean", energy_distance=None),
    "wavelet": lambda image: filters.wavelet(image, "db3", "LLH"),
    "simoncelli": lambda image: filters.simoncelli(image),
    "riesz": lambda image: filters.riesz_log(image, (1, 1, 0), 1.2, boundary="zero"),
}
TURNED = {
    "mean": lambda image: filters.mean(image, 5),
    "log": lambda image: filters.laplacian_of_gaussian(image, 1.3),
    "laws, energy": lambda image: filters.laws(image, "L5E5S5", energy_distance=2),
    "laws, min": lambda image: filters.laws(image, "L5E5W5", pooling="min", energy_distance=None),
    "wavelet, mean": lambda image: filters.wavelet(image, "db3", "LLH"),
    "wavelet, max": lambda image: filters.wavelet(image, "db2", "LHH", pooling="max", level=2),
    "wavelet, even": lambda image: filters.wavelet(image, "haar", "LLL", level=2),
    "simoncelli": lambda image: filters.simoncelli(image),
    "gabor": lambda image: filters.gabor(image, 1.5, 3, aspect_ratio=1.5, step_degrees=22.5, orthogonal_planes=True),
}
WITHIN_SLICES = {
    "mean": lambda image: filters.mean(image, 5, dimensions=2),
    "log": lambda image: filters.laplacian_of_gaussian(image, 1.3, dimensions=2),
    "laws": lambda image: filters.laws(image, "L5E5", energy_distance=2),
    "wavelet": lambda image: filters.wavelet(image, "coif1", "LH"),
    "simoncelli": lambda image: filters.simoncelli(image, dimensions=2, boundary="periodic"),
    "gabor": lambda image: filters.gabor(image, 1.5, 3, step_degrees=45),
    "riesz": lambda image: filters.riesz_simoncelli(image, (1, 1)),
}


def turns():
    for order in permutations(range(3)):
        for signs in product((1, -1), repeat=3):
            matrix = np.zeros((3, 3))
            matrix[np.arange(3), order] = signs
            if np.linalg.det(matrix) > 0:
                yield order, tuple(slice(None, None, sign) for sign in signs)


@pytest.mark.parametrize("name", LINEAR)
def test_the_response_to_a_sum_is_the_sum_of_the_responses(name: str) -> None:
    respond = LINEAR[name]
    np.testing.assert_allclose(respond(2 * IMAGE - 3 * OTHER), 2 * respond(IMAGE) - 3 * respond(OTHER), rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", TURNED)
def test_a_turned_image_has_a_turned_response(name: str) -> None:
    respond = TURNED[name]
    expected = respond(IMAGE)
    for order, signs in turns():
        np.testing.assert_allclose(
            respond(IMAGE.transpose(order)[signs]), expected.transpose(order)[signs], rtol=0, atol=1e-11, err_msg=str(order)
        )


def test_without_rotation_invariance_a_turned_image_has_another_response() -> None:
    found = filters.wavelet(IMAGE.transpose(1, 2, 0), "db3", "LLH", rotation_invariant=False)
    expected = filters.wavelet(IMAGE, "db3", "LLH", rotation_invariant=False).transpose(1, 2, 0)
    assert np.abs(found - expected).max() > 0.1


@pytest.mark.parametrize("name", WITHIN_SLICES)
def test_a_filter_within_slices_sees_no_other_slice(name: str) -> None:
    respond = WITHIN_SLICES[name]
    changed = IMAGE.copy()
    changed[:, :, 4] = 0
    difference = np.abs(respond(changed) - respond(IMAGE)).max(axis=(0, 1))
    assert np.flatnonzero(difference > 1e-12).tolist() == [4]


@pytest.mark.parametrize("name", LINEAR | TURNED)
def test_a_moved_image_has_a_moved_response(name: str) -> None:
    respond = (LINEAR | TURNED)[name]
    image = np.zeros((2 * N, N, N))
    image[9:20, 5:16, 5:16] = RNG.normal(size=(11, 11, 11))
    found, moved = respond(image), respond(np.roll(image, 9, axis=0))
    np.testing.assert_allclose(moved[20:28], found[11:19], rtol=0, atol=1e-12)


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_lengths_are_physical(factor: float) -> None:
    """The same voxels, all lengths so many times larger."""
    for respond in (
        lambda f: filters.laplacian_of_gaussian(IMAGE, 1.4 * f, spacing_mm=(1.0 * f, 1.0 * f, 2.0 * f)),
        lambda f: filters.gabor(
            IMAGE, 2 * f, 4 * f, step_degrees=60, spacing_mm=(1.0 * f, 1.0 * f, 2.0 * f), orthogonal_planes=True
        ),
        lambda f: filters.riesz_log(IMAGE, (0, 1, 0), 1.4 * f, spacing_mm=(1.0 * f, 1.0 * f, 1.0 * f)),
    ):
        np.testing.assert_allclose(respond(factor), respond(1.0), rtol=0, atol=1e-10)


def test_a_laplacian_knows_no_axis_where_voxels_are_longer_along_one() -> None:
    """A smooth ball, sampled twice as coarsely along one axis."""
    x, y, z = np.meshgrid(np.arange(-16, 17.0), np.arange(-16, 17.0), np.arange(-16, 17.0, 2), indexing="ij")
    blob = np.exp(-(x**2 + y**2 + z**2) / 32)
    found = filters.laplacian_of_gaussian(blob, 3.0, spacing_mm=(1.0, 1.0, 2.0), cutoff=5)
    assert found[16, 16, 11] == pytest.approx(found[22, 16, 8], rel=1e-3)
    assert found[16, 16, 8] == pytest.approx(-3 * 16**1.5 / 25**2.5, rel=1e-3)
