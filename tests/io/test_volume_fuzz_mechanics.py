"""Damaged volumes (F4, F7): a value or a RadiotypeError; never a crash, a warning or another file's bytes."""

import gzip
import math

import nibabel
import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
from hypothesis import strategies as st

from radiotype.errors import InputError, RadiotypeError
from radiotype.io import read_scan
from radiotype.io.text_header import parse_metaimage, parse_nrrd

#: Mutations of each kind of file; 2,000 together.
N_MUTATIONS = {"a.nii": 600, "a.nii.gz": 400, "b.nii": 300, "b.nii.gz": 200, "a.nrrd": 400, "a.mha": 100}

VOXELS = np.arange(5 * 4 * 3, dtype=np.int16).reshape(5, 4, 3)


def pristine(folder):
    """One small file of each kind; NIfTI-2 under the name b."""
    affine = np.array([[0.0, -0.9, 0, 11], [0.8, 0, 0, -7], [0, 0, -2.5, 40], [0, 0, 0, 1]])
    for kind, name in ((nibabel.Nifti1Image, "a"), (nibabel.Nifti2Image, "b")):
        for suffix in (".nii", ".nii.gz"):
            nibabel.save(kind(VOXELS, affine), folder / f"{name}{suffix}")
    image = SimpleITK.GetImageFromArray(VOXELS.transpose(2, 1, 0))
    SimpleITK.WriteImage(image, str(folder / "a.nrrd"), useCompression=False)
    SimpleITK.WriteImage(image, str(folder / "a.mha"), useCompression=False)
    return {name: (folder / name).read_bytes() for name in N_MUTATIONS}


def mutated(raw, rng, packed):
    """A few bytes changed, a piece cut out or doubled, a number grown, or the end missing; mostly before compression."""
    inside = packed and rng.random() < 0.7
    body = bytearray(gzip.decompress(raw) if inside else raw)
    reach = min(len(body), 560)
    kind = rng.integers(6)
    at = int(rng.integers(reach))
    if kind <= 1:
        for place in rng.integers(reach, size=rng.integers(1, 5)):
            body[place] = rng.integers(256)
    elif kind == 2:
        del body[at : at + int(rng.integers(1, 40))]
    elif kind == 3:
        body[at:at] = body[at : at + int(rng.integers(1, 40))]
    elif kind == 4:
        value = rng.choice(np.array([0, -1, 32767, -32768], dtype=np.int16)).tobytes() * 2
        body[at : at + 4] = value if rng.random() < 0.5 else np.float32(rng.choice([np.nan, np.inf, 1e30, -1, 0])).tobytes()
    else:
        del body[int(rng.integers(len(body))) :]
    return gzip.compress(bytes(body), 1) if inside else bytes(body)


@pytest.mark.parametrize("name", list(N_MUTATIONS))
def test_mutated_volumes_end_in_a_value_or_in_an_error_of_ours(tmp_path, name, capfd):
    raw = pristine(tmp_path)[name]
    rng = np.random.default_rng([7, *name.encode()])
    path = tmp_path / f"mutated{name[1:]}"
    refused = 0
    for _ in range(N_MUTATIONS[name]):
        path.write_bytes(mutated(raw, rng, name.endswith(".gz")))
        try:
            scan = read_scan(path)
            assert math.prod(scan.data.shape) == math.prod(scan.voxels.shape)
        except RadiotypeError as error:
            refused += 1
            assert error.file == path
            assert str(tmp_path) not in error.found
    assert 0.2 * N_MUTATIONS[name] < refused < N_MUTATIONS[name]  # the mutations bite, and not all of them
    assert capfd.readouterr().out == ""


def test_a_volume_cut_at_any_place_is_refused(tmp_path):
    for name, raw in pristine(tmp_path).items():
        path = tmp_path / f"cut{name[1:]}"
        for length in range(1, len(raw), max(1, len(raw) // 100)):
            path.write_bytes(raw[:length])
            with pytest.raises(RadiotypeError):
                _ = read_scan(path).data


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=400))
def test_any_bytes_are_a_header_or_an_error(start):
    for parse in (parse_nrrd, parse_metaimage):
        for text in (start, b"NRRD0004\n" + start, b"NDims = 3\n" + start):
            try:
                header = parse(text)
            except InputError:
                continue
            assert 0 < header.n_bytes <= len(text)


_ENDS = st.sampled_from([b"\n", b"\r\n", b"\r", b"\n\r", b"\x0b", b"\x0c", b"\x1c", b"\x85", b"\n\n", b"\r\r"])
_PIECES = st.sampled_from(
    [
        *(
            b"# a comment",
            b"content: x",
            b"key:=value",
            b"data file: secret.raw",
            b"DATA FILE: secret.raw",
            b"datafile: secret.raw",
        ),
        *(
            b"data file: LIST",
            b"Comment = x",
            b"ElementDataFile = secret.raw",
            b"ElementDataFile : secret.raw",
            b"",
            b" ",
            b"\0",
        ),
        *(b"ElementDataFile = LOCAL", b"elementdatafile = LOCAL", b"#" + b"x" * 5000),
    ]
)
_NRRD = b"NRRD0004\ntype: uint8\ndimension: 3\nsizes: 2 2 2\nencoding: raw\n"
_MHA = b"ObjectType = Image\nNDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\n"


@settings(max_examples=600, deadline=None, derandomize=True)
@given(st.lists(st.tuples(_PIECES, _ENDS), min_size=1, max_size=6))
def test_no_arrangement_of_header_lines_fetches_another_file(tmp_path_factory, lines):
    folder = tmp_path_factory.getbasetemp() / "jail"
    folder.mkdir(exist_ok=True)
    (folder / "secret.raw").write_bytes(b"SECRETXX")
    text = b"".join(piece + end for piece, end in lines)
    for head, name in ((_NRRD, "a.nrrd"), (_MHA, "a.mha")):
        (folder / name).write_bytes(head + text + b"12345678")
        try:
            data = read_scan(folder / name).data
        except RadiotypeError:
            continue
        assert b"SECRET" not in data.tobytes(order="F")
        assert b"SECRET" not in data.tobytes(order="C")
