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
    known = "morphology, margin, spharm, ibsi, pyradiomics or captk"
    assert f"features.families[0]: must be {known}, found the text 'margn', did you mean 'margin'?" in text
    assert "keys of `subtypes`: k, choose, null_tables, k_range, n_resamples, item_fraction, metric" in text


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"manifest": "m.csv", "recipe_version": 2}, "RT104"),
        ({"manifest": "m.csv", "seed": -1}, "RT103"),
        ({"manifest": "m.csv", "recipe_version": 2, "seed": -1}, "RT103"),
        ({"manifest": ""}, "RT103"),
        ({5: "m.csv"}, "RT102"),
        (["m.csv"], "RT103"),
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
        ("a: [", "cannot be read: line 1, column 5"),
        ("manifest: m.csv\n\tseed: 3\n", "line 2, column 1 is not valid YAML .found character"),
        ("manifest: m.csv\ncovariates: [a, b\nseed: 1\n", "line 3, column 5 .* from line 2.: 'seed: 1'"),
        ("a: " + "[" * 20_000, "more than 50 levels"),
        ("- " * 20_000, "more than 50 levels"),
        ("", "is empty"),
        ("- a\n- b\n", "not a list of"),
        ("a: &x 1\nb: *x\n", "anchors"),
        ("a: " + "x" * 70_000, "longer than 64 kB"),
        (b"\xff\xfe\x00", "cannot be read"),
        ("manifest: m.csv\nseed: 1\nseed: 2\n", r"  seed .line 3.: stands twice, on lines 2 and 3"),
        ("manifest: m.csv\nsubtypes: {k: 3, k: 4}\n", r"subtypes.k .line 2.: stands twice"),
        ("seed: " + "9" * 5000, "cannot be read"),
        ("!!python/object/apply:os.system [ls]", "cannot be read"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused_by_name(tmp_path, text, words):
    (tmp_path / "m.csv").touch()
    path = tmp_path / "study.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RecipeError, match=words) as caught:
        read_recipe(path)
    assert caught.value.file == path
    assert caught.value.hint


def test_a_recipe_that_is_not_there_says_what_to_do_next(tmp_path):
    for path, words in ((tmp_path / "none.yaml", "check the path"), (tmp_path, "name the file itself")):
        with pytest.raises(RecipeError, match="cannot be read") as caught:
            read_recipe(path)
        assert (caught.value.code, caught.value.file) == ("RT101", path)
        assert words in str(caught.value)


def test_the_manifest_lies_relative_to_its_recipe(tmp_path):
    (tmp_path / "study.yaml").write_text("manifest: data/m.csv\n")
    with pytest.raises(RecipeError, match=r"manifest .line 1.: there is no such file as 'data/m.csv'") as caught:
        read_recipe(tmp_path / "study.yaml")
    assert caught.value.code == "RT110"
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "m.csv").touch()
    recipe, manifest = read_recipe(tmp_path / "study.yaml")
    assert isinstance(recipe, Recipe)
    assert manifest == tmp_path / "data" / "m.csv"


def test_a_number_of_subtypes_outside_the_range_is_tried_too():
    recipe = check_recipe({"manifest": "m.csv", "subtypes": {"k": 7, "k_range": [2, 4]}})
    assert recipe.subtypes.candidates == [2, 3, 4, 7]


WRONG = """\
recipe_version: true
design: imaging_subtype
n_resamples: 500
subtypes.metric: spearman
masks: {resample: nearst, roi: tumour}
features:
  families: [margn, 3, morphology]
  margin:
    n_bins: "50"
    distances_mm: [5, "10", true, .inf]
    spacing_mm: 1e-3
    ranges: {ct: [0, 1], CT: [5, 2], MR: [1]}
regions: [tumour]
subtypes:
  k: 2.0
  k_range: [2, 010]
  n_resamples: 1e4
  resample: 3
seed: 1:30
title: 2020-01-01
cancer_type: 5
outcome: {time: null}
covariates: age
"escape\\e[31m": 1
seed: 4
<<: {title: x}
"""

SAID = """\
  manifest: is needed, text that is not empty: path of the manifest, relative to the recipe
  recipe_version (line 1): must be 1, found true (YAML reads yes and on like that)
  design (line 2): must be imaging_subtypes, found the text 'imaging_subtype', did you mean 'imaging_subtypes'?
  n_resamples (line 3): there is no such key, `n_resamples` belongs under `subtypes`
  'subtypes.metric' (line 4): there is no such key, `metric` belongs under `subtypes`
  masks.resample (line 5): must be refuse or nearest, found the text 'nearst', did you mean 'nearest'?
  masks.roi (line 5): there is no such key, `roi` belongs under `regions`
  features.families[0] (line 7): must be morphology, margin, spharm, ibsi, pyradiomics or captk, found the text 'margn', \
did you mean 'margin'?
  features.families[1] (line 7): must be morphology, margin, spharm, ibsi, pyradiomics or captk, found 3
  features.margin.n_bins (line 9): must be a whole number from 2 to 10000, found the text '50'; write 50
  features.margin.distances_mm[1] (line 10): must be a number above 0, found the text '10'; write 10
  features.margin.distances_mm[2] (line 10): must be a number above 0, found true (YAML reads yes and on like that)
  features.margin.distances_mm[3] (line 10): must be a number above 0, found inf, which is not finite
  features.margin.spacing_mm (line 11): must be a number from 0.001 to 1000 or null, found the text '1e-3'; write 0.001
  features.margin.ranges.ct (line 12): 'ct' is not a modality, did you mean 'CT'? (found the list [0, 1])
  features.margin.ranges.CT (line 12): the first number must be below the second (found the list [5, 2])
  features.margin.ranges.MR (line 12): must be a list of 2, each a number or null, found the list [1]
  regions (line 13): must be a group of keys (scan, roi, reader), found the list ['tumour']
  subtypes.k (line 15): must be a whole number from 2 to 254 or auto, found 2.0; write 2
  subtypes.k_range[1] (line 16): YAML would read 010 as 8; write the number that you mean in full
  subtypes.n_resamples (line 17): must be a whole number of at least 10, found the text '1e4'; write 10000
  subtypes.resample (line 18): there is no such key, did you mean 'n_resamples'? `resample` belongs under `masks`
  seed (line 19): YAML would read 1:30 as 90; write the number that you mean in full
  title (line 20): must be text, found the date 2020-01-01; put it in quotes
  cancer_type (line 21): must be text or null, found 5; put it in quotes
  outcome.time (line 22): must be text, found nothing (null)
  covariates (line 23): must be a list, each text, found the text 'age'; write [age]
  'escape\\x1b[31m' (line 24): there is no such key
  seed (line 25): stands twice, on lines 19 and 25; keep one of the two
  '<<' (line 26): merges are not allowed; write the values out
"""


def test_a_recipe_in_which_everything_is_wrong_is_told_so_once_line_by_line(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(WRONG)
    with pytest.raises(RecipeError) as caught:
        read_recipe(path)
    heading, *said = caught.value.found.splitlines(keepends=True)
    assert (caught.value.code, heading) == ("RT102", "30 problems in the recipe\n")
    assert "".join(said[:30]) == SAID
    assert [line.partition(":")[0] for line in said[30:]] == [
        "  keys of `masks`",
        "  keys of `subtypes`",
        "  keys of the recipe",
    ]


def test_a_whole_number_stands_for_a_number_and_a_list_for_a_tuple(tmp_path):
    (tmp_path / "m.csv").touch()
    path = tmp_path / "study.yaml"
    path.write_text(
        "manifest: m.csv\nfeatures: {margin: {spacing_mm: 2, ranges: {CT: [-1, 5]}}}\nsubtypes: {item_fraction: 0.5}\n"
    )
    recipe, _ = read_recipe(path)
    assert recipe.features.margin.spacing_mm == 2.0
    assert recipe.features.margin.ranges == {"CT": (-1.0, 5.0), "SER": (0.0, 3.0)}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"seed": "5"}, "seed: must be a whole number of at least 0, found the text '5'; write 5"),
        ({"seed": True}, "found true"),
        ({"seed": 2.0}, "found 2.0; write 2"),
        ({"recipe_version": 1.0}, "recipe_version: must be 1, found 1.0"),
        ({"title": 5}, "title: must be text, found 5; put it in quotes"),
        ({"subtypes": {"k": "3"}}, "found the text '3'; write 3"),
        ({"subtypes": {"k": "Auto"}}, "did you mean 'auto'?"),
        ({"covariates": {"age", "sex"}}, "covariates: must be a list"),
        ({"features": {"margin": {"spacing_mm": float("inf")}}}, "found inf, which is not finite"),
    ],
)
def test_no_value_is_turned_into_another_kind(content, words):
    with pytest.raises(RecipeError) as caught:
        check_recipe({"manifest": "m.csv", **content})
    assert words in str(caught.value)
    assert "1 problem in" in str(caught.value)


def test_a_flood_of_problems_is_counted_not_printed():
    with pytest.raises(RecipeError) as caught:
        check_recipe({f"k{n}": 1 for n in range(200)})
    assert "201 problems" in str(caught.value)
    assert "  and 151 more" in str(caught.value)
    assert len(str(caught.value).splitlines()) < 60
