"""Fuzzy c-means against its own conditions, and against the plain algorithm."""

import numpy as np
import pytest

from radiotype.errors import ComputeError
from radiotype.imaging.parenchyma.fuzzy import fuzzy_c_means


def plain(values, centres, fuzziness, n=400):
    """The textbook's alternation, value by value."""
    for _ in range(n):
        distances = np.abs(values[:, None] - centres) + 1e-300
        u = 1 / ((distances[:, :, None] / distances[:, None, :]) ** (2 / (fuzziness - 1))).sum(axis=2)
        centres = (u**fuzziness * values[:, None]).sum(axis=0) / (u**fuzziness).sum(axis=0)
    return centres, u


@pytest.mark.parametrize("fuzziness", [1.6, 2.0])
def test_centres_and_memberships_are_those_of_the_plain_algorithm(fuzziness):
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.normal(middle, 6, n) for middle, n in ((10, 300), (60, 200), (120, 80))])
    found = fuzzy_c_means(values, fuzziness=fuzziness)
    centres, u = plain(values, np.array([0.0, 50.0, 150.0]), fuzziness)
    assert found.centres == pytest.approx(centres, abs=1e-3)
    assert found.memberships(values) == pytest.approx(u, abs=1e-3)
    assert (found.nearest(values) == u.argmax(axis=1)).all()


def test_many_values_are_counted_first_and_give_nearly_the_same():
    rng = np.random.default_rng(2)
    values = np.concatenate([rng.normal(middle, 6, n) for middle, n in ((10, 3000), (60, 2000), (120, 800))])
    assert fuzzy_c_means(values).centres == pytest.approx(plain(values, np.array([0.0, 50.0, 150.0]), 2.0)[0], abs=0.01)


def test_two_symmetric_classes_have_symmetric_centres():
    values = np.concatenate([np.linspace(0, 1, 11), np.linspace(9, 10, 11)])
    low, high = fuzzy_c_means(values, 2).centres
    assert low + high == pytest.approx(10, abs=1e-4)
    assert fuzzy_c_means(values, 2).memberships(np.array([5.0])) == pytest.approx(np.array([[0.5, 0.5]]), abs=1e-4)


def test_fewer_values_than_classes_are_refused():
    with pytest.raises(ComputeError, match="2 different intensities"):
        fuzzy_c_means(np.array([1.0, 1.0, 2.0]))
