"""Files that swell when they are opened (F5): refused within one second and 200 MB, or read without swelling."""

import gzip
import json
import subprocess
import sys
import tracemalloc
import zlib

import nibabel
import numpy as np
import pytest

from radiotype.errors import InputError, RecipeError
from radiotype.io import read_cohort, read_scan

ZEROS = 64 * 2**20

PROGRAM = """
import json, resource, sys, time
import nibabel, numpy
from radiotype.errors import InputError
from radiotype.io import read_scan
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
result = {}
for path in sys.argv[1:]:
    before, start = peak(), time.perf_counter()
    try:
        scan = read_scan(path)
        outcome = "value" if scan.data.nbytes < 2**20 else "large"
    except InputError as error:
        outcome = error.code
    result[path] = [outcome, time.perf_counter() - start, peak() - before]
print(json.dumps(result))
"""


def header(shape, *, offset=352):
    image = nibabel.Nifti1Image(np.zeros((1, 1, 1), dtype=np.uint8), np.eye(4))
    raw = bytearray(image.to_bytes()[:352])
    raw[40:48] = np.array([3, *shape], dtype="<i2").tobytes()
    raw[108:112] = np.float32(offset).tobytes()
    return bytes(raw)


def bombs(folder):
    """Path and outcome of each bomb."""
    member = gzip.compress(bytes(ZEROS), 6)
    packed = zlib.compress(bytes(ZEROS), 9)
    nrrd = "NRRD0004\ntype: uint8\ndimension: 3\nsizes: {}\nencoding: {}\n\n"
    mha = "NDims = 3\nDimSize = {}\nElementType = MET_UCHAR\nCompressedData = True\n{}ElementDataFile = LOCAL\n"
    files = {
        "thousandfold.nii.gz": (gzip.compress(header((1024, 1024, 2047))) + 32 * member, "RT209"),
        "more_than_it_says.nii.gz": (gzip.compress(header((8, 8, 8))) + 32 * member, "value"),
        "extension.nii.gz": (gzip.compress(header((8, 8, 8), offset=2**30)) + 32 * member, "RT209"),
        "impossible.nii.gz": (gzip.compress(header((32767, 32767, 32767))), "RT209"),
        "impossible.nii": (header((32767, 32767, 32767)), "RT209"),
        "cut.nii.gz": (gzip.compress(header((64, 64, 50)) + np.random.default_rng(0).bytes(64 * 64 * 50))[:-9], "RT209"),
        "thousandfold.nrrd": (nrrd.format("2048 1024 1024", "gzip").encode() + 32 * member, "RT209"),
        "more_than_it_says.nrrd": (nrrd.format("8 8 8", "gzip").encode() + member, "value"),
        "bzip2.nrrd": (nrrd.format("8 8 8", "bzip2").encode() + b"BZh9" + b"x" * 100, "RT202"),
        "thousandfold.mha": (mha.format("2048 1024 1024", "").encode() + 32 * packed, "RT209"),
        "more_than_it_says.mha": (mha.format("8 8 8", "").encode() + packed, "value"),
        "claims_more.mha": (mha.format("8 8 8", "CompressedDataSize = 99999999999\n").encode() + packed, "RT209"),
        "long_header.nrrd": (b"NRRD0004\n" + b"# x\n" * 2**20, "RT202"),
    }
    for name, (raw, _) in files.items():
        (folder / name).write_bytes(raw)
    return {str(folder / name): outcome for name, (_, outcome) in files.items()}


def test_bombs_cost_at_most_a_second_and_200_mb(tmp_path):
    expected = bombs(tmp_path)
    done = subprocess.run([sys.executable, "-c", PROGRAM, *expected], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {path: outcome for path, (outcome, _, _) in found.items()} == expected
    assert max(seconds for _, seconds, _ in found.values()) < 1
    assert max(megabytes for _, _, megabytes in found.values()) < 200


def test_a_large_volume_is_read_where_the_limit_is_set(tmp_path, monkeypatch):
    bombs(tmp_path)
    path = tmp_path / "thousandfold.nii.gz"
    with pytest.raises(InputError, match="RADIOTYPE_MAX_VOLUME_GB"):
        read_scan(path)
    monkeypatch.setenv("RADIOTYPE_MAX_VOLUME_GB", "0.5")
    with pytest.raises(InputError, match=r"the limit is 0\.5 GB"):
        read_scan(path)
    monkeypatch.setenv("RADIOTYPE_MAX_VOLUME_GB", "3")
    needed = 352 + 1024 * 1024 * 2047
    path.write_bytes(path.read_bytes() + needed.to_bytes(4, "little"))  # as the trailer of one stream would say
    assert read_scan(path).grid.shape == (1024, 1024, 2047)


@pytest.mark.parametrize("limit", ["eight", "8 GB", "0", "-1", "nan", "inf"])
def test_a_limit_that_is_no_number_of_gigabytes_ends_the_run_before_any_file_is_read(tmp_path, monkeypatch, limit):
    monkeypatch.setenv("RADIOTYPE_MAX_VOLUME_GB", limit)
    (tmp_path / "manifest.csv").write_text("case_id,image,mask\n1,a.nii,b.nii\n", encoding="utf-8")
    with pytest.raises(RecipeError, match=r"RT103.*RADIOTYPE_MAX_VOLUME_GB"):
        read_cohort(tmp_path / "manifest.csv")
    nibabel.save(nibabel.Nifti1Image(np.zeros((2, 2, 2), dtype=np.int16), np.eye(4)), tmp_path / "a.nii")
    with pytest.raises(RecipeError, match=r"RT103.*RADIOTYPE_MAX_VOLUME_GB"):
        read_scan(tmp_path / "a.nii")


def test_a_deflated_header_does_not_swell_where_only_a_few_tags_are_wanted(tmp_path):
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.filewriter import write_file_meta_info

    from radiotype.io.header_tags import read_links, read_patient_id, read_risks

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3"
    FileDataset("", {}, file_meta=meta)
    path = tmp_path / "bomb.dcm"
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    with path.open("wb") as file:
        file.write(bytes(128) + b"DICM")
        write_file_meta_info(file, meta, enforce_standard=True)
        # one element of 192 MB of zeros before the patient
        file.write(packer.compress(b"\x08\x00\x01\x01UN\0\0" + (3 * ZEROS).to_bytes(4, "little")))
        for _ in range(3):
            file.write(packer.compress(bytes(ZEROS)))
        file.write(packer.flush())
    for read in (read_links, read_patient_id, read_risks):
        tracemalloc.start()
        try:
            with pytest.raises(InputError, match="RT2"):
                read(path)
            assert tracemalloc.get_traced_memory()[1] < 80 * 2**20
        finally:
            tracemalloc.stop()
