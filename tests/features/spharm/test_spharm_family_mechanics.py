"""The family as a table sees it: names, records, codes and flags; and every intermediate result when it is asked for."""

from __future__ import annotations

import math
import sys
from dataclasses import replace

import numpy as np
import pytest

import radiotype
from radiotype.core import Grid, Mask, Scan
from radiotype.errors import ComputeError, RecipeError
from radiotype.features import FeatureSettings, SpharmSettings, family
from radiotype.features.spharm import describe, reconstruct
from radiotype.features.spharm.describe import fitted_degree

GRID = Grid((40, 36, 20), np.array([[0.9, 0, 0, -30.0], [0, 0.9, 0, 12.0], [0, 0, 1.8, 70.0], [0, 0, 0, 1]]))
PLACE = np.moveaxis(np.indices(GRID.shape), 0, -1) * GRID.spacing_mm


def lobed():
    x, y, z = np.moveaxis(PLACE - [18.0, 16.0, 18.0], -1, 0)
    return (x / 13) ** 2 + (y / 9) ** 2 + (z / 11) ** 2 + 0.2 * np.sin(x / 3) * np.cos(y / 2) < 0.8


def features(mask, **settings):
    chosen = FeatureSettings(families=("spharm",), spharm=SpharmSettings(**settings))
    scan = Scan(np.zeros(mask.grid.shape, dtype=np.int16), mask.grid, "CT")
    return radiotype.describe(scan, mask, settings=chosen)


@pytest.fixture(scope="module")
def whole():
    return features(Mask(lobed(), GRID))


def test_there_are_293_features_of_which_120_repeat_another(whole):
    names = list(whole.values)
    assert len(names) == len(set(names)) == 293
    repeated = {one.name: one.detail["duplicate_of"] for one in whole.records if "duplicate_of" in one.detail}
    assert len(repeated) == 120
    for name, original in repeated.items():
        assert original not in repeated
        assert whole.values[name] == pytest.approx(whole.values[original], rel=1e-12)


def test_kinds_of_features_add_up(whole):
    def kind(start, sized=None):
        return [r for r in whole.records if r.name.startswith(start) and (sized is None or (r.unit != "1") == sized)]

    assert [len(kind(f"spharm_{name}")) for name in ("magnitude", "energy", "entropy")] == [255, 15, 15]
    assert [len(kind("spharm_axis_scale", sized)) for sized in (False, True)] == [3, 3]
    assert {r.name: r.unit for r in kind("spharm_", True)} == {
        "spharm_volume_mm3": "mm3",
        "spharm_mean_radius_mm": "mm",
        **{f"spharm_axis_scale_{axis}_mm": "mm" for axis in ("short", "middle", "long")},
    }
    assert all(("scale" in r.invariances) == (r.unit == "1") for r in whole.records)


def test_every_value_lies_in_the_range_of_its_record(whole):
    assert not whole.reasons
    for record in whole.records:
        assert record.low <= whole.values[record.name] <= record.high + 1e-4, record.name


def test_energies_are_the_sums_of_their_magnitudes(whole):
    for degree in range(1, 16):
        of_degree = [r.name for r in whole.records if r.detail.get("degree") == degree and "order" in r.detail]
        assert len(of_degree) == 2 * degree + 1
        total = math.sqrt(sum(whole.values[name] ** 2 for name in of_degree))
        assert whole.values[f"spharm_energy_l{degree}"] == pytest.approx(total, rel=1e-12)
    scales = [whole.values[f"spharm_axis_scale_{axis}"] for axis in ("short", "middle", "long")]
    assert scales == sorted(scales)
    assert whole.values["spharm_energy_l1"] == pytest.approx(math.sqrt(3 * sum(s * s for s in scales)), rel=1e-12)


def test_burden_has_the_size(whole):
    assert whole.values["spharm_volume_mm3"] == pytest.approx(np.count_nonzero(lobed()) * 0.9 * 0.9 * 1.8, rel=1e-12)
    for axis in ("short", "middle", "long"):
        in_mm = whole.values[f"spharm_axis_scale_{axis}"] * whole.values["spharm_mean_radius_mm"]
        assert whole.values[f"spharm_axis_scale_{axis}_mm"] == pytest.approx(in_mm, rel=1e-12)


def test_flags_tell_the_quality(whole):
    flags = whole.flags
    assert (flags["spharm_kept_fraction"], flags["spharm_changed_fraction"]) == (1.0, 0.0)
    assert (flags["spharm_flipped_triangles"], flags["spharm_axes_degenerate"], flags["spharm_degree"]) == (0.0, 0.0, 15.0)
    assert 0.3 < flags["spharm_area_ratio_p1"] < 1 < flags["spharm_area_ratio_p99"] < 3
    assert 0 < flags["spharm_rms_voxels"] < 0.6
    assert flags["spharm_rms_voxels"] < flags["spharm_hausdorff_voxels"] < 3
    assert flags["spharm_vertices"] >= 10_000


def test_flags_show_what_is_wrong_with_a_mask():
    mask = lobed()
    mask[18:22, 16:20, 10:12] = False  # a cavity
    mask[0, 0, :] = True
    flags = features(Mask(mask, GRID)).flags
    n_part = np.count_nonzero(mask) - 20
    assert flags["spharm_kept_fraction"] == n_part / (n_part + 20)
    assert flags["spharm_changed_fraction"] == 32 / n_part


def test_magnitudes_in_mm_are_those_in_radii_times_the_radius(whole):
    in_mm = features(Mask(lobed(), GRID), normalise=False)
    assert [r.name for r in in_mm.records] == [r.name for r in whole.records]
    for record in in_mm.records:
        magnitude = record.name.startswith("spharm_magnitude")
        times = whole.values["spharm_mean_radius_mm"] if magnitude else 1.0
        assert in_mm.values[record.name] == pytest.approx(times * whole.values[record.name], rel=1e-12)
        if magnitude:
            assert record.unit == "mm"
            assert "scale" not in record.invariances


def test_a_lower_degree_gives_fewer_features():
    found = features(Mask(lobed(), GRID), degree=4)
    assert len(found.values) == 24 + 4 + 4 + 3 + 5
    assert found.flags["spharm_degree"] == 4


@pytest.mark.parametrize(("size", "degree"), [((1, 1, 1), 1), ((2, 2, 2), 1), ((4, 4, 4), 3), ((3, 3, 11), 4), ((5, 4, 5), 15)])
def test_few_voxels_have_no_high_degrees(size, degree):
    mask = np.zeros(GRID.shape, dtype=bool)
    mask[tuple(slice(5, 5 + n) for n in size)] = True
    found = features(Mask(mask, GRID))
    assert found.flags["spharm_degree"] == degree
    for record in found.records:
        beyond = record.detail.get("degree", 0) > degree
        assert math.isnan(found.values[record.name]) is beyond, record.name
        assert (found.reasons.get(record.name) == "degree_lowered") is beyond, record.name


def test_equal_axes_are_told_where_they_matter():
    ball = np.linalg.norm(PLACE - [18.0, 16.0, 18.0], axis=-1) < 12
    found = features(Mask(ball, GRID))
    assert found.flags["spharm_axes_degenerate"] == 1.0
    for record in found.records:
        depends = "axis_scale" in record.name or "entropy" in record.name or "magnitude" in record.name
        assert (found.reasons.get(record.name) == "axes_degenerate") is depends, record.name


def test_a_degree_without_energy_has_no_entropy(monkeypatch, whole):
    def without_degree_2(mask, settings):
        found = describe(mask, settings)
        entropies = np.where(np.arange(1, 16) == 2, np.nan, found.descriptors.entropies)
        return replace(found, descriptors=replace(found.descriptors, entropies=entropies))

    monkeypatch.setattr("radiotype.features.spharm.family.describe", without_degree_2)
    found = features(Mask(lobed(), GRID))
    assert dict(found.reasons) == {"spharm_entropy_l2": "no_energy"}
    assert found.values["spharm_entropy_l3"] == whole.values["spharm_entropy_l3"]


def test_a_surface_without_a_map_has_codes_instead_of_values(monkeypatch):
    def none(vertices, quads):
        raise ComputeError("RT308", "no map", hint="none")

    monkeypatch.setattr(sys.modules["radiotype.features.spharm.describe"], "area_map", none)
    found = features(Mask(lobed(), GRID))
    assert set(found.reasons.values()) == {"sphere_map_failed"}
    assert np.isnan(list(found.values.values())).all()


def test_other_errors_of_the_map_are_not_hidden(monkeypatch):
    def too_large(vertices, quads):
        raise ComputeError("RT306", "too large", hint="none")

    monkeypatch.setattr(sys.modules["radiotype.features.spharm.describe"], "area_map", too_large)
    with pytest.raises(ComputeError) as caught:
        features(Mask(lobed(), GRID))
    assert caught.value.code == "RT306"


def test_every_intermediate_result_is_kept_when_asked_for():
    mask = Mask(lobed(), GRID)
    assert describe(mask).steps is None
    steps = describe(mask, keep=True).steps
    n = len(steps.surface.vertices_mm)
    assert steps.surface.genus == 0
    assert steps.sphere_map.points.shape == (n, 3)
    assert steps.coefficients.shape == steps.alignment.coefficients.shape == (256, 3)
    inside = PLACE[mask.data]
    assert np.all(steps.surface.vertices_mm.min(axis=0) == pytest.approx(inside.min(axis=0) - np.array(GRID.spacing_mm) / 2))
    assert np.all(steps.surface.vertices_mm.max(axis=0) == pytest.approx(inside.max(axis=0) + np.array(GRID.spacing_mm) / 2))
    mesh = steps.reconstruction(15)
    assert np.array_equal(mesh.quads, steps.surface.quads)
    np.testing.assert_array_equal(mesh.vertices_mm, reconstruct(steps.coefficients, steps.sphere_map.points))
    assert mesh.triangles.shape == (2 * len(mesh.quads), 3)


def test_reconstruction_error_falls_with_the_degree():
    rms = [
        describe(Mask(lobed(), GRID), SpharmSettings(degree=d), keep=True).steps.error().rms_mm for d in (1, 2, 4, 8, 15, 25)
    ]
    assert np.all(np.diff(rms) < 0)


def test_settings_are_checked():
    for wrong in ({"degree": 0}, {"degree": 26}, {"sphere_map": "none"}, {"other": 1}):
        with pytest.raises(ValueError, match="validation error"):
            SpharmSettings(**wrong)
    assert family("spharm").name == "spharm"
    with pytest.raises(RecipeError):
        family("spherical")


def test_degree_is_lowered_below_a_hundred_voxels_only():
    from radiotype.features.spharm import solid

    assert fitted_degree(solid(np.ones((5, 5, 4), dtype=bool), (1, 1, 1)), 15) == 15
    assert fitted_degree(solid(np.ones((3, 3, 11), dtype=bool), (1, 1, 1)), 15) == 4
    assert fitted_degree(solid(np.ones((3, 3, 11), dtype=bool), (1, 1, 1)), 2) == 2
