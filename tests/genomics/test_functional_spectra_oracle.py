"""Functional spectra against DeepCC's own score, against the walk of the paper, and new patients on the discovery cohort."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from plain_enrichment import falling, largest_deviation
from sklearn.base import clone

from radiotype.errors import ComputeError
from radiotype.genomics import FunctionalSpectra
from radiotype.stats import require_unseen


def test_spectra_are_those_of_deepcc(shared):
    folder = shared / "golden"
    expression = pd.read_csv(folder / "gsva_ssgsea" / "input_expr_1500x20.csv", index_col=0).T
    sets = json.loads((folder / "gsva_ssgsea" / "gene_sets.json").read_text(encoding="utf-8"))
    expected = pd.read_csv(folder / "deepcc_functional_spectra" / "spectra.csv", index_col=0)
    model = FunctionalSpectra(sets).set_output(transform="pandas")
    found = model.fit_transform(expression)
    assert list(found.columns) == list(expected.columns)
    np.testing.assert_allclose(found.to_numpy(), expected.to_numpy(), rtol=0, atol=1e-12)


@pytest.fixture
def cohort():
    random = np.random.default_rng(2)
    table = pd.DataFrame(random.normal(5, 2, size=(140, 90)).round(1)).add_prefix("g")
    return table, {f"s{size}": [f"g{at}" for at in random.choice(90, size, replace=False)] for size in (5, 17, 60, 89)}


def test_spectra_are_those_of_the_walk(cohort):
    table, sets = cohort
    found = FunctionalSpectra(sets).fit(table[:100]).transform(table)
    centred = table.to_numpy() - table[:100].to_numpy().mean(axis=0)
    for row in (0, 3, 139):
        order = falling(centred[row])
        for at, members in enumerate(sets.values()):
            inside = np.flatnonzero(table.columns[order].isin(members))
            assert found[row, at] == pytest.approx(largest_deviation(centred[row][order], inside), abs=1e-12)


def test_members_without_any_value_count_alike(cohort):
    table, _ = cohort
    table = table.assign(**{f"g{at}": 3.0 for at in range(6)})
    found = FunctionalSpectra({"flat": [f"g{at}" for at in range(6)]}).fit(table).transform(table)
    values = table.to_numpy() - table.to_numpy().mean(axis=0)
    order = falling(values[7])
    assert found[7, 0] == pytest.approx(largest_deviation(values[7][order], np.flatnonzero(order < 6)), abs=1e-12)


def test_a_new_patient_scores_the_same_alone_and_with_others(cohort):
    table, sets = cohort
    model = FunctionalSpectra(sets).fit(table[:100])
    together = model.transform(table[100:])
    assert model.transform(table[120:121]).tobytes() == together[20:21].tobytes()
    for n_jobs in (1, 2, 5):
        assert clone(model).set_params(n_jobs=n_jobs).fit(table[:100]).transform(table[100:]).tobytes() == together.tobytes()


def test_new_tables_are_matched_by_name(cohort):
    table, sets = cohort
    model = FunctionalSpectra(sets).fit(table[:100])
    turned = table[table.columns[::-1]].assign(more=1.0)
    np.testing.assert_array_equal(model.transform(turned), model.transform(table))
    with pytest.raises(ComputeError, match="1 of the 90 discovery columns are absent, the first 'g4'"):
        model.transform(table.drop(columns="g4"))


def test_the_order_of_the_columns_does_not_count_where_values_are_equal(cohort):
    table, sets = cohort
    table = table.round(0).assign(**{f"g{at}": 3.0 for at in range(40)})
    found = FunctionalSpectra(sets).fit(table).transform(table)
    for seed in range(3):
        turned = table.sample(frac=1, axis=1, random_state=seed)
        np.testing.assert_allclose(FunctionalSpectra(sets).fit(turned).transform(turned), found, rtol=0, atol=1e-12)
    named = table[sorted(table)]
    centred = (named - named.mean()).to_numpy()
    order = falling(centred[7])
    for at, members in enumerate(sets.values()):
        expected = largest_deviation(centred[7][order], np.flatnonzero(named.columns[order].isin(members)))
        assert found[7, at] == pytest.approx(expected, abs=1e-12)


def test_an_array_of_another_width_is_refused(cohort):
    table, _ = cohort
    model = FunctionalSpectra({"some": [f"f{at}" for at in range(1, 9)]}).fit(table.to_numpy())
    assert model.transform(table.to_numpy()).shape == (140, 1)
    for wrong in (np.hstack([table, table]), table.to_numpy()[:, :80]):
        with pytest.raises(ComputeError, match="columns; expected the 90 of the discovery cohort"):
            model.transform(wrong)


def test_what_a_fit_tells(cohort):
    table, sets = cohort
    model = FunctionalSpectra(sets | {"few": ["g1", "x"]}).fit(table)
    assert model.sets_ == tuple(sets) == tuple(model.get_feature_names_out())
    assert model.left_out_ == {"few": "RT301: 1 of its 2 members are in the table; 5 are needed"}
    with pytest.raises(ComputeError, match="RT309"):
        require_unseen(model, table)
    with pytest.raises(ComputeError, match="one case"):
        FunctionalSpectra(sets).fit(table[:1])
