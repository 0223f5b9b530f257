"""What must not change a Cox fit, and where it equals the log-rank test."""

from __future__ import annotations

import numpy as np
import pytest

from radiotype.stats import cox, logrank

COVARIATES = ["age", "volume", "treated"]


@pytest.fixture
def base(simulated):
    return cox(simulated["time"], simulated["event"], simulated[COVARIATES])


def assert_same_fit(fit, base):
    np.testing.assert_allclose(fit.coefficients, base.coefficients, rtol=1e-10)
    np.testing.assert_allclose(fit.covariance, base.covariance, rtol=1e-10)
    np.testing.assert_allclose(fit.log_likelihood, base.log_likelihood, rtol=1e-12)
    assert fit.score.statistic == pytest.approx(base.score.statistic, rel=1e-10)


def test_time_unit_does_not_matter(simulated, base):
    assert_same_fit(cox(simulated["time"] * 30.4375, simulated["event"], simulated[COVARIATES]), base)


def test_any_rising_change_of_time_does_not_matter(simulated, base):
    assert_same_fit(cox(np.sqrt(simulated["time"]), simulated["event"], simulated[COVARIATES]), base)


def test_order_of_cases_does_not_matter(simulated, base):
    shuffled = simulated.sample(frac=1, random_state=8)
    assert_same_fit(cox(shuffled["time"], shuffled["event"], shuffled[COVARIATES]), base)


def test_constant_added_to_a_covariate_does_not_matter(simulated, base):
    moved = simulated[COVARIATES] + [1900.0, -3.0, 1e6]
    fit = cox(simulated["time"], simulated["event"], moved)
    np.testing.assert_allclose(fit.coefficients, base.coefficients, rtol=1e-8)
    np.testing.assert_allclose(fit.standard_errors, base.standard_errors, rtol=1e-8)


def test_unit_of_a_covariate_scales_its_coefficient(simulated, base):
    fit = cox(simulated["time"], simulated["event"], simulated[COVARIATES] * [1e-6, 1e9, -1.0])
    np.testing.assert_allclose(fit.coefficients * [1e-6, 1e9, -1.0], base.coefficients, rtol=1e-10)
    np.testing.assert_allclose(fit.z * [1, 1, -1], base.z, rtol=1e-10)


def test_order_of_covariates_does_not_matter(simulated, base):
    fit = cox(simulated["time"], simulated["event"], simulated[COVARIATES[::-1]])
    np.testing.assert_allclose(fit.coefficients[::-1], base.coefficients, rtol=1e-10)


def test_cases_that_leave_before_the_first_event_do_not_matter(simulated, base):
    early = simulated.head(7).assign(time=0.0, event=0)
    longer = {name: np.append(simulated[name], early[name]) for name in ["time", "event", *COVARIATES]}
    fit = cox(longer["time"], longer["event"], np.column_stack([longer[name] for name in COVARIATES]))
    assert_same_fit(fit, base)


def test_one_stratum_is_no_stratum(simulated, base):
    assert_same_fit(cox(simulated["time"], simulated["event"], simulated[COVARIATES], strata=["a"] * 120), base)


def test_level_of_a_covariate_in_a_stratum_does_not_matter(simulated):
    design, site = simulated[COVARIATES], simulated["site"]
    fit = cox(simulated["time"], simulated["event"], design, strata=site)
    moved = design.assign(age=design["age"] + site.map({"north": 0, "south": 500, "west": -2000}))
    assert_same_fit(cox(simulated["time"], simulated["event"], moved, strata=site), fit)


def test_equal_strata_halve_the_covariance(simulated, base):
    time, event, design = (np.concatenate([simulated[name]] * 2) for name in ("time", "event", COVARIATES))
    fit = cox(time, event, design, strata=np.repeat([1, 2], 120))
    np.testing.assert_allclose(fit.coefficients, base.coefficients, rtol=1e-10)
    np.testing.assert_allclose(fit.covariance, base.covariance / 2, rtol=1e-10)


def test_without_ties_efron_is_breslow_and_the_score_test_is_the_logrank(simulated):
    time = simulated["time"] + np.linspace(0, 0.5, 120)
    design = simulated[["treated"]]
    efron, breslow = (cox(time, simulated["event"], design, ties=ties) for ties in ("efron", "breslow"))
    np.testing.assert_allclose(efron.coefficients, breslow.coefficients, rtol=1e-13)
    plain = logrank(time, simulated["event"], simulated["treated"])
    assert efron.score.statistic == pytest.approx(plain.chi_square, rel=1e-12)
    strata = simulated["site"]
    stratified = cox(time, simulated["event"], design, strata=strata)
    expected = logrank(time, simulated["event"], simulated["treated"], strata=strata)
    assert stratified.score.statistic == pytest.approx(expected.chi_square, rel=1e-12)


def test_score_test_of_three_groups_is_the_logrank_without_ties(simulated):
    time = simulated["time"] + np.linspace(0, 0.5, 120)
    dummies = np.column_stack([simulated["site"] == "south", simulated["site"] == "west"])
    fit, test = cox(time, simulated["event"], dummies), logrank(time, simulated["event"], simulated["site"])
    assert fit.score.statistic == pytest.approx(test.chi_square, rel=1e-12)
    assert fit.score.p_value == pytest.approx(test.p_value, rel=1e-12)
