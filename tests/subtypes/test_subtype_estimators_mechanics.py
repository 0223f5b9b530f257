"""scikit-learn's own checks on every estimator of the package; each exception has its reason here."""

import pytest
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from radiotype.predict import OutOfDistribution, SubtypeClassifier
from radiotype.subtypes import (
    ConsensusClustering,
    FeatureGroups,
    NearestCentroid,
    NearestMedoid,
    PrincipalComponents,
    RobustScaler01,
    SparseAutoencoder,
)

NOT_FINITE = {"check_estimators_nan_inf": "a value that is not finite raises ComputeError RT305, which is no ValueError"}
CLASSIFIER = NOT_FINITE | {"check_supervised_y_no_nan": "a missing label raises ComputeError RT305, which is no ValueError"}
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
PEARSON_MEDOID = PEARSON_CLASSIFIER | {
    "check_fit2d_1feature": "with one feature every case is constant: ComputeError RT305",
}
ONE_CASE = {"check_fit2d_1sample": "one case raises ComputeError RT301, which is no ValueError"}
GROUPS = {"check_parameters_default_constructible": "the default k=range(2, 11) is that of ConsensusClustering"}
ONE_CLASS = {"check_classifiers_one_label": "one class raises ComputeError RT301, which is no ValueError"}
# Logistic units need values from 0 to 1; these checks use others. With a scaler in front they pass, see SCALED.
NOT_SCALED = dict.fromkeys(
    (
        "check_dict_unchanged",
        "check_dont_overwrite_parameters",
        "check_estimators_dtypes",
        "check_estimators_fit_returns_self",
        "check_estimators_overwrite_params",
        "check_estimators_pickle",
        "check_f_contiguous_array_estimator",
        "check_fit2d_1feature",
        "check_fit2d_1sample",
        "check_fit2d_predict1d",
        "check_fit_check_is_fitted",
        "check_fit_idempotent",
        "check_methods_sample_order_invariance",
        "check_methods_subset_invariance",
        "check_n_features_in",
        "check_n_features_in_after_fitting",
        "check_pipeline_consistency",
        "check_positive_only_tag_during_fit",
        "check_readonly_memmap_input",
        "check_transformer_data_not_an_array",
        "check_transformer_general",
        "check_transformer_preserve_dtypes",
    ),
    "values beyond 0 to 1 raise ComputeError RT305",
)
SCALED = {
    "check_dont_overwrite_parameters": "scikit-learn's Pipeline fits the steps it was given",
    "check_estimators_overwrite_params": "scikit-learn's Pipeline fits the steps it was given",
}
FAST = {"n_rounds": 10, "min_cases": 2, "n_folds": 2}


@pytest.mark.parametrize(
    ("estimator", "expected"),
    [
        (ConsensusClustering([2, 3], n_resamples=60, metric="euclidean", choose="area"), NOT_FINITE | CONSENSUS),
        (ConsensusClustering(3, n_resamples=60), NOT_FINITE | CONSENSUS | PEARSON_CLUSTERING),
        (NearestCentroid("euclidean"), CLASSIFIER),
        (NearestCentroid(), CLASSIFIER | PEARSON_CLASSIFIER),
        (NearestMedoid("euclidean"), CLASSIFIER),
        (NearestMedoid(), CLASSIFIER | PEARSON_MEDOID),
        (RobustScaler01(), NOT_FINITE),
        (PrincipalComponents(1), NOT_FINITE | ONE_CASE),
        (FeatureGroups(1), NOT_FINITE | ONE_CASE | GROUPS),
        (SparseAutoencoder(2, max_iterations=30), NOT_FINITE | NOT_SCALED),
        (make_pipeline(RobustScaler01(0, 100), SparseAutoencoder(2, max_iterations=30)), NOT_FINITE | SCALED),
        (SubtypeClassifier(**FAST), CLASSIFIER | ONE_CASE | ONE_CLASS),
        (SubtypeClassifier("xgboost", **FAST), CLASSIFIER | ONE_CASE | ONE_CLASS),
        (OutOfDistribution(n_folds=2), NOT_FINITE | ONE_CASE),
    ],
    ids=lambda value: repr(value) if hasattr(value, "fit") else "",
)
def test_scikit_learn_accepts_the_estimator(estimator, expected):
    # Skips are those of array libraries that are not installed.
    results = check_estimator(estimator, expected_failed_checks=expected, on_skip=None, on_fail=None)
    failed = {result["check_name"]: repr(result["exception"]) for result in results if result["status"] == "failed"}
    assert failed == {}
    # An exception that is no longer needed must go.
    assert {result["check_name"] for result in results if result["status"] == "xfail"} == set(expected)
