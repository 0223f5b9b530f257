"""The compiled partial likelihood against the definition, written out case by case, and against itself at every SIMD level."""

from __future__ import annotations

import numpy as np
import pytest

from radiotype.stats._partial_likelihood import Likelihood, PartialLikelihood, risk_sets


def plain_likelihood(time, event, x, strata, ties, coefficients):
    """Cox (1972) with the ties of Efron (1977) or Breslow (1974): one loop over the events, one sum over each risk set."""
    value, score, information = 0.0, np.zeros(x.shape[1]), np.zeros((x.shape[1], x.shape[1]))
    predictor = x @ coefficients
    for block in np.unique(strata):
        for when in np.unique(time[event & (strata == block)]):
            at_risk = (strata == block) & (time >= when)
            dead = at_risk & event & (time == when)
            weight = np.exp(predictor - predictor[at_risk].max())
            for rank in range(dead.sum()):
                taken = rank / dead.sum() if ties == "efron" else 0.0
                share = weight * (at_risk - dead * taken)
                mean = share @ x / share.sum()
                value -= np.log(share.sum()) + predictor[at_risk].max()
                score -= mean
                information += (x - mean).T @ (share[:, None] * (x - mean)) / share.sum()
            value += predictor[dead].sum()
            score += x[dead].sum(axis=0)
    return value, score, information


def example(seed, n, n_covariates, n_strata):
    random = np.random.default_rng(np.random.SeedSequence(seed))
    x = random.normal(size=(n, n_covariates))
    time, event = np.ceil(random.exponential(12, n)), random.random(n) < 0.6
    return time, event, x, random.integers(0, n_strata, n), random.normal(size=n_covariates) / 2


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize(
    ("n", "n_covariates", "n_strata"), [(1, 1, 1), (2, 3, 1), (60, 1, 1), (90, 8, 3), (150, 9, 5), (80, 17, 2)]
)
def test_value_gradient_and_curvature_are_those_of_the_definition(ties, n, n_covariates, n_strata):
    time, event, x, strata, coefficients = example(n, n, n_covariates, n_strata)
    sets = risk_sets(time, event, strata, ties)
    found = PartialLikelihood(sets, x[sets.order])(coefficients)
    value, score, information = plain_likelihood(time, event, x, strata, ties, coefficients)
    assert found.value == pytest.approx(value, rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(found.score, score, rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(found.information, information, rtol=1e-9, atol=1e-11)


def test_ties_and_strata_matter_in_these_examples():
    time, event, x, strata, coefficients = example(150, 150, 9, 5)
    values = {
        plain_likelihood(time, event, x, blocks, ties, coefficients)[0]
        for ties in ("efron", "breslow")
        for blocks in (strata, np.zeros(150, dtype=int))
    }
    assert len(values) == 4


LEVEL_PROGRAM = """
import hashlib
import numpy as np
from radiotype import _native
from radiotype.stats._partial_likelihood import PartialLikelihood, risk_sets
digest = hashlib.sha256()
for n, p, strata in ((40, 1, 1), (333, 7, 1), (200, 8, 4), (500, 21, 2)):
    random = np.random.default_rng(n)
    x, time, event = random.normal(size=(n, p)), np.ceil(random.exponential(30, n)), random.random(n) < 0.5
    for ties in ("efron", "breslow"):
        sets = risk_sets(time, event, random.integers(0, strata, n), ties)
        likelihood = PartialLikelihood(sets, x[sets.order])
        for scale in (0, 0.1, 2):
            found = likelihood(random.normal(size=p) * scale)
            digest.update(np.float64(found.value).tobytes() + found.score.tobytes() + found.information.tobytes())
print(_native.simd_level(), digest.hexdigest())
"""


def test_every_simd_level_gives_the_same_bytes(same_bytes_at_every_level):
    same_bytes_at_every_level(LEVEL_PROGRAM)


def test_a_point_of_overflow_is_not_finite_and_does_not_warn():
    time = np.arange(1.0, 41)
    sets = risk_sets(time, time > 0, np.zeros(40, dtype=np.intp), "efron")
    x = np.column_stack([-time, time**2])[sets.order]  # whoever is at risk last has a weight of 0
    assert not PartialLikelihood(sets, x)(np.array([1000.0, -1000.0])).finite
    both_signs = np.array([np.inf, -np.inf])
    assert not Likelihood(0.0, both_signs, np.eye(2)).finite
    assert not Likelihood(0.0, np.zeros(2), np.diag(both_signs)).finite
    assert not Likelihood(np.nan, np.zeros(2), np.eye(2)).finite
    assert Likelihood(-1.0, np.zeros(2), np.eye(2)).finite
