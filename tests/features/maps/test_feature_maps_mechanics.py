"""What maps cover, what they refuse, and what does not change them."""

import map_cases
import numpy as np
import pytest

from radiotype.core import Grid, Mask, Scan
from radiotype.errors import ComputeError, RecipeError
from radiotype.features import FeatureSettings, feature_maps
from radiotype.features.maps import known_features

MEAN = "original_firstorder_Mean"


def test_a_map_lies_where_the_region_lies_and_is_empty_outside() -> None:
    scan, mask = map_cases.case()
    found = feature_maps(scan, mask, features=[MEAN])[MEAN]
    low, high = mask.box
    assert found.grid.origin_mm == pytest.approx([a * b for a, b in zip(low, map_cases.SPACING_MM, strict=True)])
    assert np.array_equal(np.isfinite(found.data), mask.cropped(low, high))
    assert (found.modality, found.unit) == ("OT", "1")
    assert not found.data.flags.writeable


def test_threads_change_nothing_and_batches_the_last_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    scan, mask = map_cases.case()
    names = ["original_*", "gl*", "intensity_*"]
    whole = feature_maps(scan, mask, features=names)
    monkeypatch.setattr("radiotype.features.maps.voxelwise.LARGEST_BATCH", 17)
    one, three = (feature_maps(scan, mask, features=names, n_threads=n) for n in (1, 3))
    assert list(whole) == list(one) == list(three)
    for name in whole:
        assert np.array_equal(one[name].data, three[name].data, equal_nan=True), name
        assert np.allclose(one[name].data, whole[name].data, rtol=1e-9, atol=1e-7, equal_nan=True), name


def test_small_tables_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    scan, mask = map_cases.case()
    settings = FeatureSettings(pyradiomics={"bin_width": 2})
    names = ["original_ngtdm_*", "original_glcm_MCC", "ngtdm_*"]
    whole = feature_maps(scan, mask, settings, features=names)
    monkeypatch.setattr("radiotype.features.maps.textures.TABLE_BYTES", 1)
    for name, one in feature_maps(scan, mask, settings, features=names).items():
        assert np.allclose(one.data, whole[name].data, rtol=1e-9, atol=1e-7, equal_nan=True), name


def test_progress_counts_every_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    from contextlib import contextmanager

    monkeypatch.setattr("radiotype.features.maps.voxelwise.LARGEST_BATCH", 50)
    told, counted = [], []

    @contextmanager
    def progress(label, total):  # type: ignore[no-untyped-def]
        told.append((label, total))
        yield lambda: counted.append(1)

    scan, mask = map_cases.case()
    feature_maps(scan, mask, features=[MEAN], progress=progress)
    assert told == [("maps original", -(-mask.n_voxels // 50))]
    assert len(counted) == told[0][1]


def test_a_turned_scan_has_turned_maps() -> None:
    scan, mask = map_cases.case()
    names = ["original_firstorder_*", "original_glcm_Contrast", "original_glszm_*", "original_ngtdm_Busyness"]
    turned = Grid((map_cases.SHAPE[1], map_cases.SHAPE[0], map_cases.SHAPE[2]), np.diag([1.5, 1.0, 2.0, 1.0]))
    other = Scan(np.swapaxes(scan.data, 0, 1)[::-1], turned), Mask(np.swapaxes(mask.data, 0, 1)[::-1], turned)
    for name, one in feature_maps(scan, mask, features=names).items():
        found = feature_maps(*other, features=[name])[name]
        assert np.allclose(found.data, np.swapaxes(one.data, 0, 1)[::-1], rtol=1e-9, atol=1e-9, equal_nan=True), name


def test_beyond_the_mask_only_neighbourhoods_grow() -> None:
    scan, mask = map_cases.case()
    settings = FeatureSettings(ibsi={"spacing_mm": 1.5})
    for name in (MEAN, "intensity_mean"):
        narrow = feature_maps(scan, mask, settings, features=[name])[name]
        wide = feature_maps(scan, mask, settings, features=[name], within_mask=False)[name]
        first = np.rint(np.subtract(narrow.grid.origin_mm, wide.grid.origin_mm) / wide.grid.spacing_mm).astype(int)
        part = wide.data[tuple(slice(a, a + n) for a, n in zip(first, narrow.grid.shape, strict=True))]
        assert np.array_equal(np.isfinite(part), np.isfinite(narrow.data))
        assert np.count_nonzero(np.isfinite(wide.data)) == np.count_nonzero(np.isfinite(narrow.data))
        assert not np.allclose(part, narrow.data, equal_nan=True)


def test_a_filtered_scan_has_maps() -> None:
    scan, mask = map_cases.case()
    settings = FeatureSettings(ibsi={"spacing_mm": None, "filters": [{"kind": "mean", "size": 3}]})
    found = feature_maps(scan, mask, settings, features=["mean_3_3d_intensity_maximum", "intensity_mean"])
    assert list(found) == ["mean_3_3d_intensity_maximum", "intensity_mean"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"features": ["original_firstorder_Men"]}, "did you mean 'original_firstorder_Mean'"),
        ({"features": ["original_shape_*"]}, "there is no map of"),
        ({"features": []}, "no feature is named"),
        ({"features": [MEAN], "radius_mm": 3.0, "radius_voxels": 1}, "both given"),
        ({"features": [MEAN], "radius_mm": 0.5}, "reaches no other voxel"),
        ({"features": [MEAN], "radius_voxels": 0}, "no neighbourhood"),
        ({"features": [MEAN], "radius_voxels": 1.5}, "a whole number"),
        ({"features": [MEAN], "neighbourhood": "disc"}, "'disc' is not known"),
    ],
)
def test_what_cannot_be_is_refused(arguments: dict, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        feature_maps(*map_cases.case(), **arguments)


def test_maps_too_large_for_the_memory_are_refused() -> None:
    with pytest.raises(ComputeError, match="RT306"):
        feature_maps(*map_cases.case(), features=["original_*"], memory_limit_bytes=1000)


def test_a_region_that_is_lost_has_no_maps() -> None:
    scan, mask = map_cases.case()
    settings = FeatureSettings(ibsi={"spacing_mm": None, "intensity_range": (5000, None)})
    with pytest.raises(ComputeError, match="nothing_left_by_resegmentation"):
        feature_maps(scan, mask, settings, features=["intensity_mean"])


def test_known_features_are_those_of_both_families_without_shape() -> None:
    known = known_features(FeatureSettings())
    assert sum(one.family == "pyradiomics" for one in known.values()) == 93
    assert sum(one.family == "ibsi" for one in known.values()) == 18 + 23 + 95
