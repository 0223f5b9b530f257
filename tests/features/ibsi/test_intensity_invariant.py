"""What a record says leaves a feature as it is does so."""

from __future__ import annotations

import numpy as np
import pytest

from radiotype.core import Grid, Mask, Scan
from radiotype.features.ibsi import Bins, IbsiSettings, measure, prepare, records
from radiotype.features.ibsi.settings import AGGREGATIONS

OPTIONS = {"oriented_box": True, "enclosing_ellipsoid": True, "spatial_autocorrelation": True}
SPACING = np.array([1.3, 0.8, 2.1])

SETTINGS = {
    "voxels as they are": IbsiSettings(spacing_mm=None, **OPTIONS),
    "bins of a width": IbsiSettings(
        spacing_mm=None,
        bins=Bins(width=4.0),
        volume_histogram_bins=Bins(width=0.5),
        aggregations=AGGREGATIONS,
        dependence_alpha=1,
        **OPTIONS,
    ),
    "bins of a volume histogram": IbsiSettings(spacing_mm=None, volume_histogram_bins=Bins(number=100), **OPTIONS),
    "a range": IbsiSettings(spacing_mm=None, intensity_range=(-20.0, 90.0), bins=Bins(width=4.0), **OPTIONS),
    "interpolated": IbsiSettings(spacing_mm=1.0, **OPTIONS),
    "slices": IbsiSettings(spacing_mm=1.0, slice_by_slice=True, **OPTIONS),
    "spline": IbsiSettings(spacing_mm=1.1, interpolation="cubic", outlier_sigma=2.0, **OPTIONS),
}


def region() -> tuple[np.ndarray, np.ndarray]:
    """Integer values, and an irregular region with a hole and an island, further than the radius of a peak from all borders."""
    rng = np.random.default_rng(11)
    index = np.indices((38, 42, 28))
    values = np.rint(30 + 20 * np.sin(index[0] / 3) + 9 * rng.normal(size=index.shape[1:]))
    place = (np.moveaxis(index, 0, -1) - [18, 20, 13]) * SPACING
    inside = (place**2 / [81.0, 36.0, 100.0]).sum(axis=-1) + 0.2 * np.sin(index[1]) < 1
    inside[17:19, 20, 13] = False
    inside[11, 14, 9] = True
    return values, inside


def measured(values, inside, affine, settings) -> dict[str, float]:
    grid = Grid(values.shape, affine)
    return dict(measure(prepare(Scan(values, grid), Mask(inside, grid), settings), settings).values)


def placed(values, inside, settings, *, spacing=SPACING) -> dict[str, float]:
    return measured(values, inside, np.diag([*spacing, 1.0]), settings)


def moved(values, inside, settings):
    """Elsewhere in the scan, together with what surrounds it."""
    steps = (4, -3, 2)
    return placed(np.roll(values, steps, (0, 1, 2)), np.roll(inside, steps, (0, 1, 2)), settings)


def turned(values, inside, settings):
    """A quarter turn of the patient about each axis in turn: the voxels keep their sizes."""
    values, inside, spacing = np.rot90(values, axes=(0, 1)), np.rot90(inside, axes=(0, 1)), SPACING[[1, 0, 2]]
    values, inside, spacing = np.rot90(values, axes=(1, 2)), np.rot90(inside, axes=(1, 2)), spacing[[0, 2, 1]]
    return placed(values.copy(), inside.copy(), settings, spacing=spacing)


CHANGES = {
    "translation": moved,
    "rotation90": turned,
    "mirror": lambda values, inside, settings: placed(values[::-1, ::-1, ::-1], inside[::-1, ::-1, ::-1], settings),
    "scale": lambda values, inside, settings: placed(values, inside, settings, spacing=SPACING * 3),
    "intensity_shift": lambda values, inside, settings: placed(values + 16, inside, settings),
    "intensity_scale": lambda values, inside, settings: placed(values * 4, inside, settings),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", SETTINGS)
def test_invariances_hold(name: str, change: str) -> None:
    settings = SETTINGS[name]
    values, inside = region()
    before = placed(values, inside, settings)
    after = CHANGES[change](values, inside, settings)
    stays = [record.name for record in records(settings) if change in record.invariances]
    for one in stays:
        limit = 2e-7 if "enclosing_ellipsoid" in one else 1e-9  # that ellipsoid is found to a ten-millionth
        assert after[one] == pytest.approx(before[one], rel=limit, abs=1e-9), one


def test_nothing_is_declared_that_an_interpolation_or_a_range_breaks() -> None:
    declared = {
        name: {one for record in records(settings) for one in record.invariances} for name, settings in SETTINGS.items()
    }
    assert declared["voxels as they are"] == set(CHANGES)
    assert declared["interpolated"] == set(CHANGES) - {"translation", "scale"}
    assert declared["slices"] == declared["interpolated"] - {"rotation90"}
    assert declared["a range"] == set(CHANGES) - {"intensity_shift", "intensity_scale"}


def test_a_change_that_is_not_declared_changes_something() -> None:
    settings = SETTINGS["voxels as they are"]
    values, inside = region()
    before = placed(values, inside, settings)
    for change, expected in (
        ("scale", ("morphology_volume_mm3", "morphology_centre_of_mass_shift_mm", "local_intensity_global_peak")),
        ("intensity_shift", ("intensity_mean", "intensity_coefficient_of_variation", "morphology_integrated_intensity")),
        ("intensity_scale", ("intensity_variance", "intensity_energy", "local_intensity_local_peak")),
    ):
        after = CHANGES[change](values, inside, settings)
        declared = {record.name: record.invariances for record in records(settings)}
        for one in expected:
            assert change not in declared[one]
            assert after[one] != pytest.approx(before[one], rel=1e-3)


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("order", [(2, 0, 1), (1, 2, 0), (0, 2, 1)])
def test_how_a_scan_is_stored_changes_no_bit(name: str, order: tuple[int, int, int]) -> None:
    settings = SETTINGS[name]
    values, inside = region()
    affine = np.diag([*SPACING, 1.0])
    affine[:3, 3] = (-4.0, 9.0, 2.0)
    expected = measured(values, inside, affine, settings)
    stored = affine.copy()
    stored[:3, :3] = affine[:3, order]
    # The first axis of the stored array runs the other way.
    n = values.shape[order[0]]
    stored[:3, 3] += stored[:3, 0] * (n - 1)
    stored[:3, 0] *= -1
    found = measured(values.transpose(order)[::-1], inside.transpose(order)[::-1], stored, settings)
    assert found == expected


def test_duplicates_have_the_value_of_another_and_no_other_feature_has() -> None:
    settings = IbsiSettings(spacing_mm=None, bins=Bins(number=12), aggregations=("2d_average",), **OPTIONS)
    in_space = settings.model_copy(update={"aggregations": ("3d_merged",)})
    rng, n_duplicates = np.random.default_rng(5), 0
    for chosen in (settings, in_space):
        listed = records(chosen)
        regions = [(rng.gamma(2, 20, (9, 8, 7)), rng.random((9, 8, 7)) < share) for share in (0.6, 0.7, 0.8, 0.9)]
        found = [placed(values, inside, chosen) for values, inside in regions]
        columns = {one.name: np.array([values[one.name] for values in found]) for one in listed}
        same = {
            (second, first)
            for index, second in enumerate(columns)
            for first in list(columns)[:index]
            if np.allclose(columns[first], columns[second], rtol=1e-9, atol=0)
        }
        constant = {name for name in columns if np.ptp(columns[name]) == 0}
        boxes = {name for name in columns if name.endswith("_box")}  # of a region that fills its box
        declared = {(one.name, one.duplicate_of) for one in listed if one.duplicate_of}
        assert {pair for pair in same if not set(pair) & (constant | boxes)} == declared
        n_duplicates += len(declared)
    assert n_duplicates == 8 + 10
