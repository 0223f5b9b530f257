"""Where the work of a run is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Finished(Generic[Task, Result]):
    """A task with its result; or, when the process that worked on it died, how it died (and the result is None)."""

    task: Task
    result: Result | None
    death: str = ""


class Executor(Protocol[Task, Result]):
    """Takes tasks, gives results in the order in which they finish."""

    def submit(self, task: Task) -> None:
        """Add a task, before or while results are taken."""
        ...

    def results(self) -> Iterator[Finished[Task, Result]]:
        """Every task submitted so far, once it has finished. What a task raises is raised here."""
        ...

    def close(self) -> None:
        """Free what was held; tasks that have not begun are dropped."""
        ...


class Inline(Generic[Task, Result]):
    """One task after the other in this process.

    Examples
    --------
    >>> executor = Inline(abs)
    >>> executor.submit(-3)
    >>> [finished.result for finished in executor.results()]
    [3]
    """

    def __init__(self, function: Callable[[Task], Result]) -> None:
        self._function = function
        self._tasks: list[Task] = []

    def submit(self, task: Task) -> None:
        self._tasks.append(task)

    def results(self) -> Iterator[Finished[Task, Result]]:
        while self._tasks:
            task = self._tasks.pop(0)
            yield Finished(task, self._function(task))

    def close(self) -> None:
        self._tasks.clear()
