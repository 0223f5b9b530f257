"""An interrupted run goes on where it stopped, and ends with the same bytes; two runs never write into one folder."""

import json
import os
import shutil
import signal
import time

import numpy as np
import pandas as pd
import pytest
from run_cohort import finish, kill, kill_and_resume, start, stored, write_cohort

from radiotype.errors import StoreError
from radiotype.features import FeatureSettings
from radiotype.io import read_cohort
from radiotype.run.engine import describe_cohort
from radiotype.run.entries import Entries
from radiotype.run.lock import locked
from radiotype.run.run import open_run
from radiotype.run.store import RunFolder


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Sixty cases, and the results of a run that nobody interrupted."""
    folder = tmp_path_factory.mktemp("sixty")
    write_cohort(folder, 60, size=24)
    started = time.monotonic()
    assert finish(start("extract", "manifest.csv", "-o", "whole", "--jobs", "2", cwd=folder)).returncode == 0
    return folder, stored(folder / "whole"), time.monotonic() - started


@pytest.mark.slow  # twenty runs are killed at any moment of their time and run again
def test_killed_at_any_moment_a_run_goes_on_and_ends_with_the_same_bytes(cohort):
    folder, whole, seconds = cohort
    rng = np.random.default_rng(20)
    for n in range(20):
        rows = kill_and_resume(folder, f"killed-{n}", moment=rng.uniform(0, seconds), jobs=n % 3)
        assert rows.reused == rows.complete, "a finished row was measured again"
        assert rows.results == whole
        assert not rows.leftovers
        shutil.rmtree(folder / f"killed-{n}")


def test_an_interrupt_keeps_what_is_done_and_says_so(cohort):
    folder, whole, _ = cohort
    process = start("extract", "manifest.csv", "-o", "interrupted", "--jobs", "2", cwd=folder)
    while not list((folder / "interrupted").glob("store/*/*.entry")):
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    done = finish(process)
    assert done.returncode == 130
    assert done.stderr == "interrupted; the same command goes on where it stopped\n"
    assert json.loads((folder / "interrupted" / "run.json").read_text())["state"] == "interrupted"
    assert finish(start("extract", "manifest.csv", "-o", "interrupted", cwd=folder)).returncode == 0
    assert stored(folder / "interrupted") == whole


@pytest.mark.parametrize("jobs", [0, 1])
def test_neither_workers_order_locale_time_zone_nor_folder_change_a_byte(cohort, jobs):
    folder, whole, _ = cohort
    table = pd.read_csv(folder / "manifest.csv", dtype=str).sample(frac=1, random_state=jobs)
    table.to_csv(folder / "shuffled.csv", index=False)
    (folder / "elsewhere").mkdir(exist_ok=True)
    elsewhere = {"TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8" if jobs else "C", "PYTHONHASHSEED": str(jobs + 1)}
    arguments = ("extract", "../shuffled.csv", "-o", f"run-{jobs}", "--jobs", jobs)
    assert finish(start(*arguments, cwd=folder / "elsewhere", **elsewhere)).returncode == 0
    assert stored(folder / "elsewhere" / f"run-{jobs}") == whole


def test_a_second_run_into_the_folder_is_refused_while_the_first_one_works(cohort):
    folder, whole, _ = cohort
    first = start("extract", "manifest.csv", "-o", "twice", "--jobs", "0", cwd=folder)
    while not (folder / "twice" / "run.json").exists():
        time.sleep(0.01)
    second = finish(start("extract", "manifest.csv", "-o", "twice", cwd=folder))
    assert second.returncode == 2
    assert f"RT404: another run is writing here (process {first.pid} on " in second.stderr
    assert finish(first).returncode == 0
    assert stored(folder / "twice") == whole


def test_a_lock_ends_with_the_process_that_held_it(cohort):
    folder, _, _ = cohort
    first = start("extract", "manifest.csv", "-o", "dead", "--jobs", "0", cwd=folder)
    while not (folder / "dead" / "run.json").exists():
        time.sleep(0.01)
    kill(first)
    with locked(RunFolder(folder / "dead")), pytest.raises(StoreError, match="RT404"), locked(RunFolder(folder / "dead")):
        pass


# what is measured again, and what is not


@pytest.fixture
def few(tmp_path):
    write_cohort(tmp_path, 4)
    return tmp_path


def measured(folder, **options):
    """Number of rows that a run into the folder `run` did measure."""
    cohort = read_cohort(folder / options.pop("manifest", "manifest.csv"))
    with open_run(folder / "run", "extract", verify=options.pop("verify", False)) as run:
        extraction = run.measure(cohort, FeatureSettings(**options))
    assert extraction.n_failed == 0
    return len(cohort) - extraction.n_stored


def test_only_what_changed_is_measured_again(few):
    assert measured(few) == 4
    assert measured(few) == 0
    shutil.copy(few / "mask-1.nii", few / "mask-0.nii")
    assert measured(few) == 1
    assert measured(few, margin={"n_bins": 50}) == 4
    assert measured(few) == 0  # what the other settings gave is still there
    with (few / "manifest.csv").open("a") as file:
        file.write("new,CT,image-0.nii,mask-0.nii\n")
    assert measured(few) == 1


def test_another_family_does_not_measure_the_first_one_again(few, monkeypatch):
    import radiotype.run.worker as worker

    genuine, asked = worker.describe, []

    def noted(scan, mask, families, **options):
        asked.append(*families)
        return genuine(scan, mask, families, **options)

    monkeypatch.setattr(worker, "describe", noted)
    measured(few, families=("morphology",))
    measured(few, families=("morphology", "margin"), margin={"n_bins": 50})
    measured(few, families=("morphology",), margin={"n_bins": 60})  # settings that morphology does not read
    assert asked == ["morphology"] * 4 + ["margin"] * 4


def test_a_file_that_was_only_touched_is_read_but_not_measured_again(few, monkeypatch):
    measured(few)
    os.utime(few / "image-2.nii")
    monkeypatch.setattr("radiotype.run.worker.describe", None)
    assert measured(few) == 1  # looked at by a worker, which found it in the store


def test_verify_sees_a_change_that_size_and_time_hide(few):
    measured(few)
    before = (few / "image-3.nii").stat()
    data = bytearray((few / "image-3.nii").read_bytes())
    data[-1] ^= 1
    (few / "image-3.nii").write_bytes(data)
    os.utime(few / "image-3.nii", ns=(before.st_atime_ns, before.st_mtime_ns))
    entries = len(list((few / "run" / "store").glob("*/*.entry")))
    measured(few)
    assert len(list((few / "run" / "store").glob("*/*.entry"))) == entries
    measured(few, verify=True)
    assert len(list((few / "run" / "store").glob("*/*.entry"))) == entries + 2  # two families of the changed row


def test_a_new_version_of_a_family_measures_it_again(few, monkeypatch):
    import dataclasses

    from radiotype.features import margin

    measured(few)
    monkeypatch.setattr(margin, "FAMILY", dataclasses.replace(margin.FAMILY, algorithm_version=99))
    assert measured(few) == 4


def test_failed_rows_are_tried_again(few):
    (few / "mask-0.nii").rename(few / "away.nii")
    cohort = read_cohort(few / "manifest.csv")
    with open_run(few / "run", "extract") as run:
        assert run.measure(cohort, FeatureSettings()).n_failed == 1
    (few / "away.nii").rename(few / "mask-0.nii")
    assert measured(few) == 1


def test_pictures_that_were_changed_or_lost_are_drawn_again(few):
    folder = RunFolder.create(few / "run")
    cohort = read_cohort(few / "manifest.csv")
    describe_cohort(cohort, folder=folder, pictures=True)
    pictures = sorted((few / "run" / "overlays").glob("*.npz"))
    before = {path.name: path.read_bytes() for path in pictures}
    pictures[0].unlink()
    pictures[1].write_bytes(before[pictures[2].name])
    assert describe_cohort(cohort, folder=folder, pictures=True).n_stored == 2
    assert {path.name: path.read_bytes() for path in pictures} == before


# damage


def damage(rng, path, others):
    """One of the five ways in which a stored file is damaged."""
    data = bytearray(path.read_bytes())
    kind = ("truncate", "flip", "swap", "zero", "version")[rng.integers(5)]
    if kind == "truncate":
        path.write_bytes(data[: rng.integers(len(data))])
    elif kind == "flip":
        data[rng.integers(len(data))] ^= 1 << rng.integers(8)
        path.write_bytes(data)
    elif kind == "swap":
        other = others[rng.integers(len(others))]
        path.write_bytes(other.read_bytes())
    elif kind == "zero":
        path.write_bytes(bytes(len(data)))
    else:
        path.write_bytes(bytes(data).replace(b'"format_version":1', b'"format_version":0'))
    return kind


@pytest.mark.parametrize("count", [500])
def test_no_damaged_entry_is_ever_used(few, count):
    """`make soak SUITE=store` does it 5,000 times."""
    measured(few)
    folder = RunFolder(few / "run")
    paths = sorted(folder.path.glob("store/*/*.entry"))
    whole = {path: path.read_bytes() for path in paths}
    entries, rng, kinds = Entries(folder), np.random.default_rng(4), set()
    for _ in range(count):
        path = paths[rng.integers(len(paths))]
        kinds.add(damage(rng, path, [one for one in paths if one != path]))
        assert entries.read(path.stem) is None
        assert not path.exists()
        path.write_bytes(whole[path])
    assert len(kinds) == 5
    assert all(entries.read(path.stem) is not None for path in paths)


def test_what_was_damaged_is_measured_again_and_the_result_is_the_same(few):
    assert finish(start("extract", "manifest.csv", "-o", "run", cwd=few)).returncode == 0
    before = stored(few / "run")
    one, two, *_ = sorted((few / "run").glob("store/*/*.entry"))
    one.write_bytes(two.read_bytes())
    digests = few / "run" / "store" / "digests.jsonl"
    digests.write_bytes(digests.read_bytes()[:-10].replace(b"a", b"b", 3))
    assert finish(start("extract", "manifest.csv", "-o", "run", cwd=few)).returncode == 0
    assert stored(few / "run") == before


def test_a_result_that_was_changed_after_the_run_is_refused(few):
    measured(few)
    for name in ("cases.parquet", "features.json"):
        path = few / "run" / name
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        folder = RunFolder.open(few / "run")
        with pytest.raises(StoreError, match="RT403"):
            (folder.read_table if name.endswith("parquet") else folder.read_json)(name)


# a full disk


@pytest.mark.parametrize("arguments", [("--families", "morphology"), ()])
def test_a_full_disk_ends_the_run_and_the_next_one_goes_on(few, arguments):
    """Every write is the one that fails, in turn."""
    program = (
        "import sys, errno, tempfile\n"
        "from pathlib import Path\n"
        "left = int(sys.argv.pop(1))\n"
        "genuine, replace = Path.open, Path.replace\n"
        "def count():\n"
        "    global left\n"
        "    left -= 1\n"
        "    if left < 0: raise OSError(errno.ENOSPC, 'No space left on device')\n"
        "def opened(path, mode='r', *rest, **options):\n"
        "    if mode == 'ab': count()\n"
        "    return genuine(path, mode, *rest, **options)\n"
        "def named(*a, real=tempfile.NamedTemporaryFile, **k): count(); return real(*a, **k)\n"
        "Path.open, tempfile.NamedTemporaryFile = opened, named\n"
        "from radiotype.cli import main; main()\n"
    )
    import subprocess
    import sys

    def run(left):
        command = [sys.executable, "-c", program, str(left), "extract", "manifest.csv", "-o", f"full-{left}", *arguments]
        return subprocess.run(command, cwd=few, capture_output=True, text=True, timeout=120)

    assert finish(start("extract", "manifest.csv", "-o", "whole", *arguments, cwd=few)).returncode == 0
    n_refused = 0
    for left in range(0, 60, 1 if not arguments else 4):
        done = run(left)
        if done.returncode == 0:
            break
        n_refused += 1
        assert done.returncode == 2, done.stderr
        assert done.stderr.startswith("RT405: the file cannot be written (No space left on device)")
        again = finish(start("extract", "manifest.csv", "-o", f"full-{left}", *arguments, cwd=few))
        assert again.returncode == 0, again.stderr
        assert stored(few / f"full-{left}") == stored(few / "whole")
        assert not list((few / f"full-{left}").rglob(".writing-*"))
    assert done.returncode == 0
    assert n_refused >= 5
