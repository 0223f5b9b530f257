"""Planted sets are found, a null finds no more than its share, and no order of rows, columns or files changes a result."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from biology_cohort import CELLS, SETS, cohort, data, expression, patients, recipe, write_gmt
from scipy.stats import binom

from radiotype.studies.biology import biology_by_subtype
from radiotype.studies.biology_data import read_biology
from radiotype.studies.selection import Sample


def plain(n: int, seed: int) -> tuple[Sample, pd.Series]:
    """Patients of one cancer type, all in discovery, so that there is one part only."""
    sample, subtype = patients(n, seed)
    return Sample(sample.cases.assign(split="discovery", cancer_type="lung"), sample.values), subtype


def test_planted_sets_are_found_and_no_other_beyond_the_nominal_rate():
    planted = {"4": [*SETS["SET_03"], *SETS["SET_04"]], "2": list(SETS["SET_30"])}
    others, low = 0, 0
    for seed in range(12):
        sample, subtype = plain(160, seed)
        table = expression(sample, subtype, planted, seed=100 + seed)
        found = biology_by_subtype(sample, subtype, replace(data(table), cells={}), recipe(cells=None)).tables["hallmarks"]
        four = found[found["comparison"] == "4 v rest"].set_index("gene_set")
        assert (four.loc[["SET_03", "SET_04"], "q_value"] < 0.05).all()
        assert (four.loc[["SET_03", "SET_04"], "effect"] > 0).all()
        two = found[found["comparison"] == "2 v rest"].set_index("gene_set")
        assert two.loc["SET_30", "q_value"] < 0.05
        rest = four.drop(index=["SET_03", "SET_04", "SET_30"])
        others += len(rest)
        low += int((rest["p_value"] < 0.05).sum())
    assert low <= binom.ppf(0.9995, others, 0.05)


def test_without_any_difference_p_values_are_low_as_often_as_they_should_be():
    tests, low, families, with_finding = 0, 0, 0, 0
    for seed in range(24):
        sample, subtype = plain(100, seed)
        table = expression(sample, subtype, {}, seed=500 + seed)
        found = biology_by_subtype(sample, subtype, replace(data(table), cells={}), recipe(cells=None)).tables["hallmarks"]
        one = found[found["comparison"] == "4 v rest"]
        tests, low = tests + len(one), low + int((one["p_value"] < 0.05).sum())
        families, with_finding = families + 1, with_finding + int((one["q_value"] < 0.05).any())
    assert binom.ppf(0.0005, tests, 0.05) <= low <= binom.ppf(0.9995, tests, 0.05)
    assert with_finding <= binom.ppf(0.9995, families, 0.05)


def test_the_order_of_samples_genes_and_sets_does_not_matter():
    sample, subtype = patients(120)
    table = expression(sample, subtype, {"4": list(SETS["SET_03"])}).round(0)  # many equal values
    rng = np.random.default_rng(9)
    shuffled = table.iloc[rng.permutation(len(table)), rng.permutation(table.shape[1])]
    first = biology_by_subtype(sample, subtype, data(table), recipe(contrasts=[[3, 4]])).tables
    turned = {name: SETS[name][::-1] for name in SETS}
    other = biology_by_subtype(sample, subtype, replace(data(shuffled), gene_sets=turned), recipe(contrasts=[[3, 4]])).tables
    assert list(first) == list(other)
    for name, one in first.items():
        pd.testing.assert_frame_equal(one, other[name])


def test_validation_patients_change_nothing_of_what_is_said_of_discovery(tmp_path):
    sample, subtype = patients(120)
    write_gmt(tmp_path / "sets.gmt", SETS)
    write_gmt(tmp_path / "cells.gmt", CELLS)
    table = expression(sample, subtype, {"4": list(SETS["SET_03"])})
    twice = pd.concat([table, table[["GENE0"]] + np.random.default_rng(3).normal(0, 0.1, (120, 1))], axis=1)  # two probes
    changed = twice.copy()
    changed.loc[~sample.discovery] += np.random.default_rng(4).normal(0, 2, (int((~sample.discovery).sum()), twice.shape[1]))
    results = []
    for one in (twice, changed):
        one.rename_axis("sample_id").to_csv(tmp_path / "expression.csv")
        read = read_biology(recipe(), cohort(sample), tmp_path)
        found = biology_by_subtype(sample, subtype, read, recipe()).tables["hallmarks"]
        results.append(found[found["split"] == "discovery"].reset_index(drop=True))
    assert len(results[0])
    pd.testing.assert_frame_equal(results[0], results[1], check_exact=True)
