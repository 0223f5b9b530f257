"""Filtered images as scans: what features of them are measured on."""

import numpy as np
import pytest

from radiotype import describe
from radiotype.core import Grid, Mask, Scan
from radiotype.errors import ComputeError
from radiotype.features import FeatureSettings
from radiotype.features.pyradiomics import filtered_scans


@pytest.mark.parametrize("spacing", [None, (1.5, 1.5, 1.5)])
def test_intensities_of_each_image_are_those_that_are_measured(spacing):
    grid = Grid((20, 18, 16), np.diag([1.0, 1.0, 2.0, 1.0]))
    values = np.random.default_rng(2).normal(100, 30, grid.shape).astype(np.int16)
    inside = np.zeros(grid.shape, dtype=bool)
    inside[5:12, 6:13, 4:9] = True
    scan, mask = Scan(values, grid, "CT"), Mask(inside, grid)
    images = {"LoG": {"sigmas_mm": [2.0]}, "Wavelet": {}, "Square": True, "Gradient": {}}
    settings = FeatureSettings(
        pyradiomics={"images": images, "spacing_mm": spacing, "features": {"firstorder": ["Mean", "Maximum"]}}
    )
    found = filtered_scans(scan, mask, settings.pyradiomics)
    assert len(found) == 1 + 8 + 1 + 1
    features = describe(scan, mask, "pyradiomics", settings=settings).values
    for name, one in found.items():
        # The region is a box: it fills what the images cover.
        assert float(one.data.mean()) == pytest.approx(features[f"{name}_firstorder_Mean"], rel=1e-6, abs=1e-6)
        assert float(one.data.max()) == pytest.approx(features[f"{name}_firstorder_Maximum"], rel=1e-9)
    where = next(iter(found.values())).grid
    if spacing is None:
        assert where.origin_mm == (5.0, 6.0, 8.0)
    assert where.spacing_mm == pytest.approx(spacing or grid.spacing_mm)


def test_without_filters_there_are_none_and_a_lost_region_is_refused():
    grid = Grid((6, 6, 6), np.eye(4))
    inside = np.zeros(grid.shape, dtype=bool)
    inside[2, 2, 2] = True
    scan, mask = Scan(np.ones(grid.shape), grid), Mask(inside, grid)
    assert filtered_scans(scan, mask, FeatureSettings().pyradiomics) == {}
    with pytest.raises(ComputeError, match="single_voxel"):
        filtered_scans(scan, mask, FeatureSettings(pyradiomics={"images": {"Square": True}}).pyradiomics)
