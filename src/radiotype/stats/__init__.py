"""Statistics that equal R's: survival, association, agreement, moderated tests.

The imports are not lazy: a module that loaded later would hide the function of its own name (`cox`, `concordance`).
The modules import NumPy only; SciPy and pandas load inside the functions that need them. Estimators are lazy, since
scikit-learn loads with them; no module of theirs is named like them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from radiotype.stats.agreement import IntraclassCorrelation, icc, readings_by_feature
from radiotype.stats.association import Association, cramers_v, kruskal_wallis, spearman, wilcoxon
from radiotype.stats.calibration import Calibration, calibration
from radiotype.stats.concordance import Concordance, concordance
from radiotype.stats.concordance_difference import ConcordanceDifference, concordance_difference
from radiotype.stats.cox import ChiSquareTest, CoxFit, cox
from radiotype.stats.cross_validation import CrossValidatedConcordance, cross_validated_concordance
from radiotype.stats.cutpoint import Cutpoint, maximal_cutpoint
from radiotype.stats.decision_curve import DecisionCurve, decision_curve
from radiotype.stats.findings import Finding, Findings, per_feature
from radiotype.stats.group_comparison import GroupComparison, compare_groups
from radiotype.stats.hazard_ratio import HazardRatio
from radiotype.stats.leakage import check_split, require_unseen
from radiotype.stats.model_comparison import Interaction, interaction, nested_test
from radiotype.stats.moderated import ModeratedTests, moderated_tests
from radiotype.stats.multiple_testing import adjust_p_values
from radiotype.stats.pairwise import pairwise_logrank
from radiotype.stats.performance import Confusion, Proportion, RocArea, confusion, roc_area, roc_area_difference
from radiotype.stats.permutation import PermutationCheck, permutation_check
from radiotype.stats.proportional_hazards import ProportionalHazards, proportional_hazards
from radiotype.stats.rank_correlations import RankCorrelations, rank_correlations
from radiotype.stats.restricted_mean import RestrictedMean, restricted_mean
from radiotype.stats.risk_score import RiskGroups, RiskScore, risk_groups, risk_score
from radiotype.stats.sam_statistic import Sam, sam
from radiotype.stats.subgroups import SubgroupForest, subgroup_forest
from radiotype.stats.survival import KaplanMeier, LogRank, kaplan_meier, logrank
from radiotype.stats.time_dependent_auc import TimeDependentAuc, time_dependent_auc
from radiotype.stats.uno import UnoConcordance, uno_concordance

if TYPE_CHECKING:
    from radiotype.stats.combat import ComBat
    from radiotype.stats.coxnet import CoxLasso
    from radiotype.stats.lasso_stability import StabilitySelection, stability_selection
    from radiotype.stats.lasso_validation import LassoValidation, cross_validated_lasso
    from radiotype.stats.refitting import CrossValidation, cross_validate

__all__ = [
    "Association",
    "Calibration",
    "ChiSquareTest",
    "ComBat",
    "Concordance",
    "ConcordanceDifference",
    "Confusion",
    "CoxFit",
    "CoxLasso",
    "CrossValidatedConcordance",
    "CrossValidation",
    "Cutpoint",
    "DecisionCurve",
    "Finding",
    "Findings",
    "GroupComparison",
    "HazardRatio",
    "Interaction",
    "IntraclassCorrelation",
    "KaplanMeier",
    "LassoValidation",
    "LogRank",
    "ModeratedTests",
    "PermutationCheck",
    "Proportion",
    "ProportionalHazards",
    "RankCorrelations",
    "RestrictedMean",
    "RiskGroups",
    "RiskScore",
    "RocArea",
    "Sam",
    "StabilitySelection",
    "SubgroupForest",
    "TimeDependentAuc",
    "UnoConcordance",
    "adjust_p_values",
    "calibration",
    "check_split",
    "compare_groups",
    "concordance",
    "concordance_difference",
    "confusion",
    "cox",
    "cramers_v",
    "cross_validate",
    "cross_validated_concordance",
    "cross_validated_lasso",
    "decision_curve",
    "icc",
    "interaction",
    "kaplan_meier",
    "kruskal_wallis",
    "logrank",
    "maximal_cutpoint",
    "moderated_tests",
    "nested_test",
    "pairwise_logrank",
    "per_feature",
    "permutation_check",
    "proportional_hazards",
    "rank_correlations",
    "readings_by_feature",
    "require_unseen",
    "restricted_mean",
    "risk_groups",
    "risk_score",
    "roc_area",
    "roc_area_difference",
    "sam",
    "spearman",
    "stability_selection",
    "subgroup_forest",
    "time_dependent_auc",
    "uno_concordance",
    "wilcoxon",
]


_HOME = {
    "ComBat": "combat",
    "CoxLasso": "coxnet",
    "CrossValidation": "refitting",
    "LassoValidation": "lasso_validation",
    "StabilitySelection": "lasso_stability",
    "cross_validate": "refitting",
    "cross_validated_lasso": "lasso_validation",
    "stability_selection": "lasso_stability",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
