"""What a record says leaves a feature as it is does so, and what it does not say changes something."""

from __future__ import annotations

import numpy as np
import pytest
from captk_regions import blob, captk

from radiotype.features import CaptkSettings, FeatureSettings
from radiotype.features.registry import family

SPACING = np.array([1.3, 0.8, 2.1])
SETTINGS = {
    "voxels as they are": CaptkSettings(spacing_mm=None),
    "few bins": CaptkSettings(spacing_mm=None, n_bins=5),
    "interpolated": CaptkSettings(spacing_mm=1.0),
    "slices": CaptkSettings(spacing_mm=1.0, slice_by_slice=True),
}


def moved(values, inside, settings):
    steps = (3, -2, 4)
    return captk(np.roll(values, steps, (0, 1, 2)), np.roll(inside, steps, (0, 1, 2)), spacing=SPACING, settings=settings)


def turned(values, inside, settings):
    values, inside, spacing = np.rot90(values, axes=(0, 1)), np.rot90(inside, axes=(0, 1)), SPACING[[1, 0, 2]]
    values, inside, spacing = np.rot90(values, axes=(1, 2)), np.rot90(inside, axes=(1, 2)), spacing[[0, 2, 1]]
    return captk(values.copy(), inside.copy(), spacing=spacing, settings=settings)


CHANGES = {
    "translation": moved,
    "rotation90": turned,
    "mirror": lambda v, m, s: captk(v[::-1, ::-1, ::-1], m[::-1, ::-1, ::-1], spacing=SPACING, settings=s),
    "scale": lambda v, m, s: captk(v, m, spacing=SPACING * 3, settings=s),
    "intensity_shift": lambda v, m, s: captk(v + 16, m, spacing=SPACING, settings=s),
    "intensity_scale": lambda v, m, s: captk(v * 4, m, spacing=SPACING, settings=s),
}


@pytest.mark.parametrize("at_border", [False, True])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", SETTINGS)
def test_invariances_hold(name: str, change: str, at_border: bool) -> None:
    if change == "translation" and at_border:
        at_border = False  # a region at the border cannot move on
    values, inside = blob(at_border=at_border)
    before = captk(values, inside, spacing=SPACING, settings=SETTINGS[name])
    after = CHANGES[change](values, inside, SETTINGS[name])
    for record in before.records:
        if change in record.invariances:
            expected = before.values[record.name]
            assert after.values[record.name] == pytest.approx(expected, rel=1e-9, abs=1e-9), record.name


@pytest.mark.parametrize("seed", [*range(20), 26, 38, 44, 132, 156])
def test_turns_and_mirrors_change_no_scattered_region_either(seed: int) -> None:
    """Few voxels in many parts, often of one size, whose smallest box is often one of several."""
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 7, 3))
    inside = rng.random(shape) < rng.choice([0.1, 0.4, 0.8])
    inside.flat[0] |= not inside.any()
    values = rng.integers(-3, 4, shape).astype(float)
    spacing = np.ones(3) if seed % 2 else np.array([1.3, 0.8, 2.1])
    before = captk(values, inside, spacing=spacing)
    for change, axes in (("rotation90", (0, 1)), ("rotation90", (1, 2)), ("mirror", ())):
        if axes:
            order = [axes[::-1][axes.index(axis)] if axis in axes else axis for axis in range(3)]
            arrays = [np.rot90(array, axes=axes).copy() for array in (values, inside)]
            after = captk(*arrays, spacing=spacing[order])
        else:
            after = captk(values[::-1, :, ::-1], inside[::-1, :, ::-1], spacing=spacing)
        for record in before.records:
            if change in record.invariances:
                expected = before.values[record.name]
                assert after.values[record.name] == pytest.approx(expected, rel=1e-8, abs=1e-8, nan_ok=True), record.name


def test_what_is_not_declared_changes() -> None:
    """Every feature changes with every change of a region at the border that its record does not list."""
    values, inside = blob(at_border=True)
    before = captk(values, inside, spacing=SPACING)
    for change in set(CHANGES) - {"translation"}:
        after = CHANGES[change](values, inside, SETTINGS["voxels as they are"])
        for record in before.records:
            if change not in record.invariances:
                assert after.values[record.name] != pytest.approx(before.values[record.name], rel=1e-6), record.name


def test_a_place_at_the_border_counts() -> None:
    values, inside = blob(at_border=True)
    before, after = captk(values, inside), captk(np.pad(values, 2), np.pad(inside, 2))
    undeclared = {record.name for record in before.records if "translation" not in record.invariances}
    different = {name for name in before.values if before.values[name] != pytest.approx(after.values[name], rel=1e-9)}
    assert different == undeclared
    assert len(different) == 3


def test_nothing_is_declared_that_an_interpolation_breaks() -> None:
    declared = {
        name: {one for record in family("captk").records(FeatureSettings(captk=settings)) for one in record.invariances}
        for name, settings in SETTINGS.items()
    }
    assert declared["voxels as they are"] == set(CHANGES)
    assert declared["interpolated"] == set(CHANGES) - {"translation", "scale"}
    assert declared["slices"] == declared["interpolated"] - {"rotation90"}


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("order", [(2, 0, 1), (1, 2, 0), (0, 2, 1)])
def test_how_a_scan_is_stored_changes_no_bit(name: str, order: tuple[int, int, int]) -> None:
    values, inside = blob(at_border=True)
    affine = np.diag([*SPACING, 1.0])
    expected = captk(values, inside, affine=affine, settings=SETTINGS[name])
    stored = affine.copy()
    stored[:3, :3] = affine[:3, order]
    stored[:3, 3] += stored[:3, 0] * (values.shape[order[0]] - 1)
    stored[:3, 0] *= -1
    found = captk(values.transpose(order)[::-1], inside.transpose(order)[::-1], affine=stored, settings=SETTINGS[name])
    assert dict(found.values) == dict(expected.values)


def test_what_lies_outside_the_region_changes_nothing_on_the_voxels_as_they_are() -> None:
    values, inside = blob()
    noise = np.random.default_rng(5).normal(size=values.shape) * 1e4
    expected = captk(values, inside)
    assert dict(captk(np.where(inside, values, noise), inside).values) == dict(expected.values)


def test_regions_of_one_scan_are_measured_one_by_one() -> None:
    values, inside = blob()
    other = np.zeros_like(inside)
    other[2:6, 2:6, 2:5] = True
    apart = [dict(captk(values, one).values) for one in (inside, other)]
    again = [dict(captk(values, one).values) for one in (other, inside)]
    assert apart == again[::-1]
    assert apart[0]["captk_intensity_mean"] != apart[1]["captk_intensity_mean"]
