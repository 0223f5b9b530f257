"""A tumour whose shape, margin and core are known, drawn into an organ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Floats
from radiotype.errors import RecipeError
from radiotype.simulate.organs import Organ, smooth_field, surroundings
from radiotype.simulate.surface import StarSurface, random_surface

#: The core fills the tumour up to this fraction of its radius; its edge is about as wide as the second number.
CORE_REACH, CORE_EDGE = 0.72, 0.06


@dataclass(frozen=True)
class Subtype:
    """How the tumours of one planted subtype vary: a mean and a spread for each trait.

    Parameters
    ----------
    radius_mm : (median, log spread)
        Radius of the sphere of equal volume.
    elongation : (median, log spread)
        Longest over middle and middle over shortest semi-axis.
    energy : tuple of float
        Median variance of the log radius in degree 2, 3, 4 ...
    irregularity : float
        Log spread of that energy, common to all degrees.
    margin_mm : (median, log spread)
        Width of the margin: standard deviation of the error function that the intensity follows across the surface.
    core_contrast : (mean, standard deviation)
        How far the core differs from the rim, in the units of `Organ.necrosis`.
    infiltration : (median, log spread)
        Share of the tissue just beyond the surface that is tumour, in strands; it halves every 2.5 mm.
    """

    radius_mm: tuple[float, float]
    elongation: tuple[float, float]
    energy: tuple[float, ...]
    irregularity: float
    margin_mm: tuple[float, float]
    core_contrast: tuple[float, float]
    infiltration: tuple[float, float]


#: Infiltrating strands are about this thick; their share of the tissue halves over the second distance, mm.
INFILTRATION_SIZE_MM, INFILTRATION_HALVES_MM = 1.8, 2.5

#: Standard deviations of the field over which a strand fades.
INFILTRATION_EDGE = 0.6

#: The planted subtypes, as the published ones are described (Wu et al., Nature Machine Intelligence 3 (2021) 787-798).
SUBTYPES = {
    1: Subtype((6.6, 0.09), (1.10, 0.04), (0.002, 0.0015, 0.001), 0.3, (0.5, 0.2), (0.2, 0.2), (0.005, 0.4)),
    2: Subtype((11.8, 0.08), (1.15, 0.05), (0.004, 0.003, 0.002, 0.001), 0.3, (1.1, 0.2), (0.8, 0.3), (0.02, 0.4)),
    3: Subtype((15.0, 0.08), (1.12, 0.04), (0.002, 0.0015, 0.001), 0.3, (3.0, 0.15), (0.5, 0.3), (0.20, 0.3)),
    4: Subtype(
        (14.5, 0.08), (1.20, 0.06), (0.006, 0.010, 0.010, 0.008, 0.006, 0.004), 0.3, (1.2, 0.2), (3.4, 0.4), (0.06, 0.4)
    ),
}


#: Tumours between all of these, without groups: the population of a cohort that has no subtypes.
ONE_POPULATION = Subtype((11.0, 0.28), (1.14, 0.05), (0.0035, 0.0035, 0.0025, 0.001), 0.5, (1.2, 0.5), (1.0, 0.8), (0.03, 0.9))


@dataclass(frozen=True)
class Tumour:
    """One tumour as planted.

    Parameters
    ----------
    surface : StarSurface
    margin_mm : float
        Width of the margin, mm, before `Organ.margin_scale`.
    core_contrast : float
        In the units of `Organ.necrosis`.
    infiltration : float
        Share of the tissue just beyond the surface that is tumour.
    """

    surface: StarSurface
    margin_mm: float
    core_contrast: float = 0.0
    infiltration: float = 0.0


@dataclass(frozen=True, eq=False)
class Phantom:
    """A simulated scan: values in the unit of the modality, the tumour and the organ tissue, all of shape (I, J, K)."""

    values: Floats
    tumour: npt.NDArray[np.bool_]
    parenchyma: npt.NDArray[np.bool_]


def draw_tumour(subtype: int | Subtype, rng: np.random.Generator, *, largest_radius_mm: float = 24.0) -> Tumour:
    """A tumour of one planted subtype, or of another population.

    Parameters
    ----------
    subtype : int or Subtype
        1 to 4, or how the tumours of another population vary.
    rng : Generator
    largest_radius_mm : float
        A tumour that would reach farther from its centre is drawn smaller, mm.

    Raises
    ------
    RecipeError
        RT103 for another subtype.

    Examples
    --------
    >>> tumour = draw_tumour(3, np.random.default_rng(0))
    >>> 10 < (tumour.surface.volume_mm3 * 3 / (4 * np.pi)) ** (1 / 3) < 20
    True
    """
    if isinstance(subtype, int) and subtype not in SUBTYPES:
        raise RecipeError("RT103", f"subtype {subtype!r} is not planted", hint=f"there are {', '.join(map(str, SUBTYPES))}")
    traits = subtype if isinstance(subtype, Subtype) else SUBTYPES[subtype]
    longest, shortest = (_spread(traits.elongation, rng) for _ in range(2))
    factor = _spread((1.0, traits.irregularity), rng)
    surface = random_surface(
        rng,
        _spread(traits.radius_mm, rng),
        axis_ratios=(max(longest, 1.0), 1.0, min(1.0 / shortest, 1.0)),
        energy=[variance * factor for variance in traits.energy],
    )
    if surface.largest_radius_mm > largest_radius_mm:
        surface = surface.scaled(largest_radius_mm / surface.largest_radius_mm)
    mean, deviation = traits.core_contrast
    contrast = mean + deviation * float(rng.standard_normal())
    return Tumour(surface, _spread(traits.margin_mm, rng), contrast, _spread(traits.infiltration, rng))


def _spread(trait: tuple[float, float], rng: np.random.Generator) -> float:
    median, spread = trait
    return float(median * np.exp(spread * rng.standard_normal()))


def draw_phantom(
    tumour: Tumour,
    organ: Organ,
    axes_mm: tuple[Floats, Floats, Floats],
    rng: np.random.Generator,
    *,
    clear_mm: float = 6.0,
    noise_scale: float = 1.0,
) -> Phantom:
    """Draw a tumour into its organ.

    The intensity runs from the surroundings to the tumour as an error function of the distance to the surface; half of it lies
    on each side. The mask is the surface itself, as a reader would draw it at half height.

    Parameters
    ----------
    tumour : Tumour
    organ : Organ
    axes_mm : three arrays, shapes (I,), (J,), (K,), mm
        Positions of the voxel centres relative to the tumour's centre, increasing.
    rng : Generator
    clear_mm : float
        Organ tissue reaches at least this far beyond the tumour's outermost point, mm.
    noise_scale : float
        Multiplies the noise of single voxels; 0 gives none.

    Returns
    -------
    Phantom
    """
    from scipy import special

    values, tissue = surroundings(organ, axes_mm, tumour.surface.largest_radius_mm + clear_mm, rng)
    points = np.stack(np.meshgrid(*axes_mm, indexing="ij"))
    relative, distance = tumour.surface.relative_radius(points)
    inside = special.ndtr(-distance / (tumour.margin_mm * organ.margin_scale))
    strands = _infiltrated(tumour.infiltration, distance, smooth_field(rng, axes_mm, INFILTRATION_SIZE_MM))
    inside = np.maximum(inside, np.where(tissue, strands, 0.0))
    core = special.ndtr((CORE_REACH - relative) / CORE_EDGE)
    level = float(rng.uniform(*organ.tumour)) + organ.necrosis * tumour.core_contrast * (core - 0.3)
    level += organ.texture * smooth_field(rng, axes_mm, 3.0)
    values += inside * (level - values)
    values += noise_scale * organ.noise * rng.standard_normal(values.shape)
    mask = distance < 0
    return Phantom(values, mask, tissue | mask)


def _infiltrated(share: float, distance_mm: Floats, field: Floats) -> Floats:
    """1 in tumour strands beyond the surface, 0 elsewhere: where a Gaussian field exceeds the quantile of the share."""
    from scipy import special

    beyond = distance_mm > 0
    wanted = share * np.exp2(-distance_mm[beyond] / INFILTRATION_HALVES_MM)
    result = np.zeros_like(distance_mm)
    result[beyond] = np.clip(0.5 + (field[beyond] + special.ndtri(wanted)) / INFILTRATION_EDGE, 0.0, 1.0)
    return result
