"""Without any effect, a test at level a rejects in a share a of data sets: within an exact binomial band of 0.001."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from radiotype.stats import cox, interaction, logrank, proportional_hazards

N_DATA_SETS = 1000
LEVELS = (0.01, 0.05, 0.2, 0.5)


def null_data(n=200):
    """Follow-up with ties and a third censored, independent of everything else."""
    random = np.random.default_rng(np.random.SeedSequence(20261121))
    for _ in range(N_DATA_SETS):
        latent, end = random.exponential(24, n), random.uniform(6, 60, n)
        time, event = np.ceil(np.minimum(latent, end)), latent <= end
        yield time, event, random.integers(0, 2, n), random.normal(size=n), random.integers(0, 3, n)


def assert_calibrated(p_values):
    assert len(p_values) == N_DATA_SETS
    for level in LEVELS:
        rejected = np.count_nonzero(np.array(p_values) < level)
        lower, upper = binom.ppf([0.0005, 0.9995], N_DATA_SETS, level)
        assert lower <= rejected <= upper, f"{rejected} of {N_DATA_SETS} at {level}; the band is {lower:g} to {upper:g}"


def test_logrank_of_three_groups_is_calibrated():
    assert_calibrated([logrank(time, event, group).p_value for time, event, _, _, group in null_data()])


def test_stratified_logrank_is_calibrated():
    assert_calibrated([logrank(time, event, arm, strata=site).p_value for time, event, arm, _, site in null_data()])


def test_the_four_tests_of_a_cox_model_are_calibrated():
    found = {"likelihood ratio": [], "Wald": [], "score": [], "robust Wald": []}
    for time, event, arm, size, _ in null_data():
        design = np.column_stack([arm, size])
        fit = cox(time, event, design)
        found["likelihood ratio"].append(fit.likelihood_ratio.p_value)
        found["Wald"].append(fit.wald.p_value)
        found["score"].append(fit.score.p_value)
        found["robust Wald"].append(cox(time, event, design, robust=True).p_values[1])
    for p_values in found.values():
        assert_calibrated(p_values)


def test_interaction_is_calibrated():
    assert_calibrated([interaction(time, event, arm, size).p_value for time, event, arm, size, _ in null_data()])


def test_proportional_hazards_is_calibrated():
    tests = (proportional_hazards(time, event, np.column_stack([arm, size])) for time, event, arm, size, _ in null_data())
    assert_calibrated([test.overall.p_value for test in tests])


def test_the_band_catches_a_p_value_that_was_chosen_among_three():
    random = np.random.default_rng(np.random.SeedSequence(1))
    with pytest.raises(AssertionError, match="the band is"):
        assert_calibrated(random.random((N_DATA_SETS, 3)).min(axis=1))
