"""Work on parts of a table in threads; the numbers do not depend on how many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from radiotype.core.machine import available_threads
from radiotype.stats._inputs import whole_number

Task = TypeVar("Task")
Result = TypeVar("Result")


def n_threads(n_jobs: int | None) -> int:
    """As many as asked for, or as there are cores; RT103 if that is no whole number from 1 on."""
    return available_threads() if n_jobs is None else whole_number("n_jobs", n_jobs, 1)


def in_threads(work: Callable[[Task], Result], tasks: Iterable[Task], n_jobs: int | None) -> list[Result]:
    """What `work` makes of every task, in their order."""
    with ThreadPoolExecutor(n_threads(n_jobs)) as pool:
        return list(pool.map(work, tasks))


def blocks(n_rows: int, n_jobs: int | None) -> list[slice]:
    """Contiguous rows for each thread, at most 64 at a time."""
    step = max(1, min(64, -(-n_rows // n_threads(n_jobs))))
    return [slice(first, min(first + step, n_rows)) for first in range(0, n_rows, step)]
