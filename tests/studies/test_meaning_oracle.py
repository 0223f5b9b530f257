"""Planted features and families are found, p-values are those of SciPy, scores those made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from meaning_samples import MARGINS, NAMES, OTHER, PLANTED, REGULARITY, SIZES, SYMMETRY, found_in, patients
from scipy.stats import binom, ttest_ind

from radiotype.studies.feature_families import family_of
from radiotype.studies.meaning import Meaning, meaning
from radiotype.studies.subtyping import Subtyping


def names(records):
    return [record.name for record in records]


def part(table: pd.DataFrame, split: str = "all", by: str = "all features") -> pd.DataFrame:
    return table[(table["stratum"] == "all") & (table["split"] == split) & (table["assigned_by"] == by)]


@pytest.fixture(scope="module")
def planted() -> tuple[Subtyping, Meaning]:
    sample, group = patients(planted=PLANTED)
    found = found_in(sample, 3)
    large, distinct = (found.subtype[group == at].mode()[0] for at in (1, 2))
    order = {"large": large, "distinct": distinct, "plain": found.subtype[group == 0].mode()[0]}
    assert len(set(order.values())) == 3
    return found, replace(meaning(found), notes=tuple(f"{key}={value}" for key, value in order.items()))


def group_of(found: Meaning, name: str) -> str:
    return next(note.split("=")[1] for note in found.notes if note.startswith(name))


@pytest.mark.parametrize(
    ("split", "by"), [("all", "all features"), ("validation", "all features"), ("validation", "other families")]
)
def test_planted_features_are_found_with_their_direction(planted, split, by):
    found = planted[1]
    table = part(found.tables["feature_differences"], split, by)
    large = table[table["group"] == group_of(found, "large")].set_index("feature")
    assert (large.loc[names(SIZES), "q_value"] < 0.05).all() and (large.loc[names(SIZES), "standardised"] > 1).all()
    assert (large.loc[names(REGULARITY), "q_value"] < 0.05).all() and (large.loc[names(REGULARITY), "effect"] > 0).all()
    assert (large["q_value_unequal"] < 0.05).sum() >= len(SIZES + REGULARITY)


def test_features_that_were_not_planted_are_found_at_the_nominal_rate(planted):
    table = part(planted[1].tables["feature_differences"], "validation", "other families")
    rest = table[table["feature"].isin(names(SYMMETRY + OTHER))]
    assert (rest["p_value"] < 0.05).sum() <= binom.ppf(0.999, len(rest), 0.05)


def test_families_say_what_was_planted(planted):
    found = planted[1]
    table = found.tables["family_differences"]
    means = part(table[table["score"] == "mean"]).set_index(["group", "family"])["standardised"]
    large, distinct = group_of(found, "large"), group_of(found, "distinct")
    assert means[large, "volume"] > 1 and means[large, "regularity"] < -1  # more detail is less regular
    assert means[distinct, "regional variation"] > 1
    assert means.xs("symmetry", level="family").abs().max() < 0.5
    ranked = part(table[table["score"] == "ssgsea"]).set_index(["group", "family"])["standardised"]
    assert ranked[large, "volume"] > 1 and ranked[distinct, "regional variation"] > 1


def test_mean_scores_are_those_made_by_hand(planted):
    found, tables = planted[0], planted[1].tables
    scores = tables["family_scores"].query("score == 'mean'").pivot(index="case_id", columns="family", values="value")
    scores = scores.loc[found.sample.cases["case_id"]]
    turned = [found.scaled[one.name] if family_of(one)[1] > 0 else 1 - found.scaled[one.name] for one in MARGINS]
    np.testing.assert_allclose(scores["regional variation"], np.mean(turned, axis=0), atol=1e-12)
    np.testing.assert_allclose(scores["regularity"], 1 - found.scaled[names(REGULARITY)].mean(axis=1), atol=1e-12)


def test_welch_is_that_of_scipy_on_logarithms_of_sizes():
    sample, _ = patients(120, seed=3, planted=PLANTED[:2])
    found = found_in(replace(sample, cancer_type_column=None), 2)
    table = part(meaning(found).tables["feature_differences"]).set_index(["group", "feature"])
    one = (found.subtype == "1").to_numpy()
    for name in ("volume_mm3", "spharm_energy_l4", "texture_2"):
        values = np.log(sample.values[name]) if name == "volume_mm3" else sample.values[name]
        expected = ttest_ind(values[one], values[~one], equal_var=False).pvalue
        assert table.loc[("1", name), "p_value_unequal"] == pytest.approx(expected, rel=1e-9)


def test_validation_patients_keep_their_subtype_without_a_family_that_says_nothing(planted):
    left = planted[1].tables["family_left_out"].set_index("family")
    assert left.loc["other features", "kept"] / left.loc["other features", "patients"] > 0.95
    assert left.loc["regional variation", "kept"] < left.loc["other features", "kept"]
    assert left["features"].sum() == len(NAMES)
