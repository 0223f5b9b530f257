"""The published designs as recipes."""

from radiotype.studies.study import StudyResult, run

__all__ = ["StudyResult", "run"]
