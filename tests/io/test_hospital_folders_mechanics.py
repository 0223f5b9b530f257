"""`index` and `check` on folders as hospitals send them: DICOM series, RT structure sets, segmentations."""

import os

import numpy as np
import pytest
from hospital import square, write_rtstruct, write_series

from radiotype.errors import InputError
from radiotype.io import read_cohort
from radiotype.io.check import check
from radiotype.io.dicom import series
from radiotype.io.discover import index

SHAPE = (32, 32, 10)


def body(seed=0):
    x, y, _ = np.indices(SHAPE) - np.array([16, 16, 0])[:, None, None, None]
    return np.where(x**2 + y**2 < 13**2, 40, -1000) + np.random.default_rng(seed).integers(-10, 11, SHAPE)


def patient(folder, name, seed=0, **settings):
    """A series and a structure set of two regions, in folders of their own."""
    drawn = write_series(folder / name / "CT", body(seed), patient=name, **settings)
    regions = [
        ("GTV-1", square(drawn, (10, 10), (20, 20), range(3, 7))),
        ("Lung", square(drawn, (8, 8), (12, 12), range(4, 6))),
    ]
    write_rtstruct(folder / name / "RS" / "rs.dcm", drawn, regions)
    return drawn


def manifest(folder, **cells):
    """The manifest of a folder, with some cells changed in its first row."""
    table = index(folder).manifest
    for name, value in cells.items():
        table.loc[0, name] = value
    table.to_csv(folder / "manifest.csv", index=False)
    return folder / "manifest.csv"


def checks(path, depth="headers"):
    table = check(path, depth=depth).findings
    return {(row.check, row.line) for row in table.itertuples()}


def test_series_and_their_regions_are_found_described_and_clean(tmp_path):
    for n, name in enumerate(("A", "B")):
        patient(tmp_path, name, n)
    path = manifest(tmp_path)
    table = index(tmp_path).manifest
    assert table[["case_id", "modality", "image", "mask", "roi", "label"]].to_numpy().tolist() == [
        [name, "CT", f"{name}/CT", f"{name}/RS/rs.dcm", roi, ""] for name in "AB" for roi in ("GTV-1", "Lung")
    ]
    cohort = read_cohort(path)
    region = next(iter(cohort.regions()))
    scan = region.image()
    (mask,) = region.masks(scan)
    assert scan.unit == "HU"
    assert mask.n_voxels == 10 * 10 * 4 or abs(mask.n_voxels - 400) < 80
    found = check(path).findings
    assert found.empty, found.to_string()


@pytest.mark.parametrize("ids", ["layout", "numbers", "patient-id"])
def test_what_cases_are_called(tmp_path, ids):
    for n, (folder, name) in enumerate((("one", "P7"), ("two", "P3"))):
        drawn = write_series(tmp_path / folder, body(n), patient=name)
        write_rtstruct(tmp_path / folder / "rs.dcm", drawn, [("GTV", square(drawn, (10, 10), (20, 20), range(3, 7)))])
    table = index(tmp_path, ids=ids).manifest
    assert (
        table["case_id"].tolist()
        == {
            "layout": ["one", "two"],
            "numbers": ["case-0001", "case-0002"],
            "patient-id": ["P3", "P7"],
        }[ids]
    )
    assert table["image"].str.endswith("000.dcm").all()  # the folder holds the structure set too
    if ids != "patient-id":
        assert not table.isin(["P7", "P3"]).any().any()


def test_two_studies_of_one_patient_stay_together_without_naming_him(tmp_path):
    for n, folder in enumerate(("x/first", "y/second")):
        drawn = write_series(tmp_path / folder, body(n), patient="Hidden")
        write_rtstruct(tmp_path / folder / "rs.dcm", drawn, [("GTV", square(drawn, (10, 10), (20, 20), range(3, 7)))])
    table = index(tmp_path).manifest
    assert table["patient_id"].tolist() == ["x", "x"]
    assert table["case_id"].tolist() == ["x", "y"]


def test_several_series_in_one_folder_are_named_by_a_file(tmp_path):
    first = write_series(tmp_path / "all", body(0), patient="A")
    for path in sorted((tmp_path / "all").iterdir()):
        path.rename(path.with_name(f"first-{path.name}"))
    write_series(tmp_path / "all", body(1), patient="A")
    write_rtstruct(tmp_path / "all" / "rs.dcm", first, [("GTV", square(first, (10, 10), (20, 20), range(3, 7)))])
    done = index(tmp_path)
    assert done.manifest["image"].tolist() == ["all/first-000.dcm"]
    assert "no RTSTRUCT or SEG references this CT series" in done.notes["why"].tolist()


def test_regions_of_one_name_are_told_apart_by_number(tmp_path):
    drawn = patient(tmp_path, "A")
    twice = [("GTV-1", square(drawn, (11, 11), (18, 18), range(4, 6)))] * 2
    write_rtstruct(tmp_path / "A" / "RS2" / "rs.dcm", drawn, twice)
    path = manifest(tmp_path)
    rows = index(tmp_path).manifest[["mask", "roi", "label"]].to_numpy().tolist()
    assert rows == [
        ["A/RS/rs.dcm", "GTV-1", ""],
        ["A/RS/rs.dcm", "Lung", ""],
        ["A/RS2/rs.dcm", "GTV-1-2", "1"],
        ["A/RS2/rs.dcm", "GTV-1-3", "2"],
    ]
    assert checks(path, "masks") == set()


def test_copies_spread_series_and_lost_regions_are_noted(tmp_path):
    drawn = patient(tmp_path, "A")
    (tmp_path / "copy").mkdir()
    for path in (tmp_path / "A" / "CT").iterdir():
        (tmp_path / "copy" / path.name).write_bytes(path.read_bytes())
    spread = write_series(tmp_path / "B" / "one", body(2), patient="B")
    (tmp_path / "B" / "two").mkdir()
    for path in sorted((tmp_path / "B" / "one").iterdir())[5:]:
        path.rename(tmp_path / "B" / "two" / path.name)
    write_rtstruct(tmp_path / "B" / "rs.dcm", spread, [("GTV", square(spread, (10, 10), (20, 20), range(3, 7)))])
    write_rtstruct(tmp_path / "lost.dcm", drawn, [("GTV", [])], series="1.2.3", frame="1.2.4")
    write_rtstruct(tmp_path / "framed.dcm", drawn, [("Heart", square(drawn, (8, 8), (12, 12), range(4, 6)))], series="1.2.3")
    (tmp_path / "A" / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 40)
    done = index(tmp_path)
    notes = dict(done.notes.to_numpy().tolist())
    assert set(done.manifest["mask"]) == {"A/RS/rs.dcm", "framed.dcm"}
    assert "a copy of a series" in notes.values()
    assert "a part of a series spread over folders; put its files into one" in notes.values()
    assert notes["lost.dcm"] == notes["B/rs.dcm"] == "it references no series found here"
    assert notes["framed.dcm"].startswith("it names no series found here; the only one in its frame")
    assert "A/broken.dcm" in notes


def test_planted_defects_of_dicom_are_found(tmp_path):
    patient(tmp_path / "contradicts", "A")
    assert checks(manifest(tmp_path / "contradicts", modality="MR")) >= {("modality_contradicts", 2)}

    patient(tmp_path / "gap", "A", skip=(4,))
    assert ("slices_missing", 2) in checks(manifest(tmp_path / "gap"))

    patient(tmp_path / "absent", "A")
    assert checks(manifest(tmp_path / "absent", roi="GTV-9")) == {("roi_absent", 2)}
    assert checks(manifest(tmp_path / "absent", roi="GTV*")) == set()
    assert checks(manifest(tmp_path / "absent", label="9")) == {("roi_absent", 2)}

    patient(tmp_path / "frame", "A")
    other = write_series(tmp_path / "frame" / "B" / "CT", body(3), patient="B")
    write_rtstruct(tmp_path / "frame" / "B" / "rs.dcm", other, [("GTV", square(other, (10, 10), (20, 20), range(3, 7)))])
    assert ("frame_differs", 2) in checks(manifest(tmp_path / "frame", mask="B/rs.dcm", roi="GTV"))

    patient(tmp_path / "image", "A")
    assert ("file_unreadable", 2) in checks(manifest(tmp_path / "image", mask="A/CT/000.dcm"))

    patient(tmp_path / "burned", "A", tags={"BurnedInAnnotation": "YES", "RecognizableVisualFeatures": "YES"})
    assert checks(manifest(tmp_path / "burned", case_id="pseudonym")) >= {("burned_in", 2), ("face_visible", 2)}
    assert ("id_of_patient", 2) not in checks(manifest(tmp_path / "burned", case_id="pseudonym"))
    assert ("id_of_patient", 2) in checks(manifest(tmp_path / "burned", case_id="name a"))

    drawn = patient(tmp_path / "outside", "A")
    write_rtstruct(
        tmp_path / "outside" / "A" / "RS" / "rs.dcm", drawn, [("GTV-1", square(drawn, (90, 90), (95, 95), range(3)))]
    )
    assert any(
        name in ("frame_differs", "mask_unusable", "mask_empty") for name, _ in checks(manifest(tmp_path / "outside"), "masks")
    )


def test_a_screen_shot_is_a_risk(tmp_path):
    drawn = write_series(tmp_path / "A", body(), tags={"ImageType": ["DERIVED", "SECONDARY", "OTHER", "SCREEN SAVE"]})
    write_rtstruct(tmp_path / "rs.dcm", drawn, [("GTV", square(drawn, (10, 10), (20, 20), range(3, 7)))])
    assert ("burned_in", 2) in checks(manifest(tmp_path))


def test_headers_of_one_series_are_read_once_for_all_its_rows_and_again_when_a_file_changes(tmp_path, monkeypatch):
    patient(tmp_path, "p1")
    read = []
    original = series.read_header
    monkeypatch.setattr(series, "read_header", lambda path: read.append(path) or original(path))
    path = manifest(tmp_path)
    for region in read_cohort(path).regions():
        assert region.masks(region.image())[0].n_voxels
    assert len(read) == SHAPE[2]
    slices = sorted((tmp_path / "p1" / "CT").iterdir())
    os.utime(slices[0], (1, 1))
    next(iter(read_cohort(path).regions())).image()
    assert len(read) == 2 * SHAPE[2]
    slices[4].unlink()
    with pytest.raises(InputError, match="RT213"):
        next(iter(read_cohort(path).regions())).image()


def test_a_file_that_lies_beside_every_series_makes_no_copies_of_them(tmp_path):
    for n, name in enumerate(("p1", "p2")):
        patient(tmp_path, name, seed=n)
        (tmp_path / name / "CT" / "0-LICENSE").write_text("the same in every folder")
    assert not {name for name, _ in checks(manifest(tmp_path))} & {"same_file", "same_mask"}


def test_real_folders_are_found_and_sound(shared, tmp_path):
    place = shared / "data" / "imaging"
    expected = {
        "4d_lung_113": {"Carina_c40", "LN_c40", "Tumor_c40", "Vertebra_c40", "LN-c40", "Tumor-c40"},
        "ibsi_data_sets/ibsi_1_ct_radiomics_phantom": {"GTV-1", ""},
        "qin_prostate_repeatability_seg": {"Normal", "Peripheral zone of the prostate", "Lesion", "Prostate"},
        "lidc_idri_0314_ct_4raters": {"r1", "r2", "r3", "r4"},
        "mirp_breast_dce_nact_pilot": {"tumour-ftv-DERIVED-pe70"},
    }
    for name, regions in expected.items():
        if not (place / name).is_dir():
            pytest.skip(f"{name} is not in the shared folder")
        table = index(place / name, relative_to=tmp_path).manifest
        assert set(table["roi"]) == regions, name
        assert table["case_id"].nunique() == 1
        table["modality"] = table["modality"].replace("", "OT")
        table.to_csv(tmp_path / "m.csv", index=False)
        found = check(tmp_path / "m.csv", depth="headers").findings
        assert set(found["severity"]) <= {"note", "warning"}, found.to_string()
