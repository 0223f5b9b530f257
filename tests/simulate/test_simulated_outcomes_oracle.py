"""Simulated survival against the exponential model it is drawn from."""

import numpy as np
import pytest

from radiotype.simulate import Hazards, Patient, draw_patient, draw_survival
from radiotype.simulate.plan import PROPORTIONS

N = 20_000

#: Ten patients in the planted proportions of the subtypes.
PLANTED = [subtype for subtype, fraction in PROPORTIONS.items() for _ in range(round(10 * fraction))]


@pytest.fixture(scope="module")
def table():
    hazards = Hazards()
    rng = np.random.default_rng(11)
    rows = []
    for index in range(N):
        subtype = PLANTED[index // 3 % len(PLANTED)]
        patient = draw_patient(("lung", "breast", "brain")[index % 3], rng)
        survival = draw_survival(patient, subtype, rng, hazards=hazards)
        stage = [float(patient.stage == name) for name in ("II", "III", "IV")]
        kind = [float(patient.cancer_type == name) for name in ("lung", "breast", "brain")]
        planted = [float(subtype == k) for k in (2, 3, 4)]
        rows.append([*kind, *planted, *stage, (patient.age_years - 60) / 10, survival.days, survival.event])
    return np.array(rows)


def exponential_regression(design, days, event):
    """Maximum likelihood of log hazards by Newton's method; estimates and standard errors."""
    beta = np.zeros(design.shape[1])
    beta[:3] = np.log(event.sum() / days.sum())
    for _ in range(30):
        expected = days * np.exp(design @ beta)
        information = design.T @ (design * expected[:, None])
        step = np.linalg.solve(information, design.T @ (event - expected))
        beta += step
        if np.abs(step).max() < 1e-10:
            return beta, np.sqrt(np.diag(np.linalg.inv(information)))
    raise AssertionError("Newton's method did not converge")


def test_planted_hazard_ratios_lie_in_their_99_percent_intervals(table):
    hazards = Hazards()
    estimate, error = exponential_regression(table[:, :10], table[:, 10], table[:, 11])
    baselines = [np.log(np.log(2) / hazards.median_days[name]) for name in ("lung", "breast", "brain")]
    subtypes = [np.log(hazards.subtype[k]) for k in (2, 3, 4)]
    stages = [np.log(hazards.stage[name]) for name in ("II", "III", "IV")]
    planted = np.array([*baselines, *subtypes, *stages, np.log(hazards.per_decade)])
    assert error[3:6].max() < 0.05
    np.testing.assert_array_less(np.abs(estimate - planted) / error, 2.576)


def test_between_35_and_45_percent_are_censored(table):
    assert 0.35 < 1 - table[:, 11].mean() < 0.45


def test_follow_up_ends_with_the_study():
    hazards = Hazards(median_days={"lung": 1e9}, follow_up_days=(100.0, 200.0))
    rng = np.random.default_rng(0)
    drawn = [draw_survival(Patient("lung", 60, "M", "I"), 1, rng, hazards=hazards) for _ in range(200)]
    assert all(100 <= survival.days <= 200 and survival.event == 0 for survival in drawn)


def test_median_survival_of_the_reference_patient():
    hazards = Hazards(follow_up_days=(1e6, 1e6))
    rng = np.random.default_rng(1)
    days = [draw_survival(Patient("brain", 60, "F", "I"), 1, rng, hazards=hazards).days for _ in range(4000)]
    assert np.median(days) == pytest.approx(hazards.median_days["brain"], rel=0.06)


def test_treatments_differ_by_the_planted_ratio_around_the_hazard_of_the_subtype():
    hazards = Hazards()
    for subtype, ratio in hazards.treatment.items():
        mean, surgery, radiotherapy = (
            hazards.rate_per_day(Patient("lung", 70, "F", "II", treatment), subtype)
            for treatment in ("", "surgery", "radiotherapy")
        )
        assert radiotherapy / surgery == pytest.approx(ratio)
        assert surgery * radiotherapy == pytest.approx(mean**2)


def test_planted_interaction_lies_in_its_99_percent_interval():
    hazards = Hazards(follow_up_days=(1e6, 1e6))
    rng = np.random.default_rng(5)
    days = {
        (subtype, treatment): sum(
            draw_survival(Patient("brain", 60, "M", "I", treatment), subtype, rng, hazards=hazards).days for _ in range(2500)
        )
        for subtype in (3, 4)
        for treatment in ("surgery", "radiotherapy")
    }
    found = np.log(days[3, "radiotherapy"] / days[3, "surgery"]) - np.log(days[4, "radiotherapy"] / days[4, "surgery"])
    assert abs(found - np.log(0.4)) < 2.576 * np.sqrt(4 / 2500)
