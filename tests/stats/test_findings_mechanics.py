"""One test for many features: corrected for their number, refusals kept as reasons."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from radiotype.errors import ComputeError, RecipeError
from radiotype.stats import adjust_p_values, icc, maximal_cutpoint, per_feature, readings_by_feature, spearman


@pytest.fixture
def features():
    random = np.random.default_rng(np.random.SeedSequence(4))
    table = pd.DataFrame(random.normal(size=(25, 4)), columns=["a", "b", "c", "d"])
    return table.assign(flat=1.0, gap=[np.nan, *range(24)], e=np.arange(25) + random.normal(size=25))


def test_only_features_with_a_finding_are_counted(features):
    found = per_feature(features, lambda column: spearman(column, np.arange(25)))
    assert list(found.findings) == ["a", "b", "c", "d", "e"]
    assert found.n_tests == 5
    assert found.reasons["flat"].startswith("RT305: x is constant")
    assert found.reasons["gap"].startswith("RT305: x has 1 missing")
    expected = adjust_p_values([one.p_value for one in found.findings.values()])
    assert [one.q_value for one in found.findings.values()] == expected.tolist()
    assert {one.correction for one in found.findings.values()} == {"bh"}


def test_each_correction_reaches_the_findings(features):
    table = features.drop(columns=["flat", "gap"])
    for correction in ("holm", "bonferroni", "none"):
        found = per_feature(table, lambda column: spearman(column, np.arange(25)), correction=correction)
        p_values = [one.p_value for one in found.findings.values()]
        assert found.to_frame()["q_value"].tolist() == adjust_p_values(p_values, correction=correction).tolist()
    assert found["e"].effect == spearman(table["e"], np.arange(25)).effect


def test_the_table_has_one_row_per_feature(features):
    frame = per_feature(features, lambda column: spearman(column, np.arange(25))).to_frame()
    assert sorted(frame.index) == sorted(features.columns)
    needed = ["measure", "n", "effect", "lower", "upper", "confidence", "p_value", "q_value", "correction", "reason"]
    assert set(needed) <= set(frame.columns)
    assert frame.loc["flat", ["effect", "p_value", "q_value"]].isna().all()
    assert frame.loc["e", "reason"] == ""


def test_a_refused_feature_says_why(features):
    found = per_feature(features, lambda column: spearman(column, np.arange(25)))
    with pytest.raises(ComputeError, match=r"no finding for 'flat'.*constant"):
        found["flat"]


def test_cut_points_of_many_features(features):
    time, event = np.arange(25)[::-1] + 1.0, np.ones(25)
    found = per_feature(features, lambda column: maximal_cutpoint(column, time, event, n_permutations=999))
    assert found["e"].q_value == pytest.approx(0.005)
    assert found.to_frame().loc["e", "events"] == 25


def test_agreement_per_feature_over_readings(features):
    table = features.drop(columns=["gap"])
    noisy = table + np.random.default_rng(np.random.SeedSequence(5)).normal(size=table.shape) * [0.01, 1, 3, 0, 0, 0.1]
    found = per_feature(readings_by_feature([table, noisy]), icc)
    assert found["a"].effect > 0.99 > found["b"].effect > found["c"].effect
    assert found["d"].effect == 1
    assert "do not differ" in found.reasons["flat"]
    assert found["e"].effect == icc(np.column_stack([table["e"], noisy["e"]])).effect


def test_readings_of_other_subjects_or_features_are_refused(features):
    with pytest.raises(ComputeError, match=r"RT305.*index of reading 2"):
        readings_by_feature([features, features.iloc[::-1]])
    with pytest.raises(ComputeError, match=r"RT305.*features of reading 2"):
        readings_by_feature([features, features[features.columns[::-1]]])
    with pytest.raises(ComputeError, match="RT301"):
        readings_by_feature([features])


def test_a_test_refused_for_every_feature_is_refused(features):
    with pytest.raises(ComputeError, match="lengths differ"):
        per_feature(features, lambda column: spearman(column, [1, 2, 3]))
    with pytest.raises(ComputeError, match="there are no features"):
        per_feature({}, lambda column: spearman(column, column))
    with pytest.raises(RecipeError, match=r"RT103.*correction"):
        per_feature(features, lambda column: spearman(column, column), correction="fdr")


def test_two_features_of_one_name_are_refused(features):
    twice = pd.concat([features[["a"]], features[["a"]]], axis=1)
    with pytest.raises(ComputeError, match="same name"):
        per_feature(twice, lambda column: spearman(column, np.arange(25)))


def test_findings_cannot_be_changed(features):
    found = spearman(features["a"], features["b"])
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.p_value = 0.0
