"""Contours drawn on slices turned into voxels, by the even-odd rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Floats, Grid
from radiotype.errors import InputError

Ints = npt.NDArray[np.int64]

#: A point farther than this from the scanner's origin is no anatomy.
FARTHEST_MM = 1e5

#: Index coordinates are rounded to this fraction of a voxel, so that a point on a voxel centre stays on it.
SNAP_VOXELS = 2.0**-20

#: Contours whose planes differ by less than this fraction of the slice spacing were drawn on one plane.
ONE_PLANE_SLICES = 0.05

#: A plane half way between two slices, within this rounding, belongs to the next one.
HALF_WAY_SLICES = 0.01

#: A contour farther than this from the middle of its slice is counted as moved.
OFF_CENTRE_SLICES = 0.1

#: Contours of one slice are compared with each other up to this many.
MAX_COMPARED = 64

#: Crossings of contours with rows of voxels that are held in memory at once.
CROSSINGS_AT_ONCE = 2**19


@dataclass(frozen=True, eq=False)
class Drawing:
    """Contours as voxels, and what became of those that needed a decision.

    Parameters
    ----------
    data : array, shape (I, J, K), bool
        True inside; may be empty.
    n_contours : int
        Contours that were given.
    n_without_area : int
        Fewer than three points, or all on one line: ignored.
    n_off_scan : int
        On planes more than half a slice beyond the first or last slice: ignored.
    n_between : int
        On a plane farther from the slice centre than another plane of the same slice: ignored.
    n_repeated : int
        Point for point the same as another contour of their plane: drawn once.
    n_tiny : int
        Around no voxel centre: the voxel that holds the centroid was set.
    n_clipped : int
        Reach beyond the image within their slice: cut at its border.
    n_skipped_slices : int
        Slices without a contour between the first and the last with one; left empty.
    n_overlapping : int
        Pairs of contours of one slice that overlap in part; by the even-odd rule what both enclose is outside.
    n_moved : int
        Drawn off the middle of their slice by more than `OFF_CENTRE_SLICES`: taken to it all the same.
    farthest_slices : float
        The largest such distance, in slices.
    gap_slices : float
        The smallest distance between two planes with contours, in slices; 0 for fewer than three planes.
    """

    data: npt.NDArray[np.bool_]
    n_contours: int
    n_without_area: int = 0
    n_off_scan: int = 0
    n_between: int = 0
    n_repeated: int = 0
    n_tiny: int = 0
    n_clipped: int = 0
    n_skipped_slices: int = 0
    n_overlapping: int = 0
    n_moved: int = 0
    farthest_slices: float = 0.0
    gap_slices: float = 0.0


def rasterise(contours: Sequence[npt.ArrayLike], grid: Grid, *, keep_tiny: bool = True) -> npt.NDArray[np.bool_]:
    """Voxels whose centre lies inside the contours, by the even-odd rule on each slice.

    A contour inside another is a hole, one inside the hole an island. A centre on a contour belongs to the side of growing
    index, so that regions that share a border neither overlap nor leave a gap.

    Parameters
    ----------
    contours : sequence of arrays, each (n_points, 3), mm
        Closed contours in patient coordinates (LPS), each parallel to the slices; the last point may repeat the first.
    grid : Grid
        Where the voxels lie; K counts the slices.
    keep_tiny : bool
        Set the voxel that holds the centroid of a contour without any voxel centre inside.

    Returns
    -------
    array, shape (I, J, K), bool

    Raises
    ------
    InputError
        RT207 for points that are not finite or absurdly far, or contours that are not parallel to the slices.

    Examples
    --------
    >>> import numpy as np
    >>> square = [[0.5, 0.5, 1.0], [2.5, 0.5, 1.0], [2.5, 2.5, 1.0], [0.5, 2.5, 1.0]]
    >>> int(rasterise([square], Grid((4, 4, 3), np.eye(4)))[:, :, 1].sum())
    4
    """
    return draw_contours(contours, grid, keep_tiny=keep_tiny).data


def draw_contours(contours: Sequence[npt.ArrayLike], grid: Grid, *, keep_tiny: bool = True) -> Drawing:
    """As `rasterise`, with counts of the contours that needed a decision."""
    shapes = _Shapes.of(contours, grid)
    with_area = np.flatnonzero(~shapes.without_area())
    plane, centre, of_slice, nearest = _planes(shapes.plane[with_area])
    on_scan = (of_slice >= 0) & (of_slice < grid.shape[2])
    candidates = with_area[on_scan & nearest]
    repeated = shapes.repeated(candidates, plane[on_scan & nearest])
    drawn, slices = candidates[~repeated], of_slice[on_scan & nearest][~repeated]
    order = np.argsort(slices, kind="stable")
    drawn, slices = drawn[order], slices[order]
    clipped = shapes.leaves(grid.shape[0], grid.shape[1])
    moved = np.abs(shapes.plane[drawn] - slices)
    # Slices lie one after another in memory, and pages that are never written take none.
    stack = np.zeros(grid.shape[::-1], dtype=bool)
    n_tiny = n_overlapping = 0
    used, starts = np.unique(slices, return_index=True)
    for k, members in zip(used.tolist(), np.split(drawn, starts[1:]) if len(used) else [], strict=True):
        empty = _fill(shapes, members, stack[k])
        n_overlapping += _n_overlapping(shapes, members[~empty], stack[k].shape)
        if keep_tiny:
            n_tiny += _set_centroids(shapes, members[empty & ~clipped[members]], stack[k])
    stack.setflags(write=False)
    return Drawing(
        stack.transpose(2, 1, 0),
        n_contours=len(contours),
        n_without_area=len(contours) - len(with_area),
        n_off_scan=int((~on_scan).sum()),
        n_between=int((on_scan & ~nearest).sum()),
        n_repeated=int(repeated.sum()),
        n_tiny=n_tiny,
        n_clipped=int(clipped[drawn].sum()),
        n_skipped_slices=int(used[-1] - used[0] + 1 - len(used)) if len(used) else 0,
        n_overlapping=n_overlapping,
        n_moved=int((moved > OFF_CENTRE_SLICES).sum()),
        farthest_slices=float(moved.max(initial=0.0)),
        gap_slices=float(np.diff(centre).min()) if len(centre) > 2 else 0.0,
    )


@dataclass(frozen=True, eq=False)
class _Shapes:
    """Contours of at least three points in index coordinates, one after another."""

    x: Floats
    y: Floats
    first: Ints
    after: Ints
    plane: Floats

    @staticmethod
    def of(contours: Sequence[npt.ArrayLike], grid: Grid) -> _Shapes:
        arrays = [_points(one) for one in contours]
        arrays = [one for one in arrays if len(one) >= 3]
        if not arrays:
            none = np.zeros(0, dtype=np.int64)
            return _Shapes(np.zeros(0), np.zeros(0), none, none, np.zeros(0))
        points = np.concatenate(arrays)
        with np.errstate(invalid="ignore"):
            broken = ~(np.abs(points) <= FARTHEST_MM).all(axis=1)
        if broken.any():
            raise InputError(
                "RT207",
                f"{int(broken.sum()):,} of {len(points):,} contour points are not finite or over {FARTHEST_MM / 1000:g} m away",
                hint="export the contours again",
            )
        index = (points - grid.affine[:3, 3]) @ np.linalg.inv(grid.affine[:3, :3]).T
        index = np.rint(index / SNAP_VOXELS) * SNAP_VOXELS
        lengths = np.array([len(one) for one in arrays])
        after = np.cumsum(lengths)
        first = after - lengths
        plane = np.add.reduceat(index[:, 2], first) / lengths
        tilted = np.maximum.reduceat(np.abs(index[:, 2] - np.repeat(plane, lengths)), first) > 0.5
        if tilted.any():
            raise InputError(
                "RT207",
                f"{int(tilted.sum())} of {len(tilted)} contours are not parallel to the slices of the scan",
                hint="they were drawn on another series or on reformatted planes; use the series they were drawn on",
            )
        return _Shapes(index[:, 0], index[:, 1], first, after, plane)

    def _per_contour(self, values: Floats) -> Floats:
        total: Floats = np.add.reduceat(values, self.first) if len(self.first) else np.zeros(0)
        return total

    def without_area(self) -> npt.NDArray[np.bool_]:
        """Contours whose points all lie on one line."""
        lengths = self.after - self.first
        dx = self.x - np.repeat(self.x[self.first], lengths)
        dy = self.y - np.repeat(self.y[self.first], lengths)
        dx -= np.repeat(self._per_contour(dx) / lengths, lengths)
        dy -= np.repeat(self._per_contour(dy) / lengths, lengths)
        xx, yy, xy = (self._per_contour(one) for one in (dx * dx, dy * dy, dx * dy))
        spread = xx + yy
        thin: Floats = np.maximum(1e-12 * spread, lengths * (4 * SNAP_VOXELS) ** 2)
        flat: npt.NDArray[np.bool_] = xx * yy - xy * xy <= spread * thin
        return flat

    def boxes(self) -> Floats:
        """Lowest x, lowest y, highest x, highest y, shape (n_contours, 4)."""
        if not len(self.first):
            return np.zeros((0, 4))
        low = [np.minimum.reduceat(one, self.first) for one in (self.x, self.y)]
        return np.column_stack(low + [np.maximum.reduceat(one, self.first) for one in (self.x, self.y)])

    def leaves(self, columns: int, rows: int) -> npt.NDArray[np.bool_]:
        """Contours that reach beyond the image."""
        box = self.boxes()
        out = np.column_stack([box[:, :2] < -0.5, box[:, 2:] > [columns - 0.5, rows - 0.5]])
        return np.asarray(out.any(axis=1), dtype=bool)

    def repeated(self, members: Ints, plane: Ints) -> npt.NDArray[np.bool_]:
        """Which members have exactly the points of an earlier one on their plane; by the even-odd rule both would vanish."""
        again = np.zeros(len(members), dtype=bool)
        keys = np.column_stack([plane, self.boxes()[members]])
        _, which, count = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
        seen: set[tuple[int, bytes]] = set()
        for n in np.flatnonzero(count[which.ravel()] > 1).tolist():
            part = slice(self.first[members[n]], self.after[members[n]])
            corners = np.unique(np.column_stack([self.x[part], self.y[part]]), axis=0)
            key = (int(plane[n]), corners.tobytes())
            again[n] = key in seen
            seen.add(key)
        return again

    def edges(self, members: Ints) -> tuple[Floats, Floats, Floats, Floats, Ints]:
        """Edges of some contours, each from its lower y to its higher, and the contour of each by its place in `members`."""
        lengths = (self.after - self.first)[members]
        ends = np.cumsum(lengths)
        here = np.arange(ends[-1]) + np.repeat(self.first[members] - (ends - lengths), lengths)
        there = here + 1
        there[ends - 1] = self.first[members]
        up = self.y[here] <= self.y[there]
        low, high = np.where(up, here, there), np.where(up, there, here)
        return self.x[low], self.y[low], self.x[high], self.y[high], np.repeat(np.arange(len(members)), lengths)

    def centroid(self, n: int) -> tuple[float, float]:
        """Centroid of the area of a contour, in index coordinates; that of its outline if the area cancels out."""
        part = slice(self.first[n], self.after[n])
        x, y = self.x[part] - self.x[self.first[n]], self.y[part] - self.y[self.first[n]]
        cross = x * np.roll(y, -1) - np.roll(x, -1) * y
        area = cross.sum() / 2
        if abs(area) > 1e-3 * np.ptp(x) * np.ptp(y):
            cx = ((x + np.roll(x, -1)) * cross).sum() / (6 * area)
            cy = ((y + np.roll(y, -1)) * cross).sum() / (6 * area)
        else:
            length = np.hypot(np.roll(x, -1) - x, np.roll(y, -1) - y)
            cx = ((x + np.roll(x, -1)) * length).sum() / (2 * length.sum())
            cy = ((y + np.roll(y, -1)) * length).sum() / (2 * length.sum())
        return float(cx + self.x[self.first[n]]), float(cy + self.y[self.first[n]])


def _points(contour: npt.ArrayLike) -> Floats:
    points = np.asarray(contour, dtype=np.float64)
    if points.size == 0:
        return np.zeros((0, 3))
    if points.ndim != 2 or points.shape[1] != 3:
        raise InputError("RT207", f"a contour needs points of three coordinates, found an array of shape {points.shape}")
    return points


def _planes(position: Floats) -> tuple[Ints, Floats, Ints, npt.NDArray[np.bool_]]:
    """Planes on which contours were drawn.

    Parameters
    ----------
    position : array, shape (n_contours,)
        Mean index coordinate of each contour along the slices.

    Returns
    -------
    number : array, shape (n_contours,), int
        A number for the plane of each contour.
    centre : array, shape (n_planes,)
        Mean index coordinate of each plane.
    of_slice : array, shape (n_contours,), int
        The slice that the plane of each contour belongs to.
    nearest : array, shape (n_contours,), bool
        Whether no other plane is nearer to the middle of that slice.
    """
    number = np.zeros(len(position), dtype=np.int64)
    start, current = -np.inf, -1
    for n in np.argsort(position, kind="stable").tolist():
        if position[n] - start > ONE_PLANE_SLICES:
            start, current = position[n], current + 1
        number[n] = current
    if current < 0:
        return number, np.zeros(0), number, number.astype(bool)
    centre = np.bincount(number, position) / np.bincount(number)
    home = np.floor(centre + 0.5 + HALF_WAY_SLICES).astype(np.int64)
    order = np.lexsort((centre, np.abs(centre - home).round(3), home))
    nearest = np.zeros(current + 1, dtype=bool)
    nearest[order[np.unique(home[order], return_index=True)[1]]] = True
    return number, centre, home[number], nearest[number]


def _fill(shapes: _Shapes, members: Ints, image: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Fill the contours of one slice into its image (J, I); says for each whether it holds no voxel centre."""
    n_rows, n_columns = image.shape
    x, y, x_end, y_end, owner = shapes.edges(members)
    row = np.clip(np.ceil(y), 0, n_rows).astype(np.int64)
    count = np.clip(np.ceil(y_end), 0, n_rows).astype(np.int64) - row
    crossing = count > 0
    empty = np.ones(len(members), dtype=bool)
    if not crossing.any():
        return empty
    x, y, x_end, y_end = x[crossing], y[crossing], x_end[crossing], y_end[crossing]
    owner, row, count = owner[crossing], row[crossing], count[crossing]
    slope = (x_end - x) / (y_end - y)
    top, width = int(row.min()), n_columns + 1
    height = int((row + count).max()) - top
    parity = np.zeros(height * width, dtype=np.uint8)
    for part, whole in _parts(owner, count):
        n = count[part]
        edge = np.repeat(np.arange(part.start, part.stop), n)
        at = row[edge] + (np.arange(len(edge)) - np.repeat(np.cumsum(n) - n, n))
        cut = x[edge] + (at - y[edge]) * slope[edge]
        column = np.clip(np.ceil(cut - SNAP_VOXELS / 2), 0, n_columns).astype(np.int64)
        place = (at - top) * width + column
        parity ^= (np.bincount(place, minlength=len(parity)) & 1).astype(np.uint8)
        if whole:
            # Each contour crosses each row an even number of times: sorted, its crossings pair up, and a pair encloses centres
            # if its two columns differ.
            pairs = np.sort(owner[edge] * len(parity) + place).reshape(-1, 2)
            empty[pairs[pairs[:, 0] != pairs[:, 1], 0] // len(parity)] = False
        else:
            empty[owner[part.start]] = False
    inside = np.bitwise_xor.accumulate(parity.reshape(height, width)[:, :-1], axis=1)
    image[top : top + height] = inside.astype(bool)
    return empty


def _n_overlapping(shapes: _Shapes, members: Ints, shape: tuple[int, ...]) -> int:
    """Pairs of contours of one slice of which each holds voxel centres that the other holds, and some that it does not."""
    low, high = np.split(shapes.boxes()[members], 2, axis=1)
    apart = (low[:, None] >= high[None]).any(axis=2)
    near = np.argwhere(np.triu(~(apart | apart.T), 1)) if 1 < len(members) <= MAX_COMPARED else ()
    alone: dict[int, npt.NDArray[np.bool_]] = {}
    found = 0
    for pair in near:
        for n in pair.tolist():
            if n not in alone:
                alone[n] = np.zeros(shape, dtype=bool)
                _fill(shapes, members[n : n + 1], alone[n])
        one, other = (alone[n] for n in pair.tolist())
        found += bool((one & other).any() and (one & ~other).any() and (other & ~one).any())
    return found


def _parts(owner: Ints, count: Ints) -> Iterator[tuple[slice, bool]]:
    """Edges in parts that fit in memory, and whether a part holds whole contours; a contour too large for that stands alone."""
    ends = np.flatnonzero(np.append(np.diff(owner) > 0, True)) + 1
    total = np.concatenate([[0], np.cumsum(count)])
    start = 0
    while start < len(owner):
        limit = total[start] + CROSSINGS_AT_ONCE
        fits = ends[(ends > start) & (total[ends] <= limit)]
        if len(fits):
            yield slice(start, int(fits[-1])), True
            start = int(fits[-1])
            continue
        end = int(ends[np.searchsorted(ends, start, side="right")])
        while start < end:
            stop = int(np.clip(np.searchsorted(total, total[start] + CROSSINGS_AT_ONCE, side="right") - 1, start + 1, end))
            yield slice(start, stop), False
            start = stop


def _set_centroids(shapes: _Shapes, tiny: Ints, image: npt.NDArray[np.bool_]) -> int:
    """Set the voxels that hold the centroids; the number of voxels that were not inside before."""
    n_set = 0
    for n in tiny.tolist():
        x, y = shapes.centroid(n)
        row = min(max(int(np.floor(round(y, 6) + 0.5)), 0), image.shape[0] - 1)
        column = min(max(int(np.floor(round(x, 6) + 0.5)), 0), image.shape[1] - 1)
        n_set += not image[row, column]
        image[row, column] = True
    return n_set
