"""What holds for every sparse autoencoder, whatever the data."""

import numpy as np
import pytest

from radiotype.subtypes import RobustScaler01, SparseAutoencoder
from radiotype.subtypes.sparse_loss import Penalty, Weights, objective


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(90, 3)) @ rng.normal(size=(3, 12)) + 0.3 * rng.normal(size=(90, 12))
    return RobustScaler01(0, 100).fit_transform(values)


def weights_of(encoder):
    return Weights(encoder.encode_, encoder.decode_, encoder.encode_offset_, encoder.decode_offset_)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(table):
    first, again, other = (SparseAutoencoder(3, max_iterations=60, seed=seed).fit(table) for seed in (4, 4, 5))
    assert weights_of(first).flat().tobytes() == weights_of(again).flat().tobytes()
    assert weights_of(first).flat().tobytes() != weights_of(other).flat().tobytes()


def test_validation_cases_are_followed_but_never_learnt_from(table):
    train, rest = table[:60], table[60:]
    alone = SparseAutoencoder(3, max_iterations=60).fit(train)
    followed = SparseAutoencoder(3, max_iterations=60).fit(train, validation=rest)
    assert weights_of(alone).flat().tobytes() == weights_of(followed).flat().tobytes()
    assert alone.validation_loss_.shape == (0,)
    assert followed.validation_loss_[-1] == pytest.approx(followed.reconstruction_loss(rest), rel=1e-12)


def test_curves_begin_with_the_first_weights_and_end_with_the_fitted_ones(table):
    encoder = SparseAutoencoder(3, max_iterations=60).fit(table)
    assert len(encoder.objective_) == len(encoder.training_loss_) == encoder.n_iter_ + 1
    value, _ = objective(weights_of(encoder), table, Penalty(1e-4, 0.1, 0.1))
    assert encoder.objective_[-1] == pytest.approx(value.objective, rel=1e-12)
    assert encoder.training_loss_[-1] == pytest.approx(encoder.reconstruction_loss(table), rel=1e-12)
    assert (np.diff(encoder.objective_) <= 0).all()
    assert encoder.objective_[-1] < 0.5 * encoder.objective_[0]


def test_more_restarts_never_end_higher(table):
    ends = [SparseAutoencoder(3, max_iterations=40, n_restarts=n).fit(table).objective_[-1] for n in (1, 2, 4)]
    assert ends == sorted(ends, reverse=True)
    assert ends[-1] < ends[0]


def test_at_rest_the_slope_vanishes(table):
    encoder = SparseAutoencoder(2, weight_decay=0.01, max_iterations=5000).fit(table)
    assert encoder.converged_
    _, slope = objective(weights_of(encoder), table, Penalty(0.01, 0.1, 0.1))
    assert np.abs(slope.flat()).max() < 1e-3
    assert not SparseAutoencoder(2, max_iterations=3).fit(table).converged_


def test_codes_of_a_case_do_not_depend_on_the_other_cases(table):
    encoder = SparseAutoencoder(3, max_iterations=60).fit(table)
    np.testing.assert_allclose(encoder.transform(table[5:6]), encoder.transform(table)[5:6], rtol=1e-12)
