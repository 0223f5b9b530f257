"""Phantoms show what was planted."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr

from radiotype.errors import RecipeError
from radiotype.simulate import ORGANS, SUBTYPES, Tumour, draw_phantom, draw_tumour, sphere
from radiotype.simulate.organs import smooth_field
from radiotype.simulate.tumours import CORE_EDGE, CORE_REACH, INFILTRATION_HALVES_MM, _infiltrated

AXIS = np.arange(-24.0, 24.1, 1.0)


def plain(organ):
    """The organ without texture and strands, with one tumour level."""
    middle = sum(organ.tumour) / 2
    return replace(organ, texture=0.0, strands=organ.tissue, tumour=(middle, middle))


def drawn(organ, tumour, clear_mm=30.0):
    return draw_phantom(tumour, organ, (AXIS, AXIS, AXIS), np.random.default_rng(0), clear_mm=clear_mm, noise_scale=0.0)


@pytest.mark.parametrize("organ", ORGANS, ids=lambda organ: organ.cancer_type)
@pytest.mark.parametrize("margin_mm", [0.5, 1.5, 3.0])
def test_intensity_follows_the_planted_error_function(organ, margin_mm):
    organ = plain(organ)
    phantom = drawn(organ, Tumour(sphere(12.0), margin_mm))
    middle = len(AXIS) // 2
    profile = (phantom.values[:, middle, middle] - organ.tissue) / (organ.tumour[0] - organ.tissue)
    np.testing.assert_allclose(profile, ndtr((12.0 - np.abs(AXIS)) / (margin_mm * organ.margin_scale)), atol=1e-9)


def test_mask_is_drawn_at_half_height():
    organ = plain(ORGANS[0])
    phantom = drawn(organ, Tumour(sphere(12.3), 2.0))
    half = (organ.tissue + organ.tumour[0]) / 2
    np.testing.assert_array_equal(phantom.tumour, phantom.values > half)


def test_sphere_phantom_has_its_volume():
    axes = (AXIS + 0.37, AXIS + 0.21, AXIS + 0.11)  # off the lattice points that a ball of whole radius touches
    phantom = draw_phantom(Tumour(sphere(12.0), 1.0), ORGANS[1], axes, np.random.default_rng(0))
    assert phantom.tumour.sum() == pytest.approx(4 / 3 * np.pi * 12**3, rel=0.01)


def test_core_differs_from_rim_by_the_planted_contrast():
    organ = plain(ORGANS[0])
    phantom = drawn(organ, Tumour(sphere(16.0), 0.2, core_contrast=3.0))
    middle = len(AXIS) // 2
    centre, rim = phantom.values[middle, middle, middle], phantom.values[middle + 15, middle, middle]
    assert centre - rim == pytest.approx(3.0 * organ.necrosis * (1 - ndtr((CORE_REACH - 15 / 16) / CORE_EDGE)), rel=1e-6)


def test_infiltration_fills_the_planted_share_and_halves_with_distance():
    field = np.random.default_rng(0).standard_normal(400_000)
    near = _infiltrated(0.2, np.full(field.size, 1e-9), field)
    far = _infiltrated(0.2, np.full(field.size, INFILTRATION_HALVES_MM), field)
    assert (near >= 0.5).mean() == pytest.approx(0.2, abs=0.003)
    assert (far >= 0.5).mean() == pytest.approx(0.1, abs=0.003)
    assert not _infiltrated(0.2, np.full(field.size, -1.0), field).any()


def test_smooth_field_has_unit_variance_and_gaussian_correlation():
    axis = np.arange(0.0, 40.0, 2.0)
    rng = np.random.default_rng(0)
    fields = np.stack([smooth_field(rng, (axis, axis, axis), 4.0) for _ in range(150)])
    assert fields.var() == pytest.approx(1.0, abs=0.05)
    for steps in (1, 2, 4):
        found = (fields[:, steps:] * fields[:, :-steps]).mean()
        assert found == pytest.approx(np.exp(-((2.0 * steps / 4.0) ** 2) / 4), abs=0.05)


def test_surroundings_keep_their_distance():
    organ = replace(plain(ORGANS[0]), tumour=(-850.0, -850.0))
    phantom = drawn(organ, Tumour(sphere(5.0), 0.5), clear_mm=6.0)
    x, y, z = np.meshgrid(AXIS, AXIS, AXIS, indexing="ij")
    near = np.sqrt(x**2 + y**2 + z**2) < 5.0
    assert phantom.parenchyma[near].all()
    assert not phantom.parenchyma.all()
    np.testing.assert_allclose(phantom.values[near], organ.tissue, atol=1e-9)


def test_drawn_traits_have_the_planted_medians():
    rng = np.random.default_rng(0)
    for subtype, traits in SUBTYPES.items():
        tumours = [draw_tumour(subtype, rng, largest_radius_mm=99.0) for _ in range(120)]
        radius = np.median([np.cbrt(tumour.surface.volume_mm3 * 3 / (4 * np.pi)) for tumour in tumours])
        assert radius == pytest.approx(traits.radius_mm[0], rel=0.04)
        margin = np.median([tumour.margin_mm for tumour in tumours])
        assert margin == pytest.approx(traits.margin_mm[0], rel=0.08)
        contrast = np.mean([tumour.core_contrast for tumour in tumours])
        assert contrast == pytest.approx(traits.core_contrast[0], abs=4 * traits.core_contrast[1] / np.sqrt(120))


def test_large_tumour_is_drawn_smaller():
    tumour = draw_tumour(4, np.random.default_rng(0), largest_radius_mm=10.0)
    assert tumour.surface.largest_radius_mm == pytest.approx(10.0)


def test_unknown_subtype_is_refused():
    with pytest.raises(RecipeError) as caught:
        draw_tumour(5, np.random.default_rng(0))
    assert caught.value.code == "RT103"
