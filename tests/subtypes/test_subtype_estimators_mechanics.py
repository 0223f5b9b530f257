"""scikit-learn's own checks on every estimator of the package; each exception has its reason here."""

import pytest
from sklearn.utils.estimator_checks import check_estimator

from radiotype.subtypes import ConsensusClustering, NearestCentroid, RobustScaler01

NOT_FINITE = {"check_estimators_nan_inf": "a value that is not finite raises ComputeError RT305, which is no ValueError"}
CONSENSUS = {
    "check_parameters_default_constructible": "the default k=range(2, 11) is a public name; ranges are not on the list",
    "check_fit2d_1sample": "one case raises ComputeError RT301, which is no ValueError",
}
# The checks use tables with one or two features, or whole-number tables with a constant case: correlations do not exist there.
PEARSON_CLUSTERING = {
    "check_estimators_dtypes": "a case of the table is constant: ComputeError RT305",
    "check_fit2d_1feature": "with one feature every case is constant: ComputeError RT305",
    "check_clustering": "with two features every correlation is 1 or -1, so three groups cannot be told apart",
}
PEARSON_CLASSIFIER = {
    "check_estimators_dtypes": "a case of the table is constant: ComputeError RT305",
    "check_classifier_data_not_an_array": "a case of the table is constant: ComputeError RT305",
    "check_classifiers_train": "with two features every correlation is 1 or -1, so three groups cannot be told apart",
}


@pytest.mark.parametrize(
    ("estimator", "expected"),
    [
        (ConsensusClustering([2, 3], n_resamples=60, metric="euclidean", choose="area"), NOT_FINITE | CONSENSUS),
        (ConsensusClustering(3, n_resamples=60), NOT_FINITE | CONSENSUS | PEARSON_CLUSTERING),
        (NearestCentroid("euclidean"), NOT_FINITE),
        (NearestCentroid(), NOT_FINITE | PEARSON_CLASSIFIER),
        (RobustScaler01(), NOT_FINITE),
    ],
    ids=repr,
)
def test_scikit_learn_accepts_the_estimator(estimator, expected):
    # Skips are those of array libraries that are not installed.
    results = check_estimator(estimator, expected_failed_checks=expected, on_skip=None, on_fail=None)
    failed = {result["check_name"]: repr(result["exception"]) for result in results if result["status"] == "failed"}
    assert failed == {}
    # An exception that is no longer needed must go.
    assert {result["check_name"] for result in results if result["status"] == "xfail"} == set(expected)
