"""Single-sample scores against GSVA 1.46, against the walk of the paper, and against numbers done by hand."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from plain_enrichment import ssgsea_walk

from radiotype.genomics import gene_set_scores, ssgsea

GOLDEN = [
    ("ssgsea_nonorm_tau0.25.csv", "input_expr_1500x20.csv", {}),
    ("ssgsea_nonorm_tau1.csv", "input_expr_1500x20.csv", {"weight": 1}),
    ("ssgsea_norm_tau0.25.csv", "input_expr_1500x20.csv", {"normalise": True}),
    ("ssgsea_norm_tau1.csv", "input_expr_1500x20.csv", {"normalise": True, "weight": 1.0}),
    ("ssgsea_ties_nonorm_tau0.25.csv", "input_expr_ties.csv", {}),
]


@pytest.fixture
def golden(shared):
    folder = shared / "golden" / "gsva_ssgsea"

    def read(name):
        return pd.read_csv(folder / name, index_col=0).T

    return read, json.loads((folder / "gene_sets.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("output", "expression", "settings"), GOLDEN)
def test_scores_are_those_of_gsva(golden, output, expression, settings):
    read, sets = golden
    expected = read(output)
    found = ssgsea(read(expression), sets, **settings)
    assert found.normalised == settings.get("normalise", False)
    assert (list(found.samples), list(found.sets)) == (list(expected.index), list(expected.columns))
    np.testing.assert_allclose(found.values, expected.to_numpy(), rtol=0, atol=1e-10)


def test_z_scores_are_those_of_gsva(golden):
    read, sets = golden
    found = gene_set_scores(read("input_expr_1500x20.csv"), sets, method="zscore").to_frame()
    np.testing.assert_allclose(found.to_numpy(), read("zscore.csv").to_numpy(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("weight", [0, 0.25, 1, 2.5])
@pytest.mark.parametrize("decimals", [0, 1, 8])  # nearly all values equal to others, many, none
def test_scores_are_those_of_the_walk(weight, decimals):
    random = np.random.default_rng(decimals)
    values = random.normal(size=(7, 201)).round(decimals)
    values[0, :3] = [0.0, -0.0, 0.0]
    sets = {f"s{size}": random.choice(201, size, replace=False) for size in (5, 6, 50, 200)}
    named = {name: [f"f{at + 1}" for at in members] for name, members in sets.items()}
    found = ssgsea(values, named, weight=weight)
    expected = [[ssgsea_walk(row, members, weight) for members in sets.values()] for row in values]
    np.testing.assert_allclose(found.values, expected, rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize(
    "values",
    [
        np.array([[1e300, -1e300, 5e-324, -5e-324, 0.0, 1.0, -1.0, 1e-300]]),
        np.array([[3.0] * 8]),
        -np.arange(8.0)[None],
        np.arange(8.0)[None] * 2.0**-1060,
    ],
)
def test_values_of_any_size_are_ordered(values):
    found = ssgsea(values, {"s": ["f1", "f4", "f7"]}, least_members=1)
    assert found.values[0, 0] == pytest.approx(ssgsea_walk(values[0], [0, 3, 6], 0.25), rel=1e-12)


def test_a_set_at_the_top_by_hand():
    # two of four columns, ranks 4 and 3, weight 1: within = 4/7, 1, 1, 1; outside = 0, 0, 1/2, 1
    found = ssgsea([[9.0, 8.0, 1.0, 2.0]], {"top": ["f1", "f2"]}, weight=1, least_members=2)
    assert found.values[0, 0] == pytest.approx(4 / 7 + 1 + 0.5)


def test_mean_and_z_scores_by_hand():
    table = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [4.0, 8.0, 12.0], "flat": [5.0, 5.0, 5.0]})
    assert gene_set_scores(table, {"ab": ["a", "b"]}, least_members=2).values.ravel().tolist() == [2.5, 5.0, 7.5]
    found = gene_set_scores(table, {"all": ["a", "b", "flat"], "a": ["a"]}, method="zscore", least_members=1)
    assert found.left_out.keys() == {"all"}  # the constant column is no member, and then the set holds every column
    np.testing.assert_allclose(found.values.ravel(), [-1, 0, 1])
    table["c"] = [0.0, 1.0, 0.0]
    found = gene_set_scores(table, {"ab": ["a", "b"]}, method="zscore", least_members=2)
    np.testing.assert_allclose(found.values.ravel(), [-np.sqrt(2), 0, np.sqrt(2)])


def test_new_samples_take_means_and_deviations_from_the_reference():
    random = np.random.default_rng(1)
    cohort, new = random.normal(3, 2, size=(30, 12)), random.normal(size=(4, 12))
    sets = {"s": [f"f{at}" for at in range(1, 7)]}
    found = gene_set_scores(new, sets, method="zscore", reference=cohort)
    standard = (new - cohort.mean(axis=0)) / cohort.std(axis=0, ddof=1)
    np.testing.assert_allclose(found.values[:, 0], standard[:, :6].sum(axis=1) / np.sqrt(6), rtol=1e-12)
    alone = gene_set_scores(new[:1], sets, method="zscore", reference=cohort)
    np.testing.assert_allclose(alone.values[0], found.values[0], rtol=1e-14)
