"""The published designs as recipes."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from radiotype.studies.new_patients import assign
    from radiotype.studies.stability import feature_stability, reader_agreement
    from radiotype.studies.study import StudyResult, run

__all__ = ["StudyResult", "assign", "feature_stability", "reader_agreement", "run"]

_HOME = {
    "StudyResult": "study",
    "assign": "new_patients",
    "feature_stability": "stability",
    "reader_agreement": "stability",
    "run": "study",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(name)
    return getattr(import_module(f"radiotype.studies.{_HOME[name]}"), name)
