"""Statistics that equal R's.

The imports are not lazy: a module that loaded later would hide the function of its own name (`cox`, `concordance`).
The modules import NumPy only; SciPy and pandas load inside the functions that need them.
"""

from radiotype.stats.agreement import IntraclassCorrelation, icc, readings_by_feature
from radiotype.stats.association import Association, cramers_v, kruskal_wallis, spearman, wilcoxon
from radiotype.stats.concordance import Concordance, concordance
from radiotype.stats.cox import ChiSquareTest, CoxFit, cox
from radiotype.stats.cutpoint import Cutpoint, maximal_cutpoint
from radiotype.stats.findings import Finding, Findings, per_feature
from radiotype.stats.multiple_testing import adjust_p_values
from radiotype.stats.performance import Confusion, Proportion, RocArea, confusion, roc_area, roc_area_difference
from radiotype.stats.survival import KaplanMeier, LogRank, kaplan_meier, logrank

__all__ = [
    "Association",
    "ChiSquareTest",
    "Concordance",
    "Confusion",
    "CoxFit",
    "Cutpoint",
    "Finding",
    "Findings",
    "IntraclassCorrelation",
    "KaplanMeier",
    "LogRank",
    "Proportion",
    "RocArea",
    "adjust_p_values",
    "concordance",
    "confusion",
    "cox",
    "cramers_v",
    "icc",
    "kaplan_meier",
    "kruskal_wallis",
    "logrank",
    "maximal_cutpoint",
    "per_feature",
    "readings_by_feature",
    "roc_area",
    "roc_area_difference",
    "spearman",
    "wilcoxon",
]
