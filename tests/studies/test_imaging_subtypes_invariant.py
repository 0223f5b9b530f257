"""The study on planted tables: what is fitted on discovery never sees validation; survival is that of the library."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from radiotype.core import Case, Cohort, FeatureRecord, Features, FeatureTable, Region, RowKey
from radiotype.errors import ComputeError, RecipeError
from radiotype.run.store import RunFolder
from radiotype.stats import cox, logrank
from radiotype.studies.columns import check_columns
from radiotype.studies.imaging_subtypes import survive
from radiotype.studies.recipe import check_recipe
from radiotype.studies.selection import complete_features, primary_regions
from radiotype.studies.subtype_results import store_subtypes
from radiotype.studies.subtyping import consensus_clustering, numbers_of_subtypes, subtype

NAMES = ("volume_mm3", *(f"shape_{n}" for n in range(11)))
RECORDS = tuple(FeatureRecord(name, "test", "a test", unit="mm3" if name == "volume_mm3" else "1") for name in NAMES)


def planted(n=120, seed=0, shift_validation=0.0):
    """A cohort and its table: three profiles, survival that depends on them, every third patient in validation."""
    rng = np.random.default_rng(seed)
    profiles = np.random.default_rng(99).normal(0, 1.0, (3, len(NAMES) - 1))
    cases, rows, truth = [], [], []
    for i in range(n):
        group = i % 3
        split = "validation" if (i // 3) % 3 == 0 else "discovery"
        values = profiles[group] + rng.normal(0, 0.3, len(NAMES) - 1) + shift_validation * (split == "validation")
        volume = float(np.exp(5 + 2 * group + rng.normal(0, 0.3)))
        days = rng.exponential(1000 / [1, 3, 9][group])
        key = RowKey(f"p{i:03}", f"c{i:03}", "1", "CT", "tumour")
        clinical = {
            "os_days": f"{days:.2f}", "os_event": str(int(rng.random() < 0.8)), "age": f"{rng.normal(60, 9):.1f}",
            "sex": "MF"[(i // 2) % 2], "type": ["lung", "brain"][i % 2],
        }  # fmt: skip
        region = Region(key, None, None, attributes={"split": split, "modality": "CT"})
        cases.append(Case(key.case_id, key.patient_id, (region,), clinical))
        rows.append((key, Features(dict(zip(NAMES, [volume, *values], strict=True)), {}, RECORDS)))
        truth.append(group)
    return Cohort(tuple(cases)), FeatureTable.from_rows(rows), np.array(truth)


RECIPE = check_recipe(
    {
        "manifest": "m.csv",
        "cancer_type": "type",
        "outcome": {"time": "os_days", "event": "os_event"},
        "covariates": ["age", "sex"],
        "subtypes": {"k_range": [2, 5], "n_resamples": 200},
    }
)


def test_planted_subtypes_are_found_in_discovery_and_in_validation():
    cohort, table, truth = planted()
    sample = primary_regions(table, cohort, RECIPE)
    found = subtype(sample, RECIPE)
    assert found.k == 3
    for part in (sample.discovery, ~sample.discovery):
        assert adjusted_rand_score(truth[part], found.subtype[part]) == 1
    assert (found.subtype.astype(int) - 1 == truth).all()  # numbered by volume, smallest first


def test_subtypes_of_landmarks_are_those_of_all_patients_and_the_run_says_who_was_clustered(tmp_path):
    cohort, table, truth = planted()
    recipe = check_recipe({"manifest": "m.csv", "subtypes": {"k_range": [2, 5], "n_resamples": 200, "n_landmarks": 45}})
    sample = primary_regions(table, cohort, recipe)
    found = subtype(sample, recipe)
    assert found.k == 3 and adjusted_rand_score(truth, found.subtype) == 1
    folder = RunFolder.create(tmp_path / "run")
    store_subtypes(folder, found, recipe)
    members, stored = folder.read_table("results/subtypes.parquet"), folder.read_arrays("results/consensus.npz")
    clustered = members.loc[members["how"] == "clustered", "case_id"].tolist()
    assert stored["case_id"].tolist() == clustered and stored["consensus_3"].shape == (45, 45)
    assert len(stored["labels_3"]) == 45 < sample.discovery.sum()


def test_too_many_patients_for_the_memory_are_refused_by_a_key_of_the_recipe():
    recipe = check_recipe({"manifest": "m.csv"})
    with pytest.raises(ComputeError, match="RT306") as caught:
        consensus_clustering(recipe, recipe.subtypes.candidates).require_memory(8000)
    assert "n_landmarks" in caught.value.hint and "n_landmarks" in type(recipe.subtypes).model_fields


def test_changing_the_validation_patients_changes_nothing_that_was_fitted():
    fitted = []
    for shift in (0.0, 0.5):
        cohort, table, _ = planted(shift_validation=shift)
        sample = primary_regions(table, cohort, RECIPE)
        found = subtype(sample, RECIPE)
        arrays = [found.scaler.low_, found.scaler.high_, *found.clustering.consensus_.values()]
        fitted.append([a.tobytes() for a in arrays] + [found.subtype[sample.discovery].tolist()])
    assert fitted[0] == fitted[1]


def test_survival_is_what_the_library_gives_for_the_same_patients():
    cohort, table, _ = planted()
    sample = primary_regions(table, cohort, RECIPE)
    found = subtype(sample, RECIPE)
    evidence = survive(sample, found, RECIPE)
    cases = sample.cases
    lung = (cases["type"] == "lung").to_numpy()
    time, event = cases["os_days"].astype(float).to_numpy(), cases["os_event"].astype(int).to_numpy()
    (row,) = [one for one in evidence.logrank if (one["stratum"], one["split"]) == ("lung", "all")]
    assert row["p_value"] == logrank(time[lung], event[lung], found.subtype[lung].to_numpy()).p_value
    design = np.column_stack(
        [(found.subtype == "2"), (found.subtype == "3"), cases["age"].astype(float), cases["sex"] == "M"]
    ).astype(float)
    expected = cox(time, event, design, strata=cases["type"].to_numpy())
    (model,) = [one for one in evidence.cox if one["model"].iloc[0] == "all"]
    assert model["term"].tolist() == ["subtype 2", "subtype 3", "age", "sex M"]
    assert model["reference"].tolist() == ["against subtype 1", "against subtype 1", "", "against sex F"]
    assert model["hazard_ratio"].tolist() == pytest.approx(expected.hazard_ratios.tolist(), rel=1e-12)


def test_kaplan_meier_steps_begin_at_one_with_everybody_at_risk():
    cohort, table, _ = planted()
    sample = primary_regions(table, cohort, RECIPE)
    found = subtype(sample, RECIPE)
    steps = pd.concat(survive(sample, found, RECIPE).kaplan_meier)
    first = steps[(steps["stratum"] == "all") & (steps["split"] == "all") & (steps["time_days"] == 0)]
    sizes = found.subtype.value_counts()
    assert first.set_index("subtype")["at_risk"].to_dict() == sizes.to_dict()
    assert (first[["survival", "lower", "upper"]] == 1).all(axis=None)
    assert steps.groupby(["stratum", "split", "subtype"])["survival"].apply(lambda s: (s.diff().dropna() <= 0).all()).all()


def test_an_analysis_that_cannot_be_done_is_a_sentence_and_not_a_number():
    cohort, table, _ = planted(n=30)
    for case in cohort.cases:
        case.clinical["os_event"] = "0"
    sample = primary_regions(table, cohort, RECIPE)
    evidence = survive(sample, subtype(sample, RECIPE), RECIPE)
    assert not evidence.cox
    assert any(note.startswith("No Cox model in all") for note in evidence.notes)
    assert any(note.startswith("No log-rank test in all") for note in evidence.notes)


def test_patients_without_outcome_or_covariate_are_left_out_and_counted():
    cohort, table, _ = planted()
    cohort.cases[0].clinical["os_days"] = ""
    cohort.cases[1].clinical["age"] = "NA"
    sample = primary_regions(table, cohort, RECIPE)
    notes = survive(sample, subtype(sample, RECIPE), RECIPE).notes
    assert "1 patient without follow-up was left out of the survival analysis." in notes
    assert any(note.startswith("1 patient with missing covariates") for note in notes)


@pytest.mark.parametrize(("column", "value"), [("os_days", "soon"), ("os_event", "2"), ("os_days", "-1")])
def test_an_outcome_that_is_no_number_is_refused(column, value):
    cohort, table, _ = planted(n=30)
    cohort.cases[3].clinical[column] = value
    sample = primary_regions(table, cohort, RECIPE)
    with pytest.raises(RecipeError, match="RT114"):
        survive(sample, subtype(sample, RECIPE), RECIPE)


def test_columns_that_the_recipe_names_and_the_manifest_lacks_are_refused_before_anything_is_read():
    cohort, _, _ = planted(n=6)
    with pytest.raises(RecipeError, match="stage, smoking"):
        check_columns(RECIPE.model_copy(update={"covariates": ("stage", "smoking")}), cohort, Path("m.csv"))


def test_a_patient_in_both_splits_and_an_unknown_split_are_refused():
    def region(case, split):
        return Region(RowKey("p", case, "1", "CT", "tumour"), None, None, attributes={"split": split, "modality": "CT"})

    recipe = check_recipe({"manifest": "m.csv"})
    both = Cohort((Case("a", "p", (region("a", "discovery"),)), Case("b", "p", (region("b", "validation"),))))
    with pytest.raises(RecipeError, match="1 patient stands in discovery and in validation"):
        check_columns(recipe, both, Path("m.csv"))
    with pytest.raises(RecipeError, match="split 'train'"):
        check_columns(recipe, Cohort((Case("a", "p", (region("a", "train"),)),)), Path("m.csv"))


def with_repeats(table):
    """The table with another name for each feature but the first."""
    repeats = [replace(one, name=f"{one.name}_again", detail={"duplicate_of": one.name}) for one in table.records[1:]]
    again = table.values[[one.duplicate_of for one in repeats]].set_axis([one.name for one in repeats], axis=1)
    return replace(table, values=pd.concat([table.values, again], axis=1), records=(*table.records, *repeats))


def test_a_feature_that_repeats_another_counts_once(tmp_path):
    cohort, table, _ = planted(n=60)
    stored = []
    for number, one in enumerate((table, with_repeats(table))):
        folder = RunFolder.create(tmp_path / str(number))
        sample = primary_regions(one, cohort, RECIPE)
        store_subtypes(folder, subtype(sample, RECIPE), RECIPE)
        names = ("subtypes", "scaling", "features_by_subtype")
        tables = [folder.read_table(f"results/{name}.parquet").to_csv() for name in names]
        stored.append(tables + [array.tobytes() for array in folder.read_arrays("results/consensus.npz").values()])
    assert len(with_repeats(table).records) == 2 * len(table.records) - 1
    assert stored[0] == stored[1]


@pytest.mark.parametrize("volume", ["volume_mm3", "spharm_volume_mm3"])
def test_either_volume_numbers_the_subtypes(volume):
    cohort, table, truth = planted(n=60)
    backwards = table.values.assign(volume_mm3=1 / table.values["volume_mm3"]).rename(columns={"volume_mm3": volume})
    table = replace(table, values=backwards, records=(replace(table.records[0], name=volume), *table.records[1:]))
    found = subtype(primary_regions(table, cohort, RECIPE), asking(k=3))
    assert (3 - found.subtype.astype(int) == truth).all()


@pytest.mark.parametrize("volume", ["volume_mm3", "spharm_volume_mm3"])
def test_the_largest_region_stands_for_the_patient(volume):
    keys = [RowKey("p", "c", "1", "CT", roi) for roi in ("a", "b", "c")]
    records = (FeatureRecord(volume, "test", "a test"),)
    rows = [(key, Features({volume: size}, {}, records)) for key, size in zip(keys, (5.0, 9.0, 7.0), strict=True)]
    cohort = Cohort(
        (Case("c", "p", tuple(Region(key, None, None, attributes={"split": "", "modality": "CT"}) for key in keys)),)
    )
    sample = primary_regions(FeatureTable.from_rows(rows), cohort, check_recipe({"manifest": "m.csv"}))
    assert sample.values[volume].tolist() == [9.0]
    assert sample.cases["split"].tolist() == ["discovery"]


def test_gaps_take_the_discovery_median_and_useless_features_are_named():
    cohort, table, _ = planted()
    sample = primary_regions(table, cohort, RECIPE)
    sample.values.loc[np.flatnonzero(sample.discovery)[:20], "shape_3"] = np.nan
    sample.values["shape_4"] = 1.0
    first = np.flatnonzero(~sample.discovery)[0]
    sample.values.loc[first, "shape_5"] = np.nan
    values, notes = complete_features(sample)
    assert not {"shape_3", "shape_4"} & set(values.columns)
    assert values.loc[first, "shape_5"] == sample.values.loc[sample.discovery, "shape_5"].median()
    assert "shape_3, shape_4" in notes[0]
    assert notes[1] == "1 missing feature value was replaced by the discovery median."


def asking(**subtypes):
    return check_recipe({"manifest": "m.csv", "subtypes": {"n_resamples": 100, **subtypes}})


@pytest.mark.parametrize("metric", ["pearson", "euclidean"])
def test_validation_patients_get_the_centroid_that_is_nearest_in_the_metric_of_the_recipe(metric):
    cohort, table, _ = planted(n=60)
    sample = primary_regions(table, cohort, RECIPE)
    found = subtype(sample, asking(k=3, k_range=[2, 4], metric=metric))
    first = sample.discovery
    scaled = found.scaled.to_numpy()
    centroids = {name: scaled[first & (found.subtype == name)].mean(axis=0) for name in "123"}
    for name, centroid in centroids.items():
        probe = 0.5 + 0.02 * (centroid - centroid.mean())  # the same profile, other values
        distances = {
            "pearson": {other: 1 - np.corrcoef(probe, one)[0, 1] for other, one in centroids.items()},
            "euclidean": {other: np.linalg.norm(probe - one) for other, one in centroids.items()},
        }
        nearest = {kind: min(one, key=one.get) for kind, one in distances.items()}
        assert nearest["pearson"] == name
        assert assigned_to(probe, sample, found, metric) == nearest[metric]
    assert len({assigned_to(0.5 + 0.02 * (c - c.mean()), sample, found, "euclidean") for c in centroids.values()}) < 3


def assigned_to(probe, sample, found, metric):
    """The subtype of a validation patient whose scaled features are `probe`."""
    low, high = found.scaler.low_, found.scaler.high_
    raw = pd.Series(low + probe * (high - low), index=found.scaled.columns)
    raw["volume_mm3"] = np.exp(raw["volume_mm3"])
    values = sample.values.copy()
    at = int(np.flatnonzero(~sample.discovery)[0])
    values.loc[at, raw.index] = raw
    again = subtype(replace(sample, values=values), asking(k=3, k_range=[2, 4], metric=metric))
    return again.subtype[at]


def test_subtypes_are_numbered_by_their_discovery_tumours_alone():
    cohort, table, _ = planted(n=60)
    sample = primary_regions(table, cohort, RECIPE)
    found = subtype(sample, asking(k=3))
    values = sample.values.copy()
    huge = ~sample.discovery & (found.subtype == "1").to_numpy()
    values.loc[huge, "volume_mm3"] = 1e9  # no discovery tumour changes
    values = pd.concat([values, *[values[huge]] * 9], ignore_index=True)
    cases = pd.concat([sample.cases, *[sample.cases[huge]] * 9], ignore_index=True)
    again = subtype(replace(sample, values=values, cases=cases), asking(k=3))
    first = again.sample.discovery
    assert again.subtype[first].tolist() == found.subtype[sample.discovery].tolist()


def test_after_the_start_those_at_risk_are_those_not_yet_gone():
    cohort, table, _ = planted()
    sample = primary_regions(table, cohort, RECIPE)
    found = subtype(sample, RECIPE)
    steps = pd.concat(survive(sample, found, RECIPE).kaplan_meier)
    days = sample.cases["os_days"].astype(float)
    for name, part in steps[(steps["stratum"] == "all") & (steps["split"] == "all")].groupby("subtype"):
        own = days[(found.subtype == name).to_numpy()]
        assert part["at_risk"].tolist() == [int((own >= start).sum()) for start in part["time_days"]]
        assert part["at_risk"].nunique() > 5


def test_sizes_are_told_by_their_unit_and_not_by_their_name():
    cohort, table, _ = planted(n=30)
    sample = primary_regions(table, cohort, RECIPE)
    odd = tuple(FeatureRecord(name, "test", "a test", unit="mm2" if name == "shape_2" else "1") for name in NAMES)
    assert sample.sizes == {"volume_mm3"}
    assert replace(sample, records=odd).sizes == {"shape_2"}


def test_a_fixed_number_of_subtypes_needs_no_range_that_fits():
    cohort, table, _ = planted(n=12)
    found = subtype(primary_regions(table, cohort, RECIPE), asking(k=2))
    n = int(found.sample.discovery.sum())
    assert (found.k, sorted(found.clustering.consensus_)) == (2, list(range(2, int(0.8 * n))))
    assert n < 12
    assert not any("were tried" in note for note in found.notes)


def test_a_range_that_the_patients_do_not_allow_is_cut_with_a_note():
    tried, notes = numbers_of_subtypes(asking().subtypes, 10)
    assert tried == [2, 3, 4, 5, 6, 7]
    assert notes == ["At most 7 of up to 10 subtypes were tried, because there are 10 discovery patients."]
    assert numbers_of_subtypes(asking().subtypes, 14) == (list(range(2, 11)), [])


@pytest.mark.parametrize(
    ("options", "n", "key", "needed"), [({"k": 4}, 6, "k", 7), ({}, 3, "k_range", 4), ({"k_range": [5, 9]}, 1, "k_range", 8)]
)
def test_too_few_patients_for_the_smallest_number_are_refused_by_key(options, n, key, needed):
    with pytest.raises(ComputeError, match=f"at least {needed} are needed") as caught:
        numbers_of_subtypes(asking(**options).subtypes, n)
    assert caught.value.code == "RT301"
    assert f"`subtypes.{key}`" in caught.value.hint
    assert numbers_of_subtypes(asking(**options).subtypes, needed)[0]


@pytest.mark.parametrize("split", ["discovery", "validation"])
@pytest.mark.parametrize("edge", [-1e9, 1e9])
def test_a_patient_beyond_every_limit_is_left_out_and_does_not_cost_the_run(split, edge):
    cohort, table, _ = planted()
    sample = primary_regions(table, cohort, RECIPE)
    at = int(np.flatnonzero(sample.cases["split"] == split)[0])
    values = sample.values.copy()
    values.loc[at] = edge
    found = subtype(replace(sample, values=values), RECIPE)
    assert len(found.subtype) == len(found.scaled) == len(found.sample.cases) == len(values) - 1
    assert sample.cases["case_id"][at] not in set(found.sample.cases["case_id"])
    assert "1 patient whose scaled features are all the same was left out." in found.notes
    assert survive(found.sample, found, RECIPE).cox


def without_subtypes(table):
    """The same patients, features of noise alone."""
    noise = np.random.default_rng(7).normal(size=(len(table.values), len(NAMES) - 1))
    values = table.values.copy()
    values[list(NAMES[1:])] = noise
    values["volume_mm3"] = np.exp(5 + np.random.default_rng(8).normal(size=len(values)))
    return replace(table, values=values)


def test_a_cohort_without_subtypes_gets_none_and_no_survival_by_them(tmp_path):
    cohort, table, _ = planted()
    recipe = asking(metric="euclidean", n_resamples=100)
    sample = primary_regions(without_subtypes(table), cohort, recipe)
    found = subtype(sample, recipe)
    assert found.k == 1
    assert set(found.subtype) == {"1"}
    assert survive(found.sample, found, recipe) is None
    folder = RunFolder.create(tmp_path / "run")
    store_subtypes(folder, found, recipe)
    stored = folder.read_json("results/consensus.json")
    assert stored["k"] == 1
    assert stored["choice"].startswith("No number of subtypes is more stable than chance: at best by ")
    assert stored["null_tables"]["threshold"] > max(stored["null_tables"]["standardised"].values())
    assert not (folder.path / "results/subtypes.parquet").exists()


def test_the_rule_of_the_recipe_is_followed():
    cohort, table, _ = planted()
    recipe = asking(choose="area", n_resamples=100)
    sample = primary_regions(without_subtypes(table), cohort, recipe)
    found = subtype(sample, recipe)
    assert found.k > 1
    assert found.clustering.k_choice_ is None
