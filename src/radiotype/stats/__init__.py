"""Survival statistics that equal R's.

The imports are not lazy: a module that loaded later would hide the function of its own name (`cox`, `concordance`).
The modules import NumPy only; SciPy and pandas load inside the functions that need them.
"""

from radiotype.stats.concordance import Concordance, concordance
from radiotype.stats.cox import CoxFit, ChiSquareTest, cox
from radiotype.stats.survival import KaplanMeier, LogRank, kaplan_meier, logrank

__all__ = [
    "Concordance",
    "CoxFit",
    "KaplanMeier",
    "LogRank",
    "ChiSquareTest",
    "concordance",
    "cox",
    "kaplan_meier",
    "logrank",
]
