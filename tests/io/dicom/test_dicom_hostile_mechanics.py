"""Damaged files: whatever is changed in a file, the outcome is a scan or a RadiotypeError, in bounded time and memory.

RADIOTYPE_MUTATIONS sets how many of them; 2,000 by default.
"""

import os
import resource
import struct
import time
import warnings

import numpy as np
import pydicom
import pytest

from radiotype.core import Scan
from radiotype.errors import RadiotypeError
from radiotype.io import read_scan

N_MUTATIONS = int(os.environ.get("RADIOTYPE_MUTATIONS", "2000"))
LONG_VR = (b"OB", b"OW", b"OF", b"OD", b"SQ", b"UN", b"UT", b"UC", b"UR", b"OL", b"OV", b"SV", b"UV")


def elements(raw):
    """(start, value offset, length) of the top-level elements of an explicit little-endian file, pixel data included."""
    found, at = [], 132
    while at + 8 <= len(raw):
        vr = raw[at + 4 : at + 6]
        head = 12 if vr in LONG_VR else 8
        length = struct.unpack_from("<L" if head == 12 else "<H", raw, at + head - (4 if head == 12 else 2))[0]
        if length == 0xFFFFFFFF or at + head + length > len(raw):
            break
        found.append((at, at + head, length))
        at += head + length
    return found


def flip(raw, rng):
    raw = bytearray(raw)
    for _ in range(rng.integers(1, 6)):
        raw[rng.integers(132, len(raw))] = rng.integers(0, 256)
    return bytes(raw)


def delete(raw, rng):
    start, value, length = pick(raw, rng)
    return raw[:start] + raw[value + length :]


def wrong_vr(raw, rng):
    start, _, _ = pick(raw, rng)
    vr = [b"DS", b"IS", b"US", b"UL", b"SQ", b"OB", b"LO", b"FD", b"TM", b"UI", b"AT", b"??", b"\0\0"][rng.integers(13)]
    return raw[: start + 4] + vr + raw[start + 6 :]


def wrong_length(raw, rng):
    start, value, length = pick(raw, rng)
    new = int(rng.choice([0, 1, length + 1, length + 2, max(length - 2, 0), 0xFFFE, 0xFFFFFFFE, 0xFFFFFFFF, 2**31]))
    if value - start == 12:
        return raw[: value - 4] + struct.pack("<L", new) + raw[value:]
    return raw[: value - 2] + struct.pack("<H", new & 0xFFFF) + raw[value:]


def wrong_value(raw, rng):
    _, value, length = pick(raw, rng)
    kinds = [
        rng.bytes(length),
        b"9" * length,
        b"-" * length,
        b"\\" * length,
        b"\xff" * length,
        b"nan " * length,
        b"1e99" * length,
    ]
    return raw[:value] + kinds[rng.integers(len(kinds))][:length] + raw[value + length :]


def twice(raw, rng):
    start, value, length = pick(raw, rng)
    return raw[:start] + raw[start : value + length] * 2 + raw[value + length :]


def pick(raw, rng):
    found = elements(raw) or [(132, 140, 4)]
    return found[rng.integers(len(found))]


MUTATIONS = (flip, flip, delete, wrong_vr, wrong_length, wrong_value, twice)


@pytest.fixture
def seeds(maker, enhanced, pet, tmp_path):
    """A plain CT slice, a plain PET slice, and an enhanced MR of two phases."""
    plain = maker.write(maker.dataset(np.arange(48, dtype=np.int16).reshape(8, 6), (0, 0, 0)), "ct.dcm")
    one = maker.dataset(np.arange(48, dtype=np.int16).reshape(8, 6), (0, 0, 0), modality="PT")
    activity = maker.write(pet(one), "pt.dcm")

    def phase(group, index):
        group.FrameContentSequence[0].TemporalPositionIndex = index // 3

    positions = [(0, 0, 2.0 * k) for k in range(3)] * 2
    frames = enhanced(np.arange(288, dtype=np.uint16).reshape(6, 8, 6), positions, modality="MR", edit_frame=phase)
    frames.save_as(tmp_path / "mr.dcm", enforce_file_format=True)
    return [path.read_bytes() for path in (plain, activity, tmp_path / "mr.dcm")]


def outcome(path):
    """Reads a file completely; the code of its error, or "scan"."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # nothing of pydicom may leak
        try:
            scan = read_scan(path)
            assert isinstance(scan, Scan)
            assert np.isfinite(scan.grid.affine).all()
            assert scan.data.shape == scan.voxels.shape
            return "scan"
        except RadiotypeError as error:
            assert "Doe" not in str(error)
            return error.code


def test_mutated_files_are_read_or_refused(seeds, tmp_path):
    rng = np.random.default_rng(20261121)
    path = tmp_path / "mutated" / "one.dcm"
    path.parent.mkdir()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seen: dict[str, int] = {}
    slowest = 0.0
    for index in range(N_MUTATIONS):
        raw = seeds[index % 3]
        for _ in range(rng.integers(1, 3)):
            raw = MUTATIONS[rng.integers(len(MUTATIONS))](raw, rng)
        path.write_bytes(raw)
        start = time.perf_counter()
        found = outcome(path)
        slowest = max(slowest, time.perf_counter() - start)
        seen[found] = seen.get(found, 0) + 1
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert sum(seen.values()) == N_MUTATIONS
    assert {"scan", "RT202", "RT207", "RT209", "RT216"} <= set(seen)
    # A change of a transfer syntax may start a decoding child, which takes a second or two to fail.
    assert slowest < 10
    assert grown_kb < 200 * 1024


def test_files_cut_at_every_hundredth_are_refused(seeds, tmp_path):
    path = tmp_path / "cut" / "one.dcm"
    path.parent.mkdir()
    for raw in seeds:
        for percent in range(100):
            path.write_bytes(raw[: len(raw) * percent // 100])
            assert outcome(path) in ("RT202", "RT209"), percent
        path.write_bytes(raw)
        assert outcome(path) == "scan"


def test_every_single_element_may_be_missing(seeds, tmp_path):
    path = tmp_path / "less" / "one.dcm"
    path.parent.mkdir()
    for raw in seeds:
        for start, value, length in elements(raw):
            path.write_bytes(raw[:start] + raw[value + length :])
            outcome(path)


@pytest.mark.parametrize("percent", range(0, 100, 3))
@pytest.mark.parametrize("which", [2, 4])
def test_a_slice_cut_short_ends_its_series_and_is_named_even_at_the_end_of_the_stack(maker, percent, which):
    paths = maker.slices(np.zeros((5, 8, 6), dtype=np.int16))
    raw = paths[which].read_bytes()
    paths[which].write_bytes(raw[: len(raw) * percent // 100])
    for path in (maker.folder, paths[0]):
        with pytest.raises(RadiotypeError) as caught:
            read_scan(path)
        assert caught.value.file == paths[which]


def test_the_library_is_left_as_it_was_found(seeds, tmp_path):
    import logging

    path = tmp_path / "one.dcm"
    path.write_bytes(seeds[0][:500])
    outcome(path)
    assert not logging.getLogger("pydicom").disabled
    assert pydicom.config.settings.reading_validation_mode == pydicom.config.WARN
