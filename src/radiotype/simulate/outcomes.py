"""Patients and their survival, with hazard ratios that are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

STAGES = ("I", "II", "III", "IV")


@dataclass(frozen=True)
class Hazards:
    """A proportional hazards model with a constant baseline.

    Parameters
    ----------
    median_days : mapping of str to float
        Median survival of a patient of 60 years with stage I and subtype 1, by cancer type, days.
    subtype, stage : mappings to float
        Hazard ratios against subtype 1 and stage I.
    per_decade : float
        Hazard ratio of ten years of age.
    follow_up_days : (shortest, longest)
        Patients enter evenly over the difference; the study then ends for all on one day.
    treatment : mapping of int to float
        Hazard ratio of radiotherapy against surgery in each subtype. Each arm gets half of it, one way and the other, so that
        `subtype` holds for the mean log hazard of the two arms.
    """

    median_days: Mapping[str, float] = field(
        default_factory=lambda: MappingProxyType({"lung": 1900.0, "breast": 3000.0, "brain": 1200.0})
    )
    subtype: Mapping[int, float] = field(default_factory=lambda: MappingProxyType({1: 1.0, 2: 1.5, 3: 2.6, 4: 3.6}))
    stage: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({"I": 1.0, "II": 1.15, "III": 1.4, "IV": 1.7}))
    per_decade: float = 1.15
    follow_up_days: tuple[float, float] = (500.0, 2300.0)
    treatment: Mapping[int, float] = field(default_factory=lambda: MappingProxyType({1: 1.0, 2: 1.0, 3: 1.0, 4: 0.4}))

    def rate_per_day(self, patient: Patient, subtype: int) -> float:
        """Hazard of one patient, per day; constant over time."""
        baseline = np.log(2.0) / self.median_days[patient.cancer_type]
        age = self.per_decade ** ((patient.age_years - 60) / 10)
        arm = self.treatment[subtype] ** {"radiotherapy": 0.5, "surgery": -0.5, "": 0.0}[patient.treatment]
        return float(baseline * age * self.stage[patient.stage] * self.subtype[subtype] * arm)


@dataclass(frozen=True)
class Patient:
    """What is known before follow-up; without a treatment, the mean of both."""

    cancer_type: str
    age_years: int
    sex: str
    stage: str
    treatment: str = ""


@dataclass(frozen=True)
class Survival:
    """Follow-up from diagnosis: days, and 1 for a death or 0 for the end of the study."""

    days: int
    event: int


def draw_patient(cancer_type: str, rng: np.random.Generator) -> Patient:
    """A patient; age, sex and stage do not depend on the subtype.

    Parameters
    ----------
    cancer_type : str
        "breast" gives women only.
    rng : Generator

    Examples
    --------
    >>> draw_patient("breast", np.random.default_rng(0)).sex
    'F'
    """
    age = int(np.clip(np.rint(rng.normal(62.0, 10.0)), 25, 92))
    sex = "M" if rng.random() < 0.55 else "F"
    stage = STAGES[int(np.searchsorted((0.35, 0.65, 0.88), rng.random()))]
    return Patient(cancer_type, age, "F" if cancer_type == "breast" else sex, stage)


def draw_survival(patient: Patient, subtype: int, rng: np.random.Generator, *, hazards: Hazards | None = None) -> Survival:
    """Exponential survival, censored on the day the study ends.

    Parameters
    ----------
    patient : Patient
    subtype : int
    rng : Generator
    hazards : Hazards, optional
        The planted model.

    Returns
    -------
    Survival
        Whole days, at least 1.

    Examples
    --------
    >>> patient = Patient("lung", 60, "M", "I")
    >>> draw_survival(patient, 1, np.random.default_rng(0)).days > 0
    True
    """
    hazards = hazards or Hazards()
    death = rng.exponential(1.0 / hazards.rate_per_day(patient, subtype))
    end = rng.uniform(*hazards.follow_up_days)
    return Survival(max(1, int(np.rint(min(death, end)))), int(death <= end))
