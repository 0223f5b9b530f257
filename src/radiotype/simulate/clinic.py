"""What a clinic knows beside the scan: treatment, receptors, mutations and the molecular subtype."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

from radiotype.simulate.plan import PROPORTIONS

TREATMENTS = ("surgery", "radiotherapy")

#: Cramer's V of the molecular with the planted imaging subtypes, of patients without number.
MOLECULAR_CRAMERS_V = 0.35

#: The molecular subtypes; each goes with the imaging subtype at its place.
MOLECULAR = ("alpha", "beta", "gamma", "delta")

#: Markers by cancer type: what they are called when present and absent, and how often they are present. None has to do with
#: the subtype or with survival.
MARKERS = MappingProxyType(
    {
        "lung": {"egfr": ("mutated", "wild type", 0.3), "kras": ("mutated", "wild type", 0.25)},
        "breast": {"er": ("positive", "negative", 0.7), "her2": ("positive", "negative", 0.2)},
        "brain": {"mgmt": ("methylated", "unmethylated", 0.45), "idh1": ("mutated", "wild type", 0.1)},
    }
)


def molecular_probabilities(cramers_v: float = MOLECULAR_CRAMERS_V) -> dict[int, dict[str, float]]:
    """Probability of each molecular subtype, given the imaging subtype.

    A share of the patients, equal to Cramer's V, has the molecular subtype that goes with its imaging subtype; all others are
    spread as the imaging subtypes are. Then chi square over n is 3 V^2, so that V is Cramer's V of the 4 by 4 table.

    Examples
    --------
    >>> molecular_probabilities()[1]
    {'alpha': 0.545, 'beta': 0.195, 'gamma': 0.13, 'delta': 0.13}
    """
    return {
        subtype: {
            name: round((1 - cramers_v) * PROPORTIONS[own] + cramers_v * (own == subtype), 12)
            for own, name in zip(PROPORTIONS, MOLECULAR, strict=True)
        }
        for subtype in PROPORTIONS
    }


def draw_treatment(rng: np.random.Generator) -> str:
    """One of the two treatments, as a coin falls."""
    return TREATMENTS[int(rng.integers(len(TREATMENTS)))]


def draw_markers(cancer_type: str, subtype: int, rng: np.random.Generator) -> dict[str, str]:
    """Columns of the manifest: the markers of every cancer type, empty for the others, and the molecular subtype.

    Examples
    --------
    >>> row = draw_markers("brain", 1, np.random.default_rng(0))
    >>> list(row), row["egfr"]
    (['egfr', 'kras', 'er', 'her2', 'mgmt', 'idh1', 'molecular_subtype'], '')
    """
    row: dict[str, str] = {}
    for kind, markers in MARKERS.items():
        for name, (present, absent, share) in markers.items():
            row[name] = (present if rng.random() < share else absent) if kind == cancer_type else ""
    shares = molecular_probabilities()[subtype]
    place = np.searchsorted(np.cumsum(list(shares.values())), rng.random(), side="right")
    return row | {"molecular_subtype": MOLECULAR[min(int(place), len(MOLECULAR) - 1)]}
