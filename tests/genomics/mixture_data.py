"""A cohort that is a mixture by construction."""

import numpy as np


def planted_mixture(n_subclones, n_samples, n_genes, noise, seed=0):
    """Expression (n_samples, n_genes), the shares (n_samples, n_subclones) and profiles (n_subclones, n_genes) behind it.

    Every fiftieth gene is a marker of each subclone; `noise` is the standard deviation of the logarithm of a value.
    """
    random = np.random.default_rng(np.random.SeedSequence([seed, n_subclones]))
    profiles = random.lognormal(4, 1.5, n_genes) * np.exp(random.normal(0, 0.5, (n_subclones, n_genes)))
    n_markers = n_genes // 50
    markers = random.permutation(n_genes)[: n_subclones * n_markers].reshape(n_subclones, n_markers)
    for own, genes in enumerate(markers):
        others = [at for at in range(n_subclones) if at != own]
        profiles[np.ix_(others, genes)] *= 0.01
    shares = random.dirichlet(np.ones(n_subclones), n_samples)
    expression = shares @ profiles * np.exp(random.normal(0, noise, (n_samples, n_genes)))
    return expression, shares, profiles


def matched(found, truth):
    """Columns of `found` in the order of the columns of `truth` with which they correlate best, and these correlations."""
    from scipy.optimize import linear_sum_assignment

    correlation = np.corrcoef(found.T, truth.T)[: found.shape[1], found.shape[1] :]
    _, order = linear_sum_assignment(-correlation.T)
    return found[:, order], correlation[order, np.arange(truth.shape[1])]
