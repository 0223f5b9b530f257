"""The sparse autoencoder against R's package `autoencoder` 1.1, an independent derivative and a closed form."""

import json

import numpy as np
import pytest

from radiotype.subtypes import SparseAutoencoder
from radiotype.subtypes.sparse_loss import Penalty, Weights, objective

GOLDEN_PENALTY = Penalty(weight_decay=2e-4, sparsity_weight=6.0, sparsity=0.01)


@pytest.fixture(scope="module")
def golden(shared):
    folder = shared / "golden" / "autoencoder"
    table = np.genfromtxt(folder / "train_100x36.csv", delimiter=",", skip_header=1)
    # its rescale.flag: the whole table to 0.001 .. 0.999
    scaled = (table - table.min()) / (table.max() - table.min()) * 0.998 + 0.001
    fit = json.loads((folder / "fit_logistic_9.json").read_text(encoding="utf-8"))
    check = json.loads((folder / "objective_check.json").read_text(encoding="utf-8"))
    return scaled, fit, check


def by_columns(matrix):
    return np.array(matrix["data_colmajor"]).reshape(matrix["dim"], order="F")


def fitted_in_r(fit):
    return Weights(by_columns(fit["W1"]), by_columns(fit["W2"]), np.array(fit["b1"]), np.array(fit["b2"]))


def test_objective_and_slope_at_a_random_point(golden):
    values, _, check = golden
    flat, n = np.array(check["theta"]), 9 * 36
    weights = Weights(
        flat[:n].reshape((9, 36), order="F"),
        flat[n : 2 * n].reshape((36, 9), order="F"),
        flat[2 * n : 2 * n + 9],
        flat[2 * n + 9 :],
    )
    value, slope = objective(weights, values, GOLDEN_PENALTY)
    assert value.objective == pytest.approx(check["J"], rel=1e-12)
    ours = np.concatenate([slope.encode.ravel("F"), slope.decode.ravel("F"), slope.encode_offset, slope.decode_offset])
    # central differences of the golden file carry an error of about 1e-9
    np.testing.assert_allclose(ours, check["grad_central_diff"], rtol=0, atol=2e-9)


def test_codes_output_and_objective_of_the_fit_in_r(golden):
    values, fit, check = golden
    weights = fitted_in_r(fit)
    codes = weights.codes(values)
    np.testing.assert_allclose(codes, by_columns(fit["hidden"]), rtol=1e-12)
    # the package gives its output in the units before the rescaling; the table there was 0 .. 1
    np.testing.assert_allclose((weights.values(codes) - 0.001) / 0.998, by_columns(fit["output"]), rtol=1e-11)
    assert objective(weights, values, GOLDEN_PENALTY)[0].objective == pytest.approx(check["J_at_fit"], rel=1e-12)
    assert 2 * weights.loss(values) == pytest.approx(fit["mean.error.training.set"], rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_the_minimum_is_at_least_as_low_as_in_r(golden, seed):
    values, _, check = golden
    settings = {"sparsity": 0.01, "sparsity_weight": 6.0, "weight_decay": 2e-4, "init_scale": 1e-3}
    encoder = SparseAutoencoder(9, **settings, max_iterations=500, seed=seed).fit(values)
    assert encoder.objective_[-1] < check["J_at_fit"]


def test_slope_equals_complex_step_derivatives():
    # an imaginary step of 1e-30 loses no digit; the objective is written again as the formula stands
    rng = np.random.default_rng(5)
    values, n_codes = rng.random((7, 4)), 3
    penalty = Penalty(0.03, 0.7, 0.2)

    def formula(flat):
        w = Weights.of_flat(flat, 4, n_codes)
        hidden = 1 / (1 + np.exp(-(values @ w.encode.T + w.encode_offset)))
        error = 1 / (1 + np.exp(-(hidden @ w.decode.T + w.decode_offset))) - values
        mean = hidden.mean(axis=0)
        divergence = 0.2 * np.log(0.2 / mean) + 0.8 * np.log(0.8 / (1 - mean))
        return (error**2).sum() / 2 / 7 + 0.015 * ((w.encode**2).sum() + (w.decode**2).sum()) + 0.7 * divergence.sum()

    flat = rng.normal(size=2 * 3 * 4 + 3 + 4)
    exact = [formula(flat + 1e-30j * unit).imag / 1e-30 for unit in np.eye(len(flat))]
    value, slope = objective(Weights.of_flat(flat, 4, n_codes), values, penalty)
    assert value.objective == pytest.approx(formula(flat), rel=1e-13)
    np.testing.assert_allclose(slope.flat(), exact, rtol=1e-12, atol=1e-15)


def test_without_codes_to_use_the_output_is_the_mean():
    # weights that cost too much vanish; then the best output of every feature is its mean, and the loss half the variance
    values = np.random.default_rng(3).random((40, 5))
    encoder = SparseAutoencoder(2, weight_decay=100.0, sparsity_weight=0.0).fit(values)
    np.testing.assert_allclose(
        encoder.inverse_transform(encoder.transform(values)), np.tile(values.mean(axis=0), (40, 1)), atol=1e-3
    )
    assert encoder.training_loss_[-1] == pytest.approx(values.var(axis=0).sum() / 2, rel=1e-4)


def test_strong_sparsity_draws_each_code_to_its_mean():
    values = np.random.default_rng(3).random((60, 6))
    codes = SparseAutoencoder(3, sparsity=0.2, sparsity_weight=100.0).fit_transform(values)
    np.testing.assert_allclose(codes.mean(axis=0), 0.2, atol=2e-3)


def test_code_correlation_is_that_of_the_codes():
    values = np.random.default_rng(4).random((50, 6))
    encoder = SparseAutoencoder(3, sparsity_weight=0.0).fit(values)
    np.testing.assert_allclose(encoder.code_correlation_, np.corrcoef(encoder.transform(values).T), atol=1e-12)
