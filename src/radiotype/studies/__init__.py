"""The published designs as recipes."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from radiotype.studies.study import StudyResult, run

__all__ = ["StudyResult", "run"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from radiotype.studies import study

        return getattr(study, name)
    raise AttributeError(name)
