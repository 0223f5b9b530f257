"""Who is in the cohort: cancer type, planted subtype, split and contributing centre of every case."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from radiotype.simulate.organs import ORGANS, Organ
from radiotype.simulate.streams import generator

#: Fraction of patients with each planted subtype.
PROPORTIONS = MappingProxyType({1: 0.30, 2: 0.30, 3: 0.20, 4: 0.20})

#: Fraction of patients in discovery.
DISCOVERY = 0.6

#: Of 15 discovery patients of a cancer type so many come from the larger of its two discovery cohorts.
LARGER_DISCOVERY = 8


@dataclass(frozen=True)
class Centre:
    """A hospital, and what its scanners do to an image.

    Parameters
    ----------
    name : str
    noise_scale : float
        Multiplies the noise of single voxels.
    kernel_mm : float
        Standard deviation of the reconstruction's smoothing, which widens the margin of a tumour, mm.
    gain : float
        Multiplies the values of MR, which have no unit.
    """

    name: str
    noise_scale: float
    kernel_mm: float
    gain: float


CENTRES = MappingProxyType(
    {
        centre.name: centre
        for centre in (
            Centre("north", 1.0, 0.0, 1.0),
            Centre("south", 1.2, 0.3, 1.3),
            Centre("east", 0.8, 0.5, 0.8),
            Centre("west", 1.1, 0.2, 1.1),
            Centre("coast", 0.9, 0.4, 0.9),
            Centre("hills", 1.3, 0.1, 1.5),
        )
    }
)

#: Centres that contribute a cohort of each cancer type: the largest, which is validation, then the two of discovery.
CONTRIBUTORS = MappingProxyType(
    {"lung": ("north", "south", "east"), "breast": ("west", "north", "coast"), "brain": ("hills", "east", "south")}
)


@dataclass(frozen=True)
class Place:
    """Where a case stands: its planted subtype, its part of the study and the centre that contributes it."""

    subtype: int
    split: str
    centre: Centre


def organ_of(index: int) -> Organ:
    """The organ of a case; cancer types take turns."""
    return ORGANS[index % len(ORGANS)]


def draw_plan(n_cases: int, seed: int) -> list[Place]:
    """The place of every intact case.

    The proportions of the subtypes hold within each cancer type. A validation patient comes from the largest cohort of that
    cancer type, as in Wu et al. (2021); discovery is shared by two others, evenly within each subtype.

    Examples
    --------
    >>> plan = draw_plan(600, 0)
    >>> sum(place.split == "discovery" for place in plan), sum(place.subtype == 4 for place in plan)
    (360, 120)
    """
    plan: dict[int, Place] = {}
    for kind, organ in enumerate(ORGANS):
        members = np.arange(kind, n_cases, len(ORGANS))
        rng = generator(seed, "plan", kind)
        bounds = np.cumsum(list(PROPORTIONS.values()))[:-1]
        places = (np.arange(len(members)) + 0.5) / max(len(members), 1)
        subtypes = np.array(list(PROPORTIONS))[np.searchsorted(bounds, places, side="right")]
        offset = rng.random()
        largest, second, third = (CENTRES[name] for name in CONTRIBUTORS[organ.cancer_type])
        n_discovery = 0
        for rank, (index, subtype) in enumerate(zip(rng.permutation(members), subtypes, strict=True)):
            if np.floor((rank + 1) * DISCOVERY + offset) > np.floor(rank * DISCOVERY + offset):
                n_discovery += 1
                to_second = n_discovery * LARGER_DISCOVERY // 15 > (n_discovery - 1) * LARGER_DISCOVERY // 15
                plan[int(index)] = Place(int(subtype), "discovery", second if to_second else third)
            else:
                plan[int(index)] = Place(int(subtype), "validation", largest)
    return [plan[index] for index in range(n_cases)]


def broken_place(index: int) -> Place:
    """The place of a case that is broken on purpose: the largest cohort, so that no other becomes larger."""
    return Place(1 + index % len(PROPORTIONS), "validation", CENTRES[CONTRIBUTORS[organ_of(index).cancer_type][0]])


def permuted_subtypes(subtypes: list[int], seed: int) -> list[int]:
    """The subtypes of other patients of the same cancer type, drawn without replacement."""
    permuted = np.array(subtypes)
    for kind in range(len(ORGANS)):
        members = np.arange(kind, len(subtypes), len(ORGANS))
        permuted[members] = permuted[generator(seed, "null", kind).permutation(members)]
    return [int(subtype) for subtype in permuted]
