"""Recipes: every problem at once, with the nearest key, before anything is read."""

import pytest
import yaml

from radiotype.errors import RecipeError
from radiotype.studies.recipe import Recipe, check_recipe, read_recipe


def test_a_manifest_is_all_a_recipe_needs_and_the_resolved_one_says_everything():
    recipe = check_recipe({"manifest": "m.csv"})
    again = check_recipe(yaml.safe_load(recipe.to_yaml()))
    assert again == recipe
    assert yaml.safe_load(recipe.to_yaml())["subtypes"]["n_resamples"] == 10_000


def test_all_problems_are_listed_with_the_nearest_key():
    content = {
        "manifst": "m.csv",
        "subtypes": {"n_resample": 5, "item_fraction": 2},
        "features": {"families": ["margn"]},
        "seed": "x",
    }
    with pytest.raises(RecipeError) as caught:
        check_recipe(content)
    text = str(caught.value)
    assert caught.value.code == "RT102"
    assert "6 problems" in text
    assert "manifst: there is no such key, did you mean 'manifest'?" in text
    assert "subtypes.n_resample: there is no such key, did you mean 'n_resamples'?" in text
    assert "manifest: is needed" in text
    assert "no feature family is called 'margn'; there are morphology, margin" in text


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"manifest": "m.csv", "recipe_version": 2}, "RT104"),
        ({"manifest": "m.csv", "seed": -1}, "RT103"),
        ({"manifest": "m.csv", "subtypes": {"k_range": [5, 2]}}, "RT103"),
        ({"manifest": "m.csv", "subtypes": {"k": "many"}}, "RT103"),
        ({"manifest": "m.csv", "subtypes": {"k": 1}}, "RT103"),
        ({"manifest": "m.csv", "subtypes": {"k": True}}, "RT103"),
        ({"manifest": "m.csv", "subtypes": {"k_range": [2, 255]}}, "RT103"),
        ({"manifest": "m.csv", "features": {"families": ["margin", "margin"]}}, "RT103"),
        ({"manifest": "m.csv", "features": {"margin": {"distances_mm": [5, 5.0000001]}}}, "RT103"),
        ({"manifest": "m.csv", "features": {"margin": {"ranges": {"CT": [500, -1000]}}}}, "RT103"),
        ({"manifest": "m.csv", "features": {"margin": {"ranges": {"CT": [float("nan"), 1]}}}}, "RT103"),
        ({"manifest": "m.csv", "features": {"margin": {"ranges": {"ct": [0, 1]}}}}, "RT103"),
        ({"manifest": "m.csv", "outcome": {"tme": "x"}}, "RT102"),
    ],
)
def test_codes_tell_keys_values_and_versions_apart(content, code):
    with pytest.raises(RecipeError) as caught:
        check_recipe(content)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "cannot be read"),
        ("- a\n- b\n", "not a list of"),
        ("a: &x 1\nb: *x\n", "anchors"),
        ("a: " + "x" * 70_000, "longer than 64 kB"),
        (b"\xff\xfe\x00", "cannot be read"),
        ("manifest: m.csv\nseed: 1\nseed: 2\n", "'seed' stands twice .line 3"),
        ("manifest: m.csv\nsubtypes: {k: 3, k: 4}\n", "'k' stands twice"),
        ("seed: " + "9" * 5000, "cannot be read"),
        ("!!python/object/apply:os.system [ls]", "cannot be read"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused_by_name(tmp_path, text, words):
    path = tmp_path / "study.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RecipeError, match=words) as caught:
        read_recipe(path)
    assert caught.value.file == path


def test_the_manifest_lies_relative_to_its_recipe(tmp_path):
    (tmp_path / "study.yaml").write_text("manifest: data/m.csv\n")
    recipe, manifest = read_recipe(tmp_path / "study.yaml")
    assert isinstance(recipe, Recipe)
    assert manifest == tmp_path / "data" / "m.csv"


def test_a_number_of_subtypes_outside_the_range_is_tried_too():
    recipe = check_recipe({"manifest": "m.csv", "subtypes": {"k": 7, "k_range": [2, 4]}})
    assert recipe.subtypes.candidates == [2, 3, 4, 7]
