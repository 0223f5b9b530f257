"""`check` finds every planted defect, and nothing in a clean cohort."""

import csv
import gzip
import shutil

import nibabel
import numpy as np
import pytest

from radiotype.core import Cohort
from radiotype.errors import RecipeError
from radiotype.features.settings import FeatureSettings
from radiotype.io import read_cohort
from radiotype.io.check import check
from radiotype.io.findings import CHECKS, COLUMNS
from radiotype.run.engine import describe_cohort

SHAPE = (40, 40, 20)
SPACING = (2.0, 2.0, 3.0)
AFFINE = np.diag([*SPACING, 1.0])


def save(path, voxels, affine=AFFINE):
    nibabel.save(nibabel.Nifti1Image(voxels, affine), path)


def ball(centre=(20, 18, 10), radius_mm=8.0):
    at = (np.indices(SHAPE) - np.array(centre)[:, None, None, None]) * np.array(SPACING)[:, None, None, None]
    return ((at**2).sum(axis=0) <= radius_mm**2).astype(np.uint8)


def body(seed):
    """A cylinder of tissue in air, with noise that differs from case to case."""
    x, y, _ = np.indices(SHAPE) - np.array([20, 20, 0])[:, None, None, None]
    noise = np.random.default_rng(seed).normal(0, 10, SHAPE)
    return (np.where(x**2 + y**2 < 12**2, 40, -1000) + noise).astype(np.int16)


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """Four sound cases and the rows of their manifest."""
    folder = tmp_path_factory.mktemp("clean")
    rows = []
    for n in range(4):
        save(folder / f"image{n}.nii.gz", body(n))
        save(folder / f"mask{n}.nii.gz", ball(radius_mm=8 + n))
        rows.append(
            {
                **{
                    "patient_id": f"p{n}",
                    "case_id": f"c{n}",
                    "modality": "CT",
                    "image": f"image{n}.nii.gz",
                    "mask": f"mask{n}.nii.gz",
                },
                **{"phase": "", "roi": "", "label": "", "scan": "", "visit": "", "parenchyma": "", "sex": "F"},
                **{"split": ("discovery", "validation")[n % 2], "os_days": "100", "os_event": "1", "pfs_days": "90"},
            }
        )
    return folder, rows


@pytest.fixture
def cohort(clean, tmp_path):
    folder, rows = clean
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return tmp_path, [dict(row) for row in rows]


def manifest(folder, rows, extra=""):
    path = folder / "manifest.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        file.write(extra)
    return path


def test_a_clean_cohort_gives_no_finding(cohort):
    folder, rows = cohort
    seen = []
    done = check(manifest(folder, rows), visit=lambda *region: seen.append(region[:2]))
    assert done.findings.empty, done.findings.to_string()
    assert list(done.findings.columns) == list(COLUMNS)
    assert (done.n_rows, done.n_cases, done.n_headers, done.n_errors) == (4, 4, 8, 0)
    assert [(line, key.case_id) for line, key in seen] == [(2, "c0"), (3, "c1"), (4, "c2"), (5, "c3")]


DEFECTS = {}


def defect(check_name, depth="images"):
    """Register what plants one defect in line 3 (case c1) under the check that must find it."""

    def register(plant):
        DEFECTS[f"{plant.__name__}-{check_name}"] = (check_name, depth, plant)
        return plant

    return register


def cells(check_name, depth="headers", **values):
    def plant(folder, rows):
        rows[1].update(values)

    plant.__name__ = "_".join(values)
    DEFECTS[f"{'_'.join(values)}={'_'.join(values.values())}"[:60]] = (check_name, depth, plant)


cells("cell_not_allowed", image="")
cells("cell_not_allowed", modality="XR")
cells("cell_not_allowed", label="1.5")
cells("cell_not_allowed", label="²")
cells("cell_not_allowed", phase="early")
cells("cell_not_allowed", phase="9" * 5000)
cells("key_twice", case_id="c0", patient_id="p0", split="discovery")
cells("clinical_changes", case_id="c0", patient_id="p0", split="discovery", roi="other", os_days="7")
cells("split_unknown", split="test")
cells("patient_in_both_splits", patient_id="p0")
cells("patient_contradicts", patient_id="p0", split="discovery", sex="M")
cells("ids_alike", case_id="C0")
cells("ids_alike", case_id="c0.")
cells("ids_alike", case_id="ć0")
cells("time_implausible", os_days="-3")
cells("time_implausible", os_days="100,5")
cells("time_implausible", os_days="soon")
cells("event_implausible", os_event="2")
cells("outcome_half_known", os_event="")
cells("times_contradict", pfs_days="101")
cells("modality_not_given", modality="")
cells("file_missing", image="none.nii.gz")
cells("file_missing", mask="x" * 5000)
cells("file_missing", parenchyma="none.nii.gz")
cells("phase_absent", phase="1")
cells("same_file", image="image0.nii.gz")
cells("same_file", mask="mask0.nii.gz")
cells("mixed_units", modality="PT", scan="CT")
cells("mixed_modalities", modality="SER", scan="CT")


cells("roi_absent", depth="masks", label="7")


@defect("file_unreadable", "headers")
def empty_file(folder, rows):
    (folder / "mask1.nii.gz").write_bytes(b"")


@defect("file_unreadable", "headers")
def not_compressed(folder, rows):
    (folder / "mask1.nii.gz").write_bytes(b"some text" * 100)


@defect("file_unreadable", "headers")
def cut_short(folder, rows):
    whole = (folder / "image1.nii.gz").read_bytes()
    (folder / "image1.nii.gz").write_bytes(whole[: len(whole) // 2])


@defect("file_unreadable", "headers")
def header_claims_too_much(folder, rows):
    raw = bytearray(gzip.decompress((folder / "image1.nii.gz").read_bytes()))
    raw[42:48] = np.array([900, 900, 900], dtype="<i2").tobytes()
    (folder / "image1.nii.gz").write_bytes(gzip.compress(bytes(raw)))


@defect("file_unreadable", "headers")
def a_word_document(folder, rows):
    (folder / "mask1.docx").write_bytes(b"x" * 100)
    rows[1]["mask"] = "mask1.docx"


@defect("geometry_unusable", "headers")
def tilted_axes(folder, rows):
    tilted = AFFINE.copy()
    tilted[1, 2] = 1.0
    image = nibabel.Nifti1Image(body(1), tilted)
    image.set_qform(None, 0)
    nibabel.save(image, folder / "image1.nii.gz")


@defect("phase_missing", "headers")
def four_dimensional(folder, rows):
    save(folder / "image1.nii.gz", np.stack([body(1), body(2)], axis=3))


@defect("mask_unusable", "headers")
def four_dimensional_mask(folder, rows):
    save(folder / "mask1.nii.gz", np.stack([ball(), ball()], axis=3))


@defect("grid_differs", "headers")
def shifted_by_half_a_voxel(folder, rows):
    moved = AFFINE.copy()
    moved[0, 3] = 1.0
    save(folder / "mask1.nii.gz", ball(), moved)


@defect("grid_differs", "headers")
def another_shape(folder, rows):
    save(folder / "mask1.nii.gz", ball()[:, :, 1:])


@defect("same_mask", "headers")
def a_copy_of_a_mask(folder, rows):
    shutil.copy(folder / "mask0.nii.gz", folder / "mask1.nii.gz")


@defect("same_file", "headers")
def a_copy_of_a_scan(folder, rows):
    shutil.copy(folder / "image0.nii.gz", folder / "image1.nii.gz")


def rescaled(factors):
    def plant(folder, rows):
        for name, voxels in (("image1", body(1)), ("mask1", ball())):
            save(folder / f"{name}.nii.gz", voxels, AFFINE @ np.diag([*factors, 1.0]))

    return plant


for _name, _factors, _check in (
    ("flat_voxels", (0.2, 0.2, 2.0), "spacing_uneven"),
    ("centimetres_as_millimetres", (10, 10, 10), "spacing_large"),
    ("metres_as_millimetres", (1e-3, 1e-3, 1e-3), "spacing_small"),
):
    DEFECTS[_name] = (_check, "headers", rescaled(_factors))


@defect("orientation_unknown", "headers")
def no_orientation(folder, rows):
    image = nibabel.Nifti1Image(body(1), None)
    image.header["pixdim"][1:4] = SPACING
    image.set_qform(None, 0)
    image.set_sform(None, 0)
    nibabel.save(image, folder / "image1.nii.gz")


@defect("orientation_contradicts", "headers")
def two_orientations(folder, rows):
    image = nibabel.Nifti1Image(body(1), AFFINE)
    image.set_qform(np.diag([*SPACING, 1.0]) @ np.array([[1, 0, 0, 9], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]), 1)
    nibabel.save(image, folder / "image1.nii.gz")


@defect("orientation_unlike", "headers")
def sagittal_slices(folder, rows):
    turned = np.array([[0, 0, 3.0, 0], [2.0, 0, 0, 0], [0, 2.0, 0, 0], [0, 0, 0, 1]])
    for name, voxels in (("image1", body(1)), ("mask1", ball())):
        save(folder / f"{name}.nii.gz", voxels, turned)


@defect("mask_empty", "masks")
def nothing_inside(folder, rows):
    save(folder / "mask1.nii.gz", np.zeros(SHAPE, dtype=np.uint8))


@defect("mask_empty", "masks")
def no_organ_tissue(folder, rows):
    save(folder / "tissue.nii.gz", np.zeros(SHAPE, dtype=np.uint8))
    rows[1]["parenchyma"] = "tissue.nii.gz"


@defect("key_twice", "masks")
def a_label_gives_a_region_that_another_line_has(folder, rows):
    save(folder / "mask0.nii.gz", ball() + ball(radius_mm=6))
    rows[1].update(case_id="c0", patient_id="p0", split="discovery", image="image0.nii.gz", roi="tumour-2")


@defect("roi_absent", "masks")
def a_probability_map(folder, rows):
    save(folder / "mask1.nii.gz", ball().astype(np.float32) * 0.4)


@defect("mask_at_border", "masks")
def at_the_border(folder, rows):
    save(folder / "mask1.nii.gz", ball(centre=(20, 18, 1)))


@defect("mask_fills_scan", "masks")
def almost_everything(folder, rows):
    inside = np.zeros(SHAPE, dtype=np.uint8)
    inside[2:-2, 2:-2, 2:-2] = 1
    save(folder / "mask1.nii.gz", inside)


@defect("mask_tiny", "masks")
def one_voxel(folder, rows):
    inside = np.zeros(SHAPE, dtype=np.uint8)
    inside[20, 18, 10] = 1
    save(folder / "mask1.nii.gz", inside)


@defect("mask_off_body")
def in_the_air(folder, rows):
    save(folder / "mask1.nii.gz", ball(centre=(3, 3, 10), radius_mm=5))


@defect("values_not_finite")
def not_a_number(folder, rows):
    voxels = body(1).astype(np.float32)
    voxels[20, 18, 10] = np.nan
    save(folder / "image1.nii.gz", voxels)


@defect("values_constant")
def one_value(folder, rows):
    voxels = body(1)
    voxels[ball(radius_mm=9) > 0] = 40
    save(folder / "image1.nii.gz", voxels)


@defect("not_hounsfield")
def shifted_by_1024(folder, rows):
    save(folder / "image1.nii.gz", np.maximum(body(1) + 1024, 0).astype(np.int16))


#: Checks that need DICOM, or a line that is no row; they have tests of their own.
ELSEWHERE = {
    "mask_cut",
    "mask_remark",
    "uneven_line",
    "modality_contradicts",
    "slices_missing",
    "frame_differs",
    "burned_in",
    "face_visible",
    "id_of_patient",
}


@pytest.mark.parametrize("name", list(DEFECTS))
def test_a_planted_defect_is_found_on_its_line(cohort, name):
    folder, rows = cohort
    wanted, depth, plant = DEFECTS[name]
    plant(folder, rows)
    done = check(manifest(folder, rows), depth=depth)
    found = done.findings[done.findings["check"] == wanted]
    assert set(found["line"]) == {3}, done.findings.to_string()
    assert set(found["severity"]) == {CHECKS[wanted][0]}
    assert found["hint"].str.len().min() > 5
    others = set(done.findings["line"]) - {3}
    assert not others, done.findings.to_string()
    assert str(folder) not in done.findings.to_string()


def test_every_check_has_a_planted_defect():
    assert {wanted for wanted, _, _ in DEFECTS.values()} | ELSEWHERE == set(CHECKS)


def test_a_manifest_with_many_bad_lines_lists_them_all(cohort):
    folder, rows = cohort
    rows[0]["modality"], rows[1]["label"], rows[2]["image"], rows[3]["image"] = "XR", "x", "", "none.nii.gz"
    done = check(manifest(folder, rows, extra="c9,too,few\n"))
    assert done.findings[done.findings["severity"] == "error"][["line", "check"]].values.tolist() == [
        [2, "cell_not_allowed"],
        [3, "cell_not_allowed"],
        [4, "cell_not_allowed"],
        [5, "file_missing"],
        [6, "uneven_line"],
    ]
    assert done.n_rows == 1


def test_what_depth_reads(cohort):
    folder, rows = cohort
    save(folder / "mask1.nii.gz", np.zeros(SHAPE, dtype=np.uint8))
    save(folder / "mask2.nii.gz", ball(centre=(3, 3, 10), radius_mm=5))
    path = manifest(folder, rows)
    found = {depth: set(check(path, depth=depth).findings["check"]) for depth in ("headers", "masks", "images")}
    assert found == {"headers": set(), "masks": {"mask_empty"}, "images": {"mask_empty", "mask_off_body"}}


def test_resampling_makes_another_grid_no_problem(cohort):
    folder, rows = cohort
    DEFECTS["shifted_by_half_a_voxel-grid_differs"][2](folder, rows)
    assert set(check(manifest(folder, rows), resample_masks="nearest").findings["check"]) == {"mask_remark"}


def test_a_mask_that_resampling_cuts_is_found(cohort):
    folder, rows = cohort
    moved = AFFINE.copy()
    moved[0, 3] = 40.0
    save(folder / "mask1.nii.gz", ball(radius_mm=9), moved)
    found = check(manifest(folder, rows), depth="masks", resample_masks="nearest").findings.set_index("check")
    assert set(found.index) == {"mask_cut", "mask_remark", "mask_at_border"}
    assert " of " in found.loc["mask_cut", "found"]
    assert found.loc["mask_remark", "found"].startswith("resampled")


def test_files_that_begin_and_end_alike_are_no_copies(cohort):
    folder, rows = cohort
    for n in range(2):  # stored without compression, with air at both ends and the same header
        image, mask = np.zeros((80, 80, 40), dtype=np.int16), np.zeros((80, 80, 40), dtype=np.int16)
        image[30:50, 30:50, 15:25] = 40 + np.random.default_rng(n).integers(0, 9, (20, 20, 10))
        mask[35 + n : 40 + n, 35:40, 18:22] = 1
        save(folder / f"image{n}.nii", image)
        save(folder / f"mask{n}.nii", mask)
        rows[n].update(image=f"image{n}.nii", mask=f"mask{n}.nii")
    assert check(manifest(folder, rows), depth="headers").findings.empty
    shutil.copy(folder / "mask0.nii", folder / "mask1.nii")
    assert check(manifest(folder, rows), depth="headers").findings["check"].tolist() == ["same_mask"]


@pytest.mark.parametrize("name", list(DEFECTS))
def test_check_and_extract_fail_on_the_same_rows(cohort, name):
    """Whatever defect is planted: an error of `check` in a row that `extract` describes, or the other way round, is a fault."""
    folder, rows = cohort
    wanted, _, plant = DEFECTS[name]
    plant(folder, rows)
    path = manifest(folder, rows)
    errors = check(path).findings.query("severity == 'error'")
    if wanted in {"cell_not_allowed", "clinical_changes"} or (wanted == "key_twice" and not rows[1]["roi"]):
        with pytest.raises(RecipeError):
            read_cohort(path)
        return
    cases = tuple(case for case in read_cohort(path).cases if case.id == rows[1]["case_id"])
    outcomes = describe_cohort(Cohort(cases), FeatureSettings(families=("morphology", "margin"))).outcomes
    spoils_only = {"same_file", "mixed_units", "patient_in_both_splits", "split_unknown"}
    assert any(one.code for one in outcomes) == (not errors[~errors["check"].isin(spoils_only)].empty)


def test_two_lesions_of_one_patient_may_share_a_scan(cohort):
    folder, rows = cohort
    rows[1].update(patient_id="p0", split="discovery", image=rows[0]["image"])
    assert check(manifest(folder, rows), depth="headers").findings.empty


def test_the_table_is_the_same_every_time(cohort):
    folder, rows = cohort
    for name in ("in_the_air-mask_off_body", "another_shape-grid_differs"):
        DEFECTS[name][2](folder, rows)
    rows[2]["os_event"] = "9"
    path = manifest(folder, rows)
    first, second = check(path).findings, check(path).findings
    assert first.equals(second)
    assert first["severity"].tolist() == sorted(first["severity"], key=["error", "warning", "note"].index)


def test_what_is_no_manifest_is_refused(tmp_path):
    path = tmp_path / "m.csv"
    for text, code in (("", "RT110"), ("case_id,image\na,b\n", "RT111"), ("case_id,image,mask\n", "RT110")):
        path.write_text(text)
        with pytest.raises(RecipeError) as caught:
            check(path)
        assert caught.value.code == code
    with pytest.raises(RecipeError, match="RT103"):
        check(path, depth="everything")
