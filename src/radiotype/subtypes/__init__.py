"""Subtypes: cluster a feature table, judge the clusters, assign new cases."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from radiotype.subtypes.assign import NearestCentroid, NearestMedoid
    from radiotype.subtypes.autoencoder import SparseAutoencoder
    from radiotype.subtypes.components import PrincipalComponents
    from radiotype.subtypes.consensus import ConsensusClustering
    from radiotype.subtypes.groups import FeatureGroups
    from radiotype.subtypes.medoids import Medoids, pam
    from radiotype.subtypes.scaling import RobustScaler01

__all__ = [
    "ConsensusClustering",
    "FeatureGroups",
    "Medoids",
    "NearestCentroid",
    "NearestMedoid",
    "PrincipalComponents",
    "RobustScaler01",
    "SparseAutoencoder",
    "pam",
]

# No module is named like a function: importing it would put the module in the function's place.
_HOME = {
    "ConsensusClustering": "consensus",
    "FeatureGroups": "groups",
    "Medoids": "medoids",
    "NearestCentroid": "assign",
    "NearestMedoid": "assign",
    "PrincipalComponents": "components",
    "RobustScaler01": "scaling",
    "SparseAutoencoder": "autoencoder",
    "pam": "medoids",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
