"""Changing the validation patients changes no byte of anything that a study fits on discovery and stores."""

from dataclasses import replace

import numpy as np
import pytest
from study_samples import cohort_of, planted_sample
from threadpoolctl import threadpool_limits

from radiotype.run.outcome import Extraction
from radiotype.run.run import open_run
from radiotype.studies import imaging_subtypes
from radiotype.studies.recipe import check_recipe

#: Files that hold nothing but what was learnt from discovery patients.
FITTED = (
    "scaling.parquet", "encoder.npz", "consensus.npz", "consensus.json", "centroids.parquet", "cluster_purity.parquet",
    "cluster_purity_by_subtype.parquet",
)  # fmt: skip
#: Tables with rows of discovery patients, which were fitted, and of others.
OF_DISCOVERY = ("subtypes", "codes", "encoder_losses", "encoder_descent", "code_correlations")


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """As in `studies.run`."""
    with threadpool_limits(1):
        yield


def stored(sample, folder, monkeypatch, *, refine):
    """Bytes of all that was fitted in a study of these patients, by name, and of the in-group proportions in validation."""
    cohort, table = cohort_of(sample)
    monkeypatch.setattr(imaging_subtypes, "read_cohort", lambda *_, **__: cohort)
    monkeypatch.setattr(imaging_subtypes, "measure", lambda *_: Extraction(table, ()))
    recipe = check_recipe(
        {
            "manifest": "m.csv",
            "cancer_type": "type",
            "subtypes": {
                "k_range": [2, 5], "n_resamples": 40, "choose": "area", "encoder": "autoencoder", "refine": refine,
                "encoding": {"n_codes": 4, "max_iterations": 25},
            },
            "validation": {"null_cohorts": 19, "purity_repeats": 1, "purity_resamples": 50},
        }
    )  # fmt: skip
    with open_run(folder, "run") as run:
        imaging_subtypes.run(recipe, folder / "m.csv", run)
    found = {name: (folder / "results" / name).read_bytes() for name in FITTED}
    for name in OF_DISCOVERY:
        rows = run.folder.read_table(f"results/{name}.parquet")
        rows = rows[rows["split"] == "discovery"]
        if refine and name == "subtypes":
            rows = rows.drop(columns="subtype")  # fitted on everybody, as the recipe asks
        found[name] = rows.to_csv(index=False).encode()
    return found, (folder / "results" / "in_group_proportions.parquet").read_bytes()


def changed(sample, which):
    """The sample with other validation patients, or with one other discovery patient."""
    out = ~sample.discovery
    values = sample.values.copy()
    if which == "other values":
        values.loc[out] = values.loc[out].to_numpy() * np.random.default_rng(3).uniform(0.5, 3, (out.sum(), values.shape[1]))
    elif which == "fewer":
        return sample.take(sample.discovery | (np.cumsum(out) > out.sum() // 3))
    elif which == "another discovery patient":
        values.loc[np.flatnonzero(sample.discovery)[0]] *= 3
    return replace(sample, values=values)


@pytest.mark.parametrize(("refine", "which"), [(False, "other values"), (True, "fewer")])
def test_changing_the_validation_patients_changes_no_byte_of_what_was_fitted_on_discovery(tmp_path, monkeypatch, refine, which):
    sample, _ = planted_sample(120, 3)
    before, proportions = stored(sample, tmp_path / "0", monkeypatch, refine=refine)
    after, others = stored(changed(sample, which), tmp_path / "1", monkeypatch, refine=refine)
    assert [name for name in before if before[name] != after[name]] == []
    assert others != proportions  # the change was seen where it must be


def test_changing_a_discovery_patient_does(tmp_path, monkeypatch):
    sample, _ = planted_sample(120, 3)
    before, _ = stored(sample, tmp_path / "0", monkeypatch, refine=False)
    after, _ = stored(changed(sample, "another discovery patient"), tmp_path / "1", monkeypatch, refine=False)
    same = {name for name in before if before[name] == after[name]}
    assert same <= {"subtypes", "cluster_purity.parquet", "cluster_purity_by_subtype.parquet"}
