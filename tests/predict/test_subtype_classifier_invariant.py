"""Honest probabilities and accuracies, and the same bytes from the same seed."""

import numpy as np
import pandas as pd
import pytest

from radiotype.errors import ComputeError, RecipeError
from radiotype.predict import SubtypeClassifier
from radiotype.predict.boosted import best_temperature, softmax
from radiotype.predict.folds import patient_folds
from radiotype.predict.steps import arrays_of

FAST = {"n_rounds": 20, "max_depth": 2}


def noisy(n_cases, seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n_cases, 8))
    chances = softmax(values[:, :3] * 1.5)
    subtype = np.array([rng.choice(3, p=chance) for chance in chances])
    return values, np.array(["calm", "fast", "mixed"])[subtype]


def surprise(probabilities, labels, classes):
    return -np.log(probabilities[np.arange(len(labels)), np.searchsorted(classes, labels)]).mean()


def test_the_temperature_of_scores_that_are_too_sure_is_found():
    # outcomes drawn from the true chances: scores of thrice the true size need the temperature 3
    rng = np.random.default_rng(1)
    true = rng.normal(size=(40_000, 3))
    subtype = (true + rng.gumbel(size=true.shape)).argmax(axis=1)
    assert best_temperature(3 * true, subtype) == pytest.approx(3, rel=0.03)
    assert best_temperature(0.5 * true, subtype) == pytest.approx(0.5, rel=0.03)


def test_the_temperature_stays_within_its_bounds():
    sure = np.array([[5.0, 0.0], [0.0, 5.0]])
    assert best_temperature(sure, np.array([0, 1])) == pytest.approx(0.05, rel=1e-3)
    assert best_temperature(sure, np.array([1, 0])) == pytest.approx(20, rel=1e-3)


def test_probabilities_of_new_cases_are_better_for_the_temperature():
    values, labels = noisy(300, 2)
    new_values, new_labels = noisy(2000, 3)
    model = SubtypeClassifier(n_rounds=60, learning_rate=0.3).fit(values, labels)
    assert model.temperature_ > 1.5  # so many rounds on so few noisy cases learn by heart
    raw = softmax(model.trees_.scores(new_values))
    calibrated = model.predict_proba(new_values)
    assert surprise(calibrated, new_labels, model.classes_) < surprise(raw, new_labels, model.classes_) - 0.1
    np.testing.assert_array_equal(calibrated.argmax(axis=1), raw.argmax(axis=1))
    # of the cases with a stated chance, that fraction is right
    assert calibrated.max(axis=1).mean() == pytest.approx((model.predict(new_values) == new_labels).mean(), abs=0.05)


def test_the_accuracy_is_that_on_new_cases():
    values, labels = noisy(400, 4)
    new_values, new_labels = noisy(2000, 5)
    model = SubtypeClassifier(**FAST).fit(values, labels)
    assert model.accuracy_ == pytest.approx((model.predict(new_values) == new_labels).mean(), abs=0.06)
    assert model.accuracy_ == pytest.approx((model.classes_[model.out_of_fold_.argmax(axis=1)] == labels).mean())


def test_a_patient_who_is_there_twice_does_not_help_to_predict_himself():
    # pure noise, every patient six times: only who ignores patients finds anything
    rng = np.random.default_rng(6)
    patient = np.repeat(np.arange(40), 6)
    values, subtype = rng.normal(size=(40, 5))[patient], rng.permutation(np.repeat([0, 1], 20))[patient]
    grouped = SubtypeClassifier(n_rounds=60).fit(values, subtype, groups=patient).accuracy_
    assert SubtypeClassifier(n_rounds=60).fit(values, subtype).accuracy_ > 0.95
    assert grouped < 0.75


def test_folds_keep_patients_whole_and_test_every_case_once():
    rng = np.random.default_rng(7)
    patient = rng.integers(0, 30, size=100)
    subtype = (patient % 3).astype(np.int64)
    tested = []
    for rest, fold in patient_folds(subtype, [f"p{one}" for one in patient], 5, 0, names="abc"):
        assert not set(patient[rest]) & set(patient[fold])
        assert set(subtype[rest]) == {0, 1, 2}
        tested += fold.tolist()
    assert sorted(tested) == list(range(100))


def test_the_same_seed_gives_the_same_bytes():
    values, labels = noisy(150, 8)
    for learner in ("scikit-learn", "xgboost"):
        first, again = (arrays_of(SubtypeClassifier(learner, **FAST, seed=3).fit(values, labels)) for _ in range(2))
        assert {name: array.tobytes() for name, array in first.items()} == {name: a.tobytes() for name, a in again.items()}
    other = SubtypeClassifier(**FAST, seed=4).fit(values, labels)
    assert other.temperature_ != SubtypeClassifier(**FAST, seed=3).fit(values, labels).temperature_


def test_only_the_order_of_values_counts():
    # trees compare; a rising change of a feature moves no case across a threshold between two cases
    values, labels = noisy(150, 9)
    model, bent = SubtypeClassifier(**FAST).fit(values, labels), SubtypeClassifier(**FAST).fit(np.exp(values), labels)
    np.testing.assert_array_equal(model.out_of_fold_.argmax(axis=1) == 0, bent.out_of_fold_.argmax(axis=1) == 0)
    assert model.accuracy_ == bent.accuracy_


def test_a_class_that_falls_into_one_fold_is_refused(monkeypatch):
    # patients with many rows of several classes can lead to it; here the split is made so
    import sklearn.model_selection

    class AllOfOne:
        def __init__(self, *_, **__):
            pass

        def split(self, subtype, *_):
            yield np.flatnonzero(subtype == 0), np.flatnonzero(subtype == 1)

    monkeypatch.setattr(sklearn.model_selection, "StratifiedKFold", AllOfOne)
    with pytest.raises(ComputeError, match="all patients of a class fall into one fold"):
        list(patient_folds(np.repeat([0, 1], 10), None, 2, 0, names="ab"))


@pytest.mark.parametrize(
    "settings",
    [
        {"learner": "forest"},
        {"n_rounds": 0},
        {"learning_rate": 0.0},
        {"learning_rate": 1.01},
        {"max_depth": 0},
        {"min_cases": 0},
        {"n_folds": 1},
        {"seed": -1},
    ],
    ids=str,
)
def test_settings_that_are_not_allowed_are_refused(settings):
    with pytest.raises(RecipeError, match=next(iter(settings))):
        SubtypeClassifier(**settings).fit(*noisy(60, 1))


def test_cohorts_that_cannot_be_cross_validated_are_refused():
    values, labels = noisy(60, 1)
    with pytest.raises(ComputeError, match="nothing to tell apart"):
        SubtypeClassifier().fit(values, ["calm"] * 60)
    few = np.array(["calm"] * 56 + ["fast"] * 4)
    with pytest.raises(ComputeError, match="class fast has 4 patients, too few for 5 folds"):
        SubtypeClassifier().fit(values, few)
    patients = np.r_[np.arange(50), np.full(10, 50)]
    with pytest.raises(ComputeError, match="class 1 has 1 patients"):
        SubtypeClassifier().fit(values, (patients == 50).astype(int), groups=patients)
    with pytest.raises(RecipeError, match="59 patients for 60 cases"):
        SubtypeClassifier().fit(values, labels, groups=np.arange(59))
    frame = pd.DataFrame(values, columns=[f"f{at}" for at in range(8)])
    frame.iloc[7, 3] = np.nan
    with pytest.raises(ComputeError, match=r"\(f3\) of case 7"):
        SubtypeClassifier().fit(frame, labels)
