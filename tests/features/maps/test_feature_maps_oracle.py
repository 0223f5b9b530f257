"""Maps beside pyradiomics' voxel-based extraction, beside regions measured one by one, and by hand."""

import json
import math
from pathlib import Path

import map_cases
import numpy as np
import pytest

from radiotype.core import Grid, Mask, Scan
from radiotype.features import FeatureSettings, feature_maps
from radiotype.features.ibsi import IbsiSettings
from radiotype.features.ibsi.distribution import statistics
from radiotype.features.ibsi.preprocess import prepare
from radiotype.features.ibsi.settings import AGGREGATIONS
from radiotype.features.ibsi.texture import texture_features

#: pyradiomics-bhklab 3.1.4, `execute(..., voxelBased=True)` on the region of map_cases.py.
GOLD = json.loads(Path(__file__).with_name("pyradiomics_maps.json").read_text(encoding="utf-8"))


def same(found: float, expected: float) -> bool:
    return found == pytest.approx(expected, rel=1e-9, abs=1e-7, nan_ok=True)


@pytest.mark.parametrize("name", GOLD)
def test_maps_are_those_of_pyradiomics(name: str) -> None:
    gold = GOLD[name]
    scan, mask = map_cases.case()
    settings = FeatureSettings(pyradiomics=gold["settings"])
    features = [*{one.split("_")[0] + "_*" for one in gold["values"]}]
    maps = feature_maps(scan, mask, settings, features=features, **gold["arguments"])
    assert set(maps) == set(gold["values"]) and len(maps) == 93
    wrong = {}
    for feature, values in gold["values"].items():
        one = maps[feature]
        assert np.count_nonzero(np.isfinite(one.data)) == gold["n_voxels"], feature
        for position, expected in zip(gold["positions_mm"], values, strict=True):
            place = np.linalg.solve(one.grid.affine, [*position, 1.0])[:3]
            assert np.abs(place - np.rint(place)).max() < 1e-6
            found = float(one.data[tuple(np.rint(place).astype(int))])
            if not same(found, expected):
                wrong[feature] = found, expected
    assert not wrong


@pytest.mark.parametrize(("radius", "neighbourhood"), [(1, "cube"), (2, "ball")])
def test_textures_of_the_ibsi_are_those_of_each_neighbourhood_alone(radius: int, neighbourhood: str) -> None:
    scan, mask = map_cases.case()
    own = IbsiSettings(
        spacing_mm=None,
        bins={"width": None, "number": 6},
        aggregations=AGGREGATIONS,
        dependence_alpha=1,
        intensity_range=(30, None),
    )
    patterns = ["intensity_*", "glcm_*", "glrlm_*", "glszm_*", "gldzm_*", "ngtdm_*", "ngldm_*"]
    settings = FeatureSettings(ibsi=own)
    maps = feature_maps(scan, mask, settings, features=patterns, radius_voxels=radius, neighbourhood=neighbourhood)  # type: ignore[arg-type]
    prepared = prepare(scan, mask, own)
    levels, region = (np.pad(one.astype(int), radius) for one in (prepared.levels, prepared.morphological_mask))
    values = np.pad(prepared.image, radius)
    away = np.indices((2 * radius + 1,) * 3) - radius
    ball = (away**2).sum(axis=0) <= (radius**2 if neighbourhood == "ball" else 3 * radius**2)
    places = np.argwhere(prepared.intensity_mask)
    for place in places[:: len(places) // 6]:
        part = tuple(slice(one, one + 2 * radius + 1) for one in place)
        own_levels = levels[part] * ball
        expected = texture_features(
            own_levels, AGGREGATIONS, mask=region[part].astype(bool) & ball, n_grey_levels=prepared.n_levels, alpha=1
        ).values
        expected |= {
            f"{group}_{name}": value
            for group, sample in (("intensity", values[part]), ("intensity_histogram", own_levels))
            for name, value in statistics(*np.unique(sample[own_levels > 0].astype(float), return_counts=True))[0].items()
        }
        found = {name: float(maps[name].data[tuple(place)]) for name in expected}
        assert not {name: (found[name], one) for name, one in expected.items() if not same(found[name], one)}


def test_a_neighbourhood_by_hand() -> None:
    """A line of five voxels: neighbourhoods of two or three, of levels 1 1 2 3 3."""
    grid = Grid((5, 1, 1), np.diag([2.0, 1.0, 1.0, 1.0]))
    scan = Scan(np.array([10.0, 12.0, 20.0, 31.0, 39.0]).reshape(5, 1, 1), grid)
    mask = Mask(np.ones((5, 1, 1), dtype=bool), grid)
    settings = FeatureSettings(ibsi={"spacing_mm": None, "bins": {"number": 3}})
    names = ["intensity_mean", "intensity_histogram_entropy", "glcm_contrast_3d_merged", "glcm_joint_maximum_3d_merged"]
    maps = feature_maps(scan, mask, settings, features=names, radius_mm=2.5)
    found = {name: one.data.ravel().tolist() for name, one in maps.items()}
    of_three = math.log2(3) - 2 / 3  # two of one level and one of another
    assert found[names[0]] == pytest.approx([11, 14, 21, 30, 35])
    assert found[names[1]] == pytest.approx([0, of_three, math.log2(3), of_three, 0])
    assert found[names[2]] == pytest.approx([0, 0.5, 1, 0.5, 0])
    assert found[names[3]] == pytest.approx([1, 0.5, 0.25, 0.5, 1])
