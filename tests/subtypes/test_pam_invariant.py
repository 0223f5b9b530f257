"""PAM: what must not change when the cases, the scale, the other k or the processor change."""

import numpy as np
import pytest

from radiotype.subtypes import pam
from radiotype.subtypes.medoids import PamPartitions


def random_distances(n, seed):
    upper = np.triu(np.random.default_rng(seed).random((n, n)), 1)
    return upper + upper.T


def test_permuting_the_cases_permutes_the_partition():
    distances = random_distances(40, 1)
    order = np.random.default_rng(2).permutation(40)
    before, after = pam(distances, 5), pam(distances[np.ix_(order, order)], 5)
    assert set(order[after.medoids]) == set(before.medoids)
    np.testing.assert_array_equal(after.medoids[after.labels], np.argsort(order)[before.medoids[before.labels[order]]])


def test_doubling_the_distances_changes_the_objective_alone():
    distances = random_distances(30, 3)
    before, after = pam(distances, 4), pam(2 * distances, 4)
    np.testing.assert_array_equal(before.labels, after.labels)
    assert after.objective_swap == pytest.approx(2 * before.objective_swap, rel=1e-14)


def test_every_k_is_the_same_alone_and_in_a_range():
    distances = random_distances(33, 4)
    items = np.flatnonzero(np.random.default_rng(5).random(33) < 0.8)
    labels = PamPartitions(distances, range(2, 9), len(items))(items)
    for place, k in enumerate(range(2, 9)):
        alone = pam(distances[np.ix_(items, items)], k)
        np.testing.assert_array_equal(labels[place], alone.labels)


def test_a_call_leaves_nothing_behind_for_the_next():
    distances = random_distances(30, 6)
    first, second = np.arange(20), np.arange(10, 30)
    partitions = PamPartitions(distances, [3, 5], 20)
    once = partitions(first).copy()
    partitions(second)
    np.testing.assert_array_equal(partitions(first), once)


LEVEL_PROGRAM = """
import hashlib
import numpy as np
from radiotype import _native
from radiotype.subtypes.medoids import PamPartitions

digest = hashlib.sha256()
for n in (7, 16, 33, 101):  # below, at and beside the width of a vector
    upper = np.triu(np.random.default_rng(n).random((n, n)), 1)
    partitions = PamPartitions(upper + upper.T, [2, 3, 6], n)
    digest.update(partitions(np.arange(n)).tobytes() + partitions.medoids.tobytes() + partitions.objective.tobytes())
labels = np.random.default_rng(0).integers(0, 4, (255, 77)).astype(np.uint8)
labels[labels == 3] = 255
counts = np.zeros((77, 77), dtype=np.int32)
_native.cocluster(labels, np.empty(77, dtype=np.uint8), counts)
digest.update(counts.tobytes())
print(_native.simd_level(), digest.hexdigest())
"""


def test_every_simd_level_gives_the_same_bytes(same_bytes_at_every_level):
    same_bytes_at_every_level(LEVEL_PROGRAM)
