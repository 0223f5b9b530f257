"""A consensus matrix in order: cases by group and by their consensus with it, and means of neighbours by hand."""

import numpy as np

from radiotype.subtypes.consensus_order import MAX_CELLS, ordered_consensus


def symmetric(n, seed=0):
    values = np.random.default_rng(seed).random((n, n))
    values = (values + values.T) / 2
    np.fill_diagonal(values, 1)
    return values


def test_few_cases_are_only_turned():
    consensus, labels = symmetric(30), np.array(["b", "a", "c"] * 10)
    values, shown = ordered_consensus(consensus, labels, ["c", "a", "b"])
    assert shown.tolist() == ["c"] * 10 + ["a"] * 10 + ["b"] * 10
    own = [np.mean([consensus[i, j] for j in range(30) if labels[j] == labels[i]]) for i in range(30)]
    order = sorted(range(30), key=lambda i: ("cab".index(labels[i]), -own[i]))
    np.testing.assert_array_equal(values, [[consensus[i, j] for j in order] for i in order])
    np.testing.assert_array_equal(values, values.T)


def test_of_many_cases_neighbours_become_their_mean():
    labels = np.arange(4 * MAX_CELLS) % 2
    same = labels[:, None] == labels
    values, shown = ordered_consensus(np.where(same, 0.75, 0.25), labels, [1, 0])
    assert values.shape == (MAX_CELLS, MAX_CELLS)
    assert shown.tolist() == [1] * (MAX_CELLS // 2) + [0] * (MAX_CELLS // 2)
    np.testing.assert_array_equal(values, np.where(shown[:, None] == shown, 0.75, 0.25))
    consensus = symmetric(2 * MAX_CELLS)
    values, _ = ordered_consensus(consensus, np.zeros(2 * MAX_CELLS, dtype=int), [0])
    order = np.argsort(-consensus.mean(axis=1), kind="stable")
    expected = consensus[np.ix_(order[4:6], order[10:12])].mean()
    np.testing.assert_allclose(values[2, 5], expected, rtol=1e-14)
