"""Damaged structure sets and segmentations end in masks or in a `RadiotypeError`, nothing else, and quickly."""

import io
import time

import numpy as np
import pydicom
import pytest
from pydicom.filewriter import dcmwrite
from region_files import FRAME_UID, scan_on, segmentation, square, structure_set, turned

from radiotype.core import Mask
from radiotype.errors import RadiotypeError
from radiotype.io import read_masks

GRID = turned((24, 20, 6), angles=(0.1, -0.2, 0.3))
SCAN = scan_on(GRID)
N_STRUCTURE_SETS, N_SEGMENTATIONS = 1000, 500


def structures():
    """Two regions, named after a patient as it happens."""
    rings = [[square(3.5, 9.5, k, GRID), square(5.5, 7.5, k, GRID)] for k in (1, 2, 3)]
    return structure_set(
        {
            "GTV": [one for ring in rings for one in ring],
            "Smith^John": [square(12.5, 15.5, 2, GRID), ("POINT", square(1, 2, 2, GRID)[:1])],
        }
    )


def segments(kind):
    rng = np.random.default_rng(4)
    frames = [
        (n, k, (rng.random((20, 24)) < 0.3) * (1 if kind == "BINARY" else 2)) for n, k in ((1, 1), (1, 2), (2, 2), (2, 4))
    ]
    if kind == "LABELMAP":
        frames = frames[:2] + frames[3:]
    return segmentation(frames, GRID, kind=kind, labels=("Smith", "Smith^John"), largest=2)


def stored(dataset):
    buffer = io.BytesIO()
    with pydicom.config.disable_value_validation():
        dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def nodes(dataset):
    """Every element, with the data set that holds it."""
    for element in dataset:
        yield dataset, element
        if element.VR == "SQ":
            for item in element.value:
                yield from nodes(item)


def drop_an_element(dataset, rng):
    found = list(nodes(dataset))
    holder, element = found[rng.integers(len(found))]
    del holder[element.tag]


def empty_an_element(dataset, rng):
    found = list(nodes(dataset))
    _, element = found[rng.integers(len(found))]
    element.value = [] if element.VR == "SQ" else None


def repeat_or_shuffle_items(dataset, rng):
    found = [element for _, element in nodes(dataset) if element.VR == "SQ" and len(element.value)]
    element = found[rng.integers(len(found))]
    items = list(element.value)
    items += items[: rng.integers(1, 3)]
    element.value = [items[n] for n in rng.permutation(len(items))[: rng.integers(1, len(items) + 1)]]


def change_a_number(dataset, rng):
    found = [element for _, element in nodes(dataset) if element.VR in ("IS", "US", "DS") and element.value is not None]
    element = found[rng.integers(len(found))]
    choices = {
        "IS": ["-1", "0", "99", "2147483647"],
        "US": [0, 2, 9, 65535],
        "DS": ["nan", "1e30", "-1e30", "0", "-7.5", "inf", "99999"],
    }[element.VR]
    value = choices[rng.integers(len(choices))]
    if element.VM > 1:
        many = list(element.value)
        many[rng.integers(len(many))] = value
        many = many[: rng.integers(1, len(many) + 1)] if rng.random() < 0.3 else many
        element.value = [str(one) for one in many] if element.VR == "DS" else many
    else:
        element.value = value


def flip_bytes(raw, rng):
    data = np.frombuffer(raw, np.uint8).copy()
    where = rng.integers(132, len(data), rng.integers(1, 12))
    data[where] = rng.integers(0, 256, len(where))
    return data.tobytes()


def cut(raw, rng):
    return raw[: rng.integers(0, len(raw))]


def remove_or_insert_bytes(raw, rng):
    at, n = rng.integers(132, len(raw)), rng.integers(1, 40)
    return raw[:at] + (raw[at + n :] if rng.random() < 0.5 else rng.bytes(n) + raw[at:])


def change_frame_of_reference(raw, rng):
    return raw.replace(FRAME_UID.encode(), b"1.2.3.4.9", rng.integers(1, 4))


ON_DATA_SETS = (drop_an_element, empty_an_element, repeat_or_shuffle_items, change_a_number, change_a_number)
ON_BYTES = (flip_bytes, flip_bytes, cut, remove_or_insert_bytes, change_frame_of_reference)


def mutated(make, raw, rng):
    if rng.random() < 0.5:
        return ON_BYTES[rng.integers(len(ON_BYTES))](raw, rng)
    dataset = make()
    for _ in range(rng.integers(1, 4)):
        ON_DATA_SETS[rng.integers(len(ON_DATA_SETS))](dataset, rng)
    try:
        return stored(dataset)
    except Exception:  # noqa: BLE001 - the library writes no such file; damage the bytes instead
        return flip_bytes(raw, rng)


def campaign(makes, n, tmp_path, seed):
    """Read n mutated files; how many gave masks and how many were refused."""
    path = tmp_path / "mutated.dcm"
    n_read = n_refused = 0
    raws = [stored(make()) for make in makes]
    for number in range(n):
        rng = np.random.default_rng([seed, number])
        raw = mutated(makes[number % len(makes)], raws[number % len(makes)], rng)
        path.write_bytes(raw)
        like = SCAN if makes[0] is structures or number % 4 else None
        start = time.perf_counter()
        try:
            masks = read_masks(path, like=like)
        except RadiotypeError as error:
            n_refused += 1
            assert error.code.startswith("RT2"), number
            assert error.file == path, number
            assert "Smith" not in str(error), number
            assert error.__cause__ is None or isinstance(error.__cause__, RadiotypeError), number
        else:
            n_read += 1
            assert all(isinstance(mask, Mask) and mask.n_voxels for mask in masks), number
            assert like is None or all(mask.grid is like.grid for mask in masks), number
        assert time.perf_counter() - start < 2, number
    return n_read, n_refused


@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
def test_mutated_structure_sets_end_in_masks_or_an_error(tmp_path):
    n_read, n_refused = campaign([structures], N_STRUCTURE_SETS, tmp_path, 2)
    assert min(n_read, n_refused) > N_STRUCTURE_SETS / 10


@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
def test_mutated_segmentations_end_in_masks_or_an_error(tmp_path):
    kinds = [lambda kind=kind: segments(kind) for kind in ("BINARY", "FRACTIONAL", "LABELMAP")]
    n_read, n_refused = campaign(kinds, N_SEGMENTATIONS, tmp_path, 3)
    assert min(n_read, n_refused) > N_SEGMENTATIONS / 10


def with_undefined_lengths(dataset):
    for _, element in nodes(dataset):
        if element.VR == "SQ":
            element.is_undefined_length = True
            for item in element.value:
                item.is_undefined_length_sequence_item = True
    return dataset


@pytest.mark.parametrize("change", [lambda dataset: dataset, with_undefined_lengths], ids=["lengths", "delimiters"])
@pytest.mark.parametrize("make", [structures, lambda: segments("BINARY"), lambda: segments("LABELMAP")])
def test_a_file_cut_anywhere_gives_all_of_its_masks_or_none(tmp_path, make, change):
    path = tmp_path / "cut.dcm"
    raw = stored(change(make()))
    path.write_bytes(raw)
    whole = [mask.data for mask in read_masks(path, like=SCAN)]
    n_refused = 0
    for end in np.unique(np.linspace(0, len(raw) - 1, 150).astype(int)):
        path.write_bytes(raw[:end])
        try:
            found = [mask.data for mask in read_masks(path, like=SCAN)]
        except RadiotypeError:
            n_refused += 1
            continue
        assert len(found) == len(whole), end
        assert all((a == b).all() for a, b in zip(found, whole, strict=True)), end
    assert n_refused > 100


def test_the_files_before_mutation_are_read(tmp_path):
    path = tmp_path / "whole.dcm"
    path.write_bytes(stored(structures()))
    assert [mask.n_voxels for mask in read_masks(path, like=SCAN)] == [3 * (36 - 4), 9]
    for kind in ("BINARY", "FRACTIONAL", "LABELMAP"):
        path.write_bytes(stored(segments(kind)))
        assert read_masks(path, like=SCAN)
        assert read_masks(path)
