"""Gaps and sizes before a model, and that a file keeps what was learnt of them."""

import numpy as np
import pandas as pd
import pytest
from planted_cohort import NAMES, PROVENANCE, feature_table

from radiotype.errors import ComputeError, ModelError, RecipeError
from radiotype.predict import FeaturePreparation, FeatureSchema, Model, ModelCard, OutOfDistribution, SubtypeClassifier
from radiotype.subtypes import NearestCentroid, RobustScaler01


@pytest.fixture(scope="module")
def prepared(cohort):
    table, labels = cohort
    values = table.values.to_numpy().copy()
    values[:, :2] = np.exp(values[:, :2] / np.abs(values[:, :2]).max(axis=0))
    step = FeaturePreparation([0, 1]).fit(values)
    ready = step.transform(values)
    scaler = RobustScaler01().fit(ready)
    return values, Model(
        FeatureSchema.of(table, PROVENANCE),
        ModelCard.of(labels),
        preparation=step,
        scaler=scaler,
        assignment=NearestCentroid().fit(scaler.transform(ready), labels),
        classifier=SubtypeClassifier(n_rounds=5).fit(ready, labels),
        novelty=OutOfDistribution().fit(ready),
    )


def test_gaps_take_the_median_first_and_sizes_their_logarithm_then():
    values = np.array([[1.0, 4.0], [np.nan, 9.0], [100.0, np.nan], [0.0, 5.0]])
    step = FeaturePreparation([0]).fit(values)
    assert step.median_.tolist() == [1.0, 5.0]
    expected = [[0, 4], [0, 9], [np.log(100), 5], [np.log(1e-6), 5]]
    np.testing.assert_allclose(step.transform(values), expected, rtol=1e-15)


def test_the_whole_chain_sees_prepared_features(prepared):
    values, model = prepared
    gap = values.copy()
    gap[4, [0, 3]] = np.nan
    filled = values.copy()
    filled[4, [0, 3]] = model.preparation.median_[[0, 3]]
    for by in ("classifier", "assignment"):
        found = model.predict(feature_table(gap), provenance=PROVENANCE, by=by)
        by_hand = model.predict(feature_table(filled), provenance=PROVENANCE, by=by)
        np.testing.assert_array_equal(found.position, by_hand.position)
        np.testing.assert_array_equal(found.probabilities, by_hand.probabilities)
        np.testing.assert_array_equal(found.distances, by_hand.distances)
        assert found.n_filled[4] == 2 and found.n_filled.sum() == 2 and by_hand.n_filled.sum() == 0
    ready = model.preparation.transform(values)
    np.testing.assert_array_equal(model.codes(feature_table(values), provenance=PROVENANCE), model.scaler.transform(ready))


def test_a_row_without_any_value_or_with_an_infinite_one_gets_no_subtype(prepared):
    values, model = prepared
    bad = values[:3].copy()
    bad[0], bad[1, 4] = np.nan, np.inf
    found = model.predict(pd.DataFrame(bad, columns=NAMES), trust=True)
    assert list(found.position[:2]) == [-1, -1] and found.position[2] >= 0
    assert found.reasons[1] == f"{NAMES[4]} without a finite value" and "5 more" in found.reasons[0]


def test_a_single_wild_feature_is_named(prepared):
    values, model = prepared
    wild = values[:2].copy()
    wild[1, 3] = 1e6
    found = model.predict(feature_table(wild), provenance=PROVENANCE)
    assert found.farthest == ("", NAMES[3])
    assert found.to_frame()["farthest_feature"].tolist() == ["", NAMES[3]] and found.out_of_distribution.tolist() == [
        False,
        True,
    ]


def test_a_file_keeps_the_preparation(prepared, tmp_path):
    values, model = prepared
    model.save(tmp_path / "m")
    again = Model.load(tmp_path / "m")
    again.save(tmp_path / "again")
    assert (tmp_path / "m").read_bytes() == (tmp_path / "again").read_bytes()
    assert again.preparation.sizes_.tolist() == [1, 1, 0, 0, 0, 0]
    values = values.copy()
    values[2, 1] = np.nan
    one, other = (each.predict(feature_table(values), provenance=PROVENANCE) for each in (model, again))
    np.testing.assert_array_equal(one.probabilities, other.probabilities)


def test_what_cannot_be_prepared_is_refused(cohort, prepared):
    with pytest.raises(ComputeError, match="infinite"):
        FeaturePreparation().fit([[np.inf], [1.0]])
    with pytest.raises(ComputeError, match="column 1 has no value"):
        FeaturePreparation().fit([[1.0, np.nan], [2.0, np.nan]])
    with pytest.raises(RecipeError, match="sizes"):
        FeaturePreparation([2]).fit([[1.0, 2.0]])
    with pytest.raises(ModelError, match="preparation takes 2"):
        Model(
            FeatureSchema.of(cohort[0]),
            ModelCard.of(cohort[1]),
            preparation=FeaturePreparation().fit([[1.0, 2.0]]),
            classifier=prepared[1].classifier,
        )
