"""Robust errors, baseline, nested models, interaction and proportional hazards against R survival 3.5-3."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from test_cox_oracle import colon_design, gbsg_design, lung_design, veteran_design

from radiotype.stats import cox, interaction, nested_test, proportional_hazards

EQUAL_TO_R = 1e-8
CLUSTERED = {  # standard errors and Wald statistic
    "efron": ([0.00596802682341093, 0.00789180084903358], 5.13111893550674),
    "breslow": ([0.00593424578163178, 0.0078927107259071], 5.15229015611521),
}
STRATIFIED_ZPH = {  # age, ph.karno, GLOBAL
    "km": [0.356693565206773, 7.38008516031123, 7.42331293686429],
    "rank": [0.251408426761583, 7.96190529652746, 8.02795542862197],
}
COLON_ANOVA = 5.86348257903774


def test_robust_errors_equal_r(golden, survival_data):
    expected, gbsg = golden("coxph")["gbsg_robust"], survival_data("gbsg")
    fit = cox(gbsg["rfstime"], gbsg["status"], gbsg[["hormon", "nodes"]], robust=True)
    np.testing.assert_allclose(fit.standard_errors, expected["robust_se"], rtol=0, atol=EQUAL_TO_R)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.naive_covariance)), expected["naive_se"], rtol=0, atol=EQUAL_TO_R)
    assert fit.n_clusters == 686
    np.testing.assert_allclose(fit.z, fit.coefficients / expected["robust_se"], rtol=1e-7)


def test_clustered_and_stratified_robust_errors_equal_r(survival_data):
    lung = survival_data("lung").dropna(subset=["age", "ph.karno", "inst"])
    # coxph(Surv(time, status) ~ age + ph.karno + strata(sex), lung, cluster = inst, ties = ..., eps = 1e-12)
    for ties, (errors, wald) in CLUSTERED.items():
        fit = cox(lung["time"], lung["status"], lung[["age", "ph.karno"]], strata=lung["sex"], cluster=lung["inst"], ties=ties)
        np.testing.assert_allclose(fit.standard_errors, errors, rtol=EQUAL_TO_R)
        assert fit.wald.statistic == pytest.approx(wald, rel=1e-6)
        assert fit.n_clusters == lung["inst"].nunique()


@pytest.mark.parametrize("name", ["lung3", "lung3_breslow"])
def test_baseline_hazard_and_prediction_equal_r(golden, survival_data, name):
    expected = golden("coxph")[name]
    time, event, design = lung_design(survival_data("lung"))
    fit = cox(time, event, design, ties="breslow" if name.endswith("breslow") else "efron")
    at_zero = fit.baseline_hazard * np.exp(-fit.centre @ fit.coefficients)  # the reference is of a case with all zeros
    assert fit.baseline_time[:20].tolist() == expected["basehaz_time"]
    np.testing.assert_allclose(at_zero[:20], expected["basehaz_head"], rtol=EQUAL_TO_R)
    average = pd.DataFrame([fit.centre], columns=list(fit.names))
    assert fit.survival(average, 365)[0] == pytest.approx(np.exp(-fit.baseline_hazard[fit.baseline_time <= 365][-1]))
    assert fit.survival(average, 0)[0] == 1


def test_baseline_hazard_sums_to_the_events(simulated):
    # Every martingale residual sums to zero: the hazard that the cases faced is the number of events.
    design = simulated[["age", "volume", "treated"]]
    fit = cox(simulated["time"], simulated["event"], design)
    hazard = fit.baseline_hazard[np.searchsorted(fit.baseline_time, simulated["time"])]
    risk = np.exp(fit.linear_predictor(design) - fit.centre @ fit.coefficients)
    breslow = cox(simulated["time"], simulated["event"], design, ties="breslow")
    risk_b = np.exp(breslow.linear_predictor(design) - breslow.centre @ breslow.coefficients)
    hazard_b = breslow.baseline_hazard[np.searchsorted(breslow.baseline_time, simulated["time"])]
    assert hazard_b @ risk_b == pytest.approx(breslow.events, rel=1e-12)
    assert hazard @ risk > fit.events  # Efron takes the tied out of the set step by step


def test_nested_models_differ_by_the_anova_of_r(golden, survival_data):
    expected, gbsg = golden("coxph")["anova_gbsg_interaction"], survival_data("gbsg")
    _, _, design = gbsg_design(gbsg, "gbsg_interaction")
    smaller = cox(gbsg["rfstime"], gbsg["status"], design[["hormon", "er", "nodes"]])
    found = nested_test(smaller, cox(gbsg["rfstime"], gbsg["status"], design))
    test = found.test
    assert (found.n, found.events, found.terms) == (686, 299, (design.columns[-1],))
    assert (found.p_value, found.q_value, found.correction) == (test.p_value, test.p_value, "none")
    assert test.statistic == pytest.approx(expected["chisq"], abs=EQUAL_TO_R)
    assert (test.degrees_of_freedom, test.p_value) == (expected["df"], pytest.approx(expected["p"], rel=EQUAL_TO_R))


def test_interaction_equals_the_anova_of_r(golden, survival_data):
    expected, model = golden("coxph")["anova_gbsg_interaction"], golden("coxph")["gbsg_interaction"]
    gbsg = survival_data("gbsg")
    found = interaction(gbsg["rfstime"], gbsg["status"], gbsg["hormon"], gbsg["er"], adjust=gbsg[["nodes"]])
    assert found.p_value == pytest.approx(expected["p"], rel=EQUAL_TO_R)
    assert found.effect == pytest.approx(np.exp(model["coef"][3]), rel=EQUAL_TO_R)
    assert (found.lower, found.upper) == pytest.approx((model["hr_lo"][3], model["hr_hi"][3]), rel=EQUAL_TO_R)
    assert (found.n, found.events, found.terms) == (686, 299, ("exposure:modifier",))


def test_interaction_of_a_category_is_tested_as_one(golden, survival_data):
    colon = survival_data("colon").dropna(subset=["nodes"])
    arm = pd.Categorical(colon["rx"], categories=["Obs", "Lev", "Lev+5FU"])
    found = interaction(
        colon["time"], colon["status"], pd.Series(arm, index=colon.index), colon["sex"], adjust=colon[["nodes"]]
    )
    expected = golden("coxph")["colon_int"]
    assert found.terms == ("exposure=Lev:modifier", "exposure=Lev+5FU:modifier")
    assert found.fit.log_likelihood[1] == pytest.approx(expected["loglik"][1], rel=EQUAL_TO_R)
    assert found.test.degrees_of_freedom == 2
    assert np.isnan(found.effect)
    # anova(coxph(~ rx + sex + nodes), coxph(~ rx * sex + nodes)), R survival 3.5-3
    assert found.test.statistic == pytest.approx(COLON_ANOVA, rel=EQUAL_TO_R)


def test_an_interaction_with_the_strata_compares_one_ratio_with_one_ratio_in_each_stratum(survival_data):
    colon = survival_data("colon").dropna(subset=["nodes"])
    time, event, site = colon["time"], colon["status"], colon["sex"].map({0: "a", 1: "b"})
    treated = (colon["rx"] == "Lev+5FU").astype(float)
    found = interaction(time, event, treated, site, strata=site)
    apart = [cox(time[rows], event[rows], treated[rows].to_frame("x")).log_likelihood[1] for rows in (site == "a", site == "b")]
    together = cox(time, event, treated.to_frame("x"), strata=site).log_likelihood[1]
    assert found.test.statistic == pytest.approx(2 * (sum(apart) - together), rel=1e-8)
    assert found.terms == ("exposure:modifier=b",) and found.test.degrees_of_freedom == 1


def zph_data(survival_data, name):
    if name == "veteran":
        time, event, design = veteran_design(survival_data("veteran"))
        cells = [column for column in design if column.startswith("celltype")]
        order = ["trt", "celltype", "karno", "diagtime", "age", "prior"]
        return time, event, design, {term: cells if term == "celltype" else [term] for term in order}
    if name == "colon_int":
        arms, both = ["rxLev", "rxLev+5FU"], ["rxLev:sex", "rxLev+5FU:sex"]
        return *colon_design(survival_data("colon")), {"rx": arms, "sex": ["sex"], "nodes": ["nodes"], "rx:sex": both}
    if name.startswith("gbsg"):
        return *gbsg_design(survival_data("gbsg"), name), None
    if name == "lung1":
        lung = survival_data("lung")
        return lung["time"], lung["status"], lung[["age"]], None
    return *lung_design(survival_data("lung")), None


@pytest.mark.parametrize("transform", ["km", "identity", "rank", "log"])
@pytest.mark.parametrize(
    "name", ["lung1", "lung3", "lung3_breslow", "veteran", "gbsg", "gbsg_interaction", "gbsg_cut", "colon_int"]
)
def test_proportional_hazards_equals_cox_zph(golden, survival_data, name, transform):
    expected = golden("coxph")[name][f"zph_{transform}"]
    time, event, design, terms = zph_data(survival_data, name)
    ties = "breslow" if name.endswith("breslow") else "efron"
    found = proportional_hazards(time, event, design, ties=ties, transform=transform, terms=terms)
    degrees = [*found.degrees_of_freedom, found.overall.degrees_of_freedom]
    assert degrees == expected["df"]
    # R stops its fit a step earlier; for veteran that is 1.1e-8 of a chi-square.
    chi_square = [*found.chi_square, found.overall.statistic]
    np.testing.assert_allclose(chi_square, expected["chisq"], rtol=0, atol=2e-8 if name == "veteran" else EQUAL_TO_R)
    np.testing.assert_allclose([*found.p_values, found.overall.p_value], expected["p"], rtol=0, atol=EQUAL_TO_R)


def test_proportional_hazards_in_strata_equals_cox_zph(survival_data):
    # cox.zph(coxph(Surv(time, status) ~ age + ph.karno + strata(sex), lung, eps = 1e-12)), transforms km and rank
    lung = survival_data("lung").dropna(subset=["age", "ph.karno"])
    for transform, wanted in STRATIFIED_ZPH.items():
        found = proportional_hazards(
            lung["time"], lung["status"], lung[["age", "ph.karno"]], strata=lung["sex"], transform=transform
        )
        np.testing.assert_allclose([*found.chi_square, found.overall.statistic], wanted, rtol=EQUAL_TO_R)
