"""A file of training tumours that somebody made up, cut or mixed is refused in words; nothing in it reaches the page."""

from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load, save

from radiotype.errors import ModelError
from radiotype.predict.tumours import TrainingTumours, read_tumours, training_tumours

MODEL = b"1" * 32


@pytest.fixture
def tumours() -> TrainingTumours:
    rng = np.random.default_rng(0)
    pictures = [
        {
            "image_axial": rng.integers(0, 255, (40, 50), dtype=np.uint8),
            "mask_axial": rng.random((40, 50)) > 0.5,
            "spacing_axial": np.array([0.5, 1.0]),
        }
        for _ in range(4)
    ]
    return training_tumours(MODEL, "pearson", rng.normal(size=(4, 3)), np.arange(4) % 2, pictures)


def test_what_was_written_is_read(tumours, tmp_path):
    (tmp_path / "t").write_bytes(tumours.to_bytes())
    again = read_tumours(tmp_path / "t", MODEL, 2)
    assert again.to_bytes() == tumours.to_bytes()
    assert np.array_equal(again.picture(0)["image_axial"], tumours.picture(0)["image_axial"])


@pytest.mark.parametrize(
    "change",
    [
        {"shapes": np.array([[5, 0]] * 4)},
        {"shapes": np.array([[0, 5]] * 4)},
        {"shapes": np.array([[97, 5]] * 4)},
        {"codes": np.ones((4, 3))},  # correlates with nothing
        {"codes": np.full((4, 3), [1.0, 2.0, 1e200])},
        {"codes": np.full((4, 3), [1.0, 2.0, np.nan])},
        {"codes": np.ones((4, 0))},
        {"subtype": np.array([0, 1, 2, 0])},
        {"subtype": np.array([0, 1, -1, 0])},
        {"spacing_mm": np.zeros((4, 2))},
        {"spacing_mm": np.full((4, 2), np.inf)},
    ],
)
def test_numbers_that_cannot_be_are_refused(tumours, tmp_path, change):
    (tmp_path / "t").write_bytes(replace(tumours, **change).to_bytes())
    with pytest.raises(ModelError, match="training tumours of the model cannot be used"):
        read_tumours(tmp_path / "t", MODEL, 2)


def altered(data, name, array):
    return save(load(data) | {name: array})


def test_other_kinds_of_arrays_and_torn_files_are_refused(tumours, tmp_path):
    data = tumours.to_bytes()
    whole = {"version", "model", "metric"}
    nothing = {name: array if name in whole else array[:0] for name, array in load(data).items()}
    hostile = [
        b"", data[:7], data[:200], data[:-1], data + b"x", b"\xff" * 64, b"\xff" * 7 + b"\x7f" + data[8:], b"PK\x03\x04" + data,
        altered(data, "images", np.zeros((4, 96, 95), np.uint8)), altered(data, "images", np.zeros((3, 96, 96), np.uint8)),
        altered(data, "codes", np.zeros((4, 3), np.float32)), altered(data, "version", np.array(2)),
        altered(data, "metric", np.array(7)), altered(data, "patient", np.array(1)), save(nothing),
    ]  # fmt: skip
    for content in hostile:
        (tmp_path / "t").write_bytes(content)
        with pytest.raises(ModelError) as refused:
            read_tumours(tmp_path / "t", MODEL, 2)
        assert refused.value.code == "RT502"
