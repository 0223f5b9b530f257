"""Cores and memory that this process may use. Limits of a container or a batch system count like those of the machine."""

from __future__ import annotations

import os
import resource
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
_OWN_CGROUP = Path("/proc/self/cgroup")


def available_threads() -> int:
    """Threads that numerical work may use: OMP_NUM_THREADS where it is set, else one for each core there is."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, int(asked)) if asked.isdecimal() else available_cores()


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
