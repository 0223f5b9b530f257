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
    from radiotype.subtypes.igp import InGroupProportion, in_group_proportion
    from radiotype.subtypes.matching import Matching, match_labels, match_partitions
    from radiotype.subtypes.medoids import Medoids, pam
    from radiotype.subtypes.purity import ClusterPurity, cluster_purity
    from radiotype.subtypes.scaling import RobustScaler01
    from radiotype.subtypes.significance import SigClust, sigclust
    from radiotype.subtypes.split_tests import PairTests, Split, SplitTests, sigclust_pairs, sigclust_tree

__all__ = [
    "ClusterPurity",
    "ConsensusClustering",
    "FeatureGroups",
    "InGroupProportion",
    "Matching",
    "Medoids",
    "NearestCentroid",
    "NearestMedoid",
    "PairTests",
    "PrincipalComponents",
    "RobustScaler01",
    "SigClust",
    "SparseAutoencoder",
    "Split",
    "SplitTests",
    "cluster_purity",
    "in_group_proportion",
    "match_labels",
    "match_partitions",
    "pam",
    "sigclust",
    "sigclust_pairs",
    "sigclust_tree",
]

# No module is named like a function: importing it would put the module in the function's place.
_HOME = {
    "ClusterPurity": "purity",
    "ConsensusClustering": "consensus",
    "FeatureGroups": "groups",
    "InGroupProportion": "igp",
    "Matching": "matching",
    "Medoids": "medoids",
    "NearestCentroid": "assign",
    "NearestMedoid": "assign",
    "PairTests": "split_tests",
    "PrincipalComponents": "components",
    "RobustScaler01": "scaling",
    "SigClust": "significance",
    "SparseAutoencoder": "autoencoder",
    "Split": "split_tests",
    "SplitTests": "split_tests",
    "cluster_purity": "purity",
    "in_group_proportion": "igp",
    "match_labels": "matching",
    "match_partitions": "matching",
    "pam": "medoids",
    "sigclust": "significance",
    "sigclust_pairs": "split_tests",
    "sigclust_tree": "split_tests",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
