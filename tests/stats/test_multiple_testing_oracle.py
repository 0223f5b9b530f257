"""Corrected p-values against R's p.adjust."""

from __future__ import annotations

import numpy as np
import pytest

from radiotype.errors import ComputeError, RecipeError
from radiotype.stats import adjust_p_values


@pytest.mark.parametrize(("correction", "name"), [("bh", "BH"), ("by", "BY"), ("holm", "holm"), ("bonferroni", "bonferroni")])
def test_corrections_are_those_of_r_with_ties_a_zero_and_a_missing_value(golden_file, correction, name):
    golden = golden_file("basic_stats/padjust.json")
    found = adjust_p_values(np.array(golden["p"], dtype=float), correction=correction)
    assert found == pytest.approx(np.array(golden["adj"][name], dtype=float), rel=1e-14, nan_ok=True)


def test_no_correction_leaves_the_values():
    assert adjust_p_values([0.2, np.nan, 0.01], correction="none").tolist() == pytest.approx([0.2, np.nan, 0.01], nan_ok=True)


@pytest.mark.parametrize("values", [[], [np.nan], [0.5, 1.5], [-0.1], [[0.1]]])
def test_values_that_are_no_p_values_are_refused(values):
    with pytest.raises(ComputeError, match="RT305"):
        adjust_p_values(values)


def test_unknown_correction_is_refused():
    with pytest.raises(RecipeError, match=r"RT103.*correction"):
        adjust_p_values([0.1], correction="fdr")
