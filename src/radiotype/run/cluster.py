"""Work in other processes: on this machine, or on any Dask cluster."""

from __future__ import annotations

import contextlib
import logging
import resource
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from multiprocessing import resource_tracker
from typing import Any, Generic, TypeVar

from radiotype.errors import RecipeError
from radiotype.run.executor import Finished

Task = TypeVar("Task")
Result = TypeVar("Result")

#: Tasks that wait at the scheduler for each worker; the rest wait here, where they cost nothing.
TASKS_PER_WORKER = 50

#: A scheduler that does not answer within this time is given up, seconds.
ANSWER_SECONDS = 20

#: How often it is asked whether a task has ended, and after how long without any worker process new ones are started, seconds.
WAIT_SECONDS = 0.01
GONE_SECONDS = 10

#: Memory of a worker is looked at this often while a task is tried alone, seconds.
SAMPLE_SECONDS = 0.02

#: A task takes its worker with it at most once before it is tried alone; no worker takes a task before it has time for it, so
#: that none dies for its neighbour. Nothing listens but on loopback. Results are small: memory pressure is never waited out.
CONFIGURATION = {
    "distributed.scheduler.allowed-failures": 1,
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": 0.95,
    "distributed.comm.timeouts.connect": "30s",
    "distributed.nanny.pre-spawn-environ": {
        "MALLOC_TRIM_THRESHOLD_": "65536",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1",
    },
}  # fmt: skip


#: What Dask says of workers that come and go is said by `cases.parquet`.
QUIET = {"logging": {"distributed": "critical", "distributed.client": "critical"}}


class Cluster(Generic[Task, Result]):
    """Tasks in worker processes. A task that kills its process costs that task only.

    Parameters
    ----------
    function : callable
        Of one task; importable by the workers.
    jobs : int
        Worker processes on this machine, at least 1; not more are started than there are tasks.
    memory_bytes : int, optional
        Memory of all of them together; a process that passes its share is refused more, and killed if it takes it.
    address : str, optional
        Scheduler to use instead, such as "tcp://10.0.0.5:8786"; its workers have their own limits. Dask trusts its network:
        whoever reaches a scheduler can run programs on its workers.

    Raises
    ------
    RecipeError
        RT106 if the scheduler cannot be reached.

    Examples
    --------
    >>> workers = Cluster(abs, jobs=2)  # doctest: +SKIP
    """

    def __init__(
        self, function: Callable[[Task], Result], *, jobs: int = 1, memory_bytes: int | None = None, address: str | None = None
    ) -> None:
        self._function = function
        self._jobs = jobs
        self._memory_bytes = memory_bytes
        self._address = address
        self._waiting: deque[Task] = deque()
        self._local: Any = None
        self._client: Any = None
        self._limit: int | None = None

    def submit(self, task: Task) -> None:
        self._waiting.append(task)

    def results(self) -> Iterator[Finished[Task, Result]]:
        suspects: deque[Task] = deque()
        while self._waiting:
            self._start()
            for task, future, result in self._finished():
                if future is None or _died(future):
                    suspects.append(task)
                else:
                    yield Finished(task, _unless_raised(future, result))
            while suspects and not self._waiting:
                yield self._alone(suspects.popleft())

    def close(self) -> None:
        self._waiting.clear()
        self._stop()

    def _stop(self) -> None:
        for one in (self._client, self._local):
            if one is not None:
                with contextlib.suppress(Exception):
                    one.close()
        self._client = self._local = None

    def _start(self) -> None:
        if self._client is not None:
            return
        import dask

        with dask.config.set(QUIET):  # read when the module is loaded first
            from distributed import Client, LocalCluster

        if self._address is not None:
            try:
                self._client = Client(self._address, timeout=ANSWER_SECONDS, set_as_default=False)
            except (OSError, ValueError, TimeoutError) as error:
                raise RecipeError(
                    "RT106", f"no scheduler answers at {self._address}", hint="is it running, and reached from here?"
                ) from error
            return
        jobs = max(1, min(self._jobs, len(self._waiting)))
        self._limit = None if self._memory_bytes is None else self._memory_bytes // self._jobs
        try:
            with dask.config.set(CONFIGURATION), _deaf_children():
                self._local = LocalCluster(
                    n_workers=jobs, threads_per_worker=1, memory_limit=self._limit or 0, host="127.0.0.1",
                    dashboard_address="127.0.0.1:0", worker_dashboard_address=None, silence_logs=logging.CRITICAL + 1,
                )  # fmt: skip
                self._client = Client(self._local, set_as_default=False)
        except (OSError, RuntimeError, TimeoutError) as error:
            raise RecipeError(
                "RT106",
                "the worker processes did not start",
                hint='a script of your own needs the line `if __name__ == "__main__":` before what it runs, for every worker '
                "reads the script again; else --jobs 0 works without processes",
            ) from error

    def _submit(self, task: Task) -> Any:
        return self._client.submit(_limited, self._function, task, self._limit, pure=False)

    def _finished(self) -> Iterator[tuple[Task, Any, Any]]:
        """Every waiting task with its future and result, as they finish; those submitted meanwhile too.

        Results are fetched at once: what lies in the memory of a worker is lost with it. When every worker is gone for good,
        the tasks under way come without a future: one of them may be to blame.
        """
        from distributed import as_completed

        tasks: dict[str, Task] = {}
        running = as_completed([], loop=self._client.loop, with_results=True, raise_errors=False)

        def fill() -> None:
            room = TASKS_PER_WORKER * max(1, len(self._client.nthreads()))
            while self._waiting and len(tasks) < room:
                task = self._waiting.popleft()
                future = self._submit(task)
                tasks[future.key] = task
                running.add(future)

        fill()
        while tasks:
            if not self._watch(running.has_ready):
                self._stop()
                yield from ((task, None, None) for task in tasks.values())
                return
            future, result = next(running)
            yield tasks.pop(future.key), future, result
            if self._waiting and (len(tasks) < TASKS_PER_WORKER // 2 or len(tasks) % TASKS_PER_WORKER == 0):
                fill()  # asks the scheduler, and so not after every task

    def _alone(self, task: Task) -> Finished[Task, Result]:
        """A task that took its worker with it, tried again with no other running.

        Where no worker is left afterwards, the one before may be to blame as well: it is tried once more among new ones.
        """
        size = ""
        for _ in range(2):
            self._start()
            with self._peak() as peak:
                future = self._submit(task)
                ended = self._watch(future.done)
            size = f", peak {peak[0] / 1e6:.0f} MB" if peak[0] else size
            if not ended:
                self._stop()
            elif not _died(future):
                return Finished(task, _unless_raised(future, None if future.exception() else future.result()))
            else:
                self._settle()
                break
        return Finished(task, None, f"killed{size}")

    def _settle(self) -> None:
        """Wait a moment until the workers are back: one that is closed while it starts complains on the screen."""
        if self._local is None:
            return
        if not self._local.workers:
            self._stop()
            return
        with contextlib.suppress(TimeoutError):
            self._client.wait_for_workers(len(self._local.workers), timeout=GONE_SECONDS)

    def _watch(self, ready: Callable[[], bool]) -> bool:
        """Wait until something is ready; False when this machine has had no worker process for so long that none will come.

        A worker that dies while it starts is not started again. (A cluster may take its time to send some.)
        """
        asked = alive = time.monotonic()
        while not ready():
            time.sleep(WAIT_SECONDS)
            now = time.monotonic()
            if self._local is None or now - asked < 100 * WAIT_SECONDS:
                continue
            asked = now
            if any(_peak_bytes(nanny.pid) for nanny in list(self._local.workers.values())):
                alive = now
            elif now - alive > GONE_SECONDS:
                return False
        return True

    @contextlib.contextmanager
    def _peak(self) -> Iterator[list[int]]:
        """The largest memory of any worker process of this machine since it started, bytes."""
        peak, done = [0], threading.Event()

        def look() -> None:
            while not done.wait(SAMPLE_SECONDS):
                for nanny in list(self._local.workers.values()) if self._local is not None else ():
                    peak[0] = max(peak[0], _peak_bytes(nanny.pid))

        watcher = threading.Thread(target=look, daemon=True)
        watcher.start()
        try:
            yield peak
        finally:
            done.set()
            watcher.join()


@contextlib.contextmanager
def _deaf_children() -> Iterator[None]:
    """Threads that start here, and the processes that these start, do not hear Ctrl-C: this process does, and ends them."""
    resource_tracker.ensure_running()  # its own start would open the ears again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _limited(function: Callable[[Task], Result], task: Task, limit: int | None) -> Result:
    """Do a task in a worker that may not take more memory than its share."""
    if limit is not None:
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        wanted = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
    return function(task)


def _died(future: Any) -> bool:
    """Whether a task ended with its worker; waits until it has ended."""
    from distributed import KilledWorker

    return isinstance(future.exception(), KilledWorker)


def _unless_raised(future: Any, result: Any) -> Any:
    """What a task gave; what it raised is raised here."""
    from distributed import CancelledError
    from distributed.comm import CommClosedError

    error = future.exception()
    future.release()
    if isinstance(error, CancelledError | CommClosedError):
        raise RecipeError("RT106", "the scheduler was lost", hint="the same command goes on where it stopped") from error
    if isinstance(error, RuntimeError) and "serializ" in str(error):
        raise RecipeError(
            "RT106",
            "scheduler or workers cannot load the work",
            hint="they need the same versions of Python, radiotype and its dependencies as this machine",
        ) from error
    if error is not None:
        raise error
    return result


def _peak_bytes(pid: int | None) -> int:
    """Largest memory that a process has had, bytes; 0 where it cannot be told."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:  # noqa: PTH123
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0
