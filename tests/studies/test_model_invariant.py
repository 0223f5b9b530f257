"""The model of a study gives every validation patient the study's own subtype, and knows nothing of the validation patients."""

from dataclasses import replace
from hashlib import sha256

import numpy as np
import pandas as pd
import pytest
from study_samples import cohort_of, planted_sample
from threadpoolctl import threadpool_limits

from radiotype.errors import ModelError
from radiotype.predict import Model
from radiotype.predict.bundle import model_bytes
from radiotype.predict.tumours import read_tumours
from radiotype.run.store import RunFolder
from radiotype.studies.model import MODEL, TUMOURS, card_sentences, model_of, store_model
from radiotype.studies.recipe import check_recipe
from radiotype.studies.subtyping import refined, subtype


def recipe_of(encoder="none", **more):
    encoding = {"encoding": {"n_codes": 4, "max_iterations": 25}} if encoder != "none" else {}
    subtypes = {"k_range": [2, 4], "n_resamples": 30, "choose": "area", "encoder": encoder, **encoding}
    return check_recipe(
        {
            "manifest": "m.csv",
            "cancer_type": "type",
            "subtypes": subtypes,
            "model": {"n_rounds": 10, **more},
            "title": "Planted",
        }
    )


def with_gaps(sample):
    """The sample with a twentieth of the values missing."""
    values = sample.values.mask(np.random.default_rng(2).random(sample.values.shape) < 0.05)
    return replace(sample, values=values)


@pytest.fixture(scope="module", params=["none", "autoencoder", "components"])
def study(request):
    with threadpool_limits(1):
        sample = with_gaps(planted_sample(150, 3)[0])
        recipe = recipe_of(request.param)
        found = subtype(sample, recipe)
        table = cohort_of(replace(sample, values=sample.values.fillna(0)))[1]
        return found, recipe, model_of(found, recipe, table)


def test_the_saved_model_gives_every_validation_patient_the_subtype_of_the_study(study, tmp_path):
    found, _, fitted = study
    fitted.model.save(tmp_path / "m")
    again = Model.load(tmp_path / "m")
    predicted = again.predict(found.sample.values, by="assignment")
    assert found.sample.values.isna().sum().sum() > 100 and (~found.sample.discovery).sum() > 50
    others = ~found.sample.discovery
    assert predicted.classes[predicted.position][others].tolist() == found.subtype[others].tolist()
    # discovery patients have the subtype of their cluster, which is nearly always that of the nearest centroid
    assert (predicted.classes[predicted.position] == found.subtype.to_numpy())[~others].mean() > 0.9
    assert predicted.n_filled.tolist() == found.sample.values[found.scaled.columns].isna().sum(axis=1).tolist()
    np.testing.assert_allclose(again.codes(found.sample.values), found.codes.to_numpy(), rtol=1e-9, atol=1e-12)
    by_trees = again.predict(found.sample.values)
    own = by_trees.classes[by_trees.position] == found.subtype.to_numpy()
    # trees are as good as they say by patients whom they had not seen
    assert own[others].mean() == pytest.approx(again.classifier.accuracy_, abs=0.15)
    assert by_trees.out_of_distribution[~found.sample.discovery].mean() < 0.1


def test_a_case_beyond_everything_seen_is_outside_and_its_feature_named(study):
    found, _, fitted = study
    values = found.sample.values.iloc[:2].copy()
    values.loc[1, "shape_3"] = 300.0
    new = fitted.model.predict(values)
    assert new.out_of_distribution.tolist()[1] and new.farthest[1] == "shape_3"


def test_the_card_tells_counts_recipe_and_limits(study):
    found, recipe, fitted = study
    n = int(found.sample.discovery.sum())
    card, told = fitted.model.card, fitted.model.provenance
    assert card.n_cases == n and sum(card.n_per_subtype.values()) == n and card.purpose == "Planted"
    assert any("no ground for decisions" in note for note in card.notes)
    assert sum(told["discovery"]["modalities"].values()) == n
    assert told["recipe"]["subtypes"]["encoder"] == recipe.subtypes.encoder and "manifest" not in told["recipe"]
    assert any("never saw" in line for line in card_sentences(fitted.model))


def test_the_model_names_no_reader(study):
    found, recipe, fitted = study
    named = recipe.model_copy(update={"regions": recipe.regions.model_copy(update={"reader": "Dr Somebody"})})
    told = model_of(found, named, cohort_of(replace(found.sample, values=found.sample.values.fillna(0)))[1]).model
    assert b"Somebody" not in model_bytes(told) and told.provenance["recipe"]["regions"]["reader"] == "one reader"
    assert fitted.model.provenance["recipe"]["regions"]["reader"] is None


@pytest.mark.parametrize("refine", [False, True])
def test_changing_the_validation_patients_changes_no_byte_of_the_model(refine):
    written = []
    with threadpool_limits(1):
        for change in (1.0, 1.7):
            sample, _ = planted_sample(120, 3)
            values = sample.values.copy()
            values.loc[~sample.discovery] *= change
            sample = replace(sample, values=values)
            found = subtype(sample, recipe_of())
            found = refined(found, recipe_of()) if refine else found
            fitted = model_of(found, recipe_of(), cohort_of(sample)[1])
            assert refine == any("found again in all patients" in note for note in (*fitted.model.card.notes, *fitted.notes))
            written.append(model_bytes(fitted.model))
    assert written[0] == written[1]


def test_changing_a_discovery_patient_does():
    sample, _ = planted_sample(120, 3)
    values = sample.values.copy()
    values.loc[np.flatnonzero(sample.discovery)[0], "shape_2"] += 0.1
    written = [
        model_bytes(model_of(subtype(one, recipe_of()), recipe_of(), cohort_of(one)[1]).model)
        for one in (sample, replace(sample, values=values))
    ]
    assert written[0] != written[1]


def test_a_study_without_subtypes_has_no_model_and_small_subtypes_no_trees():
    few = planted_sample(18, 3)[0]
    few = replace(few, cases=few.cases.assign(split="discovery"))
    recipe = check_recipe({"manifest": "m.csv", "subtypes": {"k": 6, "n_resamples": 30}})
    fitted = model_of(subtype(few, recipe), recipe, cohort_of(few)[1])
    assert fitted.model.classifier is None and "nearest centroid alone" in fitted.notes[0]
    nothing = replace(subtype(few, recipe), k=1, centroids=None)
    assert model_of(nothing, recipe, cohort_of(few)[1]) is None


def test_training_tumours_have_pictures_and_no_id_and_stay_with_their_model(study, tmp_path):
    found, recipe, fitted = study
    folder = RunFolder.create(tmp_path / "run")
    rng = np.random.default_rng(1)
    rows = []
    for at, key in enumerate(found.sample.cases[["patient_id", "case_id", "visit", "scan", "roi"]].to_dict("records")):
        side = 40 + at
        arrays = {
            "image_axial": rng.integers(0, 255, (side, 150), dtype=np.uint8),
            "mask_axial": np.ones((side, 150), dtype=bool),
            "spacing_axial": np.array([0.5, 2.0]),
        }
        folder.write_arrays(f"overlays/{at:032x}.npz", arrays) if at % 5 else None
        rows += [key | {"file": f"{at:032x}.npz"}] if at % 5 else []
    folder._require_unchanged = lambda name: None  # the pictures here are not named by their checksums
    folder.write_table("overlays/index.parquet", pd.DataFrame(rows))
    store_model(folder, found, fitted, recipe)
    digest = sha256((folder.path / MODEL).read_bytes()).digest()
    tumours = read_tumours(folder.path / TUMOURS, digest, 3)
    assert len(tumours) == found.sample.discovery.sum()
    data = (folder.path / TUMOURS).read_bytes()
    assert not any(one.encode() in data for one in found.sample.cases["case_id"])
    there = tumours.shapes[:, 0] > 0
    assert 0.7 < there.mean() < 0.9
    picture = tumours.picture(int(np.flatnonzero(there)[0]))
    assert picture["image_axial"].shape[1] == 75 and picture["spacing_axial"].tolist() == [1.0, 4.0]
    assert picture["mask_axial"].all() and tumours.picture(int(np.flatnonzero(~there)[0])) == {}
    # a training tumour is nearest to itself, and carries the subtype of the study
    codes = fitted.model.codes(found.sample.values)[found.sample.discovery]
    places, distances = tumours.nearest(codes, 3)
    np.testing.assert_allclose(distances[:, 0], 0, atol=1e-12)
    assert (np.diff(distances, axis=1) >= 0).all()
    classes = fitted.model.assignment.classes_.astype(str)
    assert (classes[tumours.subtype[places[:, 0]]] == found.subtype[found.sample.discovery].to_numpy()).all()
    with pytest.raises(ModelError, match="another model"):
        read_tumours(folder.path / TUMOURS, b"0" * 32, 3)
    (tmp_path / "bad").write_bytes(data[:-3])
    with pytest.raises(ModelError, match="cannot be read"):
        read_tumours(tmp_path / "bad", digest, 3)
    with pytest.raises(ModelError, match="cannot be read"):
        read_tumours(folder.path / TUMOURS, digest, 2)
