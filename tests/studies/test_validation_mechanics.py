"""Planted groups hold in validation and across modalities; one population gives none, and no proportion above chance."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score
from study_samples import planted_sample
from threadpoolctl import threadpool_limits

from radiotype.core import Case, Cohort, Region, RowKey
from radiotype.errors import ComputeError, RecipeError
from radiotype.run.run import open_run
from radiotype.stats import adjust_p_values, cramers_v
from radiotype.studies import imaging_subtypes
from radiotype.studies.recipe import check_recipe
from radiotype.studies.selection import Sample
from radiotype.studies.subtyping import refined, subtype
from radiotype.studies.validation import least_patients, validate
from radiotype.subtypes import in_group_proportion

QUICK = {"null_cohorts": 99, "purity_repeats": 2, "purity_resamples": 50}


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """As in `studies.run`."""
    with threadpool_limits(1):
        yield


def asking(*, validation=QUICK, **subtypes):
    options = {"k_range": [2, 6], "n_resamples": 100, "choose": "area", **subtypes}
    return check_recipe({"manifest": "m.csv", "cancer_type": "type", "subtypes": options, "validation": dict(validation)})


@pytest.fixture(scope="module")
def planted():
    sample, group = planted_sample()
    recipe = asking()
    found = subtype(sample, recipe)
    return found, group, validate(found, recipe)


def test_planted_groups_are_found_and_hold(planted):
    found, group, validation = planted
    assert found.k == 4
    assert adjusted_rand_score(group, found.subtype) >= 0.9
    table = validation.tables["in_group_proportions"]
    here = table[table["comparison"] == "validation"]
    assert here["subtype"].tolist() == ["1", "2", "3", "4"]
    assert (here["in_group_proportion"] > 0.8).all()
    assert (here["q_value"] < 0.05).all()
    assert here["patients"].sum() == 96 == here["n_tested"].iloc[0]
    assert validation.notes == ()


def test_proportions_are_those_of_the_library_with_the_centroids_of_discovery(planted):
    found, _, validation = planted
    out = ~found.sample.discovery
    centroids = [found.codes[~out & (found.subtype == name)].mean().to_numpy() for name in "1234"]
    expected = in_group_proportion(found.codes[out].to_numpy(), centroids, null="gaussian", n_permutations=99)
    rows = validation.tables["in_group_proportions"].head(4)
    np.testing.assert_array_equal(rows["in_group_proportion"], expected.igp)
    np.testing.assert_array_equal(rows["p_value"], expected.p_value)
    np.testing.assert_array_equal(rows["q_value"], adjust_p_values(expected.p_value))


def test_the_validation_patients_clustered_alone_give_the_same_subtypes(planted):
    found, group, validation = planted
    labels = validation.tables["validation_labels"]
    out = ~found.sample.discovery
    assert labels["case_id"].tolist() == found.sample.cases.loc[out, "case_id"].tolist()
    assert labels["assigned"].tolist() == found.subtype[out].tolist()
    assert adjusted_rand_score(group[out], labels["own_cluster"]) >= 0.9
    assert (labels["own_cluster"] == labels["assigned"]).mean() > 0.9  # under the same numbers
    counted = validation.tables["validation_contingency"]
    both = counted[counted["assigned"] == counted["own_cluster"]]["patients"].sum()
    assert (counted["patients"].sum(), both) == (96, (labels["own_cluster"] == labels["assigned"]).sum())


def test_across_modalities_and_cancer_types_everything_is_fitted_in_one_and_tested_in_the_others(planted):
    _, _, validation = planted
    table = validation.tables["in_group_proportions"]
    pairs = set(table[table["comparison"] != "validation"][["fitted_in", "tested_in"]].itertuples(index=False, name=None))
    types = ("lung", "brain", "breast")
    assert pairs == {("CT", "MR"), ("MR", "CT"), *((a, b) for a in types for b in types if a != b)}
    assert (table["in_group_proportion"] > 0.8).all()
    assert (validation.tables["agreement"]["adjusted_rand"] >= 0.85).all()
    assert set(table["subtype"]) == set("1234")


def test_purity_and_association_are_high_and_none_where_they_were_planted_so(planted):
    found, _, validation = planted
    assert (validation.tables["cluster_purity"]["purity"] > 0.9).all()
    table = validation.tables["subtype_associations"].set_index(["group", "split"])
    expected = cramers_v(found.sample.cases["type"], found.subtype)
    assert table.loc[("cancer type", "all"), "cramers_v"] == expected.effect < 0.2
    assert table.loc[("cancer type", "all"), "p_value"] == expected.p_value
    assert (table["lower"] <= table["cramers_v"]).all()


@pytest.mark.parametrize("encoder", ["autoencoder", "components"])
def test_an_encoder_finds_the_planted_groups_as_well(encoder):
    sample, group = planted_sample(noise=0.3)
    found = subtype(sample, asking(encoder=encoder))
    assert (found.k, found.codes.shape) == (4, (240, 10))
    assert adjusted_rand_score(group, found.subtype) >= 0.9


def test_one_population_has_no_stable_subtypes_and_nothing_is_asked_of_them():
    sample, _ = planted_sample(90, 1)
    recipe = asking(k_range=[2, 3], metric="euclidean", choose="stability")
    found = subtype(sample, recipe)
    validation = validate(found, recipe)
    assert (found.k, validation.tables, validation.notes) == (1, {}, ())


def test_in_one_population_cut_in_three_the_proportions_are_not_above_chance():
    # 60 cohorts of 150 gave p <= 0.05 in 3 of 180 subtypes, with an autoencoder in 9
    recipe = asking(k=3, k_range=[3, 3], n_resamples=50, validation=QUICK | {"purity_repeats": 0})
    p_values = []
    for seed in range(8):
        sample, _ = planted_sample(150, 1, seed=seed)
        sample = Sample(sample.cases.assign(modality="CT", type="lung"), sample.values, sample.records, "type")
        p_values += validate(subtype(sample, recipe), recipe).tables["in_group_proportions"]["p_value"].tolist()
    assert len(p_values) == 24
    assert np.mean(np.array(p_values) <= 0.05) <= 0.125


def test_too_few_validation_patients_are_a_sentence_and_not_a_number():
    assert (least_patients(2), least_patients(4), least_patients(6)) == (20, 20, 30)
    sample, _ = planted_sample()
    few = sample.take(sample.discovery | (np.cumsum(~sample.discovery) <= 19))
    recipe = asking(k=4, k_range=[4, 4])
    validation = validate(subtype(few, recipe), recipe)
    assert "With 19 validation patients it was not asked" in validation.notes[0]
    assert not {"validation_labels", "validation_clusters"} & set(validation.tables)
    assert set(validation.tables["in_group_proportions"]["comparison"]) == {"modality", "cancer type"}


def test_groups_too_small_to_be_compared_are_named():
    sample, _ = planted_sample(120)
    cases = sample.cases.assign(modality=np.where(np.arange(120) < 5, "PT", "CT"), type=np.arange(120) % 2)
    cases["type"] = cases["type"].map({0: "lung", 1: "brain"}).where(np.arange(120) > 3, "rare")
    recipe = asking(k=4, k_range=[4, 4])
    notes = validate(subtype(Sample(cases, sample.values, sample.records, "type"), recipe), recipe).notes
    assert "Subtypes were not compared across the modalities: two of them need 20 patients each for 4 subtypes." in notes
    assert "Too small for the comparison across cancer types (under 20 patients): rare." in notes


def test_refinement_clusters_everybody_and_keeps_what_was_found_before(planted):
    found, group, _ = planted
    again = refined(found, asking())
    assert again.unrefined is found.subtype is again.of_discovery
    assert adjusted_rand_score(group, again.subtype) >= 0.9
    assert again.clustering is found.clustering
    everybody = Sample(found.sample.cases.assign(split="discovery"), found.sample.values, found.sample.records, "type")
    assert again.subtype.tolist() == subtype(everybody, asking(k=4, k_range=[4, 4])).subtype.tolist()
    counts = validate(again, asking(validation=QUICK | {"purity_repeats": 0})).tables["refinement"]
    assert counts["patients"].sum() == 240
    assert any(note.startswith("Subtypes were refined by clustering all 240 patients together") for note in again.notes)


def test_names_do_not_hang_on_the_order_of_the_patients():
    sample, group = planted_sample(seed=3, noise=0.2)
    order = np.random.default_rng(0).permutation(240)
    turned = Sample(
        sample.cases.iloc[order].reset_index(drop=True),
        sample.values.iloc[order].reset_index(drop=True),
        sample.records,
        "type",
    )
    recipe = asking()
    one, two = subtype(sample, recipe), subtype(turned, recipe)
    assert one.k == two.k == 4
    back = pd.Series(two.subtype.to_numpy(), index=order).sort_index()
    assert adjusted_rand_score(group, one.subtype) == 1
    assert back.tolist() == one.subtype.tolist()


def test_the_chain_alone_gives_a_new_patient_the_subtype_of_the_study():
    """Logarithm of sizes, scaler, encoder and centroids are all that is needed."""
    sample, _ = planted_sample()
    found = subtype(sample, asking(k=4, k_range=[4, 4], encoder="autoencoder", encoding={"n_codes": 6}))
    new = sample.values[~sample.discovery].copy()
    new["volume_mm3"] = np.log(new["volume_mm3"])
    scaled = pd.DataFrame(found.scaler.transform(new.to_numpy()), columns=new.columns)
    given = found.centroids.predict(found.encoding.codes(scaled).to_numpy())
    assert given.tolist() == found.subtype[~sample.discovery].tolist()


def test_codes_that_no_encoder_makes_are_refused():
    with pytest.raises(RecipeError, match="`encoding` is set, but `encoder` is none"):
        asking(encoding={"n_codes": 5})


def test_a_refinement_that_memory_does_not_allow_is_refused_before_anything_is_measured(tmp_path, monkeypatch):
    def region(at):
        key = RowKey(f"p{at}", f"c{at}", "1", "CT", "tumour")
        return Region(key, None, None, {"modality": "CT", "split": "discovery" if at < 40 else "validation"})

    def never(*arguments):
        raise AssertionError("something was measured")

    cases = tuple(Case(f"c{at}", f"p{at}", (region(at),), {"type": "lung"}) for at in range(9600))
    monkeypatch.setattr(imaging_subtypes, "read_cohort", lambda *_, **__: Cohort(cases))
    monkeypatch.setattr(imaging_subtypes, "measure", never)
    with pytest.raises(ComputeError, match="9,600 cases") as caught, open_run(tmp_path / "run", "run") as run:
        imaging_subtypes.run(asking(refine=True), tmp_path / "m.csv", run)
    assert caught.value.code == "RT306"
