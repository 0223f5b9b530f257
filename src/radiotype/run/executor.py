"""Where the work of a run is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")
Task_contra = TypeVar("Task_contra", contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)


class Executor(Protocol[Task_contra, Result_co]):
    """Takes tasks, gives results in the order in which they finish."""

    def submit(self, task: Task_contra) -> None:
        """Add a task."""
        ...

    def results(self) -> Iterator[Result_co]:
        """Results of every task submitted so far."""
        ...

    def close(self) -> None:
        """Free what was held."""
        ...


class Inline(Generic[Task, Result]):
    """One task after the other in this process.

    Examples
    --------
    >>> executor = Inline(abs)
    >>> executor.submit(-3)
    >>> list(executor.results())
    [3]
    """

    def __init__(self, function: Callable[[Task], Result]) -> None:
        self._function = function
        self._tasks: list[Task] = []

    def submit(self, task: Task) -> None:
        self._tasks.append(task)

    def results(self) -> Iterator[Result]:
        while self._tasks:
            yield self._function(self._tasks.pop(0))

    def close(self) -> None:
        self._tasks.clear()
