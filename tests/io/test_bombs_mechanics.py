"""Files that swell when they are opened (F5): refused within one second and 200 MB, or read without swelling."""

import gzip
import json
import subprocess
import sys
import zlib

import nibabel
import numpy as np
import pytest

from radiotype.errors import InputError
from radiotype.io import read_scan

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
