"""A small cohort of planted subtypes, and models of every kind made from it."""

import numpy as np
import pytest
from planted_cohort import PROVENANCE, feature_table

from radiotype.predict import FeatureSchema, Model, ModelCard, OutOfDistribution, SubtypeClassifier
from radiotype.subtypes import (
    FeatureGroups,
    NearestCentroid,
    NearestMedoid,
    PrincipalComponents,
    RobustScaler01,
    SparseAutoencoder,
)


@pytest.fixture(scope="session")
def cohort():
    """A feature table of 90 cases and their planted subtypes "a", "b", "c"."""
    rng = np.random.default_rng(1)
    values = np.repeat(rng.normal(size=(3, 6)) * 3, 30, axis=0) + rng.normal(size=(90, 6))
    return feature_table(values * [500, 10, 1, 1, 0.1, 0.1]), np.repeat(["a", "b", "c"], 30)


@pytest.fixture(scope="session")
def models(cohort):
    """Models of every kind of step, by name."""
    table, labels = cohort
    frame = table.values
    scaler = RobustScaler01().fit(frame)
    scaled = scaler.transform(frame)
    encoder = SparseAutoencoder(3, max_iterations=50).fit(scaled)
    groups, components = FeatureGroups(2).fit(frame), PrincipalComponents(2).fit(scaled)
    classifier = SubtypeClassifier(n_rounds=10).fit(frame, labels)
    novelty = OutOfDistribution().fit(frame.to_numpy())
    schema, card = FeatureSchema.of(table, PROVENANCE), ModelCard.of(labels, purpose="test", notes=("two cohorts",))
    whole_numbers = np.searchsorted(["a", "b", "c"], labels)
    boosted = SubtypeClassifier("xgboost", n_rounds=5).fit(frame.to_numpy(), whole_numbers)
    return {
        "everything": Model(
            schema,
            card,
            scaler=scaler,
            encoder=encoder,
            assignment=NearestCentroid().fit(encoder.transform(scaled), labels),
            classifier=classifier,
            novelty=novelty,
        ),
        "groups": Model(
            schema, card, encoder=groups, assignment=NearestMedoid("euclidean").fit(groups.transform(frame), whole_numbers)
        ),
        "components": Model(
            schema,
            card,
            scaler=scaler,
            encoder=components,
            assignment=NearestCentroid("euclidean").fit(components.transform(scaled), labels),
        ),
        "xgboost": Model(
            FeatureSchema.of(frame),
            card,
            classifier=boosted,
        ),
    }
