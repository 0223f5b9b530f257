"""Time per case as a cohort grows, and what a second worker gains.

Run: python benchmarks/scaling.py [largest cohort, 10000]. Cases are 32^3 voxels, so that what is measured is what a run adds to
each case. Each line is one `radiotype extract` as a user gives it, timed whole, with the CPU seconds of all its processes; peak
memory is that of the process given by the user and of its largest worker. The last lines are larger cases, where the work of a
second worker counts: efficiency is (time with 1) / (2 x time with 2).
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "run"))

from run_cohort import EXTRACT, write_cohort

SIZES = (100, 1_000, 10_000)


def extract(folder: Path, out: str, *arguments: str) -> dict[str, float]:
    """Seconds, CPU seconds and peak memory of one run."""
    return measured(folder, *EXTRACT, "-o", out, *arguments)


def measured(folder: Path, *arguments: str) -> dict[str, float]:
    """Seconds, CPU seconds and peak memory of one command."""
    command = [sys.executable, "-c", "from radiotype.cli import main; main()", *arguments]
    before, started = os.times(), time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    peaks: dict[int, int] = {}
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            for pid in family(process.pid):
                peaks[pid] = max(peaks.get(pid, 0), peak_bytes(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    seconds, after = time.perf_counter() - started, os.times()
    done.set()
    watcher.join()
    if code:
        raise SystemExit(f"{arguments[0]} ended with {code}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    workers = [peak for pid, peak in peaks.items() if pid != process.pid]
    return {"seconds": seconds, "cpu": cpu, "parent": peaks.get(process.pid, 0), "worker": max(workers, default=0)}


def family(pid: int) -> list[int]:
    """A process and everything it started."""
    found = [pid]
    for one in found:
        for thread in Path(f"/proc/{one}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += map(int, thread.read_text().split())
    return found


def peak_bytes(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def row(name: str, n: int, found: dict[str, float]) -> str:
    return (
        f"{name:<34} {found['seconds']:8.1f} s {found['cpu']:8.1f} CPU s {1000 * found['seconds'] / n:8.2f} ms per case   "
        f"peak {found['parent'] / 1e6:5.0f} MB, worker {found['worker'] / 1e6:5.0f} MB"
    )


def main() -> None:
    largest = int(sys.argv[1]) if len(sys.argv) > 1 else SIZES[-1]
    with tempfile.TemporaryDirectory() as scratch:
        for n in (n for n in SIZES if n <= largest):
            folder = Path(scratch) / f"cohort-{n}"
            folder.mkdir()
            write_cohort(folder, n, size=32)
            print(row(f"{n:,} cases, 2 workers", n, extract(folder, "two", "--jobs", "2")), flush=True)
            print(row(f"{n:,} cases, all stored already", n, extract(folder, "two", "--jobs", "2")), flush=True)
        folder = Path(scratch) / "larger"
        folder.mkdir()
        write_cohort(folder, 40, size=128)
        one = extract(folder, "one", "--jobs", "1")
        two = extract(folder, "two", "--jobs", "2")
        print(row("40 cases of 128^3, 1 worker", 40, one))
        print(row("40 cases of 128^3, 2 workers", 40, two))
        print(f"parallel efficiency on 2 workers: {one['seconds'] / (2 * two['seconds']):.2f}")


if __name__ == "__main__":
    main()
