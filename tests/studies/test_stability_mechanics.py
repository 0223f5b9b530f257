"""Agreement over deformed masks and over readers: what is compared with what, gaps, and what is refused."""

import math

import numpy as np
import pytest

from radiotype import simulate
from radiotype.core import FeatureRecord, Features, FeatureTable, RowKey
from radiotype.errors import ComputeError, RecipeError
from radiotype.features import FeatureSettings
from radiotype.imaging.perturb import deformed
from radiotype.io import read_cohort
from radiotype.run.engine import describe_cohort
from radiotype.stats import icc
from radiotype.studies import feature_stability, reader_agreement

MORPHOLOGY = FeatureSettings(families=("morphology",))

#: Four judges of six subjects, of Shrout & Fleiss, Psychol Bull 86 (1979) 420-428: ICC(1,1) 0.17, ICC(2,1) 0.29, ICC(3,1) 0.71.
RATINGS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort")
    return simulate.cohort(folder, n_cases=8, size="small", seed=4).manifest


@pytest.fixture(scope="module")
def cohort(manifest):
    return read_cohort(manifest)


def table(ratings, gaps=()):
    return named([[(f"reader-{reader}", value) for reader, value in enumerate(one)] for one in ratings], gaps)


def named(ratings, gaps=()):
    """Per case the names of its regions and what was read of each."""
    records = (
        FeatureRecord("judged", "test", "a test"),
        FeatureRecord("flat", "test", "a test"),
        FeatureRecord("again", "test", "a test", detail={"duplicate_of": "flat"}),
    )
    rows = []
    for case, readings in enumerate(ratings):
        for reader, (roi, value) in enumerate(readings):
            gone = (case, reader) in gaps
            values = {"judged": math.nan if gone else float(value), "flat": 1.0, "again": 1.0}
            key = RowKey("p", f"c{case}", "1", "CT", roi)
            rows.append((key, Features(values, {"judged": "absent"} if gone else {}, records)))
    return FeatureTable.from_rows(rows)


@pytest.mark.parametrize(
    ("options", "published"), [({}, 0.29), ({"kind": "consistency"}, 0.71), ({"model": "one-way"}, 0.17)], ids=str
)
def test_readers_agree_as_published(options, published):
    found = reader_agreement(table(RATINGS), agreement=lambda readings: icc(readings, **options))
    assert round(found["judged"].effect, 2) == published
    assert (found["judged"].n, found["judged"].n_readings) == (6, 4)
    assert "do not differ" in found.reasons["flat"]
    assert "again" not in found.reasons


def test_a_region_that_one_reader_could_not_describe_is_left_out():
    whole, gap = reader_agreement(table(RATINGS[1:])), reader_agreement(table(RATINGS, gaps=[(0, 2)]))
    assert gap["judged"].n == 5
    assert gap["judged"].effect == whole["judged"].effect
    missing = table(RATINGS)
    rows = np.arange(len(missing)) != 2  # the first case was never read by the third reader
    keep = [
        (RowKey(*key), Features(dict(values), {}, missing.records))
        for key, (_, values) in zip(missing.keys[rows].to_numpy(), missing.values[rows].iterrows(), strict=True)
    ]
    assert reader_agreement(FeatureTable.from_rows(keep))["judged"].effect == whole["judged"].effect


@pytest.mark.parametrize("roi", ["left", "tumour", "reader-", "reader-a-2", "reader-rater-1"])
def test_a_region_is_not_taken_for_a_reader(roi):
    with pytest.raises(ComputeError, match="region '" + roi) as caught:
        reader_agreement(named([[("reader-a", one[0]), (roi, one[1])] for one in RATINGS]))
    assert caught.value.code == "RT305"
    assert "readers=" in caught.value.hint


def test_two_lesions_are_two_subjects_of_the_same_readers():
    judges = ("a", "a-b", "rater-1", "d")
    by_label = [
        [(f"reader-{name}-{label}", value) for label, one in enumerate(pair) for name, value in zip(judges, one, strict=True)]
        for pair in zip(RATINGS[::2], RATINGS[1::2], strict=True)
    ]
    found = reader_agreement(named(by_label), readers=judges)
    assert (found["judged"].n, found["judged"].n_readings) == (6, 4)
    assert found["judged"].effect == pytest.approx(icc(RATINGS).effect, rel=1e-12)
    by_label[0].append(("left", 3.0))  # drawn by nobody who was asked for
    some = reader_agreement(named(by_label), readers=["a", "d"])
    assert some["judged"].effect == pytest.approx(icc(np.array(RATINGS)[:, [0, 3]]).effect, rel=1e-12)
    with pytest.raises(RecipeError, match="'nobody'") as caught:
        reader_agreement(named(by_label), readers=["a", "nobody"])
    assert caught.value.code == "RT103"


def test_one_reader_cannot_agree():
    with pytest.raises(ComputeError) as caught:
        reader_agreement(table([row[:1] for row in RATINGS]))
    assert caught.value.code == "RT301"


@pytest.mark.parametrize("n_deformed", [1, 2, 3])
def test_one_deformed_reading_is_compared_with_the_mask_and_several_with_each_other(cohort, n_deformed):
    found = feature_stability(cohort, MORPHOLOGY, amount_mm=0.8, n_deformed=n_deformed, seed=7)
    seeds = np.random.SeedSequence(7).generate_state(n_deformed).tolist()
    cohorts = [cohort] * (n_deformed == 1) + [deformed(cohort, amount_mm=0.8, seed=one) for one in seeds]
    tables = [describe_cohort(one, MORPHOLOGY).table for one in cohorts]
    for name in ("volume_mm3", "sphericity"):
        columns = [one.values[name].to_numpy() for one in tables]
        assert len({tuple(column) for column in columns}) == len(columns)
        expected = icc(np.column_stack(columns), model="one-way")
        assert found[name].effect == expected.effect
        assert (found[name].n, found[name].n_readings, found[name].measure) == (8, max(2, n_deformed), "ICC(1,1)")


def test_the_further_the_surface_moves_the_less_agrees(cohort):
    near, far = (feature_stability(cohort, MORPHOLOGY, amount_mm=amount, smoothness_mm=10) for amount in (0.1, 2.0))
    assert near["volume_mm3"].effect > 0.99
    assert far["volume_mm3"].effect < near["volume_mm3"].effect
    assert far["flatness"].effect < near["flatness"].effect


def test_a_case_that_cannot_be_read_costs_that_case(manifest, tmp_path):
    lines = manifest.read_text(encoding="utf-8").splitlines()
    broken = manifest.with_name("broken.csv")
    broken.write_text("\n".join([*lines[:-1], lines[-1].replace(".nii", "-gone.nii")]) + "\n", encoding="utf-8")
    found = feature_stability(read_cohort(broken), MORPHOLOGY)
    assert found["volume_mm3"].n == 7


def test_what_cannot_be_is_refused_before_anything_is_measured(cohort, monkeypatch):
    monkeypatch.setattr("radiotype.studies.stability.describe_cohort", lambda *a, **k: pytest.fail("it was measured"))
    for options in ({"n_deformed": 0}, {"n_deformed": 1.5}, {"amount_mm": -1.0}, {"seed": -1}, {"smoothness_mm": 1.0}):
        with pytest.raises(RecipeError) as caught:
            feature_stability(cohort, MORPHOLOGY, **options)
        assert caught.value.code == "RT103"


def test_a_cohort_without_any_features_is_an_error(manifest):
    header, first = manifest.read_text(encoding="utf-8").splitlines()[:2]
    none = manifest.with_name("none.csv")
    none.write_text(f"{header}\n{first.replace('.nii', '-gone.nii')}\n", encoding="utf-8")
    with pytest.raises(ComputeError, match="no region gave features") as caught:
        feature_stability(read_cohort(none), MORPHOLOGY)
    assert caught.value.code == "RT301"
