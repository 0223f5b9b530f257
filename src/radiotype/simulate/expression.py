"""Expression of invented genes, whose pathways and cell populations differ between the planted subtypes by a known amount."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from radiotype.core.geometry import Floats
from radiotype.simulate.organs import ORGANS
from radiotype.simulate.plan import CENTRES, PROPORTIONS
from radiotype.simulate.streams import generator

N_GENES, N_PATHWAYS, N_POPULATIONS = 2500, 50, 16

#: Genes of a pathway, and markers of a population: fewest and most.
PATHWAY_SIZE, POPULATION_SIZE = (20, 40), (8, 12)

#: One gene in this many was not measured; it stands in the gene sets, not in the table.
NOT_MEASURED = 33

#: Patients whose number ends in one of these digits have no expression.
WITHOUT_EXPRESSION = (3, 6, 9)

#: What a planted pathway or population adds to its activity in one subtype, in standard deviations between patients of one
#: subtype, cancer type and centre. Within each subtype as many pathways rise as fall, so that no other rank moves.
PATHWAY_SHIFTS: Mapping[int, Mapping[int, float]] = MappingProxyType(
    {
        1: {1: -0.9}, 2: {1: 0.9}, 3: {2: 0.9}, 4: {2: -0.9}, 5: {3: 0.9}, 6: {3: -0.9},
        7: {4: 0.9}, 8: {4: 0.9}, 9: {4: -0.9}, 10: {4: -0.9},
    }
)  # fmt: skip
POPULATION_SHIFTS: Mapping[int, Mapping[int, float]] = MappingProxyType({1: {3: 0.9}, 2: {3: 0.9}, 3: {4: -0.9}, 4: {1: 0.9}})

#: Share of the variance of a population's abundance that all populations have in common.
INFILTRATION = 0.4

#: Standard deviations, log2: activity of a pathway between cancer types; of a gene between cancer types, between centres, by
#: each hidden cause such as purity, and of what is left.
ACTIVITY_BY_TYPE, GENE_BY_TYPE, GENE_BY_CENTRE, GENE_BY_CAUSE, RESIDUAL = 0.4, 0.5, 0.1, 0.15, 0.6
N_CAUSES = 3

_GENES_SEED = 0


@dataclass(frozen=True, eq=False)
class Collection:
    """The invented genes, the same in every cohort.

    Parameters
    ----------
    genes : tuple of str
    measured : array of bool, shape (n_genes,)
    pathways, populations : mapping of str to tuple of str
        Genes of each set. Pathways without a planted shift share some genes with each other; no others do.
    loadings : array, shape (n_genes, n_pathways + n_populations), log2
        How much a gene rises with each activity.
    causes : array, shape (n_genes, n_causes), log2
        How much a gene rises with each hidden cause.
    level : array, shape (n_genes,), log2
    by_type, by_centre : mapping of str to array, shape (n_genes,), log2
    activity_by_type : mapping of str to array, shape (n_pathways + n_populations,)
    """

    genes: tuple[str, ...]
    measured: npt.NDArray[np.bool_]
    pathways: Mapping[str, tuple[str, ...]]
    populations: Mapping[str, tuple[str, ...]]
    loadings: Floats
    causes: Floats
    level: Floats
    by_type: Mapping[str, Floats]
    by_centre: Mapping[str, Floats]
    activity_by_type: Mapping[str, Floats]


def draw_collection() -> Collection:
    """Invent the genes and their sets.

    Examples
    --------
    >>> collection = draw_collection()
    >>> len(collection.pathways), len(collection.populations), collection.pathways["SIMULATED_PATHWAY_01"][0]
    (50, 16, 'SIM0017')
    """
    rng = generator(_GENES_SEED, "genes", 0)
    n_sets = N_PATHWAYS + N_POPULATIONS
    free = rng.permutation(N_GENES)
    loadings = np.zeros((N_GENES, n_sets))
    members: list[npt.NDArray[np.intp]] = []
    for place in range(n_sets):
        fewest, most = PATHWAY_SIZE if place < N_PATHWAYS else POPULATION_SIZE
        own, free = np.split(free, [int(rng.integers(fewest, most + 1))])
        members.append(own)
    for place in range(len(PATHWAY_SHIFTS), N_PATHWAYS - 1):
        shared = rng.choice(members[place + 1], 2, replace=False)
        members[place] = np.concatenate([members[place], shared])
    for place, own in enumerate(members):
        loadings[own, place] = np.where(rng.random(len(own)) < 0.1, 0.0, rng.uniform(0.3, 0.7, len(own)))
    genes = tuple(f"SIM{number + 1:04d}" for number in range(N_GENES))
    sets = [tuple(genes[gene] for gene in sorted(own)) for own in members]
    return Collection(
        genes,
        rng.permutation(N_GENES) % NOT_MEASURED != 0,
        MappingProxyType(dict(zip(_names("PATHWAY", N_PATHWAYS), sets[:N_PATHWAYS], strict=True))),
        MappingProxyType(dict(zip(_names("CELLS", N_POPULATIONS), sets[N_PATHWAYS:], strict=True))),
        loadings,
        GENE_BY_CAUSE * rng.standard_normal((N_GENES, N_CAUSES)),
        np.clip(rng.normal(7.5, 2.0, N_GENES), 3.0, 14.0),
        {organ.cancer_type: GENE_BY_TYPE * rng.standard_normal(N_GENES) for organ in ORGANS},
        {name: GENE_BY_CENTRE * rng.standard_normal(N_GENES) for name in CENTRES},
        {organ.cancer_type: ACTIVITY_BY_TYPE * rng.standard_normal(n_sets) for organ in ORGANS},
    )


def planted_shifts(*, none: bool = False) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shift of every pathway and of every population in each subtype, in standard deviations.

    Parameters
    ----------
    none : bool
        Plant nothing.

    Returns
    -------
    pathways, populations : data frames, shapes (50, 4) and (16, 4)
        One row per set, one column per subtype.

    Examples
    --------
    >>> pathways, populations = planted_shifts()
    >>> int((pathways != 0).any(axis=1).sum()), int((populations != 0).any(axis=1).sum())
    (10, 4)
    """
    frames = []
    for kind, n, shifts in (("PATHWAY", N_PATHWAYS, PATHWAY_SHIFTS), ("CELLS", N_POPULATIONS, POPULATION_SHIFTS)):
        sets, subtypes = pd.Index(_names(kind, n), name="gene_set"), pd.Index(list(PROPORTIONS), name="subtype")
        frame = pd.DataFrame(0.0, index=sets, columns=subtypes)
        for place, by_subtype in {} if none else shifts.items():
            for subtype, shift in by_subtype.items():
                frame.loc[frame.index[place - 1], subtype] = shift
        frames.append(frame)
    return frames[0], frames[1]


def has_expression(index: int) -> bool:
    """Whether the tumour of a case was sequenced."""
    return (index + 1) % 10 not in WITHOUT_EXPRESSION


def draw_expression(collection: Collection, shifts: Floats, cancer_type: str, centre: str, rng: np.random.Generator) -> Floats:
    """Expression of one tumour.

    Parameters
    ----------
    collection : Collection
    shifts : array, shape (n_pathways + n_populations,)
        What is planted in the patient's subtype, in standard deviations of the activity.
    cancer_type, centre : str
    rng : Generator

    Returns
    -------
    array, shape (n_genes,), log2
        Not below 0.
    """
    own, common = rng.standard_normal(len(shifts)), float(rng.standard_normal())
    own[N_PATHWAYS:] = np.sqrt(1 - INFILTRATION) * own[N_PATHWAYS:] + np.sqrt(INFILTRATION) * common
    activity = own + shifts + collection.activity_by_type[cancer_type]
    values = collection.level + collection.by_type[cancer_type] + collection.by_centre[centre]
    values = values + collection.loadings @ activity + collection.causes @ rng.standard_normal(N_CAUSES)
    return np.maximum(values + RESIDUAL * rng.standard_normal(len(values)), 0.0)


def _names(kind: str, n: int) -> list[str]:
    return [f"SIMULATED_{kind}_{number:02d}" for number in range(1, n + 1)]
