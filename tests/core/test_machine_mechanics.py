"""Cores and memory: what limits of containers and batch systems leave."""

import pytest

from radiotype.core import machine
from radiotype.core.machine import available_bytes, available_cores, available_threads


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """Writes control groups of one's own: where the process is, and the files of each group."""
    monkeypatch.setattr(machine, "_CGROUP", tmp_path / "cgroup")
    monkeypatch.setattr(machine, "_OWN_CGROUP", tmp_path / "own")
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(16)))

    def write(own, files):
        (tmp_path / "own").write_text(own)
        for name, text in files.items():
            path = tmp_path / "cgroup" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{text}\n")

    return write


def test_without_limits_all_cores_count(groups):
    groups("0::/\n", {"cpu.max": "max 100000", "memory.max": "max", "memory.current": 5000})
    assert available_cores() == 16
    assert available_bytes() > 10**8


def test_limits_of_a_container_count(groups):
    groups("0::/\n", {"cpu.max": "250000 100000", "memory.max": 3 * 10**8, "memory.current": 10**8})
    assert available_cores() == 2
    assert available_bytes() == 2 * 10**8


def test_limits_of_a_batch_system_count_though_they_stand_above_the_own_group(groups):
    files = {"slurm/job_7/cpu.max": "400000 100000", "slurm/job_7/step/cpu.max": "max 100000",
             "slurm/job_7/memory.max": 10**8, "slurm/job_7/memory.current": 10**7}  # fmt: skip
    groups("0::/slurm/job_7/step\n", files)
    assert available_cores() == 4
    assert available_bytes() == 9 * 10**7


def test_control_groups_of_version_1_count(groups):
    files = {"cpu,cpuacct/docker/a/cpu.cfs_quota_us": 300_000, "cpu,cpuacct/docker/a/cpu.cfs_period_us": 100_000,
             "cpu,cpuacct/cpu.cfs_quota_us": -1, "cpu,cpuacct/cpu.cfs_period_us": 100_000,
             "memory/docker/a/memory.limit_in_bytes": 10**8, "memory/docker/a/memory.usage_in_bytes": 3 * 10**7,
             "memory/memory.limit_in_bytes": 9223372036854771712, "memory/memory.usage_in_bytes": 10**9}  # fmt: skip
    groups("4:memory:/docker/a\n3:cpu,cpuacct:/docker/a\n1:name=systemd:/\n0::/\n", files)
    assert available_cores() == 3
    assert available_bytes() == 7 * 10**7


def test_files_that_were_read_do_not_count_as_used(groups):
    stat = "anon 1000\ninactive_file 60000000\nactive_file 5"
    groups("0::/\n", {"memory.max": 10**8, "memory.current": 9 * 10**7, "memory.stat": stat})
    assert available_bytes() == 7 * 10**7


@pytest.mark.parametrize(("said", "threads"), [(None, 16), ("", 16), ("3", 3), ("0", 1), ("4,2", 16)])
def test_threads_are_as_many_as_the_environment_says_else_cores(groups, monkeypatch, said, threads):
    groups("0::/\n", {"cpu.max": "max 100000"})
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if said is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert available_threads() == threads
