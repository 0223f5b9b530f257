"""Groups of features: settings that are refused, and words that name settings there are."""

import numpy as np
import pytest

from radiotype.errors import ComputeError, RecipeError
from radiotype.subtypes import FeatureGroups, consensus

X = np.random.default_rng(1).normal(size=(30, 20))


@pytest.mark.parametrize("k", [range(1, 5), [1, 1], (3, 1)])
def test_one_group_among_other_numbers_is_refused(k):
    with pytest.raises(RecipeError, match="holds 1 among others, which is never chosen") as caught:
        FeatureGroups(k, n_resamples=50).fit(X)
    assert caught.value.code == "RT103"


@pytest.mark.parametrize("k", [1, [1], np.int64(1)])
def test_one_group_alone_keeps_all_features_together(k):
    assert FeatureGroups(k).fit(X).k_ == 1


def test_too_many_features_for_the_memory_are_refused_in_words_of_these_settings(monkeypatch):
    monkeypatch.setattr(consensus.ConsensusClustering.__init__, "__kwdefaults__", consensus_defaults(memory_limit_bytes=1000))
    with pytest.raises(ComputeError, match="grouping 20 features at 3 numbers of groups") as caught:
        FeatureGroups(range(2, 5), n_resamples=50).fit(X)
    assert caught.value.code == "RT306"
    for absent in ("landmarks", "memory_limit_bytes", "cases"):
        assert absent not in str(caught.value)


def consensus_defaults(**changes):
    return consensus.ConsensusClustering.__init__.__kwdefaults__ | changes
