"""No trace of a patient in anything that is stored or printed (S6).

The rule: the manifest and its notes are the user's own and hold paths. What `check`, `extract` and `run` store holds no path
and nothing from inside a file but numbers and the regions that the manifest names. What is printed may repeat a path that was
typed on the command line.
"""

import gzip
import json
import subprocess
import sys

import nibabel
import numpy as np
import pandas as pd
import pytest
import SimpleITK
from hospital import square, write_rtstruct, write_series
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

ROOT = "1.2.826.0.1.3680043.10.4711.190347"

#: Texts of DICOM elements, by keyword.
TEXTS = {
    "PatientName": "Quimby^Ezekiel",
    "PatientID": "MRN-8841973",
    "OtherPatientNames": "Quimble^Zeke",
    "PatientBirthName": "Wexcombe",
    "PatientMotherBirthName": "Thistlewood",
    "PatientAddress": "17 Larkspur Row",
    "PatientTelephoneNumbers": "555-0173-221",
    "MedicalRecordLocator": "LOC-55102",
    "CountryOfResidence": "Ruritania",
    "RegionOfResidence": "Strelsau",
    "MilitaryRank": "Brigadier",
    "BranchOfService": "Hussars",
    "EthnicGroup": "Zembla",
    "Occupation": "Lamplighter",
    "AdditionalPatientHistory": "fell off ladder",
    "PatientReligiousPreference": "Pastafarian",
    "PatientComments": "call daughter Hepzibah",
    "ResponsiblePerson": "Hepzibah^Quimby",
    "IssuerOfPatientID": "Strelsau General MPI",
    "AccessionNumber": "ACC77319204",
    "StudyID": "STY-99812",
    "InstitutionName": "Strelsau General",
    "InstitutionAddress": "1 Elphberg Square",
    "InstitutionalDepartmentName": "Ward Tarlenheim",
    "ReferringPhysicianName": "Sapt^Fritz",
    "PerformingPhysicianName": "Hentzau^Rupert",
    "OperatorsName": "Flavia^Osra",
    "NameOfPhysiciansReadingStudy": "Rassendyll^Rudolf",
    "RequestingPhysician": "Mauban^Antoinette",
    "StationName": "STRELCT04",
    "DeviceSerialNumber": "SN-0042-ZENDA",
    "StudyDescription": "thorax Quimby follow up",
    "SeriesDescription": "lung Zenda protocol",
    "ProtocolName": "castle protocol",
    "ImageComments": "annotated by Rupert",
    "RequestedProcedureDescription": "moat angiography",
    "PatientBirthDate": "19470312",
    "StudyDate": "20190823",
    "SeriesDate": "20190824",
    "AcquisitionDate": "20190825",
    "ContentDate": "20190826",
    "InstanceCreationDate": "20190827",
    "LastMenstrualDate": "19880229",
}
RT_TEXTS = {
    "StructureSetLabel": "Elphberg set",
    "StructureSetName": "Zenda contours",
    "StructureSetDescription": "drawn at Tarlenheim",
    "ReviewerName": "Strakencz^Marshal",
    "StructureSetDate": "20190901",
    "Manufacturer": "Moatworks",
}
PRIVATE = ("private Johann", "private Detchard")
NIFTI = {"descrip": "Bersonin Gautet 1951", "aux_file": "Lauengram.txt", "db_name": "Krafstein", "intent_name": "Bertram"}
NIFTI_COMMENT = "extension of Helga"
NRRD = {"comment": "scanned for Bauer", "key": "Anton of Holf", "content": "Ludwig Kraft"}
NAMES = ("Duke_Michael_19510404", "Princess_Flavia_MRN551", "black_michael_scan")

PLANTED = {
    *TEXTS.values(),
    *RT_TEXTS.values(),
    *PRIVATE,
    *NIFTI.values(),
    NIFTI_COMMENT,
    *NRRD.values(),
    *NAMES,
    f"{ROOT}.",
    "4711.190347",
}

SHAPE = (32, 32, 10)


def body(seed):
    x, y, _ = np.indices(SHAPE) - np.array([16, 16, 0])[:, None, None, None]
    return np.where(x**2 + y**2 < 13**2, 40, -1000) + np.random.default_rng(seed).integers(-10, 11, SHAPE)


def region(n):
    inside = np.zeros(SHAPE, dtype=np.uint8)
    inside[10 : 18 + n % 4, 11 : 17 + n % 3, 2 : 5 + n % 4] = 1
    return inside


def plant_dicom(folder, n, **more):
    """A series and structure set with every text, private elements and identifiers."""
    tags = {**TEXTS, **more, "PatientID": f"{TEXTS['PatientID']}{n}", "BurnedInAnnotation": "YES"}
    drawn = write_series(folder / f"CT_{n}", body(n), tags=tags, root=f"{ROOT}.{n}")
    contours = square(drawn, (10, 10), (18 + n % 4, 17 + n % 3), range(2, 6))
    write_rtstruct(folder / f"RS_{n}.dcm", drawn, [("GTV", contours)], tags=RT_TEXTS, uid=f"{ROOT}.{n}.9")
    return drawn


def plant_private(path):
    import pydicom

    dataset = pydicom.dcmread(path)
    block = dataset.private_block(0x0011, PRIVATE[0], create=True)
    block.add_new(0x01, "LO", PRIVATE[1])
    other = Dataset()
    other.PatientID = TEXTS["PatientID"]
    dataset.OtherPatientIDsSequence = Sequence([other])
    dataset.save_as(path)


def plant_nifti(folder, n):
    folder.mkdir(parents=True, exist_ok=True)
    for kind, voxels in (("ct", body(n).astype(np.int16)), ("gtv_mask", region(n))):
        image = nibabel.Nifti1Image(voxels, np.diag([2.0, 2.0, 3.0, 1.0]))
        for name, text in NIFTI.items():
            if name in image.header:
                image.header[name] = text.encode()[: image.header[name].dtype.itemsize]
        image.header.extensions.append(nibabel.nifti1.Nifti1Extension(6, NIFTI_COMMENT.encode()))
        nibabel.save(image, folder / f"{NAMES[2]}{n}_{kind}.nii.gz")


def plant_nrrd(folder, n):
    folder.mkdir(parents=True, exist_ok=True)
    for kind, voxels in (("ct", body(n).astype(np.int16)), ("gtv_mask", region(n))):
        image = SimpleITK.GetImageFromArray(voxels.transpose(2, 1, 0))
        image.SetSpacing((2, 2, 3))
        path = folder / f"{NAMES[2]}{n}_{kind}.nrrd"
        SimpleITK.WriteImage(image, str(path), useCompression=False)
        raw = path.read_bytes()
        extra = f"# {NRRD['comment']}\nowner:={NRRD['key']}\ncontent: {NRRD['content']}\n".encode()
        path.write_bytes(raw.replace(b"type:", extra + b"type:", 1))


def spoil(folder):
    """Files whose readers would like to quote what they stumble over."""
    plant_dicom(folder / NAMES[0], 20)
    for path in (folder / NAMES[0] / "CT_20").iterdir():  # numbers that are names
        raw = path.read_bytes()
        path.write_bytes(raw.replace(b"2.0\\2.0 ", b"Quimby^E", 1))
    plant_dicom(folder / NAMES[0], 21, PixelSpacing=[2, 2])
    for path in sorted((folder / NAMES[0] / "CT_21").iterdir())[4:6]:
        path.unlink()
    plant_dicom(folder / NAMES[0], 22)
    rtstruct = folder / NAMES[0] / "RS_22.dcm"
    rtstruct.write_bytes(rtstruct.read_bytes().replace(b"20.0\\20.0", b"Ezek\\Quim", 4))
    plant_nrrd(folder / NAMES[1] / "n23", 23)
    broken = next((folder / NAMES[1] / "n23").glob("*_ct.nrrd"))
    broken.write_bytes(broken.read_bytes().replace(b"type: short", b"type: Ludwig Kraft"))
    plant_nrrd(folder / NAMES[1] / "n24", 24)
    broken = next((folder / NAMES[1] / "n24").glob("*_ct.nrrd"))
    broken.write_bytes(
        broken.read_bytes().replace(b"encoding: raw", b"encoding: raw\ndata file: /Duke_Michael_19510404/Ludwig Kraft.raw")
    )
    plant_nifti(folder / NAMES[1] / "n25", 25)
    broken = next((folder / NAMES[1] / "n25").glob("*_ct.nii.gz"))
    raw = bytearray(gzip.decompress(broken.read_bytes()))
    raw[70:72] = b"\xff\x7f"  # a data type that does not exist
    broken.write_bytes(gzip.compress(bytes(raw)))
    plant_nifti(folder / NAMES[1] / "n26", 26)
    broken = next((folder / NAMES[1] / "n26").glob("*_mask.nii.gz"))
    broken.write_bytes(broken.read_bytes()[:-200])


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    """A folder with identifiers everywhere, indexed, checked, extracted and run; what each verb printed."""
    base = tmp_path_factory.mktemp("phi")
    scans = base / "scans"
    for n in range(6):
        plant_dicom(scans / NAMES[0] / f"p{n}", n)
        for path in (scans / NAMES[0] / f"p{n}" / f"CT_{n}").iterdir():
            plant_private(path)
    for n in range(6, 11):
        plant_nifti(scans / NAMES[1] / f"p{n}", n)
    for n in range(11, 15):
        plant_nrrd(scans / NAMES[1] / f"p{n}", n)
    spoil(scans)
    printed = {"index": verb(base, "index", "scans", "-o", "m.csv", "--ids", "numbers")}
    assert printed["index"].returncode == 0, printed["index"].stderr
    table = pd.read_csv(base / "m.csv", dtype=str, keep_default_na=False)
    lost = [
        {"image": f"scans/{NAMES[0]}/none.nii", "mask": f"scans/{NAMES[0]}/none_mask.nii"},
        {"image": f"scans/{NAMES[1]}/n23/{NAMES[2]}23_ct.nrrd", "mask": f"scans/{NAMES[1]}/n23/{NAMES[2]}23_gtv_mask.nrrd"},
        {"image": f"scans/{NAMES[1]}/n24/{NAMES[2]}24_ct.nrrd", "mask": f"scans/{NAMES[1]}/n24/{NAMES[2]}24_gtv_mask.nrrd"},
        {"image": f"scans/{NAMES[1]}/n25/{NAMES[2]}25_ct.nii.gz", "mask": f"scans/{NAMES[1]}/n25/{NAMES[2]}25_gtv_mask.nii.gz"},
        {"image": f"scans/{NAMES[1]}/n26/{NAMES[2]}26_ct.nii.gz", "mask": f"scans/{NAMES[1]}/n26/{NAMES[2]}26_gtv_mask.nii.gz"},
        {"image": f"scans/{NAMES[0]}/CT_20", "mask": f"scans/{NAMES[0]}/RS_20.dcm"},
        {"image": f"scans/{NAMES[0]}/RS_20.dcm", "mask": f"scans/{NAMES[0]}/CT_20/000.dcm"},
    ]
    rows = [{"case_id": f"lost-{n}", "modality": "CT", **row} for n, row in enumerate(lost)]
    table = pd.concat([table, pd.DataFrame(rows)]).fillna("")
    table["modality"] = table["modality"].replace("", "CT")
    case = table["case_id"].astype("category").cat.codes.astype(int)
    table.assign(os_days=100 + case * 37, os_event=case % 2).to_csv(base / "m2.csv", index=False)
    (base / "study.yaml").write_text(
        "recipe_version: 1\nmanifest: m2.csv\nfeatures: {families: [morphology]}\noutcome: {time: os_days, event: os_event}\n"
        "subtypes: {k: 2, k_range: [2, 3], n_resamples: 50}\n"
        "validation: {null_cohorts: 19, purity_repeats: 1, purity_resamples: 50}\nmodel: {n_rounds: 5}\n",
        encoding="utf-8",
    )
    return base, printed


VERBS = {
    "index": (),
    "check": ("check", "m2.csv", "-o", "checked"),
    "extract": ("extract", "m2.csv", "-o", "extracted", "--families", "morphology"),
    "run": ("run", "study.yaml", "-o", "ran"),
    "workers": ("extract", "m2.csv", "-o", "worked", "--families", "morphology", "--jobs", "2"),
}


@pytest.fixture(params=list(VERBS))
def done(request, hospital):
    """A verb that was run once: the base folder, its name, its output folder, and what it printed."""
    base, printed = hospital
    name = request.param
    if name not in printed:
        printed[name] = verb(base, *VERBS[name])
    return base, name, base / VERBS[name][3] if VERBS[name] else base, printed[name]


def verb(base, *arguments):
    program = "from radiotype.cli import main; main()"
    return subprocess.run([sys.executable, "-c", program, *arguments], cwd=base, capture_output=True, text=True, timeout=120)


def spoken(path):
    """Everything a stored file says, as text: bytes as they are, and the cells of tables that are compressed."""
    text = path.read_bytes().decode("latin-1")
    if path.suffix == ".parquet":
        frame = pd.read_parquet(path)
        text += frame.to_csv() + str(frame.attrs)
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            text += " ".join(str(array) for array in arrays.values() if array.dtype.kind in "US")
    return text


def leaks(text):
    return sorted(one for one in PLANTED if one.lower() in text.lower())


def test_sixty_identifiers_are_planted_and_really_there(hospital):
    base, _ = hospital
    assert len(PLANTED) >= 60
    everything = "".join(
        str(path) + (gzip.decompress(path.read_bytes()) if _whole_gzip(path) else path.read_bytes()).decode("latin-1")
        for path in (base / "scans").rglob("*")
        if path.is_file()
    )
    assert leaks(everything) == sorted(PLANTED)


def _whole_gzip(path):
    if path.suffix != ".gz":
        return False
    try:
        gzip.decompress(path.read_bytes())
    except (OSError, EOFError):
        return False
    return True


def test_no_verb_stores_or_prints_who_the_patients_are(done):
    base, name, folder, printed = done
    assert printed.returncode == (0 if name == "index" else 3), printed.stderr
    assert leaks(printed.stdout) == []
    assert leaks(printed.stderr) == []
    assert printed.stderr == ""
    if name == "index":
        return
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 3
    found = {str(path.relative_to(base)): leaks(spoken(path) + path.name) for path in files}
    assert {path: what for path, what in found.items() if what} == {}
    if name != "check":
        assert folder / "store" / "digests.jsonl" in files
        assert sum(path.suffix == ".entry" for path in files) >= 12
    log = (folder / "log.jsonl").read_text()
    assert all(isinstance(json.loads(line), dict) for line in log.splitlines())
    assert str(base) not in log
    _did_its_work(name, folder)


def _did_its_work(name, folder):
    """The verb read the good cases and said why the bad ones are not."""
    if name == "check":
        findings = pd.read_parquet(folder / "findings.parquet")
        assert {"burned_in", "file_missing", "file_unreadable", "slices_missing"} <= set(findings["check"])
        assert len(list((folder / "pictures").glob("*.png"))) > 12
        return
    cases = pd.read_parquet(folder / "cases.parquet")
    assert (cases["status"] == "ok").sum() >= 12
    assert len(set(cases.loc[cases["status"] == "failed", "code"])) >= 4
    assert "RT000" not in set(cases["code"])


def test_a_manifest_holds_paths_and_nothing_from_inside_a_file(hospital):
    base, _ = hospital
    for file in ("m.csv", "m.notes.csv"):
        table = pd.read_csv(base / file, dtype=str, keep_default_na=False)
        for column in ("image", "mask", "path"):
            if column in table:
                table = table.drop(columns=column)
        assert leaks(table.to_csv()) == []


def test_an_error_of_the_manifest_prints_the_path_that_was_typed_and_no_other(hospital):
    base, _ = hospital
    done = verb(base, "extract", "scans/none.csv")
    assert done.returncode == 2
    assert "scans/none.csv" in done.stderr
    assert str(base) not in done.stderr
