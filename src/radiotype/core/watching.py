"""How a long job tells its caller how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

#: Takes a label and a number of steps, gives a function that counts one step; `radiotype.run.progress.progress` is one.
Progress = Callable[[str, int], AbstractContextManager[Callable[[], None]]]


@contextmanager
def unwatched(label: str, total: int) -> Iterator[Callable[[], None]]:
    """Progress that nobody looks at."""
    yield lambda: None
