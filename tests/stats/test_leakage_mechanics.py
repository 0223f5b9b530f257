"""Planted leakage is found and refused, each kind; clean splits and pipelines pass."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler

from radiotype.errors import ComputeError, RecipeError
from radiotype.predict import OutOfDistribution, SubtypeClassifier
from radiotype.stats import ComBat, check_split, cross_validate, require_unseen, roc_area
from radiotype.subtypes import FeatureGroups, NearestCentroid, NearestMedoid, PrincipalComponents, RobustScaler01

TRAIN, TEST = np.arange(70), np.arange(70, 100)


@pytest.fixture
def cohort():
    """Table, patient and site of 100 cases, three features of which lie on scales of their own."""
    random = np.random.default_rng(21)
    table = random.normal(size=(100, 12)) * np.logspace(-3, 3, 12) + np.linspace(-5, 90, 12)
    return table, np.array([f"p{i:03d}" for i in range(100)]), np.array(["a", "b"])[np.arange(100) % 2]


def refused(code, match):
    error = RecipeError if code == "RT103" else ComputeError
    return pytest.raises(error, match=rf"(?s){code}: .*{match}")


def test_the_same_patient_in_training_and_test(cohort):
    table, patient, _ = cohort
    check_split(patient, TRAIN, TEST, X=table)
    patient[99] = patient[0]
    with refused("RT309", "1 patient is in training and test: 'p000'.*split by patient"):
        check_split(patient, TRAIN, TEST)


def test_the_same_case_in_training_and_test(cohort):
    with refused("RT309", "2 cases are in training and test: 68, 69"):
        check_split(cohort[1], TRAIN, np.arange(68, 100))


@pytest.mark.parametrize("change", [0.0, 1e-7])
def test_the_same_patient_under_two_names(cohort, change):
    table, patient, _ = cohort
    table[90] = table[7] * (1 + change)
    with refused("RT309", r"1 pair is of a training and a test case with the same features: \(7, 90\)"):
        check_split(patient, TRAIN, TEST, X=table)
    table[90, 5] += table[:70, 5].std()
    check_split(patient, TRAIN, TEST, X=table)


@pytest.mark.parametrize(
    "scaler", [StandardScaler(), MinMaxScaler(), FunctionTransformer(lambda x: (x - x.mean(0)) / x.std(0, ddof=1))]
)
def test_a_table_scaled_before_the_split(cohort, scaler):
    table, patient, _ = cohort
    with refused("RT309", "the features were scaled.*split first"):
        check_split(patient, TRAIN, TEST, X=scaler.fit_transform(table))
    fitted = scaler.fit(table[TRAIN])
    if not isinstance(scaler, FunctionTransformer):
        check_split(patient, TRAIN, TEST, X=fitted.transform(table))


def test_whole_numbers_agree_by_chance_and_tell_nothing():
    random = np.random.default_rng(0)
    grades = random.integers(0, 3, size=(100, 2))
    check_split(np.arange(100), TRAIN, TEST, X=grades)
    require_unseen(RobustScaler01().fit(grades[TRAIN]), grades[TEST])


def test_splits_that_are_none(cohort):
    with refused("RT301", "test has no cases"):
        check_split(cohort[1], TRAIN, [])
    with refused("RT305", "train does not hold positions"):
        check_split(cohort[1], [0, 100], TEST)
    with refused("RT305", "X has 99 cases"):
        check_split(cohort[1], TRAIN, TEST, X=cohort[0][1:])
    flags = np.arange(100) < 70
    check_split(cohort[1], flags, ~flags)


LABELS = np.arange(100) // 5 % 2


@pytest.mark.parametrize(
    "estimator",
    [
        RobustScaler01(),
        PrincipalComponents(2),
        FeatureGroups([2, 3], n_resamples=30),
        NearestCentroid(),
        NearestMedoid(),
        OutOfDistribution(),
        SubtypeClassifier(n_rounds=5, min_cases=2, n_folds=2),
    ],
    ids=lambda one: type(one).__name__,
)
def test_every_estimator_of_the_package_remembers_its_cases(cohort, estimator):
    table = np.ascontiguousarray(StandardScaler().fit_transform(cohort[0]))
    require_unseen(estimator.fit(table[TRAIN], LABELS[TRAIN]), table[TEST])
    with refused("RT309", f"{type(estimator).__name__} was fitted on 30 of the 30 test cases"):
        require_unseen(estimator.fit(table, LABELS), table[TEST])


def test_combat_fitted_on_all(cohort):
    table, _, site = cohort
    require_unseen(ComBat().fit(table[TRAIN], site[TRAIN]), table[TEST])
    with refused("RT309", "ComBat was fitted on 30 of the 30 test cases.*inside each fold"):
        require_unseen(ComBat().fit(table, site), table[TEST])
    with refused("RT309", "ComBat was fitted on 1 of the 30"):
        require_unseen(ComBat().fit(table[:71], site[:71]), pd.DataFrame(table[TEST]))


def test_a_record_outlives_single_precision_and_negative_zero(cohort):
    table, _, site = cohort
    table[:, 0] = 0.0
    table[::2, 0] = 1.0
    changed = table.astype(np.float32).astype(float)
    changed[changed == 0] = -0.0
    with refused("RT309", "30 of the 30"):
        require_unseen(ComBat().fit(table, site), changed[TEST])


def test_scaling_fitted_before_the_split_inside_a_pipeline(cohort):
    table, _, _ = cohort
    clean = make_pipeline(StandardScaler(), PrincipalComponents(3), NearestCentroid("euclidean")).fit(
        table[TRAIN], LABELS[TRAIN]
    )
    require_unseen(clean, table[TEST], X_train=table[TRAIN], y_train=LABELS[TRAIN])
    scaler = StandardScaler().fit(table)  # the leak
    leaky = make_pipeline(scaler, NearestCentroid().fit(scaler.transform(table[TRAIN]), LABELS[TRAIN]))
    with refused("RT309", "StandardScaler, fitted to the training cases, says something else"):
        require_unseen(leaky, table[TEST], X_train=table[TRAIN], y_train=LABELS[TRAIN])


def test_a_later_step_that_saw_the_test_cases(cohort):
    table, _, _ = cohort
    scaler = StandardScaler().fit(table[TRAIN])
    centroids = NearestCentroid().fit(scaler.transform(table), LABELS)  # the leak
    with refused("RT309", "NearestCentroid was fitted on 30 of the 30"):
        require_unseen(make_pipeline(scaler, centroids), table[TEST], X_train=table[TRAIN])


def test_steps_without_a_record_need_the_training_cases(cohort):
    table, _, _ = cohort
    with refused("RT305", "object keeps no record.*cannot be fitted again"):
        require_unseen(object(), table[TEST], X_train=table[TRAIN])
    model = make_pipeline(FunctionTransformer(), "passthrough", StandardScaler()).fit(table[TRAIN])
    with refused("RT305", "StandardScaler keeps no record.*give X_train"):
        require_unseen(model, table[TEST])
    require_unseen(model, table[TEST], X_train=table[TRAIN])
    forest = RandomForestClassifier(5).fit(table[TRAIN], LABELS[TRAIN])
    with refused("RT305", "two fits of RandomForestClassifier .* differ.*random_state"):
        require_unseen(forest, table[TEST], X_train=table[TRAIN], y_train=LABELS[TRAIN])
    with refused("RT309", "GaussianNB, fitted to the training cases"):
        require_unseen(GaussianNB().fit(table, LABELS), table[TEST], X_train=table[TRAIN], y_train=LABELS[TRAIN])


def test_cross_validation_refits_every_step_and_keeps_patients_together(cohort):
    table, _, site = cohort
    patient = np.arange(100) // 2
    outcome = np.random.default_rng(5).integers(0, 2, 50)[patient]
    model = make_pipeline(StandardScaler(), LogisticRegression())
    found = cross_validate(
        model, table, outcome, patient=patient, method="predict_proba", harmoniser=ComBat(), batch=site, n_folds=4
    )
    assert not hasattr(model[0], "mean_")
    assert (found.n_patients, found.n_folds) == (50, 4)
    for fold in range(4):
        train, test = found.folds != fold, found.folds == fold
        assert not set(patient[train]) & set(patient[test])
        combat = ComBat().fit(table[train], site[train])
        alone = make_pipeline(StandardScaler(), LogisticRegression()).fit(
            combat.transform(table[train], site[train]), outcome[train]
        )
        expected = alone.predict_proba(combat.transform(table[test], site[test]))
        np.testing.assert_allclose(found.predictions[test], expected, rtol=0, atol=1e-12)
    again = cross_validate(model, pd.DataFrame(table), pd.Series(outcome), patient=patient, n_folds=4)
    assert (again.folds == found.folds).all()


def test_cross_validation_refuses_planted_leakage(cohort):
    table, _, site = cohort
    outcome, model = np.arange(100) // 2 % 2, LogisticRegression(max_iter=5000)
    with refused("RT309", "fold 1: the features were scaled"):
        cross_validate(model, StandardScaler().fit_transform(table), outcome)
    twice = np.vstack([table, table])
    with refused("RT309", "fold 1: .*with the same features"):
        cross_validate(model, twice, np.tile(outcome, 2))
    grade = pd.DataFrame({"grade": np.where(outcome == 1, "high", "low")})
    with refused("RT304", "fold 1: covariate 'grade' tells the outcome"):
        cross_validate(model, table, outcome, harmoniser=ComBat(), batch=site, covariates=grade)
    with refused("RT304", "fold 1: batches and outcome are confounded"):
        cross_validate(model, table, np.arange(100) % 2, harmoniser=ComBat(), batch=site)
    age = pd.DataFrame({"age": np.random.default_rng(0).normal(60, 9, 100)})
    cross_validate(
        model, StandardScaler().fit(table[:9]).transform(table), outcome, harmoniser=ComBat(), batch=site, covariates=age
    )


def test_settings_of_cross_validation(cohort):
    table, _, site = cohort
    outcome, model = np.arange(100) % 2, LogisticRegression()
    with refused("RT103", "method is 'guess'"):
        cross_validate(model, table, outcome, method="guess")
    with refused("RT103", "harmoniser and batch belong together"):
        cross_validate(model, table, outcome, batch=site)
    with refused("RT103", "covariates are those of the harmoniser"):
        cross_validate(model, table, outcome, covariates=table[:, :1])
    with refused("RT301", "3 patients for 5 folds"):
        cross_validate(model, table, outcome, patient=np.arange(100) % 3)
    rare = np.where(np.arange(100) == 0, 2, outcome)
    with refused("RT301", "other classes"):
        cross_validate(NearestCentroid(), table, rare)


def test_the_refit_shows_no_skill_where_a_leak_does():
    """Features chosen by the outcome on all cases predict noise; chosen inside the folds they do not."""
    from sklearn.feature_selection import SelectKBest

    random = np.random.default_rng(3)
    table, outcome = random.normal(size=(80, 1500)), np.arange(80) % 2
    model = make_pipeline(SelectKBest(k=10), LogisticRegression())
    honest = cross_validate(model, table, outcome, method="decision_function").predictions
    chosen = SelectKBest(k=10).fit_transform(table, outcome)
    leaky = cross_validate(LogisticRegression(), chosen, outcome, method="decision_function").predictions
    assert roc_area(outcome, honest).lower < 0.5
    assert roc_area(outcome, leaky).lower > 0.7
