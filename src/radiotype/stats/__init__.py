"""Survival statistics that equal R's.

The imports are not lazy: a module that loaded later would hide the function of its own name (`cox`, `concordance`).
The modules import NumPy only; SciPy and pandas load inside the functions that need them. The penalised models are scikit-learn
estimators, so they load when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

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
from radiotype.stats.hazard_ratio import HazardRatio
from radiotype.stats.model_comparison import Interaction, interaction, nested_test
from radiotype.stats.multiple_testing import adjust_p_values
from radiotype.stats.pairwise import pairwise_logrank
from radiotype.stats.performance import Confusion, Proportion, RocArea, confusion, roc_area, roc_area_difference
from radiotype.stats.proportional_hazards import ProportionalHazards, proportional_hazards
from radiotype.stats.restricted_mean import RestrictedMean, restricted_mean
from radiotype.stats.risk_score import RiskGroups, RiskScore, risk_groups, risk_score
from radiotype.stats.subgroups import SubgroupForest, subgroup_forest
from radiotype.stats.survival import KaplanMeier, LogRank, kaplan_meier, logrank
from radiotype.stats.time_dependent_auc import TimeDependentAuc, time_dependent_auc
from radiotype.stats.uno import UnoConcordance, uno_concordance

if TYPE_CHECKING:
    from radiotype.stats.coxnet import CoxLasso
    from radiotype.stats.lasso_stability import StabilitySelection, stability_selection
    from radiotype.stats.lasso_validation import LassoValidation, cross_validated_lasso

#: Public names that load when first used, and the module each comes from.
_LATER = {
    "CoxLasso": "coxnet",
    "LassoValidation": "lasso_validation",
    "StabilitySelection": "lasso_stability",
    "cross_validated_lasso": "lasso_validation",
    "stability_selection": "lasso_stability",
}

__all__ = [
    "Association",
    "Calibration",
    "ChiSquareTest",
    "Concordance",
    "ConcordanceDifference",
    "Confusion",
    "CoxFit",
    "CoxLasso",
    "CrossValidatedConcordance",
    "Cutpoint",
    "DecisionCurve",
    "Finding",
    "Findings",
    "HazardRatio",
    "Interaction",
    "IntraclassCorrelation",
    "KaplanMeier",
    "LassoValidation",
    "LogRank",
    "Proportion",
    "ProportionalHazards",
    "RestrictedMean",
    "RiskGroups",
    "RiskScore",
    "RocArea",
    "StabilitySelection",
    "SubgroupForest",
    "TimeDependentAuc",
    "UnoConcordance",
    "adjust_p_values",
    "calibration",
    "concordance",
    "concordance_difference",
    "confusion",
    "cox",
    "cramers_v",
    "cross_validated_concordance",
    "cross_validated_lasso",
    "decision_curve",
    "icc",
    "interaction",
    "kaplan_meier",
    "kruskal_wallis",
    "logrank",
    "maximal_cutpoint",
    "nested_test",
    "pairwise_logrank",
    "per_feature",
    "proportional_hazards",
    "readings_by_feature",
    "restricted_mean",
    "risk_groups",
    "risk_score",
    "roc_area",
    "roc_area_difference",
    "spearman",
    "stability_selection",
    "subgroup_forest",
    "time_dependent_auc",
    "uno_concordance",
    "wilcoxon",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'radiotype.stats' has no attribute {name!r}")
    value = getattr(import_module(f"radiotype.stats.{_LATER[name]}"), name)
    globals()[name] = value
    return value
