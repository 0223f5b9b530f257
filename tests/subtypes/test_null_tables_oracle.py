"""Tables without clusters, and the choice of k beside them, against plain loops and what is known of order statistics."""

import numpy as np
import pytest
from scipy.stats import binom, skew, spearmanr

from radiotype.subtypes import ConsensusClustering
from radiotype.subtypes.distances import case_distances
from radiotype.subtypes.medoids import PamPartitions
from radiotype.subtypes.null_tables import LEVEL, choose_k, covariance_root, gaussian_table, table_with_margins
from radiotype.subtypes.resampling import Draw


def skewed(n=200, p=4, seed=0):
    generator = np.random.default_rng(seed)
    mixed = generator.normal(size=(n, p)) @ generator.normal(size=(p, p))
    return np.exp(mixed / mixed.std(axis=0))


@pytest.mark.parametrize("shape", [(200, 4), (5, 30)])
def test_gaussian_tables_have_the_mean_and_covariance_of_the_table(shape):
    values = np.random.default_rng(1).gamma(2, size=shape) * np.arange(1, shape[1] + 1)
    table = gaussian_table(values, 40_000, np.random.default_rng(2))
    expected = np.cov(values.T)
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    assert abs((np.cov(table.T) - expected) / scale).max() < 0.05
    assert abs((table.mean(axis=0) - values.mean(axis=0)) / values.std(axis=0, ddof=1)).max() < 0.03


def test_tables_with_margins_have_the_values_of_the_table_and_its_dependence():
    values = skewed()
    table = table_with_margins(values, 200, np.random.default_rng(3))
    np.testing.assert_array_equal(np.sort(table, axis=0), np.sort(values, axis=0))
    large = table_with_margins(values, 20_000, np.random.default_rng(3))
    assert np.allclose(skew(large), skew(values), rtol=0.05)
    normal = gaussian_table(values, 20_000, np.random.default_rng(3))
    assert abs(spearmanr(large).statistic - spearmanr(normal).statistic).max() < 0.01


@pytest.mark.parametrize("shape", [(200, 4), (5, 30)])
@pytest.mark.parametrize("draw", [gaussian_table, table_with_margins])
def test_a_table_is_the_same_whoever_takes_the_root_of_its_covariance(draw, shape):
    values = np.random.default_rng(1).gamma(2, size=shape)
    root = covariance_root(values)
    np.testing.assert_allclose(root.T @ root, np.cov(values.T), atol=1e-12)
    one, other = (draw(values, 50, np.random.default_rng(2), root=own) for own in (None, root))
    np.testing.assert_array_equal(one, other)


def test_the_choice_equals_a_plain_loop():
    generator = np.random.default_rng(4)
    null = generator.normal(0.3, [0.1, 0.05, 0.02], size=(99, 3))
    observed = {2: 0.2, 3: 0.1, 4: 0.29}
    found = choose_k(observed, null)
    maxima = []
    for table in range(99):
        others = np.delete(null, table, axis=0)
        maxima.append(((others.mean(axis=0) - null[table]) / others.std(axis=0, ddof=1)).max())
    own = (null.mean(axis=0) - list(observed.values())) / null.std(axis=0, ddof=1)
    assert list(found.standardised.values()) == pytest.approx(own.tolist())
    assert found.threshold == pytest.approx(sorted(maxima)[94])
    assert found.p_value == pytest.approx((1 + sum(one >= own.max() for one in maxima)) / 100)
    assert found.k == 3


@pytest.mark.parametrize("n_null", [20, 99])
def test_tables_like_the_null_tables_are_chosen_in_no_more_than_one_of_twenty(n_null):
    generator = np.random.default_rng(5)
    n_tables, chosen = 2000, 0
    for _ in range(n_tables):
        null = generator.normal(size=(n_null + 1, 3)) ** 3
        found = choose_k(dict(zip((2, 3, 4), null[0], strict=True)), null[1:])
        chosen += found.k > 1
        assert (found.k > 1) == (found.p_value <= 1 - LEVEL + 1e-12)
    assert chosen <= binom.ppf(0.999, n_tables, 1 - LEVEL)


def test_where_no_null_table_differs_nothing_stands_out():
    assert choose_k({2: 0.0, 3: 0.1}, np.zeros((30, 2))).k == 1
    almost = np.zeros((30, 1))
    almost[7] = 0.2
    found = choose_k({2: 0.0}, almost)
    assert np.isfinite(found.threshold) and found.k == 1


def test_one_number_in_a_list_is_still_compared_with_noise():
    noise = np.random.default_rng(6).normal(size=(40, 5))
    settings = {"n_resamples": 50, "metric": "euclidean", "n_null": 30}
    assert ConsensusClustering([3], **settings).fit(noise).k_ == 1
    assert ConsensusClustering(3, **settings).fit(noise).k_ == 3


def test_partitions_through_single_precision_are_those_of_double():
    distances = case_distances(np.random.default_rng(7).normal(size=(150, 6)))
    single, double = (PamPartitions(distances, range(2, 8), 120, single=one) for one in (True, False))
    for subset in Draw(150, 120, 1, 1).subsets(50, seed=8):
        np.testing.assert_array_equal(single(subset.items), double(subset.items))
        np.testing.assert_array_equal(single.objective, double.objective)
