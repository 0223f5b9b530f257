"""Independent pieces of work in threads, their results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from radiotype.core.machine import available_threads

Result = TypeVar("Result")

#: Beyond this, images are worked on one at a time, bytes of all that are worked on together.
MEMORY_BYTES = 2_000_000_000


def threads_for(n_tasks: int, bytes_each: int, asked: int | None = None) -> int:
    """How many tasks are worked on at a time: as many as were asked for, or cores, but no more than fit into memory.

    Examples
    --------
    >>> threads_for(14, bytes_each=500_000_000, asked=8)
    4
    """
    that_fit = MEMORY_BYTES // max(1, bytes_each)
    return max(1, min(asked or available_threads(), n_tasks, that_fit))


def in_order(tasks: Iterable[Callable[[], Result]], n_threads: int) -> Iterator[Result]:
    """The result of each task, `n_threads` of them at work at a time; tasks are drawn from their source as they are begun.

    Examples
    --------
    >>> list(in_order([lambda: "a", lambda: "b", lambda: "c"], 2))
    ['a', 'b', 'c']
    """
    if n_threads <= 1:
        yield from (task() for task in tasks)
        return
    with ThreadPoolExecutor(n_threads) as pool:
        begun: deque[Future[Result]] = deque()
        for task in tasks:
            begun.append(pool.submit(task))
            if len(begun) >= n_threads:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
