"""R's subsamples: values every R user knows, and 1,000 subsets drawn by R."""

import numpy as np
import pandas as pd
import pytest

from radiotype.errors import RecipeError
from radiotype.subtypes.r_random import r_subsets
from radiotype.subtypes.resampling import Draw

# R >= 3.6: set.seed(42); sample(1:10) and set.seed(123); sample(1:10)
PERMUTATIONS = {42: [1, 5, 10, 8, 2, 4, 6, 9, 7, 3], 123: [3, 10, 2, 8, 6, 9, 1, 7, 5, 4]}


@pytest.mark.parametrize(("seed", "permutation"), PERMUTATIONS.items())
def test_the_first_items_are_those_of_r(seed, permutation):
    for size in range(1, 11):
        (subset,) = r_subsets(Draw(10, size, 1, 1), 1, seed=seed)
        assert (subset.items + 1).tolist() == sorted(permutation[:size])


def test_a_thousand_subsets_are_those_of_r(shared):
    path = shared / "golden" / "consensusclusterplus" / "subsample_indices_1based_1000x102.csv.gz"
    expected = pd.read_csv(path, header=None).to_numpy()
    found = np.array([subset.items for subset in r_subsets(Draw(128, 102, 1, 1), 1000, seed=1262118388)])
    np.testing.assert_array_equal(found + 1, expected)


def test_more_than_sixteen_bits_still_give_a_subset_without_repeats():
    (subset,) = r_subsets(Draw(70_000, 1000, 1, 1), 1, seed=1)
    assert len(set(subset.items.tolist())) == 1000
    assert subset.items.max() > 65_536


@pytest.mark.parametrize("seed", [2**31, -(2**31)])
def test_a_seed_beyond_32_bits_is_refused(seed):
    with pytest.raises(RecipeError, match="RT103"):
        next(r_subsets(Draw(10, 3, 1, 1), 1, seed=seed))
