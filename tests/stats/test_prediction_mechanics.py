"""Seeds, grouping by patient, and what the functions around a prediction refuse."""

from __future__ import annotations

import numpy as np
import pytest

from radiotype.errors import ComputeError, ModelError, RecipeError
from radiotype.stats import (
    calibration,
    concordance_difference,
    cox,
    cross_validated_concordance,
    decision_curve,
    interaction,
    nested_test,
    proportional_hazards,
    risk_groups,
    risk_score,
    subgroup_forest,
    time_dependent_auc,
    uno_concordance,
)
from radiotype.stats.cross_validation import deal_folds

COVARIATES = ["age", "volume", "treated"]


@pytest.fixture
def data(simulated):
    return simulated["time"], simulated["event"]


def test_cross_validation_depends_on_its_seed_only(simulated, data):
    settings = {"n_folds": 3, "n_repeats": 2}
    one = cross_validated_concordance(*data, simulated[COVARIATES], seed=1, **settings)
    again = cross_validated_concordance(*data, simulated[COVARIATES], seed=1, **settings)
    longer = cross_validated_concordance(*data, simulated[COVARIATES], seed=1, n_folds=3, n_repeats=4)
    other = cross_validated_concordance(*data, simulated[COVARIATES], seed=2, **settings)
    assert one.repeats.tolist() == again.repeats.tolist() == longer.repeats[:2].tolist()
    assert one.repeats.tolist() != other.repeats.tolist()


def test_folds_hold_whole_patients_and_about_equal_numbers_of_events():
    had_event = np.arange(100) < 23
    folds = deal_folds(had_event, 5, np.random.default_rng(0))
    assert np.bincount(folds).tolist() == [20] * 5
    assert sorted(np.bincount(folds[had_event]).tolist()) == [4, 4, 5, 5, 5]


def test_lesions_of_one_patient_are_not_split():
    # Twin rows whose covariate names the patient's hazard: split, the model would know the answer.
    random = np.random.default_rng(np.random.SeedSequence(12))
    patients = np.repeat(np.arange(60), 2)
    time = np.repeat(random.exponential(size=60), 2)
    marks = np.eye(60)[patients][:, :10] + random.normal(size=(120, 10)) * 0.01
    grouped = cross_validated_concordance(
        time, np.ones(120), marks, patient=[f"p{one}" for one in patients], n_repeats=5, least_events=1
    )
    assert grouped.n_patients == 60
    split = cross_validated_concordance(time, np.ones(120), marks, n_repeats=5, least_events=1)
    assert split.n_patients == 120
    assert split.effect > grouped.effect


def test_too_few_events_for_a_model_are_refused_with_the_numbers(simulated, data):
    few = simulated["event"] * (np.arange(120) < 12)
    assert 3 <= few.sum() < 15
    with pytest.raises(
        ComputeError, match=rf"RT302.*there are {few.sum()} events for 3 covariates; expected at least 5 events"
    ):
        risk_score(simulated["time"], few, simulated[COVARIATES])
    with pytest.raises(ComputeError, match=r"RT302.*expected at least 5 events for each covariate"):
        cross_validated_concordance(simulated["time"], few, simulated[COVARIATES])
    assert cox(simulated["time"], few, simulated[COVARIATES], least_events=1).events == few.sum()
    with pytest.raises(ComputeError, match=r"RT302.*expected at least 40 events for each"):
        cox(*data, simulated[COVARIATES], least_events=40)
    with pytest.raises(RecipeError, match=r"RT103.*least_events"):
        cox(*data, simulated[COVARIATES], least_events=0)


def test_a_fold_that_cannot_be_fitted_is_named(simulated, data):
    rare = simulated[["age"]].assign(rare=(np.arange(120) < 1).astype(int))
    with pytest.raises(ComputeError, match=r"repeat 1, fold \d: constant: 'rare'"):
        cross_validated_concordance(*data, rare)


@pytest.mark.parametrize("setting", [{"n_folds": 1}, {"n_repeats": 0}, {"seed": -1}, {"n_folds": 2.0}, {"ties": "exact"}])
def test_settings_of_cross_validation_are_checked(simulated, data, setting):
    with pytest.raises(RecipeError, match="RT103"):
        cross_validated_concordance(*data, simulated[COVARIATES], **setting)


def test_more_folds_than_patients_are_refused(simulated, data):
    with pytest.raises(ComputeError, match=r"RT301.*there are 2 patients for 5 folds"):
        cross_validated_concordance(*data, simulated[COVARIATES], patient=np.arange(120) % 2)


@pytest.mark.parametrize("check", [calibration, decision_curve])
def test_predictions_that_are_no_probabilities_are_refused(simulated, data, check):
    with pytest.raises(ComputeError, match=r"RT305.*predicted_risk has 120 values outside") as caught:
        check(*data, simulated["age"], horizon=15)
    assert "linear predictor" in caught.value.hint
    risk = np.linspace(0.1, 0.9, 120)
    with pytest.raises(ComputeError, match=r"RT305.*before the horizon 1000"):
        check(*data, risk, horizon=1000)
    with pytest.raises(RecipeError, match=r"RT103.*horizon"):
        check(*data, risk, horizon=-1)


def test_predictions_that_are_all_equal_have_no_slope(data):
    with pytest.raises(ComputeError, match=r"RT305.*every predicted risk is 0\.4"):
        calibration(*data, np.full(120, 0.4), horizon=15)


def test_thresholds_and_events_of_a_decision_curve_are_checked(data):
    risk = np.linspace(0.1, 0.9, 120)
    with pytest.raises(RecipeError, match=r"RT103.*thresholds"):
        decision_curve(*data, risk, horizon=15, thresholds=[0.5, 1.0])
    with pytest.raises(ComputeError, match="RT302"):
        decision_curve(data[0], np.zeros(120), risk, horizon=15)
    found = decision_curve(*data, risk, horizon=15)
    assert found.thresholds.size == 99
    assert (found.net_benefit[-1], found.n_above[-1]) == (0, 0)


def test_prediction_needs_one_baseline_and_a_time_within_follow_up(simulated, data):
    fit = cox(*data, simulated[COVARIATES])
    with pytest.raises(ModelError, match=r"RT501.*within follow-up"):
        fit.survival(simulated[COVARIATES], 1e6)
    # One case a million times larger than the others moves the mean to where no hazard can be told from 0.
    random = np.random.default_rng(np.random.SeedSequence(21))
    x = random.normal(size=200)
    time = random.exponential(np.exp(0.8 * x))
    odd = np.argsort(time)[-2]
    x[odd] = 1e6
    with pytest.raises(ModelError, match=r"RT501.*too far from the mean"):
        cox(time, np.arange(200) != odd, x[:, None]).survival(x[:, None], float(np.median(time)))
    stratified = cox(*data, simulated[COVARIATES], strata=simulated["site"])
    with pytest.raises(ModelError, match=r"RT501.*stratified"):
        stratified.survival(simulated[COVARIATES], 10)


def test_too_few_clusters_are_refused(simulated, data):
    with pytest.raises(ComputeError, match=r"RT301.*there are 3 clusters for 3 covariates"):
        cox(*data, simulated[COVARIATES], cluster=simulated["site"])


def test_models_that_are_not_nested_are_refused(simulated, data):
    small, large = cox(*data, simulated[["age"]]), cox(*data, simulated[["age", "volume"]])
    assert nested_test(small, large).test.degrees_of_freedom == 1
    with pytest.raises(ComputeError, match=r"RT305.*not nested"):
        nested_test(large, small)
    with pytest.raises(ComputeError, match=r"RT305.*not nested"):
        nested_test(cox(*data, simulated[["treated"]]), large)
    part = simulated.iloc[:100]
    with pytest.raises(ComputeError, match=r"RT305.*different data \(n, events\)"):
        nested_test(cox(part["time"], part["event"], part[["age"]]), large)
    with pytest.raises(ComputeError, match=r"RT305.*different data \(log-likelihood at zero\)"):
        nested_test(cox(data[0].iloc[::-1].to_numpy(), data[1], simulated[["age"]]), large)
    with pytest.raises(ComputeError, match=r"RT305.*robust"):
        nested_test(cox(*data, simulated[["age"]], robust=True), large)


def test_interaction_with_one_level_or_without_events_is_refused(simulated, data):
    with pytest.raises(ComputeError, match=r"RT304.*modifier has one level only"):
        interaction(*data, simulated["treated"], ["a"] * 120)
    calm = np.where(np.arange(120) < 10, 0, simulated["event"])
    group = np.where(np.arange(120) < 10, "calm", "other")
    with pytest.raises(ComputeError, match="RT303"):
        interaction(data[0], calm, simulated["age"], group)


def test_terms_of_the_proportional_hazards_test_must_hold_every_column_once(simulated, data):
    with pytest.raises(RecipeError, match=r"RT103.*do not hold each of age, volume once"):
        proportional_hazards(*data, simulated[["age", "volume"]], terms={"age": ["age"]})
    with pytest.raises(RecipeError, match=r"RT103.*transform"):
        proportional_hazards(*data, simulated[["age"]], transform="sqrt")
    with pytest.raises(ComputeError, match=r"RT305.*time 0"):
        proportional_hazards(data[0] - data[0].min(), np.ones(120), simulated[["age"]], transform="log")
    with pytest.raises(ComputeError, match=r"RT302.*too few different times"):
        proportional_hazards([1, 1, 1, 2, 2], [1, 1, 1, 0, 0], [[1], [2], [2], [1], [2]], least_events=1)
    table = proportional_hazards(*data, simulated[["age", "volume"]], correction="bonferroni").to_frame()
    np.testing.assert_allclose(table["q_value"], np.minimum(2 * table["p_value"], 1))


def test_indices_that_cannot_be_computed_are_refused(data):
    with pytest.raises(ComputeError, match=r"RT302.*events up to 0.5"):
        uno_concordance([1, 2, 3], [1, 1, 0], [3, 2, 1], horizon=0.5)
    with pytest.raises(RecipeError, match=r"RT103.*horizon"):
        uno_concordance(*data, np.arange(120), horizon=0)
    with pytest.raises(ComputeError, match=r"RT301.*at least four"):
        concordance_difference([1, 2, 3], [1, 1, 0], [3, 2, 1], [1, 2, 3])
    with pytest.raises(ComputeError, match="RT302"):
        concordance_difference([1, 2, 3, 4], [0, 0, 0, 0], [3, 2, 1, 0], [1, 2, 3, 4])
    with pytest.raises(ComputeError, match=r"RT302.*nobody had the event by 0.5"):
        time_dependent_auc([1, 2, 3], [1, 1, 0], [3, 2, 1], 0.5)
    with pytest.raises(ComputeError, match=r"RT302.*nobody is followed beyond 3"):
        time_dependent_auc([1, 2, 3], [1, 1, 0], [3, 2, 1], [2, 3])


def test_differences_counted_in_parts_are_the_same(simulated, data, monkeypatch):
    import sys

    whole = concordance_difference(*data, simulated["age"], simulated["volume"])
    monkeypatch.setattr(sys.modules["radiotype.stats.concordance_difference"], "PAIRS_AT_ONCE", 5000)
    parts = concordance_difference(*data, simulated["age"], simulated["volume"])
    assert parts.standard_error == pytest.approx(whole.standard_error, rel=1e-12)


def test_risk_groups_need_two_groups(data):
    for high in (np.ones(120), np.arange(120) % 3):
        with pytest.raises(ComputeError, match=r"RT305.*high must hold 0"):
            risk_groups(*data, high)


def test_a_forest_needs_a_variable_and_a_label(simulated, data):
    with pytest.raises(ComputeError, match=r"RT305.*no variable"):
        subgroup_forest(*data, simulated["treated"], {})
    with pytest.raises(ComputeError, match=r"RT305.*site has missing values only"):
        subgroup_forest(*data, simulated["treated"], {"site": [None] * 120})


def test_a_forest_stands_where_no_interaction_can_be_tested(simulated, data):
    # The exposed of one site have no event: its product term is infinite, the reason stands in place of the test.
    event = simulated["event"].where((simulated["site"] != "west") | (simulated["treated"] == 0), 0)
    forest = subgroup_forest(data[0], event, simulated["treated"], simulated[["site"]])
    assert forest.interactions.reasons["site"].startswith("RT303")
    assert forest.to_frame()["p_interaction"].isna().all()
    assert forest.subgroups.reasons["site = west"].startswith("RT303")


def test_scores_that_differ_by_rounding_tie(simulated, data):
    model = risk_score(*data, simulated[["age", "volume"]])
    rows = np.array([[61.3, 9.7], [61.3 * (1 + 4e-16), 9.7]])
    assert rows[0, 0] != rows[1, 0]
    assert len({*model.score(rows * 1000), *model.score(rows * 1000 + 1e-12)}) == 1
    assert len({*model.fit.linear_predictor(rows * 1000), *model.fit.linear_predictor(rows * 1000 + 1e-12)}) > 1
