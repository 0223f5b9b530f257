"""What lies around a tumour: organ tissue with texture and strands, a body wall with air outside, a neighbouring structure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Floats


@dataclass(frozen=True)
class Layer:
    """A layer of the body wall, seen from the organ."""

    thickness_mm: float
    level: float


@dataclass(frozen=True)
class Organ:
    """How one cancer type looks. All levels are in the unit of the modality.

    Parameters
    ----------
    cancer_type, modality : str
    tissue : float
        Mean of the organ tissue.
    texture, noise : float
        Standard deviation of the smooth texture of tissue and tumour, and of the noise of single voxels.
    tumour : (low, high)
        Range of the tumour's mean.
    necrosis : float
        What a core contrast of 1 adds in the core of the tumour.
    margin_scale : float
        Multiplies the width of the margin, so that its fringe covers the same part of the histogram in every modality.
    strands : float
        Level of vessels and strands.
    neighbour : float
        Level of the structure on the side away from the body wall.
    wall : tuple of Layer
        From the organ outwards; air follows.
    air : float
    step : float
        Value of one stored grey level.
    """

    cancer_type: str
    modality: str
    tissue: float
    texture: float
    noise: float
    tumour: tuple[float, float]
    necrosis: float
    margin_scale: float
    strands: float
    neighbour: float
    wall: tuple[Layer, ...]
    air: float
    step: float


#: The three cancer types: lung on CT (HU), breast on a signal enhancement ratio map, brain on MR in arbitrary units (bright
#: tumour with a darker core, as on FLAIR).
ORGANS = (
    Organ(
        "lung", "CT", tissue=-850.0, texture=20.0, noise=24.0, tumour=(20.0, 60.0), necrosis=-24.0, margin_scale=0.9,
        strands=-150.0, neighbour=45.0, wall=(Layer(9.0, 45.0), Layer(6.0, -95.0), Layer(2.0, 20.0)), air=-1000.0, step=1.0,
    ),
    Organ(
        "breast", "SER", tissue=0.65, texture=0.03, noise=0.04, tumour=(1.4, 1.6), necrosis=-0.05, margin_scale=1.0,
        strands=0.95, neighbour=0.3, wall=(Layer(11.0, 0.3), Layer(2.0, 0.6)), air=0.0, step=0.001,
    ),
    Organ(
        "brain", "MR", tissue=300.0, texture=9.0, noise=11.0, tumour=(640.0, 760.0), necrosis=-14.0, margin_scale=0.75,
        strands=150.0, neighbour=880.0, wall=(Layer(2.5, 880.0), Layer(6.0, 45.0), Layer(4.0, 260.0)), air=4.0, step=1.0,
    ),
)  # fmt: skip

#: Edges between tissues are this wide, mm.
EDGE_MM = 1.2


def smooth_field(rng: np.random.Generator, axes_mm: tuple[Floats, Floats, Floats], length_mm: float) -> Floats:
    """A Gaussian random field of mean 0 and variance 1: white noise on a lattice, smoothed with a Gaussian of `length_mm`.

    Parameters
    ----------
    rng : Generator
    axes_mm : three arrays, shapes (I,), (J,), (K,), mm
        Positions of the voxel centres along each axis.
    length_mm : float
        Standard deviation of the smoothing, mm.

    Returns
    -------
    array, shape (I, J, K)
    """
    weights = []
    for axis in axes_mm:
        lattice = np.arange(axis.min() - 3 * length_mm, axis.max() + 3 * length_mm, length_mm)
        weight = np.exp(-(((axis[:, None] - lattice) / length_mm) ** 2) / 2)
        weights.append(weight / np.sqrt((weight**2).sum(axis=1, keepdims=True)))
    field = rng.standard_normal([weight.shape[1] for weight in weights])
    field = np.einsum("kc,abc->abk", weights[2], field)
    field = np.einsum("jb,abk->ajk", weights[1], field)
    return np.einsum("ia,ajk->ijk", weights[0], field)


def surroundings(
    organ: Organ, axes_mm: tuple[Floats, Floats, Floats], clear_mm: float, rng: np.random.Generator
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """The organ without a tumour, around the origin.

    Parameters
    ----------
    organ : Organ
    axes_mm : three arrays, shapes (I,), (J,), (K,), mm
        Positions of the voxel centres, relative to the tumour's centre.
    clear_mm : float
        Up to this distance from the origin there is organ tissue only, mm.
    rng : Generator

    Returns
    -------
    values : array, shape (I, J, K)
        In the unit of the modality, with texture, without noise.
    tissue : array of bool, shape (I, J, K)
        Organ tissue, with its strands.
    """
    x, y, z = np.meshgrid(*axes_mm, indexing="ij", sparse=True)
    angle, tilt = rng.uniform(0, 2 * np.pi), rng.uniform(-0.4, 0.4)
    outward = np.array([np.cos(angle) * np.cos(tilt), np.sin(angle) * np.cos(tilt), np.sin(tilt)])
    curvature_mm, other_mm = rng.uniform(55.0, 85.0), rng.uniform(22.0, 40.0)
    wave = 1.2 * smooth_field(rng, axes_mm, 11.0)
    to_wall = _sphere_distance((x, y, z), outward * (clear_mm + 1.5 - curvature_mm), curvature_mm) + wave
    inward = -outward + rng.uniform(-0.6, 0.6, 3)
    inward /= np.sqrt((inward**2).sum())
    beyond = clear_mm + rng.uniform(3.0, 10.0) + other_mm
    to_neighbour = -_sphere_distance((x, y, z), inward * beyond, other_mm) - wave

    first, second = smooth_field(rng, axes_mm, 9.0), smooth_field(rng, axes_mm, 9.0)
    tube = np.exp(-(first**2 + second**2) / (2 * 0.17**2))
    values = organ.tissue + tube * (organ.strands - organ.tissue)
    values += _step(to_neighbour) * (organ.neighbour - values)
    depth = 0.0
    for layer in organ.wall:
        values += _step(to_wall - depth) * (layer.level - values)
        depth += layer.thickness_mm
    inside = 1.0 - _step(to_wall - depth)
    values += (1.0 - inside) * (organ.air - values)
    values += inside * organ.texture * smooth_field(rng, axes_mm, 3.0)
    return values, (to_wall < -EDGE_MM) & (to_neighbour < -EDGE_MM)


def _sphere_distance(points: tuple[Floats, Floats, Floats], centre: Floats, radius_mm: float) -> Floats:
    x, y, z = points
    return np.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2) - radius_mm


def _step(distance_mm: Floats) -> Floats:
    """0 well before an edge, 1 well beyond it."""
    return np.clip(0.5 + distance_mm / EDGE_MM, 0.0, 1.0)
