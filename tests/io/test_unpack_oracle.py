"""Streams unpacked piece by piece, by ISA-L and by zlib: the bytes that Python's gzip gives, and the same errors from both."""

import gzip
import io
import sys
import zlib

import numpy as np
import pytest

from radiotype.errors import InputError
from radiotype.io import read_scan, unpack
from radiotype.io.unpack import CHUNK, PACKED, unpacked

RNG = np.random.default_rng(3)
PIECES = {
    "noise": RNG.bytes(3 * CHUNK + 17),
    "zeros": bytes(5 * CHUNK),
    "both": bytes(CHUNK) + RNG.bytes(2 * PACKED) + bytes(CHUNK - 1),
    "short": b"one",
    "none": b"",
}


@pytest.fixture(params=["isal", "zlib"], autouse=True)
def library(request, monkeypatch):
    if request.param == "zlib":
        monkeypatch.setitem(sys.modules, "isal", None)
        assert unpack._library() is zlib
    else:
        assert unpack._library() is pytest.importorskip("isal.isal_zlib")


def streams():
    whole = {name: gzip.compress(piece, 1 + n) for n, (name, piece) in enumerate(PIECES.items())}
    yield from whole.values()
    yield whole["noise"] + whole["zeros"] + whole["none"] + whole["short"]
    yield whole["short"] + bytes(2 * PACKED + 3) + whole["both"] + bytes(9)
    yield whole["short"] * 500


@pytest.mark.parametrize("packed", list(streams()))
def test_every_part_of_a_stream_is_what_gzip_gives(packed):
    expected = gzip.decompress(packed)
    for skip, n in ((0, len(expected)), (352, len(expected) - 352), (len(expected) // 2, len(expected) // 3), (0, 1)):
        if n < 0 or skip + n > len(expected):
            continue
        assert unpacked(io.BytesIO(packed), "gzip", n, skip=skip).tobytes() == expected[skip : skip + n]
    with pytest.raises(EOFError):
        unpacked(io.BytesIO(packed), "gzip", len(expected) + 1)


@pytest.mark.parametrize("name", list(PIECES))
def test_a_stream_cut_anywhere_ends_too_early(name):
    packed, n = gzip.compress(PIECES[name]), len(PIECES[name])
    for length in {*range(1, len(packed), max(1, len(packed) // 40)), *range(max(1, len(packed) - 20), len(packed))}:
        with pytest.raises(EOFError):
            unpacked(io.BytesIO(packed[:length]), "gzip", n)


@pytest.mark.parametrize("name", list(PIECES))
def test_a_checksum_that_does_not_fit_is_told(name):
    packed = bytearray(gzip.compress(PIECES[name]))
    packed[-6] ^= 1
    with pytest.raises(zlib.error):
        unpacked(io.BytesIO(packed), "gzip", len(PIECES[name]))


def test_what_follows_is_told_where_it_is_needed_and_else_not_read():
    packed, n = gzip.compress(PIECES["noise"]), len(PIECES["noise"])
    for tail in (b"left over", b"\0\0x", b"\x1f\x8bhello", b"\x1f"):
        assert unpacked(io.BytesIO(packed + tail), "gzip", n).tobytes() == PIECES["noise"]
        with pytest.raises((gzip.BadGzipFile, zlib.error, EOFError)):
            unpacked(io.BytesIO(packed + tail), "gzip", n + 1)
    with pytest.raises(gzip.BadGzipFile):
        unpacked(io.BytesIO(packed + b"left over"), "gzip", n + 1)
    damaged = packed[: len(packed) // 2] + bytes(99) + packed[len(packed) // 2 :]
    assert unpacked(io.BytesIO(damaged), "gzip", n // 4).tobytes() == PIECES["noise"][: n // 4]


def test_a_zlib_stream_is_one_stream():
    packed = zlib.compress(PIECES["both"])
    assert unpacked(io.BytesIO(packed + packed), "zlib", len(PIECES["both"])).tobytes() == PIECES["both"]
    with pytest.raises(EOFError):
        unpacked(io.BytesIO(packed + packed), "zlib", len(PIECES["both"]) + 1)


def test_a_changed_byte_gives_the_same_outcome_from_both_libraries(monkeypatch):
    packed = gzip.compress(bytes(range(256)) * 40 + PIECES["noise"][:5000])
    n, outcomes = 256 * 40 + 5000, {}
    monkeypatch.undo()
    for name in ("isal", "zlib"):
        pytest.importorskip("isal")
        if name == "zlib":
            monkeypatch.setitem(sys.modules, "isal", None)
        for at in range(0, len(packed), 7):
            changed = bytearray(packed)
            changed[at] ^= 1 << at % 8
            try:
                outcome = unpacked(io.BytesIO(changed), "gzip", n).tobytes()
            except (zlib.error, EOFError, gzip.BadGzipFile) as error:
                outcome = "ends too early" if isinstance(error, EOFError) else "damaged"
            outcomes.setdefault(at, []).append(outcome)
    assert all(first == second for first, second in outcomes.values())
    assert {outcome for outcome, _ in outcomes.values()} >= {"damaged"}


def test_a_damaged_volume_says_so(tmp_path):
    import nibabel

    voxels = RNG.integers(0, 99, (40, 40, 20)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), tmp_path / "a.nii")
    packed = bytearray(gzip.compress((tmp_path / "a.nii").read_bytes()))
    path = tmp_path / "a.nii.gz"
    path.write_bytes(packed)
    assert (read_scan(path).data == voxels).all()
    packed[-7] ^= 1
    path.write_bytes(packed)
    with pytest.raises(InputError, match=r"RT202.*the compressed data are damaged"):
        _ = read_scan(path).data
