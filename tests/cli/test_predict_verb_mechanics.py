"""`radiotype predict`, and a second cohort with frozen subtypes, on small images."""

import shutil
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from radiotype import simulate, studies
from radiotype.cli import app as cli
from radiotype.core import Grid
from radiotype.errors import ComputeError, ModelError, RecipeError, StoreError
from radiotype.io import write_nifti
from radiotype.predict import Model
from radiotype.run.store import RunFolder
from radiotype.studies.image_settings import ImageSettings, ParenchymaSettings
from radiotype.studies.images import image_versions
from radiotype.studies.new_patients import load_model


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Manifest, folder of a study on it, and its table of members."""
    folder = tmp_path_factory.mktemp("study")
    cohort = simulate.cohort(folder / "data", n_cases=36, size="small", seed=4)
    recipe = {
        "manifest": str(cohort.manifest),
        "features": {"families": ["morphology"]},
        "cancer_type": "cancer_type",
        "outcome": {"time": "os_days", "event": "os_event"},
        "subtypes": {"k": 2, "k_range": [2, 2], "n_resamples": 40},
        "validation": {"null_cohorts": 19, "purity_repeats": 0},
        "model": {"n_rounds": 5},
        "contrasts": [[1, 2]],
    }
    studies.run(recipe, folder / "run")
    return cohort.manifest, folder / "run", RunFolder.open(folder / "run").read_table("results/subtypes.parquet")


def command(*words):
    """Exit code of a command line."""
    return cli.app([str(word) for word in words], standalone_mode=False) or 0


def test_the_study_writes_a_model_and_the_report_shows_it(study):
    _, run, members = study
    model = Model.load(run / "model.radiotype")
    assert model.card.n_cases == (members["split"] == "discovery").sum()
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "The model for new patients" in page and "Declared contrasts" in page
    contrasts = RunFolder.open(run).read_table("results/contrasts.parquet")
    assert contrasts["contrast"].tolist() == ["1 v 2"] and contrasts["hazard_ratio"].gt(0).all()


def test_what_lies_beside_a_model_is_told_from_it(study, tmp_path):
    manifest, run, _ = study
    for wrong in (run, run / "model.tumours"):
        with pytest.raises(ModelError, match="RT502") as caught:
            command("predict", wrong, manifest, "-o", tmp_path / "out")
        assert f"the model is {run / 'model.radiotype'}" in caught.value.hint


def test_a_manifest_of_the_same_patients_gives_the_subtypes_of_the_study(study, tmp_path):
    manifest, run, members = study
    assert command("predict", run / "model.radiotype", manifest, "-o", tmp_path / "out", "--by", "assignment", "-j", 0) == 0
    found = pd.read_csv(tmp_path / "out" / "predictions.csv", dtype=str).set_index("case_id")["subtype"]
    others = members[members["split"] == "validation"].set_index("case_id")["subtype"]
    assert len(others) > 5 and found[others.index].tolist() == others.tolist()


def case_of(manifest, at=0):
    row = pd.read_csv(manifest, dtype=str).iloc[at]
    return manifest.parent / row["image"], manifest.parent / row["mask"], row


def test_a_single_scan_gets_subtype_probabilities_neighbours_and_a_page(study, tmp_path, capsys):
    manifest, run, _ = study
    image, mask, row = case_of(manifest)
    words = ("predict", run / "model.radiotype", image, "--mask", mask, "--modality", row["modality"], "-o", tmp_path / "out")
    assert command(*words) == 0
    assert "within the domain of the model" in capsys.readouterr().out
    stored = RunFolder.open(tmp_path / "out")
    (one,) = stored.read_table("results/predictions.parquet").to_dict("records")
    assert one["case_id"] == "new-case" and one["probability_1"] + one["probability_2"] == pytest.approx(1)
    near = stored.read_table("results/neighbours.parquet")
    assert near["rank"].tolist() == [1, 2, 3] and near["distance"].is_monotonic_increasing
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert page.count("<figure class") == 4 and f"Training tumour {near['tumour'][0]}" in page
    assert "New patients" in page and str(tmp_path) not in page and str(manifest.parent) not in page
    assert not any(f">{case}<" in page for case in pd.read_csv(manifest, dtype=str)["case_id"])
    before = (tmp_path / "out" / "report.html").read_bytes()
    assert command("report", tmp_path / "out") == 0
    assert (tmp_path / "out" / "report.html").read_bytes() == before


def test_a_case_unlike_any_other_is_called_outside_and_a_foreign_modality_as_well(study, tmp_path, capsys):
    _, run, _ = study
    grid = Grid((40, 40, 40), np.diag([4.0, 4.0, 4.0, 1.0]))
    inside = np.zeros(grid.shape, dtype=np.uint8)
    inside[2:38, 20:22, 20:22] = 1  # a needle of 14 cm
    write_nifti(tmp_path / "scan.nii.gz", np.indices(grid.shape).sum(axis=0).astype(np.int16), grid)
    write_nifti(tmp_path / "mask.nii.gz", inside, grid)
    words = ("predict", run / "model.radiotype", tmp_path / "scan.nii.gz", "--mask", tmp_path / "mask.nii.gz")
    assert command(*words, "--modality", "PT", "-o", tmp_path / "out") in (0, 3)
    told = capsys.readouterr().out
    assert "OUTSIDE the domain" in told and "no training scan was PT" in told and "unlike any training tumour" in told
    assert "lies outside the domain of the model" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_a_model_works_without_its_training_tumours(study, tmp_path):
    manifest, run, _ = study
    shutil.copy(run / "model.radiotype", tmp_path / "m.radiotype")
    image, mask, row = case_of(manifest, 1)
    words = ("predict", tmp_path / "m.radiotype", image, "--mask", mask, "--modality", row["modality"])
    assert command(*words, "-o", tmp_path / "out") == 0
    assert "came without its training tumours" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_what_cannot_be_is_refused(study, tmp_path):
    manifest, run, _ = study
    image, mask, _ = case_of(manifest)
    model = run / "model.radiotype"
    with pytest.raises(StoreError, match="that of the model"):
        command("predict", model, manifest, "-o", run)
    for words, said in (
        ((model, image), "no mask is given"),
        ((model, manifest, "--modality", "CT"), "belongs to a single scan"),
        ((model, image, "--mask", mask, "--modality", "XR"), "not a modality"),
        ((model, image, "--mask", mask), "does not say its modality"),
        ((model, manifest, "--by", "magic"), "neither classifier nor assignment"),
        ((model, manifest, "--organ", "lung"), "belongs to a single scan"),
        ((model, image, "--mask", mask, "--modality", "CT", "--organ", "lung"), "the model asks for none"),
    ):
        with pytest.raises(RecipeError, match=said):
            command("predict", *words, "-o", tmp_path / "out")
    with pytest.raises(ComputeError, match=r"no region could be described; new-case: .*the file does not exist[\s\S]*RT2"):
        command("predict", model, image, "--mask", tmp_path / "nothing.nii.gz", "--modality", "CT", "-o", tmp_path / "out")


def test_a_scan_names_the_organ_that_the_study_of_the_model_read_from_a_column(study, tmp_path):
    manifest, run, _ = study
    image, mask, row = case_of(manifest, pd.read_csv(manifest)["modality"].tolist().index("MR"))
    model = Model.load(run / "model.radiotype")
    scans = {"images": {"harmonise": {"intensity": "z_score"}}, "parenchyma": {"find": "auto", "organ": "cancer_type"}}
    versions = image_versions(ImageSettings(**scans["images"]), ParenchymaSettings(**scans["parenchyma"]))
    told = {**model.provenance, "recipe": scans, "image_versions": versions}
    replace(model, provenance=told).save(tmp_path / "m.radiotype")
    words = ("predict", tmp_path / "m.radiotype", image, "--mask", mask, "--modality", "MR", "-o", tmp_path / "out")
    with pytest.raises(RecipeError, match="read the organ from the column 'cancer_type'") as caught:
        command(*words)
    assert "--organ lung, brain, breast" in caught.value.hint
    with pytest.raises(RecipeError, match="names none of lung, brain, breast"):
        command(*words, "--organ", "liver")
    assert command(*words, "--organ", row["cancer_type"]) == 0
    assert "within the brain" in pd.read_parquet(tmp_path / "out" / "cases.parquet")["remarks"].item()


def frozen(manifest, run, **more):
    return {
        "manifest": str(manifest),
        "title": "Second cohort",
        "cancer_type": "cancer_type",
        "outcome": {"time": "os_days", "event": "os_event"},
        "frozen": {"model": str(run / "model.radiotype"), "by": "assignment"},
        "contrasts": [[1, 2]],
        "evidence": {"subgroups": ["sex"], "treatment": "treatment"},
    } | more


def test_a_second_cohort_is_assigned_with_subtypes_frozen_and_compared_in_declared_contrasts(study, tmp_path):
    manifest, run, members = study
    result = studies.run(frozen(manifest, run), tmp_path / "out")
    stored = RunFolder.open(result.folder)
    second = stored.read_table("results/subtypes.parquet").set_index("case_id")
    assert set(second["split"]) == {"validation"} and set(second["how"]) == {"assigned"}
    others = members[members["split"] == "validation"].set_index("case_id")["subtype"]
    assert second.loc[others.index, "subtype"].tolist() == others.tolist()
    assert not stored.has("results/consensus.json") and not stored.has("model.radiotype")
    assert stored.read_table("results/contrasts.parquet")["model"].tolist() == ["unadjusted"]
    page = result.report.read_text(encoding="utf-8")
    assert "frozen model of an earlier study" in page and "Declared contrasts" in page
    # whatever was asked of the outcome is answered, or its reason told
    told = set(stored.read_table("results/subgroup_tests.parquet")["variable"])
    assert told == {"sex"} and "Treatment by subtype" in page
    assert stored.has("results/treatment_effects.parquet") or any("Treatment by" in note for note in result.notes)
    # the resolved recipe, which names the features of the model, runs again
    again = studies.run(result.folder / "recipe.resolved.yaml", tmp_path / "again")
    tables = [RunFolder.open(one.folder).read_table("results/contrasts.parquet") for one in (result, again)]
    pd.testing.assert_frame_equal(*tables)


def test_a_frozen_recipe_that_asks_for_more_is_refused(study, tmp_path):
    manifest, run, _ = study
    for more, said in (
        ({"subtypes": {"k": 3}}, "`subtypes` is set"),
        ({"features": {"families": ["margin"]}}, "set otherwise"),
        ({"contrasts": [[1, 3]]}, "names subtype 3; there can be 1, 2"),
        ({"outcome": None, "evidence": None}, "names no outcome"),
        ({"images": {"harmonise": {"spacing_mm": 2}}}, "`images` is set otherwise"),
        ({"parenchyma": {"find": "auto"}}, "`parenchyma` is set otherwise"),
    ):
        with pytest.raises(RecipeError, match=said):
            studies.run(frozen(manifest, run, **more), tmp_path / "out")


def test_a_model_of_unknown_features_and_one_of_another_version_are_refused(study, tmp_path, monkeypatch):
    from radiotype.errors import ModelError
    from radiotype.predict import FeatureSchema, ModelCard
    from radiotype.subtypes import NearestCentroid

    _, run, _ = study
    table = pd.DataFrame({"a": [1.0, 2.0, 8.0], "b": [0.0, 3.0, 7.0]})
    rule = NearestCentroid("euclidean").fit(table, [1, 1, 2])
    Model(FeatureSchema.of(table), ModelCard.of([1, 1, 2]), assignment=rule).save(tmp_path / "m")
    with pytest.raises(ModelError, match="does not tell how"):
        load_model(tmp_path / "m")
    new_patients = sys.modules["radiotype.studies.new_patients"]
    real = new_patients.family
    monkeypatch.setattr(
        new_patients, "family", lambda name: type("F", (), {"algorithm_version": real(name).algorithm_version + 1})
    )
    with pytest.raises(ModelError, match="algorithm version"):
        load_model(run / "model.radiotype")
