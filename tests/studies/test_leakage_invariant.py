"""Changing the validation patients changes no byte of anything that a study fits on discovery and stores."""

from dataclasses import replace

import numpy as np
import pytest
from study_samples import cohort_of, planted_sample
from threadpoolctl import threadpool_limits

from radiotype.core import Features, FeatureTable
from radiotype.run.outcome import Extraction
from radiotype.run.run import open_run
from radiotype.studies import imaging_subtypes, robustness
from radiotype.studies.recipe import check_recipe

#: Files that hold nothing but what was learnt from discovery patients.
FITTED = (
    "model.radiotype", "model.tumours",
    *(f"results/{name}" for name in (
        "robustness.parquet", "scaling.parquet", "encoder.npz", "consensus.npz", "consensus.json", "centroids.parquet",
        "cluster_purity.parquet", "cluster_purity_by_subtype.parquet", "medoids.parquet", "medoids.npz",
        "medoid_reconstructions.parquet", "model_steps.parquet", "model_confusion.parquet", "conventional_model.parquet",
        "conventional_path.parquet", "subtype_score.parquet",
    )),
)  # fmt: skip
#: Tables with rows of discovery patients, which were fitted, and of others.
OF_DISCOVERY = ("subtypes", "codes", "encoder_losses", "encoder_descent", "code_correlations", "risk_scores")


def by_moved_contours(cohort, *_, **__):
    """Features of moved contours without images: those of each case, some of them with much noise."""
    rows = []
    for region in cohort.regions():
        number = int(region.key.case_id[1:])
        values = by_moved_contours.values.loc[number].to_dict()
        noise = np.random.default_rng(number).normal(0, 1, len(values))
        moved = {name: one + (i > 15) * 9 * noise[i] for i, (name, one) in enumerate(values.items())}
        rows.append((region.key, Features(moved, {}, by_moved_contours.records)))
    return Extraction(FeatureTable.from_rows(rows), ())


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """As in `studies.run`."""
    with threadpool_limits(1):
        yield


def stored(sample, folder, monkeypatch, *, refine):
    """Bytes of all that was fitted in a study of these patients, by name, and of the in-group proportions in validation."""
    cohort, table = cohort_of(sample)
    numbers = sample.cases["case_id"].str[1:].astype(int)
    monkeypatch.setattr(by_moved_contours, "values", sample.values.set_axis(numbers), raising=False)
    monkeypatch.setattr(by_moved_contours, "records", sample.records, raising=False)
    monkeypatch.setattr(imaging_subtypes, "read_cohort", lambda *_, **__: cohort)
    monkeypatch.setattr(imaging_subtypes, "measure", lambda *_: Extraction(table, ()))
    monkeypatch.setattr(imaging_subtypes, "measure_conventional", lambda *_: table)
    monkeypatch.setattr(robustness, "describe_cohort", by_moved_contours)
    recipe = check_recipe(
        {
            "manifest": "m.csv",
            "cancer_type": "type",
            "features": {"spharm": {"degree": 3}},
            "outcome": {"time": "days", "event": "dead"},
            "evidence": {"comparator": {"folds": 3}},
            "robustness": {"n_patients": 100, "least_icc": 0.5},
            "model": {"n_rounds": 3},
            "subtypes": {
                "k_range": [2, 5], "n_resamples": 40, "choose": "area", "encoder": "autoencoder", "refine": refine,
                "encoding": {"n_codes": 4, "max_iterations": 25},
            },
            "validation": {"null_cohorts": 19, "purity_repeats": 1, "purity_resamples": 50},
        }
    )  # fmt: skip
    with open_run(folder, "run") as run:
        imaging_subtypes.run(recipe, folder / "m.csv", run)
    found = {name: (folder / name).read_bytes() for name in FITTED}
    for name in OF_DISCOVERY:
        rows = run.folder.read_table(f"results/{name}.parquet")
        rows = rows[rows["split"] == "discovery"]
        if refine and "subtype" in rows and name != "risk_scores":
            rows = rows.drop(columns="subtype")  # fitted on everybody, as the recipe asks
        found[name] = rows.to_csv(index=False).encode()
    return found, (folder / "results" / "in_group_proportions.parquet").read_bytes()


def followed(sample):
    """The patients with a follow-up that depends on their first feature."""
    rng = np.random.default_rng(9)
    days = rng.exponential(900, len(sample.cases)) * np.exp(-0.5 * sample.values["shape_0"].rank(pct=True).to_numpy())
    dead = rng.random(len(days)) < 0.8
    return replace(
        sample, cases=sample.cases.assign(days=[f"{one:.0f}" for one in days + 1], dead=dead.astype(int).astype(str))
    )


def changed(sample, which):
    """The sample with other validation patients, or with one other discovery patient."""
    out = ~sample.discovery
    values = sample.values.copy()
    if which == "other values":
        days = sample.cases["days"].where(~out, "77")  # of the validation patients, the outcome too
        sample = replace(sample, cases=sample.cases.assign(days=days))
        values.loc[out] = values.loc[out].to_numpy() * np.random.default_rng(3).uniform(0.5, 3, (out.sum(), values.shape[1]))
    elif which == "fewer":
        return sample.take(sample.discovery | (np.cumsum(out) > out.sum() // 3))
    elif which == "another discovery patient":
        values.loc[np.flatnonzero(sample.discovery)[0]] *= 3
    return replace(sample, values=values)


@pytest.mark.parametrize(("refine", "which"), [(False, "other values"), (True, "fewer")])
def test_changing_the_validation_patients_changes_no_byte_of_what_was_fitted_on_discovery(tmp_path, monkeypatch, refine, which):
    sample = followed(planted_sample(120, 3)[0])
    before, proportions = stored(sample, tmp_path / "0", monkeypatch, refine=refine)
    after, others = stored(changed(sample, which), tmp_path / "1", monkeypatch, refine=refine)
    assert [name for name in before if before[name] != after[name]] == []
    assert others != proportions  # the change was seen where it must be


def test_changing_a_discovery_patient_does(tmp_path, monkeypatch):
    sample = followed(planted_sample(120, 3)[0])
    before, _ = stored(sample, tmp_path / "0", monkeypatch, refine=False)
    after, _ = stored(changed(sample, "another discovery patient"), tmp_path / "1", monkeypatch, refine=False)
    same = {name.removeprefix("results/") for name in before if before[name] == after[name]}
    assert same <= {
        "subtypes", "cluster_purity.parquet", "cluster_purity_by_subtype.parquet", "medoids.npz", "model_steps.parquet",
        "medoid_reconstructions.parquet", "model_confusion.parquet", "subtype_score.parquet",
    }  # fmt: skip
