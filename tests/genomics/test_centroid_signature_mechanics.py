"""Centroids learned from labels: which genes, from which samples, and as a file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from signature_files import cohort
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from radiotype.errors import ComputeError, RecipeError
from radiotype.genomics import CentroidSignature, Signature

GENES = [f"G{i}" for i in range(40)]


def labelled(n=60, seed=0):
    """Three classes of unequal size; four genes mark each."""
    table = cohort(n, seed, GENES)
    label = np.array(["a"] * (n // 2) + ["b"] * (n // 3) + ["c"] * (n - n // 2 - n // 3))
    for at, name in enumerate("abc"):
        table.loc[label == name, GENES[4 * at : 4 * at + 4]] += 3
    return table, label


def test_each_class_chooses_genes_that_mark_it():
    table, label = labelled()
    model = CentroidSignature(n_genes=12).fit(table, label)
    assert set(model.signature_.genes) == set(GENES[:12])
    assert model.t_.shape == (40, 3)
    assert (model.predict(table) == label).mean() > 0.95
    assert CentroidSignature(n_genes=3).fit(table, label).signature_.weights.idxmax(axis=1).tolist() == ["a", "b", "c"]


def test_centroids_are_class_means_about_their_middle():
    table, label = labelled()
    model = CentroidSignature(n_genes=12).fit(table, label)
    genes = list(model.signature_.genes)
    means = table[genes].groupby(label).mean()
    np.testing.assert_allclose(model.signature_.weights.T, means - means.mean(), rtol=1e-10)
    medians = CentroidSignature(n_genes=12, centre="median").fit(table, label)
    np.testing.assert_allclose(medians.signature_.weights.T, means - table[genes].median(), rtol=1e-10, atol=1e-12)


def test_samples_outside_the_fit_change_nothing():
    table, label = labelled()
    inside = np.arange(60) % 3 != 0
    model = CentroidSignature(n_genes=9).fit(table[inside], label[inside])
    alone = model.predict(table[~inside])
    others = (table[~inside] * 100).add_prefix("far ", axis=0)
    np.testing.assert_array_equal(model.predict(pd.concat([table[~inside], others]))[: len(alone)], alone)
    assert cross_val_score(clone(model), table, label, cv=3).mean() > 0.9


def test_noise_is_not_predicted_because_genes_are_chosen_inside_the_folds():
    random = np.random.default_rng(8)
    found = [
        cross_val_score(
            CentroidSignature(n_genes=20), cohort(60, seed, [f"N{i}" for i in range(500)]), random.permutation(60) % 2
        )
        for seed in range(6)
    ]
    assert abs(np.mean(found) - 0.5) < 4 * 0.5 / np.sqrt(6 * 60)


def test_as_a_file_it_is_the_same_to_the_byte_and_scores_the_same(tmp_path):
    table, label = labelled()
    model = CentroidSignature(n_genes=9, rule="pearson").fit(table, label)
    signature = model.to_signature("my_classes", title="My classes", source="made up", licence="free")
    signature.save(tmp_path / "a.json")
    CentroidSignature(n_genes=9, rule="pearson").fit(table, label).to_signature(
        "my_classes", title="My classes", source="made up", licence="free"
    ).save(tmp_path / "b.json")
    again = Signature.load(tmp_path / "a.json")
    again.save(tmp_path / "c.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes() == (tmp_path / "c.json").read_bytes()
    assert again.score(table).calls.tolist() == model.predict(table).tolist()
    assert again.description.source == "made up; learned on 60 samples: 30 a, 20 b, 10 c"
    assert again.score(table).centring == "each gene less the mean of its class means of 60 samples before"
    with pytest.raises(RecipeError, match="no name of a signature"):
        model.to_signature("My Classes", title="", source="", licence="")


def test_for_another_platform_it_is_centred_anew():
    table, label = labelled()
    model = CentroidSignature(n_genes=12).fit(table, label)
    signature = model.to_signature("mine", title="", source="", licence="", frozen=False)
    found = signature.score(table + np.arange(40.0))
    assert found.centring == "each gene less the median of these 60 samples"
    assert (found.calls == label).mean() > 0.8


def test_arrays_and_numbers_as_labels_work():
    table, label = labelled()
    number = pd.Series(label).map({"a": 0, "b": 1, "c": 2}).to_numpy()
    model = CentroidSignature(n_genes=12).fit(table.to_numpy(), number)
    assert model.predict(table.to_numpy()).dtype.kind == "i"
    with pytest.raises(ComputeError, match="expected 40 columns"):
        model.predict(table.to_numpy()[:, :5])


@pytest.mark.parametrize(
    ("settings", "change", "code"),
    [
        ({"n_genes": 2}, None, "RT103"),
        ({"rule": "euclid"}, None, "RT103"),
        ({"centre": "mode"}, None, "RT103"),
        ({"n_genes": 41}, None, "RT305"),
        ({}, lambda x, y: (x.iloc[:9], y[:9]), "RT301"),
        ({}, lambda x, y: (x, np.array(["a"] * 59 + ["b"])), "RT301"),
        ({}, lambda x, y: (x, np.array(["a"] * 60)), "RT301"),
        ({}, lambda x, y: (x, y[:-1]), "RT305"),
        ({}, lambda x, y: (x.mask(x > 7), y), "RT305"),
        ({}, lambda x, y: (x, np.array([None, *y[1:]], dtype=object)), "RT305"),
    ],
)
def test_what_cannot_be_learned_is_refused(settings, change, code):
    table, label = labelled()
    if change is not None:
        table, label = change(table, label)
    with pytest.raises((ComputeError, RecipeError)) as error:
        CentroidSignature(**({"n_genes": 9} | settings)).fit(table, label)
    assert error.value.code == code


def test_a_sample_without_a_class_is_refused():
    table, label = labelled()
    model = CentroidSignature(n_genes=9, centre="none").fit(table, label)
    flat = pd.DataFrame(1.0, index=["flat"], columns=GENES)
    with pytest.raises(ComputeError, match="'flat' has no class"):
        model.predict(flat)
