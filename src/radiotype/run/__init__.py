"""Running: where the work is done, what is stored, and how a run goes on where it stopped."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from radiotype.run.run import Run, open_run
    from radiotype.run.workers import Workers

__all__ = ["Run", "Workers", "open_run"]


def __getattr__(name: str) -> object:
    if name in ("Run", "open_run"):
        from radiotype.run import run

        return getattr(run, name)
    if name == "Workers":
        from radiotype.run.workers import Workers

        return Workers
    raise AttributeError(name)
