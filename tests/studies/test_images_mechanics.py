"""What a recipe says of images, and what it is refused for."""

import pytest

from radiotype.errors import RecipeError
from radiotype.imaging.harmonise import HarmonisedScan
from radiotype.imaging.parenchyma import FoundParenchyma
from radiotype.io import read_cohort
from radiotype.studies.images import prepared
from radiotype.studies.recipe import check_recipe

ROWS = (("a", "MR", "glioblastoma", ""), ("b", "SER", "breast", ""), ("c", "CT", "", ""), ("d", "CT", "lung", "given.nii"))


@pytest.fixture
def manifest(tmp_path):
    lines = ["case_id,modality,image,mask,cancer,parenchyma"]
    lines += [f"{case},{modality},{case}.nii,{case}-mask.nii,{cancer},{given}" for case, modality, cancer, given in ROWS]
    (tmp_path / "manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path / "manifest.csv"


def regions(manifest, **recipe):
    asked = check_recipe({"manifest": "manifest.csv"} | recipe)
    cohort = prepared(read_cohort(manifest), asked.images, asked.parenchyma, manifest)
    return {case.id: case.regions[0] for case in cohort.cases}


def test_a_recipe_that_says_nothing_leaves_the_cohort_as_it_is(manifest):
    cohort = read_cohort(manifest)
    asked = check_recipe({"manifest": "manifest.csv"})
    assert prepared(cohort, asked.images, asked.parenchyma, manifest) is cohort


def test_the_organ_is_that_of_the_column_and_a_mask_that_is_given_stays(manifest):
    found = regions(manifest, parenchyma={"find": "auto", "organ": "cancer"})
    assert {case: getattr(one.parenchyma, "organ", one.parenchyma) for case, one in found.items() if case != "d"} == {
        "a": "brain",
        "b": "breast",
        "c": None,
    }
    assert not isinstance(found["d"].parenchyma, FoundParenchyma)
    by_modality = regions(manifest, parenchyma={"find": "auto"})
    assert all(isinstance(by_modality[case].parenchyma, FoundParenchyma) for case in "abc")


def test_pet_beside_a_ct_has_no_organ_to_look_for(manifest):
    manifest.write_text(manifest.read_text() + "e,PT,e.nii,e-mask.nii,lung,\n")
    for organ in (None, "lung", "cancer"):
        found = regions(manifest, parenchyma={"find": "auto", "organ": organ})
        assert found["e"].parenchyma is None
        assert isinstance(found["a"].parenchyma, FoundParenchyma)


def test_only_mr_changes_its_intensities(manifest):
    found = regions(manifest, images={"harmonise": {"intensity": "z_score", "bias_field": True}})
    assert [case for case, one in found.items() if isinstance(one.image, HarmonisedScan)] == ["a"]


@pytest.mark.parametrize(
    ("settings", "code", "words"),
    [
        ({"find": "auto", "organ": "tissue"}, "RT111", "neither lung, brain, breast nor a column"),
        ({"find": "auto", "organ": "case"}, "RT111", "'case'"),
        ({"find": "auto", "brain": "deepbet"}, "RT103", "deepbet is not installed"),
        ({"brain": "deepbet"}, "RT103", "`find` is none"),
        ({"organ": "cancer"}, "RT103", "`find` is none"),
        ({"find": "always"}, "RT103", "always"),
    ],
)
def test_wrong_settings_are_refused(manifest, settings, code, words):
    with pytest.raises(RecipeError, match=words) as refused:
        regions(manifest, parenchyma=settings)
    assert refused.value.code == code


def test_a_cell_that_names_no_organ_is_refused(manifest):
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("glioblastoma", "liver"), encoding="utf-8")
    with pytest.raises(RecipeError, match="'liver', which names none of lung, brain, breast"):
        regions(manifest, parenchyma={"find": "auto", "organ": "cancer"})


def test_percentiles_that_do_not_rise_are_refused():
    with pytest.raises(RecipeError, match="two rising numbers"):
        check_recipe({"manifest": "m.csv", "images": {"harmonise": {"percentiles": [99, 1]}}})
