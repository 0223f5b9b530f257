"""Work for worker processes that ends badly in one way or another."""

import os
import signal
import time

from radiotype.run.worker import describe_rows


def square_or_die(number):
    """Negative numbers kill the process that works on them; 13 raises."""
    if number < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 13:
        raise ValueError("thirteen")
    time.sleep(0.01)
    return number * number


def use_memory(megabytes):
    """Fill that much memory."""
    return len(bytearray(megabytes * 10**6))


def describe_or_die(task):
    """Describe rows, unless one of their cases is called a killer."""
    if any(row.region.key.case_id.startswith("killer") for row in task.rows):
        os.kill(os.getpid(), signal.SIGKILL)
    return describe_rows(task)


def describe_unwarned(task):
    """Describe rows as if nothing had been known of the memory they need."""
    from radiotype.run import worker

    before, worker.require_memory = worker.require_memory, lambda *_: None
    try:
        return describe_rows(task)
    finally:
        worker.require_memory = before
