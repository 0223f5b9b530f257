"""The files of a simulated cohort."""

import hashlib
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import distance_transform_edt

from radiotype.errors import InputError, RecipeError, StoreError
from radiotype.features import describe
from radiotype.io import read_cohort
from radiotype.simulate import BREAKAGES, CENTRES, cohort, n_cases_of
from radiotype.simulate.broken import break_case
from radiotype.simulate.clinic import MARKERS
from radiotype.simulate.cohort import WITHOUT_PARENCHYMA
from radiotype.simulate.plan import DISCOVERY, PROPORTIONS, draw_plan

N_CASES = 14


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    return cohort(tmp_path_factory.mktemp("simulated"), n_cases=N_CASES, size="small", n_broken=len(BREAKAGES))


@pytest.fixture(scope="module")
def cases(simulated):
    return {case.id: case for case in read_cohort(simulated.manifest).cases}


def intact(simulated, cases):
    return [cases[case_id] for case_id in simulated.truth["case_id"]]


def read_and_describe(case):
    region = case.regions[0]
    scan = region.image()
    mask = region.masks(scan)[0]
    return describe(scan, mask, ["margin"], parenchyma=region.parenchyma(scan)[0])


def test_ids_stay_text(simulated, cases):
    assert list(cases) == [f"{n:04d}" for n in range(1, N_CASES + len(BREAKAGES) + 1)]
    assert all(len(case.patient_id) == 6 and case.patient_id.startswith("0") for case in cases.values())
    assert simulated.truth["case_id"].tolist()[:2] == ["0001", "0002"]


def test_masks_lie_on_the_grid_of_their_scan(simulated, cases):
    for case in intact(simulated, cases):
        region = case.regions[0]
        scan = region.image()
        (mask,) = region.masks(scan)
        assert mask.grid.same_as(scan.grid)
        assert mask.label == "1"
        if region.parenchyma is not None:
            (parenchyma,) = region.parenchyma(scan)
            assert not (mask.data & ~parenchyma.data).any()


def test_tumours_lie_well_within_their_scan(simulated, cases):
    for case in intact(simulated, cases):
        scan = case.regions[0].image()
        (low, high), spacing = case.regions[0].masks(scan)[0].box, np.array(scan.grid.spacing_mm)
        assert (np.array(low) * spacing).min() > 10
        assert ((np.array(scan.grid.shape) - high) * spacing).min() > 10


def test_tumour_cores_hold_values_of_their_modality(simulated, cases):
    expected = {"CT": (-40, 100), "SER": (1.2, 1.8), "MR": (600, 800)}
    found = set()
    for case in intact(simulated, cases):
        scan = case.regions[0].image()
        inside = distance_transform_edt(case.regions[0].masks(scan)[0].data, sampling=scan.grid.spacing_mm)
        core = scan.box((0, 0, 0), scan.grid.shape)[inside > inside.max() / 2]
        low, high = expected[scan.modality]
        assert low < np.median(core) < high
        found.add(scan.modality)
    assert found == set(expected)


def test_truth_stands_only_in_its_own_file(simulated):
    manifest = pd.read_csv(simulated.manifest, dtype=str)
    assert "subtype" not in manifest.columns
    stored = pd.read_csv(simulated.manifest.with_name("truth.csv"), dtype={"case_id": str})
    pd.testing.assert_frame_equal(stored, simulated.truth)
    assert dict(simulated.hazard_ratios) == {1: 1.0, 2: 1.5, 3: 2.6, 4: 3.6}


def test_one_case_in_some_has_no_parenchyma_mask(simulated, cases):
    without = [case.id for case in intact(simulated, cases) if case.regions[0].parenchyma is None]
    assert without == [f"{WITHOUT_PARENCHYMA // 2 + 1:04d}"]


def test_clinical_columns_are_complete_but_for_the_markers_of_other_cancers(cases):
    own = {"cancer_type", "age", "sex", "stage", "treatment", "molecular_subtype", "os_days", "os_event"}
    markers = {name for names in MARKERS.values() for name in names}
    for case in cases.values():
        assert set(case.clinical) == own | markers
        filled = {name for name, value in case.clinical.items() if value}
        assert filled == own | set(MARKERS[case.clinical["cancer_type"]])


def test_every_broken_case_ends_in_its_code(simulated, cases):
    assert sorted(simulated.broken.values()) == sorted(BREAKAGES.values())
    for case_id, code in simulated.broken.items():
        with pytest.raises(InputError) as caught:
            read_and_describe(cases[case_id])
        assert caught.value.code == code


def test_intact_cases_can_be_described(simulated, cases):
    case = intact(simulated, cases)[0]
    assert not any(np.isnan(value) for value in read_and_describe(case).values.values())


def test_same_seed_gives_same_bytes_and_broken_cases_change_no_other(simulated, tmp_path):
    cohort(tmp_path / "again", n_cases=N_CASES, size="small")
    again, first = digests(tmp_path / "again"), digests(simulated.manifest.parent)
    for name in ("manifest.csv", "expression.csv"):
        again.pop(name), first.pop(name)
        here, there = (pd.read_csv(folder / name, dtype=str) for folder in (tmp_path / "again", simulated.manifest.parent))
        pd.testing.assert_frame_equal(here, there.reindex(index=here.index, columns=here.columns))
    assert again.items() <= first.items()


def test_other_seed_gives_other_voxels(simulated, tmp_path):
    cohort(tmp_path, n_cases=1, size="small", seed=1)
    other, first = digests(tmp_path), digests(simulated.manifest.parent)
    assert other["images/0001.nii.gz"] != first["images/0001.nii.gz"]


def test_files_carry_no_time(simulated):
    for path in simulated.manifest.parent.rglob("*.nii.gz"):
        assert path.read_bytes()[4:8] == b"\0\0\0\0"


def test_stored_values_are_whole_grey_levels(simulated):
    image = nibabel.load(simulated.manifest.parent / "images" / "0002.nii.gz")
    assert image.get_data_dtype() == np.int16
    assert image.dataobj.slope == pytest.approx(0.001)


def test_full_size_has_voxels_of_about_a_millimetre(tmp_path):
    full = cohort(tmp_path, n_cases=3)
    for case in read_cohort(full.manifest).cases:
        spacing = case.regions[0].image().grid.spacing_mm
        stored_exactly = [tuple(np.float32(one).item() for one in known) for known in ((1.0, 1.0, 1.0), (0.9, 0.9, 2.0))]
        assert spacing in stored_exactly


def test_plan_holds_its_proportions_in_each_cancer_type():
    plan = draw_plan(120, 4)
    for kind in range(3):
        members = plan[kind::3]
        for subtype, fraction in PROPORTIONS.items():
            assert sum(place.subtype == subtype for place in members) == round(40 * fraction)
        assert abs(sum(place.split == "discovery" for place in members) - 40 * DISCOVERY) <= 1


@pytest.mark.parametrize("n_cases", [48, 120, 600])
def test_the_largest_cohort_of_each_cancer_type_is_validation(n_cases):
    plan = draw_plan(n_cases, 0)
    assert {place.centre.name for place in plan} == set(CENTRES)
    for kind in range(3):
        cohorts = pd.DataFrame([(place.centre.name, place.split) for place in plan[kind::3]], columns=["cohort", "split"])
        assert (cohorts.groupby("cohort")["split"].nunique() == 1).all()
        sizes = cohorts.value_counts()
        assert len(sizes) == 3
        assert sizes.index[0][1] == "validation"
        assert set(sizes.index.get_level_values("split")[1:]) == {"discovery"}
        assert sizes.iloc[0] > sizes.iloc[1]


def test_patients_stand_in_one_split(cases):
    splits: dict[str, set[str]] = {}
    for case in cases.values():
        splits.setdefault(case.patient_id, set()).add(case.regions[0].attributes["split"])
    assert all(len(names) == 1 for names in splits.values())
    assert set().union(*splits.values()) == {"discovery", "validation"}


def test_progress_is_told_of_every_case(tmp_path):
    calls = []
    cohort(tmp_path, n_cases=1, size="small", n_broken=1, progress=lambda: calls.append(1))
    assert len(calls) == 2


def test_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(StoreError) as caught:
        cohort(tmp_path, n_cases=1, size="small")
    assert caught.value.code == "RT402"


def test_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(StoreError) as caught:
        cohort(tmp_path / "taken", n_cases=1, size="small")
    assert caught.value.code == "RT401"


@pytest.mark.parametrize(
    "wrong",
    [{"size": "huge"}, {"n_cases": 0}, {"n_broken": -1}, {"seed": -1}, {"centre_effects": -1.0}, {"null": "all"}],
    ids=["size", "cases", "broken", "seed", "centres", "null"],
)
def test_settings_that_make_no_sense_are_refused(wrong, tmp_path):
    with pytest.raises(RecipeError) as caught:
        cohort(tmp_path, **wrong)
    assert caught.value.code == "RT103"


def test_sizes_and_breakages_are_named():
    assert (n_cases_of("full"), n_cases_of("small")) == (120, 48)
    with pytest.raises(RecipeError) as caught:
        break_case("smudged", Path("image"), Path("mask"))
    assert caught.value.code == "RT103"
