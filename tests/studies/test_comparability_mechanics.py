"""How far groups lie apart in each feature: against SciPy, and where there is nothing to compare."""

from dataclasses import replace

import numpy as np
from scipy.stats import kruskal
from study_samples import planted_sample

from radiotype.studies.comparability import comparability


def shifted(shift):
    """No subtypes; one feature moved in brains, one in every scan that is no CT."""
    sample, _ = planted_sample(120, 1, seed=3)
    values = sample.values.copy()
    values["shape_0"] += shift * (sample.cases["type"] == "brain")
    values["shape_1"] += shift * (sample.cases["modality"] == "MR")
    return replace(sample, values=values)


def test_differences_are_those_of_kruskal_and_wallis_oracle():
    sample = shifted(1.0)
    table = comparability(sample).set_index(["grouping", "feature"])
    parts = [column.to_numpy() for _, column in sample.values["shape_0"].groupby(sample.cases["type"])]
    expected = kruskal(*parts)
    found = table.loc[("cancer type", "shape_0")]
    np.testing.assert_allclose(found["epsilon_squared"], expected.statistic / (len(sample.cases) - 1), rtol=1e-12)
    np.testing.assert_allclose(found["p_value"], expected.pvalue, rtol=1e-9)
    assert set(table.index.get_level_values("grouping")) == {"cancer type", "modality"}  # both together are the cancer type
    assert found["n_groups"] == 3


def test_what_was_moved_stands_first_and_the_rest_does_not_differ():
    table = comparability(shifted(2.0))
    for grouping in ("cancer type", "modality"):
        rows = table[table["grouping"] == grouping].set_index("feature")
        assert set(rows["epsilon_squared"].nlargest(2).index) == {"shape_0", "shape_1"}
        assert (rows.drop(index=["shape_0", "shape_1"])["q_value"] > 0.05).all()


def test_one_group_and_small_groups_are_not_compared():
    sample = shifted(0.0)
    alike = sample.cases.assign(type="lung", modality="CT")
    assert comparability(replace(sample, cases=alike)).empty
    few = alike.assign(type=["lung"] * 116 + ["brain"] * 4)
    assert comparability(replace(sample, cases=few)).empty


def test_patients_without_a_cancer_type_are_no_group():
    sample = shifted(1.0)
    unknown = sample.cases["type"] == "brain"
    found = comparability(replace(sample, cases=sample.cases.assign(type=sample.cases["type"].where(~unknown, ""))))
    found = found.set_index(["grouping", "feature"])
    assert set(found["n_groups"]) == {2}
    assert found.loc[("cancer type", "shape_2"), "n"] == (~unknown).sum()


def test_gaps_are_passed_over():
    sample = shifted(0.0)
    values = sample.values.copy()
    values.loc[:49, "shape_3"] = np.nan
    table = comparability(replace(sample, values=values)).set_index(["grouping", "feature"])
    assert table.loc[("modality", "shape_3"), "n"] == 70
