"""The model of a harmonised study measures a new patient harmonised, and gives the subtype that the study gave that patient."""

from dataclasses import replace

import pandas as pd
import pytest

from radiotype import simulate, studies
from radiotype.cli import app as cli
from radiotype.errors import ModelError, RecipeError
from radiotype.imaging import harmonise
from radiotype.imaging.parenchyma import loader
from radiotype.predict import Model
from radiotype.run.store import RunFolder
from radiotype.studies.frozen_subtypes import with_features_of
from radiotype.studies.new_patients import load_model
from radiotype.studies.recipe import check_recipe

IMAGES = {"harmonise": {"spacing_mm": 3.0, "intensity": "percentiles"}}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Rows of the manifest, its folder, and the folder of a study of harmonised scans."""
    folder = tmp_path_factory.mktemp("harmonised")
    cohort = simulate.cohort(folder / "data", n_cases=24, size="small", seed=4)
    recipe = {
        "manifest": str(cohort.manifest),
        "images": IMAGES,
        "parenchyma": {"find": "auto", "organ": "cancer_type"},
        "features": {"families": ["morphology", "margin"]},
        "cancer_type": "cancer_type",
        "subtypes": {"k": 2, "k_range": [2, 2], "n_resamples": 30},
        "validation": {"null_cohorts": 19, "purity_repeats": 0},
        "model": {"n_rounds": 5, "pictures": False},
    }
    studies.run(recipe, folder / "run")
    return pd.read_csv(cohort.manifest, dtype=str).fillna(""), cohort.manifest.parent, folder / "run"


def single(study, model, out, *more):
    """What the command says of one MR scan of a validation patient: its features and its row of predictions."""
    rows, data, run = study
    members = RunFolder.open(run).read_table("results/subtypes.parquet")
    others = members[(members["split"] == "validation") & (members["modality"] == "MR")]
    row = rows[rows["case_id"] == others["case_id"].iloc[0]].iloc[0]
    words = ["predict", model, data / row["image"], "--mask", data / row["mask"], "--modality", "MR", "--by", "assignment"]
    words += ["--parenchyma", data / row["parenchyma"]] if row["parenchyma"] else []
    words += ["--case-id", row["case_id"], "-o", out, *(more or ("--organ", row["cancer_type"]))]
    assert not cli.app([str(word) for word in words], standalone_mode=False)
    stored = RunFolder.open(out)
    (found,) = stored.read_table("results/predictions.parquet").to_dict("records")
    return stored.read_table("features.parquet"), found, others.iloc[0]


def test_a_new_scan_is_harmonised_as_those_of_the_study_and_has_its_subtype(study, tmp_path):
    _, _, run = study
    loaded = load_model(run / "model.radiotype")
    assert loaded.images.harmonise.spacing_mm == 3.0 and loaded.parenchyma.organ == "cancer_type"
    features, found, member = single(study, run / "model.radiotype", tmp_path / "out")
    known = RunFolder.open(run).read_table("features.parquet").set_index("case_id").loc[member["case_id"]]
    numbers = features.select_dtypes("number").columns
    assert len(numbers) > 20
    pd.testing.assert_series_equal(features.iloc[0][numbers], known[numbers], check_names=False, check_exact=True)
    assert found["subtype"] == member["subtype"]


def test_a_model_that_does_not_tell_of_harmonising_measures_the_scan_as_it_is(study, tmp_path):
    """The other side: without what the model carries the very same scan has other features."""
    _, _, run = study
    model = Model.load(run / "model.radiotype")
    told = dict(model.provenance)
    told["recipe"] = {name: value for name, value in told["recipe"].items() if name not in ("images", "parenchyma")}
    told.pop("image_versions")
    replace(model, provenance=told).save(tmp_path / "plain.radiotype")
    features, _, member = single(study, tmp_path / "plain.radiotype", tmp_path / "out", "--by", "assignment")
    known = RunFolder.open(run).read_table("features.parquet").set_index("case_id").loc[member["case_id"]]
    assert features["volume_mm3"].iloc[0] != known["volume_mm3"]


def test_the_organ_of_a_single_scan_is_asked_for_where_the_study_had_a_column_of_it(study, tmp_path):
    with pytest.raises(RecipeError, match=r"the column 'cancer_type'[\s\S]*--organ lung"):
        single(study, study[2] / "model.radiotype", tmp_path / "out", "--by", "assignment")
    with pytest.raises(RecipeError, match="'liver', which names none of"):
        single(study, study[2] / "model.radiotype", tmp_path / "out", "--organ", "liver")


def test_settings_of_images_that_this_version_does_not_know_are_refused(study, tmp_path):
    model = Model.load(study[2] / "model.radiotype")
    for images in ({"harmonise": {"spacing_mm": -1}}, {"harmonise": {"magic": True}}, 7, ["spacing_mm"]):
        told = dict(model.provenance) | {"recipe": {"images": images}}
        replace(model, provenance=told).save(tmp_path / "m.radiotype")
        with pytest.raises(ModelError, match="not those of this version"):
            load_model(tmp_path / "m.radiotype")


def test_a_model_of_scans_prepared_by_another_version_is_refused(study, monkeypatch):
    model = study[2] / "model.radiotype"
    assert load_model(model).model.provenance["image_versions"] == {
        "harmonise": harmonise.VERSION,
        "parenchyma": loader.VERSION,
    }
    for module in (harmonise, loader):
        with monkeypatch.context() as patch:
            patch.setattr(module, "VERSION", 99)
            with pytest.raises(ModelError, match="were prepared by other versions"):
                load_model(model)


def test_a_second_cohort_is_harmonised_as_the_model_and_another_wish_is_refused(study):
    loaded = load_model(study[2] / "model.radiotype")
    recipe = check_recipe({"manifest": "m.csv", "frozen": {"model": "m"}})
    own = with_features_of(loaded, recipe)
    assert (own.images, own.parenchyma, own.features) == (loaded.images, loaded.parenchyma, loaded.settings)
    for other in (
        {"images": {"harmonise": {"spacing_mm": 2.0}}},
        {"images": {"harmonise": {"spacing_mm": 3.0}}},
        {"parenchyma": {"find": "auto"}},
    ):
        with pytest.raises(RecipeError, match=f"`{next(iter(other))}` is set otherwise than for the frozen model"):
            with_features_of(loaded, check_recipe({"manifest": "m.csv", "frozen": {"model": "m"}} | other))
