"""The compiled sums of neighbours against SciPy, at every boundary, and against themselves at every SIMD level."""

import numpy as np
import pytest
from scipy import ndimage

from radiotype.features.filters.boundary import sources
from radiotype.features.filters.separable import Taps, along_axis, centred, convolution, reach, separable

MODES = {"zero": "constant", "nearest": "nearest", "periodic": "wrap", "mirror": "reflect"}
RNG = np.random.default_rng(7)


@pytest.mark.parametrize("order", ["C", "F", "strided"])
@pytest.mark.parametrize("boundary", MODES)
@pytest.mark.parametrize("n", [1, 2, 3, 6, 11])
def test_one_axis_is_as_scipy_has_it(boundary: str, n: int, order: str) -> None:
    image = RNG.normal(size=(7, 45, 13))
    image = image[::2, ::3, 1:-1] if order == "strided" else np.asarray(image, order=order)
    kernel = RNG.normal(size=n)
    for axis in range(3):
        found = along_axis(image, axis, (convolution(kernel),), boundary=boundary, keep=(0, image.shape[axis]))
        expected = ndimage.convolve1d(image, kernel, axis, mode=MODES[boundary])
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("boundary", [*MODES, 3.5])
def test_axes_shorter_than_the_reach_are_padded_as_numpy_pads(boundary) -> None:
    modes = {"zero": "constant", "nearest": "edge", "periodic": "wrap", "mirror": "symmetric", 3.5: "constant"}
    values = np.arange(1.0, 4.0)
    extra = {"constant_values": boundary} if boundary == 3.5 else {}
    expected = np.pad(values, (11, 9), mode=modes[boundary], **extra)
    place, constant = sources((-11, 12), 3, boundary)
    found = values[place]
    if constant is not None:
        found[constant] = 0.0 if boundary == "zero" else boundary
    assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("boundary", [*MODES, -2.0])
def test_a_part_is_that_of_the_whole(boundary) -> None:
    image = RNG.normal(size=(12, 14, 33))
    chain = (convolution(RNG.normal(size=4)), centred(RNG.normal(size=9)))
    expected = separable(image, [chain] * 3, boundary=boundary, keep=[(0, n) for n in image.shape])
    for keep in (((0, 1), (3, 9), (30, 33)), ((5, 6), (0, 14), (10, 20))):
        found = separable(image, [chain] * 3, boundary=boundary, keep=keep)
        assert (found == expected[tuple(slice(*own) for own in keep)]).all()


def test_a_flipped_chain_is_that_of_the_flipped_image() -> None:
    image, taps = RNG.normal(size=(9, 8, 7)), convolution(RNG.normal(size=4))
    found = along_axis(image, 1, (taps.flipped,), boundary="zero", keep=(0, 8))
    expected = along_axis(image[:, ::-1], 1, (taps,), boundary="zero", keep=(0, 8))[:, ::-1]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)
    assert Taps((1.0, 2.0), 3).flipped == Taps((2.0, 1.0), -4)
    assert reach((taps, centred([1, 1, 1]))) == 3


def test_every_simd_level_gives_the_same_bytes(same_bytes_at_every_level) -> None:
    same_bytes_at_every_level("""
import hashlib
import numpy as np
from radiotype import _native
rng, total = np.random.default_rng(1), hashlib.sha256()
for shape in ((5, 6, 7), (3, 9, 64), (20, 4, 101)):
    image = rng.normal(size=shape)
    for axis in range(3):
        for n in range(1, min(shape[axis], 41)):
            out = np.empty([m - (n - 1) * (i == axis) for i, m in enumerate(shape)])
            _native.correlate(image, axis, rng.normal(size=n), out)
            total.update(out.tobytes())
print(_native.simd_level(), total.hexdigest())
""")
