"""Where the names of points stand, so that none covers another. All places are pixels from the top left corner."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

Places = npt.NDArray[np.float64]

#: Directions and distances at which a name is tried, the nearest first.
_ANGLES = (0, 180, -25, 205, 25, 155, -55, 235, 55, 125, -90, 90)
_DISTANCES = (7.0, 12.0, 20.0, 30.0, 42.0, 56.0, 74.0, 96.0, 124.0, 160.0)
#: Room around a name, since browsers may set it in another font than it was measured in.
_WIDER, _PAD = 1.06, 1.5


def text_width(text: str, size_pt: float) -> float:
    """Width of a line of text in pixels."""
    width, _, _ = text_to_path.get_text_width_height_descent(text, FontProperties(family="DejaVu Sans", size=size_pt), False)
    return float(width) * 96 / 72


def placed_names(points: Places, widths: Places, height: float, inside: tuple[float, float], *, others: Places) -> Places:
    """Top left corner of each name, shape (n, 2); NaN where no place is free.

    Parameters
    ----------
    points : array, shape (n, 2)
        The points that are named, the most important first.
    widths : array, shape (n,)
    height : float
    inside : (width, height)
        The names stay within this.
    others : array, shape (m, 2)
        Points that are better not covered.
    """
    corners = np.full((len(points), 2), np.nan)
    boxes: list[tuple[float, float, float, float]] = []
    leaders: list[tuple[Any, Any]] = []
    for i, point in enumerate(points):
        width = float(widths[i]) * _WIDER + 2 * _PAD
        best, best_cost = None, math.inf
        for distance, angle in itertools.product(_DISTANCES, _ANGLES):
            if distance / 8 >= best_cost:
                break
            box = _candidate(point, width, height, distance, angle)
            free = box[0] >= 0 and box[1] >= 0 and box[2] <= inside[0] and box[3] <= inside[1]
            if not free or any(_meet(box, other) for other in boxes):
                continue
            end = _nearest(box, point)
            cost = distance / 8 + abs(math.sin(math.radians(angle)))
            cost += 6 * _covered(points, box) + 2.5 * min(_covered(others, box), 12)
            cost += 4 * sum(_cross(point, end, *line) for line in leaders) + 4 * sum(_through(point, end, b) for b in boxes)
            cost += 4 * sum(_through(*line, box) for line in leaders)
            if cost < best_cost:
                best, best_cost = box, cost
        if best is not None:
            boxes.append(best)
            leaders.append((point, _nearest(best, point)))
            leftwards = best[0] + best[2] < 2 * point[0]
            corners[i] = best[2] - _PAD - widths[i] if leftwards else best[0] + _PAD, best[1]
    return corners


def _candidate(point: Any, width: float, height: float, distance: float, angle: float) -> tuple[float, float, float, float]:
    """Box of a name on the side of its point that the angle says."""
    across, down = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    left = point[0] + across * distance + (across - 1) / 2 * width
    top = point[1] + down * distance + (down - 1) / 2 * height
    return float(left), float(top), float(left + width), float(top + height)


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _covered(points: Places, box: tuple[float, ...]) -> int:
    x, y = points[:, 0], points[:, 1]
    return int(np.count_nonzero((x > box[0] - 3) & (x < box[2] + 3) & (y > box[1] - 3) & (y < box[3] + 3)))


def _nearest(box: tuple[float, ...], point: Any) -> tuple[float, float]:
    """The place on a box that is nearest to a point."""
    return min(max(float(point[0]), box[0]), box[2]), min(max(float(point[1]), box[1]), box[3])


def _cross(a: Any, b: Any, c: Any, d: Any) -> bool:
    """Whether the line from a to b crosses that from c to d."""

    def side(p: Any, q: Any, r: Any) -> bool:
        return bool((q[0] - p[0]) * (r[1] - p[1]) > (q[1] - p[1]) * (r[0] - p[0]))

    return side(a, b, c) != side(a, b, d) and side(c, d, a) != side(c, d, b)


def _through(a: Any, b: Any, box: tuple[float, ...]) -> bool:
    """Whether the line from a to b crosses a diagonal of a box."""
    return _cross(a, b, box[:2], box[2:]) or _cross(a, b, (box[0], box[3]), (box[2], box[1]))
