"""Features by moved contours: what is measured again, what is left out of the clustering, and that validation has no say."""

from dataclasses import replace

import nibabel
import numpy as np
import pandas as pd
import pytest

from radiotype import simulate
from radiotype.errors import ComputeError, RecipeError
from radiotype.io import read_cohort
from radiotype.run.engine import describe_cohort
from radiotype.studies.recipe import check_recipe
from radiotype.studies.robustness import robustness, with_robust_features
from radiotype.studies.selection import complete_features, primary_regions

ASKED = {"manifest": "manifest.csv", "cancer_type": "cancer_type", "features": {"families": ["morphology"]}}


def recipe(**asked):
    return check_recipe(ASKED | {"robustness": {"n_patients": 10} | asked})


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("robustness")
    cohort = read_cohort(simulate.cohort(folder, n_cases=20, size="small", seed=2).manifest)
    table = describe_cohort(cohort, recipe().features).table
    return cohort, table, primary_regions(table, cohort, recipe())


@pytest.fixture(scope="module")
def found(measured):
    return robustness(*measured, recipe(amount_mm=0.7))


def test_nothing_is_done_unasked(measured):
    assert robustness(*measured, check_recipe(ASKED)) is None
    assert with_robust_features(measured[2], None) is measured[2]


def test_large_shapes_survive_and_nothing_is_left_out_unasked(found, measured):
    table = found.table.set_index("feature")
    assert list(table.index) == list(measured[2].values.columns)
    assert table.loc["volume_mm3", "icc"] > 0.95
    assert (table["icc"].dropna() <= 1).all()
    assert table["n"].max() == 10
    assert table["clustered"].all()
    assert found.unused == frozenset()
    assert found.notes == ()


def test_features_that_agree_too_little_are_not_clustered(found, measured):
    bound = float(found.table["icc"].median())
    strict = robustness(*measured, recipe(amount_mm=0.7, least_icc=bound))
    pd.testing.assert_frame_equal(strict.table.drop(columns="clustered"), found.table.drop(columns="clustered"))
    sample = with_robust_features(measured[2], strict)
    assert strict.unused == set(found.table.loc[~(found.table["icc"] >= bound), "feature"])
    assert not strict.unused & set(complete_features(sample)[0].columns)
    assert f"with an ICC below {bound:g}, or none," in sample.notes[-1]
    with pytest.raises(ComputeError, match="no feature has an ICC"):
        robustness(*measured, recipe(amount_mm=1.0, least_icc=0.9999999))


def test_an_amount_by_which_surfaces_could_fold_is_refused_in_the_recipe():
    with pytest.raises(RecipeError, match=r"(?s)RT103.*smoothness_mm of 15 or more"):
        recipe(amount_mm=3.0)


def test_validation_patients_have_no_say_invariant(found, measured):
    cohort, table, sample = measured
    others = sample.values.copy()
    others[~sample.discovery] *= np.random.default_rng(0).uniform(0.1, 9, others[~sample.discovery].shape)
    again = robustness(cohort, table, replace(sample, values=others), recipe(amount_mm=0.7))
    pd.testing.assert_frame_equal(again.table, found.table)


def test_more_is_lost_the_farther_contours_move_invariant(measured):
    farther = robustness(*measured, recipe(amount_mm=2.0, smoothness_mm=10.0))
    nearer = robustness(*measured, recipe(amount_mm=0.5, smoothness_mm=10.0))
    assert farther.table["icc"].median() < nearer.table["icc"].median()


def test_of_several_labels_in_a_file_only_the_one_that_stands_for_the_patient_counts(tmp_path):
    x, y, z = np.indices((40, 24, 24)) - 11.5
    lines = ["case_id,modality,image,mask"]
    for case in range(12):
        first = x**2 + y**2 + z**2 < (7 + case / 4) ** 2
        second = (x - 18) ** 2 + y**2 + z**2 < 25
        for kind, data in (("image", np.zeros(x.shape, np.int16)), ("mask", (first + 2 * (second & ~first)).astype(np.uint8))):
            nibabel.save(nibabel.Nifti1Image(data, np.eye(4)), tmp_path / f"{case}-{kind}.nii")
        lines.append(f"c{case},CT,{case}-image.nii,{case}-mask.nii")
    (tmp_path / "manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    cohort = read_cohort(tmp_path / "manifest.csv")
    asked = check_recipe({"manifest": "m.csv", "features": {"families": ["morphology"]}, "robustness": {"n_patients": 12}})
    table = describe_cohort(cohort, asked.features).table
    assert len(table) == 24
    found = robustness(cohort, table, primary_regions(table, cohort, asked), asked)
    assert found.table["n"].max() == 12
