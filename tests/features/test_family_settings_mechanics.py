"""A stored result is used again as long as the settings that its family declares do not change: it may read no others."""

import numpy as np
import pytest

from radiotype.core import Grid, Mask, Scan
from radiotype.features import FeatureSettings
from radiotype.features.registry import family, family_names


class Noting:
    """Settings that note which of their groups are read."""

    def __init__(self, settings):
        self._settings, self.read = settings, set()

    def __getattr__(self, name):
        self.read.add(name)
        return getattr(self._settings, name)


@pytest.mark.parametrize("name", family_names())
def test_a_family_reads_the_settings_that_it_declares_and_no_others(name):
    grid = Grid((20, 20, 20), np.eye(4))
    ball = ((np.indices(grid.shape) - 9.5) ** 2).sum(axis=0) < 36
    scan = Scan(np.where(ball, 40, -800).astype(np.int16), grid, "CT")
    settings, one = Noting(FeatureSettings()), family(name)
    one.records(settings)
    one.measure(scan, Mask(ball, grid), None, settings)
    assert settings.read == set(one.settings)


@pytest.mark.parametrize("spacing", [1e-300, 0.0009, 1000.5])
@pytest.mark.parametrize("group", ["margin", "ibsi", "captk", "pyradiomics"])
def test_no_scan_has_voxels_that_far_apart(group, spacing):
    def given(mm):
        return {group: {"spacing_mm": (mm, 0.0, 1.0) if group == "pyradiomics" else mm}}

    for mm in (0.001, 1000):
        FeatureSettings.model_validate(given(mm))
    with pytest.raises(ValueError, match=r"0\.001|1000"):
        FeatureSettings.model_validate(given(spacing))
