"""Numbers of the tests of subtypes at fixed seeds: a change here changes what users have published."""

import numpy as np
import pytest

from radiotype.subtypes import in_group_proportion, sigclust, sigclust_tree

RANDOM = np.random.RandomState(5)
X = RANDOM.standard_normal((30, 4)).round(3) + np.repeat([[3.0], [0.0]], [12, 18], axis=0) * np.eye(4)[0]
CENTROIDS = RANDOM.standard_normal((3, 4)).round(3)


def test_sigclust_at_a_seed():
    test = sigclust(X, n_simulations=50)
    assert test.p_value == 5 / 51
    assert test.cluster_index == pytest.approx(0.5826591788216489, rel=1e-12)
    assert test.background_variance == pytest.approx(1.2575682819200877, rel=1e-12)
    assert test.null_cluster_indices.mean() == pytest.approx(0.6540123853974298, rel=1e-9)


def test_sigclust_tree_at_a_seed():
    (split,) = sigclust_tree(X, n_simulations=50).splits
    assert (len(split.left), len(split.right)) == (18, 12)
    assert split.test.p_value_gaussian == pytest.approx(0.07127038228186383, rel=1e-9)


def test_in_group_proportion_at_a_seed():
    permuted = in_group_proportion(X, CENTROIDS, n_permutations=300, size_tolerance=0.3)
    np.testing.assert_array_equal(permuted.igp, [1, 1, 0.875])
    np.testing.assert_array_equal(permuted.n_compared, [263, 38, 322])
    np.testing.assert_allclose(permuted.p_value, [98 / 264, 22 / 39, 112 / 323], rtol=1e-15)
    gaussian = in_group_proportion(X, CENTROIDS, null="gaussian", n_permutations=60)
    np.testing.assert_allclose(gaussian.p_value, [35 / 61, 15 / 53, 28 / 61], rtol=1e-15)
