"""Cohorts whose truth is known, for the demo and the tests."""

from radiotype.simulate.biology_files import BiologyFiles, biology_files
from radiotype.simulate.broken import BREAKAGES
from radiotype.simulate.cohort import SimulatedCohort, cohort, n_cases_of
from radiotype.simulate.organs import ORGANS
from radiotype.simulate.outcomes import Hazards, Patient, Survival, draw_patient, draw_survival
from radiotype.simulate.plan import CENTRES, Centre
from radiotype.simulate.surface import StarSurface, random_surface, sphere
from radiotype.simulate.truth import Planted
from radiotype.simulate.tumours import SUBTYPES, Tumour, draw_phantom, draw_tumour

__all__ = [
    "BREAKAGES", "CENTRES", "ORGANS", "SUBTYPES", "BiologyFiles", "Centre", "Hazards", "Patient", "Planted", "SimulatedCohort",
    "StarSurface", "Survival", "Tumour", "biology_files", "cohort", "draw_patient", "draw_phantom", "draw_survival",
    "draw_tumour", "n_cases_of", "random_surface", "sphere",
]  # fmt: skip
