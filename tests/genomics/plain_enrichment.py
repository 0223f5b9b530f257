"""Scores of sets in plain NumPy, written as the papers define them: walks down a ranking, step by step."""

import numpy as np
from scipy.stats import rankdata


def falling(values):
    """Columns by falling value, equal ones in their order."""
    return np.argsort(-np.asarray(values), kind="stable")


def ssgsea_walk(values, members, weight):
    """Sum over the list of the difference of the two distribution functions (Barbie 2009), ranks as whole numbers."""
    n = len(values)
    order = falling(values)
    inside = np.isin(np.arange(n), members)[order]
    ranks = np.floor(rankdata(values)).astype(int)[order].astype(float)
    steps = np.where(inside, ranks**weight, 0.0)
    within, outside = np.cumsum(steps) / steps.sum(), np.cumsum(~inside) / (n - inside.sum())
    return np.sum(within - outside)


def running_sum(values, members, weight=1.0):
    """The sum after each place of a ranking that is already falling (Subramanian 2005)."""
    inside = np.isin(np.arange(len(values)), members)
    steps = np.where(inside, np.abs(values) ** weight, 0.0)
    if steps.sum() == 0:
        steps = inside.astype(float)
    return np.cumsum(steps / steps.sum() - ~inside / np.sum(~inside))


def largest_deviation(values, members, weight=1.0):
    """The deviation of largest size, with its sign."""
    walk = np.append(0.0, running_sum(values, members, weight))
    return walk.max() if walk.max() > -walk.min() else walk.min()
