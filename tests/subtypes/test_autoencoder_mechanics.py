"""What the sparse autoencoder refuses, and units at their limits."""

import numpy as np
import pandas as pd
import pytest

from radiotype.errors import ComputeError, RecipeError
from radiotype.subtypes import SparseAutoencoder
from radiotype.subtypes.sparse_loss import Penalty, Weights, objective

TABLE = np.random.default_rng(1).random((20, 4))


@pytest.mark.parametrize(
    "settings",
    [
        {"n_codes": 0},
        {"n_codes": 2.0},
        {"sparsity": 0.0},
        {"sparsity": 1.0},
        {"sparsity_weight": -1.0},
        {"weight_decay": np.inf},
        {"weight_decay": np.nan},
        {"init_scale": 0.0},
        {"max_iterations": 0},
        {"n_restarts": 0},
        {"seed": -1},
        {"seed": True},
    ],
    ids=str,
)
def test_a_setting_that_is_not_allowed_is_refused(settings):
    with pytest.raises(RecipeError, match=next(iter(settings))) as caught:
        SparseAutoencoder(**settings).fit(TABLE)
    assert caught.value.code == "RT103"


@pytest.mark.parametrize("bad", [1.5, -0.1, np.nan, np.inf])
def test_values_that_no_logistic_unit_gives_are_refused_with_their_feature(bad):
    frame = pd.DataFrame(TABLE, columns=["depth", "width", "height", "mass"])
    spoilt = frame.copy()
    spoilt.iloc[3, 2] = bad
    encoder = SparseAutoencoder(2, max_iterations=5).fit(frame)
    for refused in (
        lambda: encoder.transform(spoilt),
        lambda: encoder.reconstruction_loss(spoilt),
        lambda: SparseAutoencoder(2).fit(spoilt),
        lambda: SparseAutoencoder(2).fit(frame, validation=spoilt),
    ):
        with pytest.raises(ComputeError, match="height") as caught:
            refused()
        assert caught.value.code == "RT305"


def test_codes_that_do_not_belong_to_it_are_refused():
    encoder = SparseAutoencoder(2, max_iterations=5).fit(TABLE)
    with pytest.raises(ComputeError, match="3 codes, the encoder makes 2"):
        encoder.inverse_transform(np.zeros((4, 3)))
    with pytest.raises(ComputeError, match="RT305"):
        encoder.inverse_transform([[np.nan, 0.0]])


def test_a_constant_code_correlates_with_nothing():
    encoder = SparseAutoencoder(2, max_iterations=5).fit(np.full((10, 3), 0.5))
    assert np.isnan(encoder.code_correlation_).all()


def test_units_that_are_always_off_keep_the_objective_finite():
    off = Weights(np.zeros((1, 4)), np.zeros((4, 1)), np.array([-5000.0]), np.full(4, 5000.0))
    value, slope = objective(off, TABLE, Penalty(1e-4, 1.0, 0.1))
    assert np.isfinite(value.objective)
    assert np.isfinite(slope.flat()).all()
