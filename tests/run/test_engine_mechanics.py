"""A bad file costs that file, not the run; what is stored is stored whole."""

import errno
import json
import os
import subprocess
import sys

import nibabel
import numpy as np
import pandas as pd
import pytest
from run_cohort import QUICK

from radiotype.core import FeatureRecord
from radiotype.errors import ComputeError, StoreError
from radiotype.features import FeatureSettings, margin
from radiotype.io import read_cohort, read_features
from radiotype.run.engine import describe_cohort
from radiotype.run.lock import locked
from radiotype.run.record import RunLog, record_extraction
from radiotype.run.store import RunFolder


def save(path, array):
    nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), path)


@pytest.fixture
def cohort_folder(tmp_path):
    """Two good cases (one with two labels) and four that are broken in different ways."""
    rng = np.random.default_rng(0)
    image = rng.normal(-800, 40, (24, 22, 20)).astype(np.int16)
    mask = np.zeros(image.shape, dtype=np.uint8)
    mask[8:14, 8:14, 8:14] = 1
    image[mask == 1] += 850
    save(tmp_path / "image.nii.gz", image)
    save(tmp_path / "mask.nii.gz", mask)
    save(tmp_path / "empty.nii.gz", mask * 0)
    two = mask.copy()
    two[3:6, 3:6, 3:6] = 2
    save(tmp_path / "two.nii.gz", two)
    broken = image.astype(np.float32)
    broken[10, 10, 10] = np.nan
    save(tmp_path / "nan.nii.gz", broken)
    nibabel.save(nibabel.Nifti1Image(mask, np.diag([1, 1, 2, 1.0])), tmp_path / "elsewhere.nii.gz")
    rows = [
        ("001", "image", "mask"), ("002", "image", "two"), ("003", "none", "mask"), ("004", "image", "empty"),
        ("005", "nan", "mask"), ("006", "image", "elsewhere"),
    ]  # fmt: skip
    table = pd.DataFrame(
        [(c, f"{i}.nii.gz", f"{m}.nii.gz", "CT") for c, i, m in rows], columns=["case_id", "image", "mask", "modality"]
    )
    table.to_csv(tmp_path / "manifest.csv", index=False)
    return tmp_path


def test_each_bad_case_is_a_row_with_code_stage_and_reason(cohort_folder):
    extraction = describe_cohort(read_cohort(cohort_folder / "manifest.csv"), QUICK)
    cases = extraction.cases().set_index(["case_id", "roi"])
    assert cases["status"].to_dict() == {
        ("001", "tumour"): "ok",
        ("002", "tumour-1"): "ok",
        ("002", "tumour-2"): "ok",
        ("003", "tumour"): "failed",
        ("004", "tumour"): "failed",
        ("005", "tumour"): "partial",
        ("006", "tumour"): "failed",
    }
    failed = cases[cases["code"] != ""].reset_index()
    assert list(zip(failed["case_id"], failed["code"], failed["stage"], strict=True)) == [
        ("003", "RT201", "read image"),
        ("004", "RT204", "read mask"),
        ("005", "RT206", "margin"),
        ("006", "RT203", "read mask"),
    ]
    assert (failed["reason"] != "").all()
    assert (failed["hint"] != "").all()
    assert len(extraction.table) == 4
    assert extraction.n_failed == 3
    assert len(extraction.problems) == 4


def test_a_family_that_fails_leaves_the_others(cohort_folder):
    table = describe_cohort(read_cohort(cohort_folder / "manifest.csv"), QUICK).table
    row = list(table.keys["case_id"]).index("005")
    assert table.values.loc[row, "mesh_volume_mm3"] > 0
    margin = [record.name for record in table.records if record.family == "margin"]
    assert table.values.loc[row, margin].isna().all()
    assert {table.reasons[row][name] for name in margin} == {"RT206"}


def test_no_path_of_the_machine_is_stored(cohort_folder):
    cases = describe_cohort(read_cohort(cohort_folder / "manifest.csv"), QUICK).cases()
    assert not any(str(cohort_folder) in cell for cell in cases.astype(str).to_numpy().ravel())


def test_an_error_nobody_foresaw_ends_its_case_only(cohort_folder, monkeypatch):
    import radiotype.run.worker as worker

    genuine = worker.described

    def sometimes(scan, mask, *arguments, **options):
        if mask.label == "2":
            raise ZeroDivisionError("secret text")
        return genuine(scan, mask, *arguments, **options)

    monkeypatch.setattr(worker, "described", sometimes)
    extraction = describe_cohort(read_cohort(cohort_folder / "manifest.csv"), QUICK)
    (row,) = extraction.cases().query("code == 'RT000'").to_dict("records")
    assert row["roi"] == "tumour-2"
    assert row["reason"].startswith("ZeroDivisionError at test_engine_mechanics.py:")
    assert "secret" not in row["reason"]
    assert len(extraction.table) == 3


def test_a_run_folder_holds_every_table_and_gives_the_features_back(cohort_folder, tmp_path):
    cohort = read_cohort(cohort_folder / "manifest.csv")
    settings = QUICK
    folder = RunFolder.create(tmp_path / "run")
    extraction = describe_cohort(cohort, settings, folder=folder, pictures=True)
    log = RunLog(folder, "extract")
    record_extraction(folder, cohort, extraction, settings)
    log.state("done", n_regions=7, n_failed=4)
    names = {"features.parquet", "features.json", "cases.parquet", "clinical.parquet", "provenance.json", "timings.parquet"}
    assert all(folder.has(name) for name in names | {"run.json", "log.jsonl", "overlays/index.parquet"})
    schema = json.loads((folder.path / "features.json").read_text())
    records = [FeatureRecord.from_dict(plain) for plain in schema["features"]]
    back = read_features(folder.path / "features.parquet", records)
    assert back.values.equals(extraction.table.values)
    assert not list(folder.path.rglob(".writing-*"))
    pictures = folder.read_table("overlays/index.parquet")
    arrays = folder.read_arrays(f"overlays/{pictures['file'][0]}")
    assert arrays["image_axial"].dtype == np.uint8
    assert arrays["mask_axial"].sum() == 36


def test_a_picture_shows_the_regions_that_were_measured_and_they_are_made_once(cohort_folder, tmp_path, monkeypatch):
    cohort = read_cohort(cohort_folder / "manifest.csv")
    made, genuine = [], margin.margin_labels
    monkeypatch.setattr(margin, "margin_labels", lambda *arguments: made.append(1) or genuine(*arguments))

    def pictured(name, families):
        folder = RunFolder.create(tmp_path / name)
        extraction = describe_cohort(cohort, FeatureSettings(families=families), folder=folder, pictures=True)
        drawn = [one for one in extraction.outcomes if one.picture]
        return drawn, [folder.read_arrays(f"overlays/{one.picture}") for one in drawn]

    drawn, arrays = pictured("with", ("margin",))
    assert len(made) == len(drawn) == 3
    for one, picture in zip(drawn, arrays, strict=True):
        assert picture["region_names"].tolist()[:2] == ["core", "invasive"]
        assert (np.isin(picture["regions_axial"], (1, 2)) == picture["mask_axial"]).all()
        assert one.features.flags["margin_voxels_core"] >= (picture["regions_axial"] == 1).sum()
    drawn, arrays = pictured("without", ("morphology",))
    assert (len(made), len(drawn)) == (3, 4)
    assert not any("region" in name for picture in arrays for name in picture)


def test_a_picture_without_regions_is_drawn_where_the_margin_fails(cohort_folder, monkeypatch, tmp_path):
    def refuse(*arguments, **options):
        raise ComputeError("RT306", "too large")

    monkeypatch.setattr(margin, "isotropic_lattice", refuse)
    cohort = read_cohort(cohort_folder / "manifest.csv")
    folder = RunFolder.create(tmp_path / "run")
    extraction = describe_cohort(cohort, QUICK, folder=folder, pictures=True)
    drawn = [one for one in extraction.outcomes if one.picture]
    assert sorted(one.code for one in drawn) == ["RT206", "RT306", "RT306", "RT306"]
    assert not any("region" in name for one in drawn for name in folder.read_arrays(f"overlays/{one.picture}"))


def test_the_same_cohort_gives_the_same_bytes_in_any_order_of_its_manifest(cohort_folder, tmp_path):
    table = pd.read_csv(cohort_folder / "manifest.csv", dtype=str)
    table.iloc[::-1].to_csv(cohort_folder / "backwards.csv", index=False)
    contents = []
    for name in ("manifest.csv", "backwards.csv"):
        cohort = read_cohort(cohort_folder / name)
        folder = RunFolder.create(tmp_path / f"run-{name}")
        record_extraction(folder, cohort, describe_cohort(cohort, QUICK), QUICK)
        files = ("features.parquet", "features.json", "cases.parquet", "clinical.parquet", "provenance.json")
        contents.append([(folder.path / file).read_bytes() for file in files])
    assert contents[0] == contents[1]


@pytest.mark.parametrize("backwards", [False, True])
def test_a_derived_name_that_is_taken_costs_the_later_row_only(cohort_folder, backwards):
    rows = [("007", "two", "tumour"), ("007", "mask", "tumour-1"), ("008", "mask", "tumour")]
    table = pd.DataFrame(
        [(c, "image.nii.gz", f"{m}.nii.gz", "CT", roi) for c, m, roi in rows],
        columns=["case_id", "image", "mask", "modality", "roi"],
    )
    table.iloc[:: -1 if backwards else 1].to_csv(cohort_folder / "taken.csv", index=False)
    extraction = describe_cohort(read_cohort(cohort_folder / "taken.csv"), QUICK)
    found = [(one.key.case_id, one.key.roi, one.row.roi, one.status, one.code) for one in extraction.outcomes]
    assert found == [
        ("007", "tumour-1", "tumour", "ok", ""),
        ("007", "tumour-1", "tumour-1", "failed", "RT112"),
        ("007", "tumour-2", "tumour", "ok", ""),
        ("008", "tumour", "tumour", "ok", ""),
    ]
    assert len(extraction.table) == 3
    taken = extraction.outcomes[1]
    assert "'tumour-1'" in taken.reason
    assert "label" in taken.hint


def test_an_unknown_simd_level_ends_the_run_and_blames_no_case(cohort_folder):
    program = """
import sys
from radiotype.errors import RecipeError
from radiotype.io import read_cohort
from radiotype.run.engine import describe_cohort
try:
    describe_cohort(read_cohort(sys.argv[1]))
except RecipeError as error:
    print(error)
"""
    environment = {**os.environ, "RADIOTYPE_SIMD": "avx3"}
    command = [sys.executable, "-c", program, str(cohort_folder / "manifest.csv")]
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert printed.startswith("RT103: RADIOTYPE_SIMD=avx3")


# the store


def test_the_old_file_stays_whole_until_the_new_one_is(tmp_path, monkeypatch):
    folder = RunFolder.create(tmp_path / "run")
    folder.write_text("a.txt", "old")
    kept_open = (folder.path / "a.txt").open()  # who reads the old file goes on reading the old file
    seen = []

    def fill(file):
        file.write(b"new")
        seen.append(folder.read_text("a.txt"))

    folder.write("a.txt", fill)
    assert seen == ["old"]
    with kept_open:
        assert kept_open.read() == "old"
    assert folder.read_text("a.txt") == "new"

    def power_cut(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("pathlib.Path.replace", power_cut)
    with pytest.raises(KeyboardInterrupt):
        folder.write_text("a.txt", "newer")
    assert folder.read_text("a.txt") == "new"


def test_a_folder_that_is_no_run_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.docx").write_text("mine")
    with pytest.raises(StoreError, match="RT402"):
        RunFolder.create(tmp_path)
    with pytest.raises(StoreError, match="RT403"):
        RunFolder.open(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


def test_a_write_that_fails_leaves_the_old_file_and_no_rest(tmp_path):
    folder = RunFolder.create(tmp_path / "run")
    folder.write_json("a.json", 1)

    def fail(file):
        file.write(b"half")
        raise OSError(28, os.strerror(28))

    with pytest.raises(StoreError, match="RT405"):
        folder.write("a.json", fail)
    assert folder.read_json("a.json") == 1
    assert [path.name for path in folder.path.iterdir()] == ["a.json"]


def test_a_line_that_was_cut_short_stays_alone(tmp_path):
    folder = RunFolder.create(tmp_path / "run")
    folder.append_lines("log.jsonl", [b"1"])
    with (folder.path / "log.jsonl").open("ab") as file:
        file.write(b'{"cut')
    folder.append_lines("log.jsonl", [b"2", b"3"])
    assert folder.read_text("log.jsonl").splitlines() == ["1", '{"cut', "2", "3"]


@pytest.mark.parametrize("error", [errno.ENOLCK, errno.EINVAL, errno.EIO])
def test_a_file_system_without_locks_is_used_unlocked(tmp_path, monkeypatch, error):
    def refuse(*_):
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr("fcntl.flock", refuse)
    with locked(RunFolder.create(tmp_path / "run")):
        pass


def test_a_file_that_cannot_be_removed_is_an_error_that_says_so(tmp_path, monkeypatch):
    folder = RunFolder.create(tmp_path / "run")
    folder.write_text("overlays/a.npz", "x")
    folder.write_text("features.json", "x")
    (folder.path / ".writing-rest").write_text("x")

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("pathlib.Path.unlink", refuse)
    for remove in (folder.sweep, folder.clear, lambda: folder.keep_only("overlays/", set())):
        with pytest.raises(StoreError, match=r"RT401.*cannot be removed \(Permission denied\)"):
            remove()


def test_damaged_results_are_refused(tmp_path):
    folder = RunFolder.create(tmp_path / "run")
    for name in ("a.json", "a.parquet", "a.npz"):
        (folder.path / name).write_bytes(b"not this")
    for read, name in ((folder.read_json, "a.json"), (folder.read_table, "a.parquet"), (folder.read_arrays, "a.npz")):
        with pytest.raises(StoreError, match="RT403"):
            read(name)


def test_a_csv_cell_that_a_spreadsheet_would_run_is_defused(tmp_path):
    folder = RunFolder.create(tmp_path / "run")
    folder.write_csv("a.csv", pd.DataFrame({"id": ["=HYPERLINK(1)", "+1", "@x", "-x", "plain"], "n": [-1.0, 2, 3, 4, 5]}))
    assert folder.read_text("a.csv").splitlines()[1:] == ["'=HYPERLINK(1),-1.0", "'+1,2.0", "'@x,3.0", "'-x,4.0", "plain,5.0"]


def test_a_new_run_leaves_nothing_of_the_earlier_one_and_nothing_else_is_lost(tmp_path):
    folder = RunFolder.create(tmp_path / "run")
    earlier = ("features.parquet", "results/cox.parquet", "overlays/a.npz", "figures/cox_01.csv", "report.html",
               "recipe.resolved.yaml", "findings.csv", "findings.parquet")  # fmt: skip
    for name in ("run.json", "notes of mine.txt", "figures/edited.svg", *earlier):
        folder.write_text(name, "x")
    folder.clear()
    left = sorted(str(path.relative_to(folder.path)) for path in folder.path.rglob("*") if path.is_file())
    assert left == ["figures/edited.svg", "notes of mine.txt", "overlays/a.npz", "run.json"]
