"""The published designs as recipes."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from radiotype.studies.stability import feature_stability, reader_agreement
    from radiotype.studies.study import StudyResult, run

__all__ = ["StudyResult", "feature_stability", "reader_agreement", "run"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(name)
    return getattr(import_module(f"radiotype.studies.{'study' if name in ('StudyResult', 'run') else 'stability'}"), name)
