"""What cell populations refuse, and what they say of markers that are not there."""

from __future__ import annotations

import doctest

import numpy as np
import pandas as pd
import pytest

from radiotype.errors import ComputeError, RecipeError
from radiotype.genomics import cell_populations, cells

MARKERS = {"T": ["CD3D", "CD28", "CD5"], "B": ["CD19", "CD3D"], "NK": ["KIR2DL1"]}


def expression():
    values = np.arange(12.0).reshape(3, 4)
    return pd.DataFrame(values, columns=["CD3D", "CD28", "CD19", "ALB"], index=[7, 8, 9])


def test_the_examples_run():
    assert doctest.testmod(cells).failed == 0


def test_a_population_is_the_mean_of_the_markers_that_are_there():
    found = cell_populations(expression(), MARKERS)
    assert found.scores.index.tolist() == [7, 8, 9]
    np.testing.assert_array_equal(found.scores["T"], [0.5, 4.5, 8.5])
    np.testing.assert_array_equal(found.scores["B"], [1.0, 5.0, 9.0])
    assert found.coverage.refused == {"NK": "0 of its 1 genes are there, fewer than 1"}
    assert found.coverage.missing["T"] == ("CD5",)
    assert found.coverage.table["share"].tolist() == [2 / 3, 1.0, 0.0]


def test_too_few_markers_leave_a_population_out_by_name():
    found = cell_populations(expression(), MARKERS, least_coverage=0.8)
    assert found.scores.columns.tolist() == ["B"]
    assert "2 of its 3 genes" in found.coverage.refused["T"]


def test_a_marker_listed_twice_counts_once():
    twice = cell_populations(expression(), {"T": ["CD3D", "CD3D", "CD28"]}).scores["T"]
    np.testing.assert_array_equal(twice, [0.5, 4.5, 8.5])


def test_genes_that_mark_nothing_may_hold_what_they_like():
    table = expression().assign(ALB=[np.nan, 5000.0, np.inf], note="text")
    np.testing.assert_array_equal(cell_populations(table, MARKERS).scores, cell_populations(expression(), MARKERS).scores)


@pytest.mark.parametrize(
    ("table", "markers", "words"),
    [
        (expression(), {"X": ["NOPE"]}, "no gene set is covered well enough; 'X': 0 of its 1 genes"),
        (expression().to_numpy(), {"X": ["f1"]}, "expected a data frame"),
        (expression() * 1000, MARKERS, "up to 10,000; expected logarithms"),
        (expression().assign(CD28=[1.0, np.nan, 2.0]), MARKERS, "the first 'CD28'"),
        (expression().assign(CD28="high"), MARKERS, "numbers"),
        (expression().set_axis(["CD3D", "CD3D", "CD19", "ALB"], axis=1), MARKERS, "same name"),
        (expression().set_axis([1, 1, 2]), MARKERS, "'1' stands twice"),
    ],
)
def test_expression_that_is_refused(table, markers, words):
    with pytest.raises(ComputeError, match=words) as caught:
        cell_populations(table, markers)
    assert caught.value.code == "RT305"


@pytest.mark.parametrize(
    ("markers", "settings", "words"),
    [
        ({}, {}, "expected a mapping"),
        ([("T", ["CD3D"])], {}, "expected a mapping"),
        ({"T": "CD3D"}, {}, "expected a list of its members"),
        (MARKERS, {"least_coverage": 1.5}, "least_coverage is 1.5"),
        (MARKERS, {"least_coverage": "half"}, "least_coverage is 'half'"),
        (MARKERS, {"least_members": 0}, "least_members is 0"),
    ],
)
def test_lists_and_settings_that_are_refused(markers, settings, words):
    with pytest.raises(RecipeError, match=words) as caught:
        cell_populations(expression(), markers, **settings)
    assert caught.value.code == "RT103"
