"""Writing a segmentation says which package it needs."""

import numpy as np
import pytest

from radiotype.core import Grid, Mask
from radiotype.errors import RecipeError
from radiotype.io import write_seg


def test_without_highdicom_the_extra_is_named_and_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr("radiotype.io.seg_write.find_spec", lambda name: None)
    mask = Mask(np.ones((2, 2, 2), dtype=bool), Grid((2, 2, 2), np.eye(4)))
    with pytest.raises(RecipeError, match="highdicom") as caught:
        write_seg(tmp_path / "a.dcm", [mask], tmp_path)
    assert "radiotype[seg]" in str(caught.value)
    assert not list(tmp_path.iterdir())
