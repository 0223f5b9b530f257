"""Cox regression against R survival 3.5-3, published fits and closed forms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from radiotype.stats import cox

EQUAL_TO_R = 1e-8


def lung_design(lung):
    table = lung.dropna(subset=["age", "sex", "ph.karno"])
    return table["time"], table["status"], table[["age", "sex", "ph.karno"]]


def veteran_design(veteran):
    design = veteran[["trt", "karno", "diagtime", "age", "prior"]].copy()
    for cell in ("large", "adeno", "smallcell"):
        design.insert(1, f"celltype{cell}", veteran["celltype"] == cell)
    return veteran["time"], veteran["status"], design


def colon_design(colon):
    table = colon.dropna(subset=["nodes"])
    design = pd.DataFrame({"rxLev": table["rx"] == "Lev", "rxLev+5FU": table["rx"] == "Lev+5FU"}).astype(int)
    design = design.join(table[["sex", "nodes"]])
    for arm in ("rxLev", "rxLev+5FU"):
        design[f"{arm}:sex"] = design[arm] * design["sex"]
    return table["time"], table["status"], design


def gbsg_design(gbsg, name):
    columns = gbsg[["age", "size", "grade", "nodes", "pgr", "er", "hormon"]]
    if name == "gbsg_interaction":
        columns = gbsg[["hormon", "er", "nodes"]].assign(**{"hormon:er": gbsg["hormon"] * gbsg["er"]})
    if name == "gbsg_cut":
        high = (gbsg["er"] > 20).astype(int)
        design = {"I(er > 20)TRUE": high, "hormon": gbsg["hormon"], "I(er > 20)TRUE:hormon": high * gbsg["hormon"]}
        columns = pd.DataFrame(design)
    return gbsg["rfstime"], gbsg["status"], columns


@pytest.fixture
def model(survival_data):
    def fitted(name):
        if name == "veteran":
            data = veteran_design(survival_data("veteran"))
        elif name == "colon_int":
            data = colon_design(survival_data("colon"))
        elif name.startswith("gbsg"):
            data = gbsg_design(survival_data("gbsg"), name)
        else:
            data = lung_design(survival_data("lung"))
        if name == "lung1":
            lung = survival_data("lung")
            data = lung["time"], lung["status"], lung[["age"]]
        strata = None
        if name == "lung_strata":
            strata, data = data[2]["sex"], (*data[:2], data[2][["age", "ph.karno"]])
        ties = "breslow" if name.endswith("breslow") else "efron"
        return cox(*data, ties=ties, strata=strata), data[2], strata

    return fitted


@pytest.mark.parametrize(
    "name",
    [
        "lung1",
        "lung3",
        "lung3_breslow",
        "lung_strata",
        "veteran",
        "gbsg",
        "gbsg_interaction",
        "gbsg_cut",
        "colon_int",
    ],
)
def test_fit_equals_r(golden, model, name):
    expected = golden("coxph")[name]
    fit, design, strata = model(name)
    assert (fit.n, fit.events) == (expected["n"], expected["nevent"])
    assert fit.names == tuple(np.atleast_1d(expected["names"]))
    absolute = {
        "coef": fit.coefficients,
        "se": fit.standard_errors,
        "z": fit.z,
        "p": fit.p_values,
        "hr_lo": fit.lower,
        "hr_hi": fit.upper,
    }
    for key, values in absolute.items():
        np.testing.assert_allclose(values, np.atleast_1d(expected[key]), rtol=0, atol=EQUAL_TO_R, err_msg=key)
    np.testing.assert_allclose(fit.p_values, np.atleast_1d(expected["p"]), rtol=EQUAL_TO_R)
    np.testing.assert_allclose(fit.hazard_ratios, np.exp(expected["coef"]), rtol=EQUAL_TO_R)
    vcov = np.atleast_1d(expected["vcov"]["data_colmajor"])
    np.testing.assert_allclose(fit.covariance.ravel(), vcov, rtol=0, atol=EQUAL_TO_R * np.abs(vcov).max())
    np.testing.assert_allclose(fit.log_likelihood, expected["loglik"], rtol=EQUAL_TO_R)
    for test, key in ((fit.likelihood_ratio, "LR"), (fit.score, "score")):
        found = [test.statistic, test.degrees_of_freedom, test.p_value]
        np.testing.assert_allclose(found, expected[key], rtol=EQUAL_TO_R, err_msg=key)
    assert round(fit.wald.statistic, 2) == expected["wald"][0]  # R prints two decimals, but takes p before rounding
    assert fit.wald.p_value == pytest.approx(expected["wald"][2], rel=EQUAL_TO_R)
    predictor = fit.linear_predictor(design)
    reference = 0.0 if strata is None else pd.Series(predictor, strata.index).groupby(strata).transform("mean").to_numpy()
    difference = (predictor - reference)[:10] - expected["lp_head"]  # R centres, within strata where there are any
    np.testing.assert_allclose(difference, difference[0], rtol=0, atol=EQUAL_TO_R)


def test_nested_models_differ_by_the_anova_of_r(golden, model, survival_data):
    expected = golden("coxph")["anova_gbsg_interaction"]
    large, design, _ = model("gbsg_interaction")
    gbsg = survival_data("gbsg")
    small = cox(gbsg["rfstime"], gbsg["status"], design[["hormon", "er", "nodes"]])
    found = [small.log_likelihood[1], large.log_likelihood[1]]
    np.testing.assert_allclose(found, expected["loglik"], rtol=EQUAL_TO_R)
    assert 2 * (found[1] - found[0]) == pytest.approx(expected["chisq"], abs=EQUAL_TO_R)


def test_naive_errors_beside_the_robust_ones_equal_r(golden, survival_data):
    expected, gbsg = golden("coxph")["gbsg_robust"], survival_data("gbsg")
    fit = cox(gbsg["rfstime"], gbsg["status"], gbsg[["hormon", "nodes"]])
    np.testing.assert_allclose(fit.coefficients, expected["coef"], rtol=0, atol=EQUAL_TO_R)
    np.testing.assert_allclose(fit.standard_errors, expected["naive_se"], rtol=0, atol=EQUAL_TO_R)


def test_leukaemia_fit_has_the_published_values(leukaemia):
    placebo = (leukaemia["arm"] == "placebo").to_frame()
    # Kleinbaum & Klein, Survival Analysis (2nd ed., 2005), chapter 3, model 1 (Breslow): 1.509, 0.410, -86.380.
    breslow = cox(leukaemia["weeks"], leukaemia["relapse"], placebo, ties="breslow")
    assert round(float(breslow.coefficients[0]), 3) == 1.509
    assert round(float(breslow.standard_errors[0]), 3) == 0.410
    assert round(breslow.log_likelihood[1], 3) == -86.380
    assert round(float(breslow.hazard_ratios[0]), 3) == 4.523
    # Efron: 1.5721 and 0.4124, as printed by coxph for data set gehan of R package MASS.
    efron = cox(leukaemia["weeks"], leukaemia["relapse"], placebo)
    assert round(float(efron.coefficients[0]), 4) == 1.5721
    assert round(float(efron.standard_errors[0]), 4) == 0.4124


def test_four_cases_without_ties_by_hand():
    # Likelihood r/(2r+2) * 1/(r+2) * r/(r+1) with r the hazard ratio: its maximum solves r^2 - r - 4 = 0.
    fit = cox([1, 2, 3, 4], [1, 1, 1, 1], [[1], [0], [1], [0]], least_events=1)
    r = (1 + np.sqrt(17)) / 2
    assert fit.hazard_ratios[0] == pytest.approx(r, rel=1e-12)
    assert fit.covariance[0, 0] == pytest.approx(1 / (2 * r / (r + 1) ** 2 + 2 * r / (r + 2) ** 2), rel=1e-12)
    assert fit.log_likelihood[0] == pytest.approx(-np.log(24), rel=1e-14)
    assert fit.log_likelihood[1] == pytest.approx(np.log(r**2 / (2 * (r + 1) ** 2 * (r + 2))), rel=1e-12)


@pytest.mark.parametrize(
    ("ties", "ratio"),
    [
        ("efron", 1 / np.sqrt(6)),  # r / ((2r + 1)(2r + 1 - (r + 1) / 2))
        ("breslow", 0.5),  # r / (2r + 1)^2
    ],
)
def test_two_tied_events_by_hand(ties, ratio):
    fit = cox([1, 1, 2], [1, 1, 0], [[1], [0], [1]], ties=ties, least_events=1)
    assert fit.hazard_ratios[0] == pytest.approx(ratio, rel=1e-12)


def test_gradient_and_curvature_agree_with_a_plain_loop(simulated):
    # The definition, written out case by case: Efron's likelihood and its two derivatives in strata.
    table = simulated.assign(z=(simulated["age"] - 60) / 10)
    x, block = table[["z", "treated"]].to_numpy(float), table["site"].to_numpy()
    fit = cox(table["time"], table["event"], x, strata=block)
    value, score, information = 0.0, np.zeros(2), np.zeros((2, 2))
    weight = np.exp(x @ fit.coefficients)
    time, event = table["time"].to_numpy(), table["event"].to_numpy() == 1
    for site in np.unique(block):
        for when in np.unique(time[event & (block == site)]):
            at_risk = (block == site) & (time >= when)
            dead = at_risk & event & (time == when)
            for taken in range(dead.sum()):
                share = weight * (at_risk - dead * taken / dead.sum())
                mean = share @ x / share.sum()
                score -= mean
                information += (x - mean).T @ (share[:, None] * (x - mean)) / share.sum()
                value -= np.log(share.sum())
            score += x[dead].sum(axis=0)
            value += np.log(weight[dead]).sum()
    np.testing.assert_allclose(score, 0, atol=1e-11)
    assert fit.log_likelihood[1] == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(np.linalg.inv(fit.covariance), information, rtol=1e-11)
