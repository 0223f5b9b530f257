"""Cores, memory and kernels that a run may use. Limits of a container or a batch system count like those of the machine."""

from __future__ import annotations

import os
import re
import resource
from pathlib import Path

from radiotype.errors import RecipeError

#: Share of the available memory that a run takes unless told otherwise.
MEMORY_SHARE = 0.8

#: A process that describes regions needs this much before it has read anything, bytes.
BASE_BYTES = 512 * 2**20

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
_CGROUP = Path("/sys/fs/cgroup")
_OWN_CGROUP = Path("/proc/self/cgroup")


def available_cores() -> int:
    """Cores this process may use: its affinity, and the quotas of its control groups."""
    cores = len(os.sched_getaffinity(0))
    for group in _groups("cpu"):
        quota = [*_first(group / "cpu.max").split(), _first(group / "cpu.cfs_quota_us"), _first(group / "cpu.cfs_period_us")]
        numbers = [int(one) for one in quota if one.isdecimal()]  # no limit: "max", or -1
        if len(numbers) == 2:
            cores = min(cores, max(1, numbers[0] // numbers[1]))
    return cores


def available_bytes() -> int:
    """Memory this process may still use: what the machine has free, its control groups allow and its own limits leave."""
    free = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for line in _text(Path("/proc/meminfo")).splitlines():
        if line.startswith("MemAvailable:"):
            free.append(int(line.split()[1]) * 1024)
    for group in _groups("memory"):
        for limit, used, cached in (
            ("memory.max", "memory.current", "inactive_file"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ):
            limit, used = _first(group / limit), _first(group / used)
            if limit.isdecimal() and used.isdecimal():
                # files that were read count as used, and are given up when the memory is wanted
                lines = (line.split() for line in _text(group / "memory.stat").splitlines())
                given_up = sum(int(line[1]) for line in lines if line[0] == cached)
                free.append(max(0, int(limit) - int(used) + given_up))
    for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
        soft = resource.getrlimit(kind)[0]
        if soft != resource.RLIM_INFINITY:
            free.append(soft)
    return min(free)


def simd_level() -> str:
    """Level of the kernels in use: base, avx2 or avx512.

    Raises
    ------
    RecipeError
        RT103 if the environment asks for a level that this processor does not have.
    """
    from radiotype import _native

    try:
        return str(_native.simd_level())
    except RuntimeError as error:
        raise RecipeError("RT103", str(error), hint="correct or unset the environment variable RADIOTYPE_SIMD") from error


def parse_bytes(text: str) -> int:
    """Bytes that a person means.

    Raises
    ------
    RecipeError
        RT103 for anything but a number with a unit.

    Examples
    --------
    >>> parse_bytes("4GB"), parse_bytes("1.5 GiB")
    (4000000000, 1610612736)
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?\s*", text, re.IGNORECASE)
    unit = _UNITS.get(match[2].lower()) if match else None
    if match is None or unit is None:
        raise RecipeError("RT103", f"{text!r} is no amount of memory", hint="write it like 8GB or 500MB")
    return int(float(match[1]) * unit)


def plan_resources(jobs: int | None, memory: str | None) -> tuple[int, int]:
    """Number of worker processes and memory of all of them together, bytes.

    Parameters
    ----------
    jobs : int or None
        0: no worker, the work is done in this process. None: one per core.
    memory : str or None
        Such as "8GB"; None: 80 % of what is available.

    Raises
    ------
    RecipeError
        RT103 if a number is not allowed or the memory does not suffice for the workers.
    """
    if jobs is not None and jobs < 0:
        raise RecipeError(
            "RT103", f"--jobs {jobs} is not a number of processes", hint="0 works in this process, N in N processes"
        )
    total = parse_bytes(memory) if memory is not None else int(available_bytes() * MEMORY_SHARE)
    fitting = total // BASE_BYTES
    if jobs is None and fitting:
        return min(available_cores(), fitting), total
    jobs = 1 if jobs is None else jobs
    if fitting < max(1, jobs):
        raise RecipeError(
            "RT103",
            f"{total / 10**9:.2f} GB of memory do not suffice for {max(1, jobs)} process{'es' if jobs > 1 else ''}; "
            f"each needs {BASE_BYTES / 10**9:.2f} GB before it has read anything",
            hint="give more with --memory or start fewer with --jobs",
        )
    return jobs, total


def _groups(controller: str) -> list[Path]:
    """Folders of the control groups that this process is in, those above them too; of version 2, and of version 1."""
    found = []
    for line in _text(_OWN_CGROUP).splitlines():
        _, controllers, place = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        root = _CGROUP / controllers
        own = root / place.lstrip("/")
        found += [own, *(above for above in own.parents if above.is_relative_to(root))]
    return list(dict.fromkeys([*found, _CGROUP, _CGROUP / controller]))  # inside a container the own place may not be seen


def _first(path: Path) -> str:
    return next(iter(_text(path).splitlines()), "")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
