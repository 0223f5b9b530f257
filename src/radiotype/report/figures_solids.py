"""Solids in three dimensions, shaded, by the painter's algorithm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from radiotype.report.drawing import INK, SOFT, darker, draw, place, sheet

Floats = npt.NDArray[np.float64]

#: The viewer stands in front of the patient, this far towards the patient's left and above, degrees.
TURN, LIFT = 25.0, 20.0

#: Steps of light; few of them keep pictures small.
N_SHADES = 28

#: Rounds in which a face takes the direction of its neighbours, so that the stairs of voxels do not hide the form.
_ROUNDS = 3
_TILE, _GAP, _LEFT, _TOP = 142.0, 6.0, 128.0, 26.0


@dataclass(frozen=True, eq=False)
class Solid:
    """A closed surface: `vertices_mm` (n, 3) to the patient's left, back and head, `faces` (m, 3); `note` stands below it."""

    vertices_mm: Floats
    faces: npt.NDArray[np.integer]
    note: str = ""


@dataclass(frozen=True, eq=False)
class Lane:
    """Solids beside each other at one scale, with a name, a second line and a colour; None leaves a place empty."""

    name: str
    details: str
    tint: str
    solids: Sequence[Solid | None]


def solid_table(lanes: Sequence[Lane], heads: Sequence[str], *, name: str, label: str) -> str:
    """A row of solids per lane, seen from the front of the patient, a little from the left and above.

    Parameters
    ----------
    lanes : sequence of Lane
        Each drawn at a scale of its own, with a bar of so many mm.
    heads : sequence of text
        What each column shows.
    name, label : text
        Name of the figure; what it shows.

    Returns
    -------
    str
        An `svg` element in which each solid is a small picture.
    """
    width, height = _LEFT + len(heads) * (_TILE + _GAP), _TOP + len(lanes) * (_TILE + 24)

    def paint(figure: Figure) -> None:
        page = sheet(figure)
        for i, head in enumerate(heads):
            x = _LEFT + i * (_TILE + _GAP) + _TILE / 2
            page.text(x, 12, head, ha="center", va="center", fontsize=8.5, color=SOFT, fontweight="bold")
        for row, lane in enumerate(lanes):
            top = _TOP + row * (_TILE + 24)
            page.text(0, top + 52, lane.name, va="center", fontweight="bold", fontsize=9.5, color=darker(lane.tint))
            page.text(0, top + 71, lane.details, va="top", fontsize=8, color=SOFT, linespacing=1.45)
            seen = [None if solid is None else _seen(solid.vertices_mm) for solid in lane.solids]
            reach = 1.04 * max((float(np.abs(one[:, :2]).max()) for one in seen if one is not None), default=1.0)
            _bar(page, top, reach)
            for i, (solid, view) in enumerate(zip(lane.solids, seen, strict=True)):
                left = _LEFT + i * (_TILE + _GAP)
                if solid is None or view is None:
                    page.text(left + _TILE / 2, top + _TILE / 2, "–", ha="center", va="center", color=SOFT)
                    continue
                axes = place(figure, left, top, _TILE, _TILE)
                axes.set(xlim=(-reach, reach), ylim=(-reach, reach))
                axes.set_axis_off()
                corners, colours = shaded(view, np.asarray(solid.faces), lane.tint)
                faces = PolyCollection(
                    corners,  # type: ignore[arg-type]  # an array: of a list each face becomes a path on its own
                    facecolors=colours,
                    edgecolors=colours,
                    linewidths=0.35,
                    antialiaseds=False,
                    rasterized=True,
                )
                axes.add_collection(faces, autolim=False)
                page.text(left + _TILE / 2, top + _TILE + 9, solid.note, ha="center", va="center", fontsize=7.5, color=SOFT)

    return draw(name, (width, height), paint, label=label)


def shaded(view: Floats, faces: npt.NDArray[np.integer], tint: str) -> tuple[Floats, Floats]:
    """The faces that are seen, farthest first, and their colours in the light from the upper left.

    Parameters
    ----------
    view : array, shape (n, 3)
        To the right, up, and towards the viewer.
    faces : array of int, shape (m, 3)
        Turned over if they lie clockwise outside.
    tint : str
        Colour of a face that looks into the light.

    Returns
    -------
    array, shape (n_seen, 3, 2)
        Corners of the faces.
    array, shape (n_seen, 3)
        Colours, 0 to 1.

    Examples
    --------
    >>> corners = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    >>> inside_out = np.array([[0, 1, 2], [0, 3, 1], [0, 2, 3], [1, 3, 2]])
    >>> shaded(corners, inside_out, "#0072b2")[0].shape  # only one face looks to the viewer
    (1, 3, 2)
    """
    a, b, c = (view[faces[:, corner]] for corner in range(3))
    normals = np.cross(b - a, c - a)
    if np.einsum("ij,ij->i", a, normals).sum() < 0:
        normals = -normals
    front = normals[:, 2] > 0
    smooth = normals
    for _ in range(_ROUNDS):
        smooth = _unit(_of_neighbours(_unit(smooth) * np.linalg.norm(normals, axis=1, keepdims=True), faces, len(view)))
    light = _unit(np.array([[-0.45, 0.65, 0.62]]))[0]
    bright = 0.40 + 0.60 * np.clip(smooth @ light, 0, 1)
    bright = np.round(bright * N_SHADES) / N_SHADES
    full = 0.45 + 0.55 * np.array(to_rgb(tint))  # lightened, so that there is room for shadow
    colours = bright[:, None] * full
    depth = (a + b + c)[:, 2]
    order = np.flatnonzero(front)[np.argsort(depth[front], kind="stable")]
    return np.stack([a, b, c], axis=1)[order][:, :, :2], colours[order]


def _seen(vertices_mm: Floats) -> Floats:
    """Positions to the right, up and towards the viewer: who looks at the patient from the front has the left on the right."""
    turn, lift = np.deg2rad([TURN, LIFT])
    x, y, z = np.asarray(vertices_mm, dtype=np.float64).T
    right, up, near = x, z, -y
    right, near = right * np.cos(turn) - near * np.sin(turn), right * np.sin(turn) + near * np.cos(turn)
    up, near = up * np.cos(lift) - near * np.sin(lift), up * np.sin(lift) + near * np.cos(lift)
    return np.stack([right, up, near], axis=1)


def _of_neighbours(normals: Floats, faces: npt.NDArray[np.integer], n_vertices: int) -> Floats:
    """Per face the sum over its corners of the directions of all faces that meet there."""
    columns = [
        sum(np.bincount(faces[:, corner], weights=normals[:, axis], minlength=n_vertices) for corner in range(3))
        for axis in range(3)
    ]
    at_vertex = _unit(np.stack(columns, axis=1))
    found: Floats = at_vertex[faces].sum(axis=1)
    return found


def _unit(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1.0))


def _bar(page: Axes, top: float, reach: float) -> None:
    """How long 20 mm are; fewer where the tumour is smaller."""
    length_mm = next((one for one in (20, 10, 5, 2) if one < reach), 1)
    length = length_mm / (2 * reach) * _TILE
    page.plot([0, length], [top + _TILE - 8] * 2, color=INK, linewidth=1.6, solid_capstyle="butt")
    page.text(0, top + _TILE + 3, f"{length_mm} mm", va="center", fontsize=7.5, color=SOFT)
