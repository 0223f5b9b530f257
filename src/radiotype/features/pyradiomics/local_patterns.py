"""Local binary patterns of pyradiomics: within slices as scikit-image counts them, and on spheres."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from radiotype.features.pyradiomics.image_types import PlanarPatterns, SphericalPatterns

if TYPE_CHECKING:
    from radiotype.features.pyradiomics.filters import Around

Floats = npt.NDArray[np.float64]

#: Neighbours that are held in memory at a time.
AT_ONCE = 2**16
#: A cubic spline forgets what lies so many voxels away.
SPLINE_REACH = 32


def planar_patterns(around: Around, settings: PlanarPatterns, across: int) -> npt.NDArray[Any]:
    """Which neighbours on a circle are no darker than a voxel, as a number, in the type of the image.

    Neighbours are interpolated linearly; beyond the image they are 0.

    References
    ----------
    Ojala, Pietikainen and Maenpaa, IEEE Trans. Pattern Anal. Mach. Intell. 24 (2002) 971-987; scikit-image,
    `feature.local_binary_pattern`, places of neighbours rounded to five digits as there.
    """
    rows, columns = {2: (1, 0), 1: (2, 0), 0: (1, 2)}[across]  # as pyradiomics exchanges the axes
    margin = math.ceil(settings.radius_voxels) + 1
    i, j, k = (0 if axis == across else margin for axis in range(3))
    part, box = around.wider((i, j, k))
    slices = np.moveaxis(part, (across, rows, columns), (0, 1, 2)).astype(np.float64)
    slices = np.pad(slices, ((0, 0), (margin, margin), (margin, margin)))
    firsts = [around.low[axis] for axis in (rows, columns)]
    origins = [around.low[axis] - box[axis].start - margin for axis in (rows, columns)]
    counts = [around.region.shape[axis] for axis in (rows, columns)]
    r, c = (slice(first - origin, first - origin + n) for first, origin, n in zip(firsts, origins, counts, strict=True))
    centre = slices[:, r, c]
    angles = 2 * np.pi * np.arange(settings.samples, dtype=np.float64) / settings.samples
    radius = float(np.float32(settings.radius_voxels))
    bits = np.empty((settings.samples, *centre.shape), dtype=bool)
    for bit, down, right in zip(bits, np.round(-radius * np.sin(angles), 5), np.round(radius * np.cos(angles), 5), strict=True):
        r0, r1, dr = _between(firsts[0], counts[0], down, origins[0])
        c0, c1, dc = _between(firsts[1], counts[1], right, origins[1])
        r0, r1, dr = r0[:, None], r1[:, None], dr[:, None]
        top = (1 - dc) * slices[:, r0, c0] + dc * slices[:, r0, c1]
        bottom = (1 - dc) * slices[:, r1, c0] + dc * slices[:, r1, c1]
        bit[:] = (1 - dr) * top + dr * bottom - centre >= 0
    numbers = _numbered(bits, settings.method)
    result: npt.NDArray[Any] = np.moveaxis(numbers, (0, 1, 2), (across, rows, columns)).astype(around.image.dtype)
    return result


def _between(start: int, n: int, step: float, origin: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Floats]:
    """Places below and above, and how far on: rounded as places counted from the first voxel of the image are."""
    places = np.arange(start, start + n) + step
    below, above = np.floor(places), np.ceil(places)
    return below.astype(np.intp) - origin, above.astype(np.intp) - origin, places - below


def _numbered(bits: npt.NDArray[np.bool_], method: str) -> Floats:
    n_samples = len(bits)
    if method == "uniform":
        changes = (bits != np.roll(bits, -1, axis=0))[: n_samples - 1].sum(axis=0)  # not from the last to the first
        return np.where(changes <= 2, bits.sum(axis=0), n_samples + 1).astype(np.float64)
    weights = 2 ** np.arange(n_samples)
    numbers = np.tensordot(weights, bits.astype(np.int64), axes=1)
    if method == "ror":
        turned, top = numbers.copy(), 1 << (n_samples - 1)
        for _ in range(n_samples - 1):
            turned = (turned >> 1) + (turned & 1) * top
            numbers = np.minimum(numbers, turned)
    return numbers.astype(np.float64)


def spherical_patterns(around: Around, settings: SphericalPatterns) -> Iterator[Floats]:
    """Energy of each degree of which neighbours on a sphere are no darker than a voxel, then the kurtosis of the neighbours.

    Zero outside the region. Neighbours are interpolated by splines; those of whole numbers are rounded to whole numbers.

    References
    ----------
    Banerjee et al., ACCV 2012 Workshops, LNCS 7728 (2013); pyradiomics, `getLBP3DImage`, which exchanges the two angles.
    """
    from scipy import ndimage

    margin = math.ceil(settings.radius_voxels) + SPLINE_REACH
    part, box = around.wider((margin, margin, margin))
    image = np.ascontiguousarray(part.T)  # K, J, I, as the axes of the vertices are meant
    vertices = icosphere(settings.subdivisions) * settings.radius_voxels
    harmonics, degrees = _harmonics(vertices, settings)
    places = np.argwhere(around.region.T) + [one.start for one in reversed(box)]
    found = np.empty((settings.levels + 1, len(places)))
    spline = ndimage.spline_filter(image.astype(np.float64), order=3)
    at_once = max(1, AT_ONCE // len(vertices))
    for start in range(0, len(places), at_once):
        some = places[start : start + at_once]
        points = np.moveaxis(some[:, None, :] + vertices, 2, 0)
        values = ndimage.map_coordinates(spline, points, order=3, prefilter=False, output=image.dtype)
        found[-1, start : start + at_once] = _kurtosis(values)
        signs = (values >= image[tuple(some.T)][:, None]).astype(np.int64)
        # Sums in the order of pyradiomics: patterns that have one energy have it to the last bit.
        coefficients = (signs[:, :, None] * harmonics).sum(axis=1)
        parts = coefficients[:, None] * harmonics
        signals = np.stack([parts[:, :, degrees == degree].sum(axis=2) for degree in range(settings.levels)], axis=2)
        found[:-1, start : start + at_once] = np.sqrt((signals**2).sum(axis=1)).real.T
    for row in found:
        result = np.zeros(around.region.shape)
        result.T[around.region.T] = row
        yield result


def _harmonics(vertices: Floats, settings: SphericalPatterns) -> tuple[npt.NDArray[np.complex128], npt.NDArray[np.int64]]:
    """Spherical harmonics at the vertices, shape (vertices, degrees and orders), and the degree of each."""
    from scipy.special import sph_harm_y

    theta = np.arccos(np.clip(vertices[:, 2] / settings.radius_voxels, -1, 1))
    phi = np.arctan2(vertices[:, 1], vertices[:, 0])
    orders = [(degree, order) for degree in range(settings.levels) for order in range(-degree, degree + 1)]
    harmonics = [np.asarray(sph_harm_y(degree, order, phi, theta)) for degree, order in orders]
    return np.stack(harmonics, axis=1), np.array([degree for degree, _ in orders])


def _kurtosis(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """As SciPy's; of single precision in single precision."""
    values = values if values.dtype.kind == "f" else values.astype(np.float64)
    mean = values.mean(axis=1, keepdims=True)
    squares = np.square(values - mean)
    second = squares.mean(axis=1)
    with np.errstate(all="ignore"):
        one_value = second <= (np.finfo(values.dtype).resolution * mean[:, 0]) ** 2
        result: npt.NDArray[Any] = np.where(one_value, np.nan, np.square(squares).mean(axis=1) / second**2) - 3
    return result


def icosphere(subdivisions: int) -> Floats:
    """Vertices of an icosahedron whose edges are halved so many times, on the unit sphere, shape (n, 3), in trimesh's order.

    Examples
    --------
    >>> [len(icosphere(number)) for number in range(3)]
    [12, 42, 162]
    """
    golden = (1 + math.sqrt(5)) / 2
    first = [(-1, golden, 0), (1, golden, 0), (-1, -golden, 0), (1, -golden, 0)]
    vertices = np.concatenate([np.roll(first, turn, axis=1) for turn in (0, 1, 2)]) / math.sqrt(2 + golden)
    for _ in range(subdivisions):
        apart = np.linalg.norm(vertices[:, None] - vertices, axis=2)
        longest = 1.2 * np.sort(apart, axis=1)[:, 5].max()  # every vertex has five neighbours or six
        second, one = np.nonzero(np.tril((apart < longest) & (apart > 0)))
        middles = (vertices[one] + vertices[second]) / 2
        vertices = np.concatenate([vertices, middles])
        lengths = np.linalg.norm(vertices, axis=1, keepdims=True)
        vertices += vertices / lengths * (1 - lengths)
    return vertices
