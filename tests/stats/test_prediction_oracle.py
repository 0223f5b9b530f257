"""Risk groups, subgroups, calibration, decision curves and cross-validation against closed forms and plain loops."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from radiotype.stats import (
    calibration,
    concordance,
    cox,
    cross_validated_concordance,
    decision_curve,
    interaction,
    kaplan_meier,
    logrank,
    risk_groups,
    risk_score,
    subgroup_forest,
)

COVARIATES = ["age", "volume", "treated"]


@pytest.fixture
def predicted(simulated):
    fit = cox(simulated["time"], simulated["event"], simulated[COVARIATES])
    return 1 - fit.survival(simulated[COVARIATES], 15)


def test_score_is_the_centred_linear_predictor_and_is_cut_at_the_median_of_discovery(simulated):
    discovery, validation = simulated.iloc[:80], simulated.iloc[80:]
    model = risk_score(discovery["time"], discovery["event"], discovery[COVARIATES])
    by_hand = (validation[COVARIATES] - discovery[COVARIATES].mean()).to_numpy() @ model.fit.coefficients
    np.testing.assert_allclose(model.score(validation[COVARIATES]), by_hand, atol=1e-9)
    assert model.high(discovery[COVARIATES]).sum() == 40
    assert model.median == pytest.approx(np.median(model.score(discovery[COVARIATES])))
    np.testing.assert_array_equal(model.high(validation[COVARIATES]), model.score(validation[COVARIATES]) > model.median)
    assert model.high(validation[COVARIATES], cut=-100.0).all()


def test_risk_groups_hold_the_cox_ratio_and_the_logrank_test(simulated):
    high = (simulated["age"] > 60).astype(int)
    data = simulated["time"], simulated["event"]
    found = risk_groups(*data, high)
    fit, test = cox(*data, high.to_frame()), logrank(*data, high)
    assert (found.effect, found.lower, found.upper) == (fit.hazard_ratios[0], fit.lower[0], fit.upper[0])
    assert (found.p_value, found.chi_square) == (test.p_value, test.chi_square)
    assert [found.events_low, found.events_high] == test.observed.tolist()
    assert [found.n_low, found.n_high] == test.group_sizes.tolist()


def test_each_row_of_a_forest_is_a_cox_model_of_that_subgroup(simulated):
    simulated.loc[3, "site"] = None
    old = np.where(simulated["age"] > 60, "old", "young")
    forest = subgroup_forest(
        simulated["time"],
        simulated["event"],
        simulated["treated"],
        simulated[["site"]].assign(age=old),
        adjust=simulated[["volume"]],
    )
    table = forest.to_frame()
    assert list(table.index) == ["all cases", "site = north", "site = south", "site = west", "age = old", "age = young"]
    for name, rows in (("site = south", simulated["site"] == "south"), ("age = old", old == "old")):
        own = simulated[rows]
        fit = cox(own["time"], own["event"], own[["treated", "volume"]])
        wanted = [len(own), own["event"].sum(), fit.hazard_ratios[0], fit.lower[0], fit.upper[0], fit.p_values[0]]
        columns = ["n", "events", "hazard_ratio", "lower", "upper", "p_value"]
        np.testing.assert_allclose(table.loc[name, columns].to_numpy(float), wanted, rtol=1e-12)
    known = simulated.dropna(subset=["site"])
    test = interaction(known["time"], known["event"], known["treated"], known["site"], adjust=known[["volume"]])
    assert test.test.degrees_of_freedom == 2
    assert table.loc["site = west", "p_interaction"] == pytest.approx(test.p_value, rel=1e-12)
    both = sorted(one.p_value for one in forest.interactions.findings.values())
    assert sorted(one.q_value for one in forest.interactions.findings.values()) == pytest.approx(
        [min(2 * both[0], both[1]), both[1]]
    )


def test_a_stratified_forest_leaves_out_what_does_not_vary_in_a_subgroup(simulated):
    centre = np.where(np.arange(120) % 3 == 0, "a", "b")
    old = np.where(simulated["age"] > 60, "old", "young")
    adjust = simulated[["volume"]].assign(
        old=(old == "old").astype(float),  # constant in either subgroup
        twice=2 * simulated["volume"] * (old == "old") + simulated["age"] * (old == "young"),  # follows from volume in the old
    )
    data = simulated["time"], simulated["event"]
    table = subgroup_forest(*data, simulated["treated"], {"age": old}, adjust=adjust, strata=centre).to_frame()
    own = {"all cases": ["volume", "old", "twice"], "age = old": ["volume"], "age = young": ["volume", "twice"]}
    rows_of = {"all cases": np.ones(120, dtype=bool), "age = old": old == "old", "age = young": old == "young"}
    for name, columns in own.items():
        rows = rows_of[name]
        design = simulated[["treated"]].join(adjust[columns])[rows]
        fit = cox(data[0][rows], data[1][rows], design, strata=centre[rows])
        wanted = [fit.n, fit.hazard_ratios[0], fit.lower[0], fit.upper[0]]
        np.testing.assert_allclose(table.loc[name, ["n", "hazard_ratio", "lower", "upper"]].to_numpy(float), wanted, rtol=1e-9)
    sites = subgroup_forest(*data, simulated["treated"], simulated[["site"]], strata=centre).to_frame()
    test = interaction(*data, simulated["treated"], simulated["site"], strata=centre)
    assert sites.loc["site = west", "p_interaction"] == pytest.approx(test.p_value, rel=1e-12)


def test_subgroup_that_cannot_be_fitted_has_its_reason(simulated):
    simulated["rare"] = np.where(np.arange(120) < 3, "few", "many")
    forest = subgroup_forest(simulated["time"], simulated["event"], simulated["treated"], simulated[["rare"]])
    row = forest.to_frame().loc["rare = few"]
    assert row["reason"].startswith("RT302")
    assert np.isnan(row["hazard_ratio"])
    assert list(forest.subgroups.findings) == ["rare = many"]


def test_a_model_is_calibrated_on_the_cases_of_its_fit(simulated, predicted):
    # There, the log cumulative hazard is the linear predictor plus a constant, whose coefficient is 1 at the maximum.
    found = calibration(simulated["time"], simulated["event"], predicted, horizon=15, n_groups=4)
    assert found.slope == pytest.approx(1, abs=1e-9)
    assert found.p_value == pytest.approx(1, abs=1e-6)
    fit = cox(simulated["time"], simulated["event"], np.log(-np.log1p(-predicted))[:, None])
    np.testing.assert_allclose(found.slope_limits, np.log([fit.lower[0], fit.upper[0]]), rtol=1e-10)


def test_observed_risk_of_each_group_is_one_minus_kaplan_meier(simulated, predicted):
    found = calibration(simulated["time"], simulated["event"], predicted, horizon=15, n_groups=4)
    assert found.group_sizes.tolist() == [30, 30, 30, 30]
    rank = pd.Series(predicted).rank(method="first").to_numpy()
    for group in range(4):
        own = (rank > 30 * group) & (rank <= 30 * (group + 1))
        curve = kaplan_meier(simulated["time"][own], simulated["event"][own])
        assert found.observed[group] == pytest.approx(1 - curve.at(15)[0])
        lower, upper = curve.interval_at(15)
        assert (found.lower[group], found.upper[group]) == pytest.approx((1 - upper[0], 1 - lower[0]))
        assert found.predicted[group] == pytest.approx(predicted[own].mean())
    overall = kaplan_meier(simulated["time"], simulated["event"])
    assert found.observed_to_expected == pytest.approx((1 - overall.at(15)[0]) / predicted.mean())
    assert found.ratio_limits[0] < found.observed_to_expected < found.ratio_limits[1]


def test_predictions_twice_too_extreme_have_half_the_slope(simulated, predicted):
    log_hazard = np.log(-np.log1p(-predicted))
    extreme = -np.expm1(-np.exp(2 * log_hazard))
    assert calibration(simulated["time"], simulated["event"], extreme, horizon=15).slope == pytest.approx(0.5, abs=1e-9)


def test_net_benefit_without_censoring_is_the_binary_one_with_its_known_error():
    random = np.random.default_rng(np.random.SeedSequence(5))
    time, risk = random.exponential(10, 200), random.uniform(0.01, 0.99, 200)
    outcome = time <= 8
    found = decision_curve(time, np.ones(200), risk, horizon=8, thresholds=[0.1, 0.35, 0.8])
    for j, threshold in enumerate([0.1, 0.35, 0.8]):
        gain = (risk >= threshold) * np.where(outcome, 1.0, -threshold / (1 - threshold))
        assert found.net_benefit[j] == pytest.approx(gain.mean(), rel=1e-12)
        assert found.standard_error[j] == pytest.approx(gain.std() / np.sqrt(200), rel=1e-10)
        everybody = outcome.mean() - (~outcome).mean() * threshold / (1 - threshold)
        assert found.treat_all[j] == pytest.approx(everybody, rel=1e-12)
    assert found.n_above.tolist() == [np.count_nonzero(risk >= cut) for cut in (0.1, 0.35, 0.8)]


def test_net_benefit_with_censoring_takes_the_risk_from_kaplan_meier(simulated, predicted):
    found = decision_curve(simulated["time"], simulated["event"], predicted, horizon=15, thresholds=0.4)
    above = predicted >= 0.4
    survival = kaplan_meier(simulated["time"][above], simulated["event"][above]).at(15)[0]
    assert found.net_benefit[0] == pytest.approx(above.mean() * ((1 - survival) - survival * 0.4 / 0.6), rel=1e-12)


def test_cross_validation_equals_a_plain_loop(simulated):
    found = cross_validated_concordance(
        simulated["time"], simulated["event"], simulated[COVARIATES], n_folds=4, n_repeats=3, seed=7
    )
    events = simulated["event"].to_numpy()
    for repeat in range(3):
        random = np.random.default_rng(np.random.SeedSequence(7, spawn_key=(repeat,)))
        order = random.permutation(120)
        dealt = [*order[events[order] == 1], *order[events[order] == 0]]
        folds = np.empty(120, dtype=int)
        folds[dealt] = np.arange(120) % 4
        risk = np.empty(120)
        for fold in range(4):
            train, test = simulated[folds != fold], simulated[folds == fold]
            fit = cox(train["time"], train["event"], train[COVARIATES])
            risk[folds == fold] = fit.linear_predictor(test[COVARIATES])
        by_hand = concordance(simulated["time"], simulated["event"], risk.round(10), strata=folds)
        assert found.repeats[repeat] == pytest.approx(by_hand.c_index, rel=1e-12)
    assert found.effect == pytest.approx(found.repeats.mean())
    assert found.effect < found.apparent
    fit = cox(simulated["time"], simulated["event"], simulated[COVARIATES])
    risk = fit.linear_predictor(simulated[COVARIATES]).round(10)
    assert found.apparent == concordance(simulated["time"], simulated["event"], risk).c_index


def test_noise_predicts_nothing_in_cross_validation_though_it_does_on_its_own_cases():
    random = np.random.default_rng(np.random.SeedSequence(3))
    found = [
        cross_validated_concordance(random.exponential(size=120), np.ones(120), random.normal(size=(120, 12)), n_repeats=2)
        for _ in range(30)
    ]
    apparent, left_out = (np.mean([getattr(one, name) for one in found]) for name in ("apparent", "effect"))
    error = np.mean([one.standard_error for one in found]) / np.sqrt(30)
    assert apparent > 0.5 + 8 * error
    assert abs(left_out - 0.5) < 4 * error
