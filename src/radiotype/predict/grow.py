"""Growing boosted trees with a library, and taking them over as plain arrays."""

from __future__ import annotations

import json
from typing import NamedTuple

import numpy as np

from radiotype.errors import RecipeError
from radiotype.predict.trees import Trees, joined

LEARNERS = ("scikit-learn", "xgboost")


class Growth(NamedTuple):
    """How to grow: rounds of one tree per subtype, share of each tree, depth, fewest cases in a leaf."""

    n_rounds: int
    learning_rate: float
    max_depth: int
    min_cases: int


def grow(learner: str, values: np.ndarray, subtype: np.ndarray, n_subtypes: int, growth: Growth) -> Trees:
    """Trees that tell subtypes apart; no part of it is random.

    Parameters
    ----------
    learner : {"scikit-learn", "xgboost"}
    values : array, shape (n_cases, n_features)
    subtype : array of int, shape (n_cases,)
        0 to n_subtypes - 1, each at least once.
    n_subtypes : int
    growth : Growth

    Returns
    -------
    Trees

    Raises
    ------
    RecipeError
        RT103 for "xgboost" where that package is not installed.
    """
    if learner == "xgboost":
        return _xgboost(values, subtype, n_subtypes, growth)
    return _scikit_learn(values, subtype, n_subtypes, growth)


def _scikit_learn(values: np.ndarray, subtype: np.ndarray, n_subtypes: int, growth: Growth) -> Trees:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    model = HistGradientBoostingClassifier(
        max_iter=growth.n_rounds,
        learning_rate=growth.learning_rate,
        max_depth=growth.max_depth,
        min_samples_leaf=growth.min_cases,
        max_bins=int(np.clip(len(values), 2, 255)),  # more bins than cases stay empty, and cost most of the time
        l2_regularization=1.0,
        early_stopping=False,
        random_state=0,
    )
    with threadpool_limits(1):  # the order of sums stays the same, and small trees only wait for threads
        grown = model.fit(values, subtype)
    # with two subtypes there is one tree a round, for the second
    first = 1 if n_subtypes == 2 else 0
    trees, column = [], []
    for round_ in grown._predictors:
        for at, predictor in enumerate(round_):
            node = predictor.nodes
            names = {"feature": "feature_idx", "threshold": "num_threshold", "left": "left", "right": "right", "value": "value"}
            trees.append({name: node[theirs] for name, theirs in names.items()} | {"leaf": node["is_leaf"]})
            column.append(first + at)
    baseline = np.zeros(n_subtypes)
    baseline[first:] = np.ravel(grown._baseline_prediction)
    return joined(trees, column, baseline)


def _xgboost(values: np.ndarray, subtype: np.ndarray, n_subtypes: int, growth: Growth) -> Trees:
    try:
        import xgboost
    except ImportError as error:
        raise RecipeError(
            "RT103", "learner='xgboost' needs the package xgboost, which is not installed", hint="install radiotype[boosted]"
        ) from error
    settings = {
        "objective": "multi:softprob",
        "num_class": n_subtypes,
        "eta": growth.learning_rate,
        "max_depth": growth.max_depth,
        # the sum of p (1 - p) over the cases of a leaf is at most a quarter of their number
        "min_child_weight": growth.min_cases / 4,
        "tree_method": "hist",
        "base_score": 0.0,
        "nthread": 1,
        "verbosity": 0,
        "seed": 0,
    }
    grown = xgboost.train(settings, xgboost.DMatrix(values, subtype, nthread=1), growth.n_rounds)
    model = json.loads(bytes(grown.save_raw("json")))["learner"]["gradient_booster"]["model"]
    trees = []
    for tree in model["trees"]:
        number = np.array(tree["split_conditions"], dtype=np.float32)
        trees.append(
            {
                "feature": np.array(tree["split_indices"]),
                # xgboost sends a case left if its value is below the number
                "threshold": np.nextafter(number, np.float32(-np.inf)),
                "left": np.array(tree["left_children"]),
                "right": np.array(tree["right_children"]),
                "value": number,
                "leaf": np.array(tree["left_children"]) < 0,
            }
        )
    return joined(trees, list(model["tree_info"]), np.zeros(n_subtypes))
