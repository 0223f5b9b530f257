"""Worker processes: one that dies costs its own task, and nothing else."""

import contextlib
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from killing_work import describe_or_die, square_or_die, use_memory
from run_cohort import EXTRACT, QUICK, finish, start, stored, write_cohort

from radiotype.errors import RecipeError
from radiotype.io import read_cohort
from radiotype.run.cluster import Cluster
from radiotype.run.engine import describe_cohort


def results(cluster, tasks):
    with contextlib.closing(cluster):
        for task in tasks:
            cluster.submit(task)
        return {finished.task: finished for finished in cluster.results()}


def test_exactly_the_tasks_that_kill_their_process_are_lost():
    numbers = [number if number % 10 else -number - 1 for number in range(1, 21)]
    random.Random(0).shuffle(numbers)
    found = results(Cluster(square_or_die, jobs=2), [number for number in numbers if number != 13])
    killers = {number for number in numbers if number < 0}
    assert len(killers) == 2
    assert {task for task, finished in found.items() if finished.result is None} == killers
    assert all(finished.result == task * task for task, finished in found.items() if task >= 0)
    assert all(found[task].death.startswith("killed") for task in killers)


def test_tasks_submitted_while_results_are_taken_are_done_too():
    cluster, found = Cluster(square_or_die, jobs=1), []
    with contextlib.closing(cluster):
        cluster.submit(2)
        for finished in cluster.results():
            found.append(finished.result)
            if len(found) < 3:
                cluster.submit(finished.result)
    assert found == [4, 16, 256]


def test_dask_says_nothing_on_the_screen_however_many_clusters_come_and_go():
    program = (
        "from killing_work import square_or_die\n"
        "from radiotype.run.cluster import Cluster\n"
        "if __name__ == '__main__':\n"
        "    for _ in range(2):\n"
        "        cluster = Cluster(square_or_die, jobs=1)\n"
        "        cluster.submit(-1)\n"
        "        print(*[finished.death.split(',')[0] for finished in cluster.results()])\n"
        "        cluster.close()\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("killed\nkilled\n", "")


def test_what_a_task_raises_is_raised_here():
    with pytest.raises(ValueError, match="thirteen"):
        results(Cluster(square_or_die, jobs=1), [13])


def test_a_task_that_wants_more_than_its_share_of_memory_gets_an_error_and_not_the_machine():
    with pytest.raises(MemoryError):
        results(Cluster(use_memory, jobs=1, memory_bytes=10**9), [1500])
    assert results(Cluster(use_memory, jobs=1, memory_bytes=10**9), [300])[300].result == 300 * 10**6


@contextlib.contextmanager
def program(*arguments, **environment):
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments], env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


@contextlib.contextmanager
def scheduler_with_two_workers(**environment):
    """Address of a real scheduler on loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address, quiet = f"tcp://127.0.0.1:{port}", ("--no-dashboard", "--host", "127.0.0.1")
    worker = ("distributed.cli.dask_worker", address, "--nthreads", "1", *quiet)
    scheduler = program("distributed.cli.dask_scheduler", "--port", str(port), *quiet, **environment)
    with scheduler, program(*worker, **environment), program(*worker, **environment):
        yield address


def test_an_existing_scheduler_with_two_workers_does_the_same_work():
    with scheduler_with_two_workers(PYTHONPATH=str(Path(__file__).parent)) as address:
        cluster = Cluster(square_or_die, address=address)
        with contextlib.closing(cluster):
            for number in range(12):
                cluster.submit(number)
            found = sorted(finished.result for finished in cluster.results())
            assert cluster._client.nthreads()
    assert found == [number * number for number in range(12)]


def test_workers_that_cannot_load_the_work_are_an_error_that_says_so():
    with scheduler_with_two_workers() as address, pytest.raises(RecipeError, match="RT106: scheduler or workers cannot load"):
        results(Cluster(square_or_die, address=address), [1])


def test_the_command_line_uses_a_scheduler(tmp_path):
    write_cohort(tmp_path, 6)
    with scheduler_with_two_workers() as address:
        done = finish(start(*EXTRACT, "-o", "far", "--scheduler", address, cwd=tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert f"workers: scheduler {address}" in done.stdout
    assert finish(start(*EXTRACT, "-o", "near", "--jobs", "0", cwd=tmp_path)).returncode == 0
    assert stored(tmp_path / "far") == stored(tmp_path / "near")


@pytest.mark.slow  # three cases kill their process three times each, and each time another one starts
def test_exactly_the_cases_that_kill_their_process_fail(tmp_path):
    write_cohort(tmp_path, 12, killers=range(0, 12, 4))
    workers = Cluster(describe_or_die, jobs=2)
    extraction = describe_cohort(read_cohort(tmp_path / "manifest.csv"), QUICK, executor=workers)
    lost = {one.key.case_id: one for one in extraction.outcomes if one.status == "failed"}
    assert set(lost) == {f"killer-{number:04d}" for number in range(0, 12, 4)}
    assert {(one.stage, one.code) for one in lost.values()} == {("process", "RT307")}
    assert all(re.search("killed(, peak [1-9][0-9]* MB)?$", one.reason) for one in lost.values())
    assert any("peak" in one.reason for one in lost.values())
    assert len(extraction.table) == 9


def test_the_rows_of_one_image_do_not_die_with_each_other(tmp_path):
    write_cohort(tmp_path, 3, killers=[1], one_image=True)
    extraction = describe_cohort(read_cohort(tmp_path / "manifest.csv"), QUICK, executor=Cluster(describe_or_die, jobs=1))
    assert {one.key.case_id: one.status for one in extraction.outcomes} == {
        "case-0000": "ok", "killer-0001": "failed", "case-0002": "ok",
    }  # fmt: skip


def test_a_scheduler_that_does_not_answer_is_an_error_that_says_so(monkeypatch):
    monkeypatch.setattr("radiotype.run.cluster.ANSWER_SECONDS", 1)
    started = time.monotonic()
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        cluster = Cluster(square_or_die, address=f"tcp://127.0.0.1:{taken.getsockname()[1]}")
        cluster.submit(1)
        with pytest.raises(RecipeError, match="RT106"):
            next(cluster.results())
    assert time.monotonic() - started < 20


def test_workers_that_are_gone_for_good_are_replaced(monkeypatch):
    monkeypatch.setattr("radiotype.run.cluster.GONE_SECONDS", 1)
    cluster = Cluster(square_or_die, jobs=1)
    with contextlib.closing(cluster):
        cluster.submit(3)
        assert next(cluster.results()).result == 9
        first = cluster._local
        first.scale(0)  # none is left, and none comes
        while first.workers:
            time.sleep(0.05)
        for number in (4, -5, 6):
            cluster.submit(number)
        found = {finished.task: finished for finished in cluster.results()}
        assert cluster._local is not first
    assert (found[4].result, found[-5].result, found[6].result) == (16, None, 36)
    assert found[-5].death.startswith("killed")


def test_the_last_worker_may_be_gone_when_a_task_has_died(monkeypatch):
    cluster = Cluster(square_or_die, jobs=1)
    settle = cluster._settle

    def without_workers():
        cluster._local.scale(0)
        while cluster._local.workers:
            time.sleep(0.05)
        settle()

    monkeypatch.setattr(cluster, "_settle", without_workers)
    found = results(cluster, [-1, -2])
    assert {task: finished.result for task, finished in found.items()} == {-1: None, -2: None}


@pytest.mark.parametrize(("gone", "expected"), [((1,), 4), ((1, 2), 4), ((1, 2, 3), None)])
def test_a_task_under_way_when_the_last_worker_goes_is_tried_alone_and_once_more(monkeypatch, gone, expected):
    """A worker that dies before it has said that it started is not started again by Dask; the task may be innocent of it."""
    cluster, asked = Cluster(square_or_die, jobs=1), []
    watch = cluster._watch
    monkeypatch.setattr(cluster, "_watch", lambda ready: asked.append(ready) or (len(asked) not in gone and watch(ready)))
    with contextlib.closing(cluster):
        cluster.submit(2)
        (found,) = cluster.results()
    assert found.result == expected
    assert found.death.startswith("killed") == (expected is None)


def test_nothing_listens_but_on_loopback():
    cluster = Cluster(square_or_die, jobs=2)
    with contextlib.closing(cluster):
        cluster.submit(3)
        assert next(cluster.results()).result == 9
        addresses = [cluster._local.scheduler_address, *cluster._client.scheduler_info()["workers"]]
        assert all("127.0.0.1" in address for address in addresses)


def test_workers_end_by_themselves_when_their_parent_is_killed(tmp_path):
    write_cohort(tmp_path, 30)
    parent = start(*EXTRACT, "-o", "run", "--jobs", "2", cwd=tmp_path)
    while not list((tmp_path / "run").glob("store/*/*.entry")):
        assert parent.poll() is None
        time.sleep(0.01)
    os.kill(parent.pid, signal.SIGKILL)  # it alone
    parent.communicate()  # its output ends when the last process that may write to it has ended
    for _ in range(1000):
        try:
            os.killpg(parent.pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.05)
    else:
        pytest.fail("a process of the run is still there")
    assert finish(start(*EXTRACT, "-o", "run", "--jobs", "0", cwd=tmp_path)).returncode == 0


def test_a_script_without_a_main_guard_is_told_so(tmp_path):
    write_cohort(tmp_path, 2)
    lines = (
        "from radiotype import Cohort",
        "from radiotype.features import FeatureSettings",
        "from radiotype.run import Workers, open_run",
        "with open_run('run', 'extract', workers=Workers(jobs=1)) as run:",
        "    run.measure(Cohort.read('manifest.csv'), FeatureSettings())",
    )
    (tmp_path / "script.py").write_text("\n".join(lines))
    done = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert "RT106: the worker processes did not start" in done.stderr
    assert 'if __name__ == "__main__":' in done.stderr


def test_the_command_line_runs_as_a_module_with_workers(tmp_path):
    write_cohort(tmp_path, 2)
    command = [sys.executable, "-m", "radiotype", *EXTRACT, "-o", "run", "--jobs", "1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 of 2 regions described" in done.stdout
