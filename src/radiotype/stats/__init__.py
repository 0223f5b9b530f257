"""Survival statistics that equal R's.

The imports are not lazy: a module that loaded later would hide the function of its own name (`cox`, `concordance`).
The modules import NumPy only; SciPy and pandas load inside the functions that need them.
"""

from radiotype.stats.concordance import Concordance, concordance
from radiotype.stats.cox import ChiSquareTest, CoxFit, cox
from radiotype.stats.survival import KaplanMeier, LogRank, kaplan_meier, logrank

__all__ = [
    "ChiSquareTest",
    "Concordance",
    "CoxFit",
    "KaplanMeier",
    "LogRank",
    "concordance",
    "cox",
    "kaplan_meier",
    "logrank",
]
