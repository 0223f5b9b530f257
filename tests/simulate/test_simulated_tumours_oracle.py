"""Simulated tumours and outcomes have the size, the margin and the hazards that were planted."""

import dataclasses

import numpy as np
import pytest
from scipy import special

from radiotype.simulate.organs import ORGANS
from radiotype.simulate.outcomes import Hazards, Patient, draw_survival
from radiotype.simulate.surface import random_surface, sphere
from radiotype.simulate.tumours import SUBTYPES, Tumour, draw_phantom, draw_tumour

AXES = (np.arange(-30.0, 31.0),) * 3

#: Off the lattice, so that no voxel centre lies on the surface of a ball of whole radius.
SHIFTED = tuple(np.arange(-30.0, 31.0) + shift for shift in (0.31, 0.17, 0.43))


def bare(organ):
    """The organ without texture, so that only the planted tumour varies."""
    return dataclasses.replace(organ, texture=0.0)


def test_a_sphere_has_the_volume_of_a_sphere_in_the_surface_and_in_the_mask():
    surface = sphere(12.0)
    volume = 4 / 3 * np.pi * 12.0**3
    assert surface.volume_mm3 == pytest.approx(volume, rel=1e-4)
    phantom = draw_phantom(Tumour(surface, 1.0), ORGANS[0], SHIFTED, np.random.default_rng(0))
    assert phantom.tumour.sum() == pytest.approx(volume, rel=0.01)
    assert (phantom.parenchyma | ~phantom.tumour).all()


def test_a_random_surface_has_the_volume_of_its_mask():
    surface = random_surface(np.random.default_rng(7), 12.0, axis_ratios=(1.2, 1.0, 0.9), energy=[0.005, 0.006, 0.006])
    phantom = draw_phantom(Tumour(surface, 1.0), ORGANS[0], AXES, np.random.default_rng(0))
    assert surface.volume_mm3 == pytest.approx(4 / 3 * np.pi * 12.0**3, rel=1e-6)
    assert phantom.tumour.sum() == pytest.approx(surface.volume_mm3, rel=0.02)


@pytest.mark.parametrize("width_mm", [1.5, 3.0])
def test_the_margin_is_as_wide_as_planted(width_mm):
    organ = bare(ORGANS[0])
    rng = np.random.default_rng(1)
    phantom = draw_phantom(Tumour(sphere(14.0), width_mm), organ, AXES, rng, noise_scale=0.0)
    profile = phantom.values[30:, 30, 30]  # from the centre outwards, 1 mm a step
    outside = np.median(phantom.values[phantom.parenchyma & ~phantom.tumour])
    share = (profile - outside) / (profile[0] - outside)
    near = np.abs(np.arange(31) - 14) <= 2
    expected = special.ndtr(-(np.arange(31) - 14.0) / (width_mm * organ.margin_scale))
    assert np.abs(share[near] - expected[near]).max() < 0.05


def test_subtypes_differ_as_published():
    drawn = {n: [draw_tumour(n, np.random.default_rng([n, i])) for i in range(60)] for n in SUBTYPES}
    volume = {n: np.median([one.surface.volume_mm3 for one in tumours]) for n, tumours in drawn.items()}
    margin = {n: np.median([one.margin_mm for one in tumours]) for n, tumours in drawn.items()}
    assert volume[1] < volume[2] < min(volume[3], volume[4])
    assert margin[1] < margin[2] < margin[3]
    assert all(margin[3] > margin[n] for n in (1, 2, 4))


def test_planted_hazards_come_back_from_many_patients():
    hazards, n = Hazards(), 20_000
    patient = Patient("lung", 60, "M", "I")
    rng = np.random.default_rng(11)
    rates = {}
    for subtype in hazards.subtype:
        drawn = [draw_survival(patient, subtype, rng) for _ in range(n)]
        events, days = sum(one.event for one in drawn), sum(one.days for one in drawn)
        rates[subtype] = events / days  # the maximum likelihood rate of an exponential; its relative error is 1 / sqrt(events)
        assert rates[subtype] == pytest.approx(hazards.rate_per_day(patient, subtype), rel=4 / np.sqrt(events))
    for subtype, ratio in hazards.subtype.items():
        assert rates[subtype] / rates[1] == pytest.approx(ratio, rel=0.06)


def test_age_and_stage_multiply_the_hazard():
    hazards = Hazards()
    young, old = Patient("brain", 60, "F", "I"), Patient("brain", 80, "F", "III")
    assert hazards.rate_per_day(old, 1) / hazards.rate_per_day(young, 1) == pytest.approx(1.15**2 * 1.4)
    assert hazards.rate_per_day(young, 1) == pytest.approx(np.log(2) / 1200)
