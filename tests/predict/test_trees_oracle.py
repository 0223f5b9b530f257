"""Trees as plain arrays give what the libraries that grew them give, to the bit."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from radiotype.errors import RecipeError
from radiotype.predict import SubtypeClassifier
from radiotype.predict.grow import Growth, grow
from radiotype.predict.trees import Trees

GROWTH = Growth(n_rounds=15, learning_rate=0.3, max_depth=3, min_cases=4)


def cases(n_subtypes):
    rng = np.random.default_rng(n_subtypes)
    # steps of a quarter put cases exactly onto thresholds; 1500 cases need more than one chunk
    values = rng.integers(-8, 9, size=(1500, 6)) / 4
    return values, (values[:, :3] @ rng.normal(size=(3, n_subtypes)) + rng.normal(size=(1500, n_subtypes))).argmax(axis=1)


@pytest.mark.parametrize("n_subtypes", [2, 3, 5])
def test_scores_are_those_of_scikit_learn(n_subtypes):
    values, subtype = cases(n_subtypes)
    theirs = HistGradientBoostingClassifier(
        max_iter=15, learning_rate=0.3, max_depth=3, min_samples_leaf=4, l2_regularization=1.0, early_stopping=False
    ).fit(values, subtype)
    ours = grow("scikit-learn", values, subtype, n_subtypes, GROWTH).scores(values)
    expected = theirs.decision_function(values)
    np.testing.assert_array_equal(ours[:, 1] if n_subtypes == 2 else ours, expected)


def test_few_cases_without_ties_give_what_scikit_learn_gives_with_all_its_bins():
    rng = np.random.default_rng(0)
    values, subtype = rng.normal(size=(40, 6)), np.arange(40) % 2
    settings = {"max_iter": 15, "learning_rate": 0.3, "max_depth": 3, "min_samples_leaf": 4, "l2_regularization": 1.0}
    theirs = HistGradientBoostingClassifier(early_stopping=False, max_bins=255, **settings).fit(values, subtype)
    new = rng.normal(size=(500, 6))
    ours = grow("scikit-learn", values, subtype, 2, GROWTH).scores(new)
    np.testing.assert_array_equal(ours[:, 1], theirs.decision_function(new))


@pytest.mark.parametrize("n_subtypes", [2, 3, 5])
def test_scores_are_those_of_xgboost(n_subtypes):
    xgboost = pytest.importorskip("xgboost", reason="needs the extra 'boosted'")
    values, subtype = cases(n_subtypes)
    settings = {"objective": "multi:softprob", "num_class": n_subtypes, "eta": 0.3, "max_depth": 3, "min_child_weight": 1.0}
    settings |= {"tree_method": "hist", "base_score": 0.0, "nthread": 1}
    theirs = xgboost.train(settings, xgboost.DMatrix(values, subtype), 15)
    ours = grow("xgboost", values, subtype, n_subtypes, GROWTH).scores(values)
    np.testing.assert_array_equal(ours, theirs.predict(xgboost.DMatrix(values), output_margin=True))


def stump(**changes):
    """One tree: below or at 2.5 of feature 1 it adds 3 to the second subtype, above it 7."""
    parts = {
        "feature": np.array([1, 0, 0]),
        "threshold": np.array([2.5, 0, 0]),
        "left": np.array([1, 1, 2]),
        "right": np.array([2, 1, 2]),
        "value": np.array([0.0, 3, 7]),
        "root": np.array([0]),
        "column": np.array([1]),
        "baseline": np.array([0.5, 1.0]),
    }
    return Trees(**parts | changes)


def test_a_stump_by_hand():
    np.testing.assert_array_equal(stump().scores(np.array([[9, 2.5], [9, 2.6]])), [[0.5, 4], [0.5, 8]])
    assert stump().n_features == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"left": np.array([0, 1, 2])},
        {"left": np.array([1, 0, 2])},
        {"right": np.array([3, 1, 2])},
        {"right": np.array([-1, 1, 2])},
        {"feature": np.array([-1, 0, 0])},
        {"root": np.array([3])},
        {"column": np.array([2])},
        {"column": np.array([-1])},
    ],
    ids=lambda changes: f"{next(iter(changes))}={next(iter(changes.values()))}",
)
def test_arrays_in_which_a_case_gets_lost_are_refused(changes):
    with pytest.raises(ValueError, match=r"tree|nothing|negative"):
        stump(**changes)


def test_without_xgboost_its_trees_cannot_be_grown_but_still_predict(monkeypatch):
    pytest.importorskip("xgboost", reason="needs the extra 'boosted'")
    values, subtype = cases(3)
    grown = SubtypeClassifier("xgboost", n_rounds=3, n_folds=2).fit(values, subtype)
    monkeypatch.setitem(__import__("sys").modules, "xgboost", None)
    assert (grown.predict(values) == subtype).mean() > 0.5
    with pytest.raises(RecipeError, match="xgboost, which is not installed"):
        SubtypeClassifier("xgboost").fit(values, subtype)
