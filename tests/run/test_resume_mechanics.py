"""An interrupted run goes on where it stopped, and ends with the same bytes; two runs never write into one folder."""

import errno
import itertools
import json
import math
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from run_cohort import EXTRACT, QUICK, finish, kill, kill_and_resume, start, stored, write_cohort

from radiotype.cli.extract import run_extract
from radiotype.errors import StoreError
from radiotype.io import read_cohort
from radiotype.run.engine import describe_cohort
from radiotype.run.entries import Entries
from radiotype.run.executor import Inline
from radiotype.run.lock import locked
from radiotype.run.record import record_extraction
from radiotype.run.run import open_run
from radiotype.run.store import RunFolder
from radiotype.run.worker import describe_rows
from radiotype.run.workers import Workers


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Sixty cases, and the results of a run that nobody interrupted."""
    folder = tmp_path_factory.mktemp("sixty")
    write_cohort(folder, 60, size=24)
    started = time.monotonic()
    assert finish(start(*EXTRACT, "-o", "whole", "--jobs", "2", cwd=folder)).returncode == 0
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
    folder, *_ = cohort
    table = pd.read_csv(folder / "manifest.csv", dtype=str)
    pd.concat([table.assign(case_id=table["case_id"] + f"-{again}") for again in range(6)]).to_csv(
        folder / "long.csv", index=False
    )
    extract = ("extract", "long.csv", *EXTRACT[2:])
    for attempt in range(5):  # on a busy machine a run of these small cases may be over before the signal comes
        output = f"interrupted-{attempt}"
        process = start(*extract, "-o", output, "--jobs", "2", cwd=folder)
        while not list((folder / output).glob("store/*/*.entry")):
            assert process.poll() is None
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        done = finish(process)
        if done.returncode:
            break
    assert done.returncode == 130
    assert done.stderr == "interrupted; the same command goes on where it stopped\n"
    assert json.loads((folder / output / "run.json").read_text())["state"] == "interrupted"
    for place in (output, "uninterrupted"):
        assert finish(start(*extract, "-o", place, "--jobs", "0", cwd=folder)).returncode == 0
    assert stored(folder / output) == stored(folder / "uninterrupted")


@pytest.mark.parametrize("jobs", [0, 1])
def test_neither_workers_order_locale_time_zone_nor_folder_change_a_byte(cohort, jobs):
    folder, whole, _ = cohort
    table = pd.read_csv(folder / "manifest.csv", dtype=str).sample(frac=1, random_state=jobs)
    table.to_csv(folder / "shuffled.csv", index=False)
    (folder / "elsewhere").mkdir(exist_ok=True)
    elsewhere = {"TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8" if jobs else "C", "PYTHONHASHSEED": str(jobs + 1)}
    arguments = ("extract", "../shuffled.csv", *EXTRACT[2:], "-o", f"run-{jobs}", "--jobs", jobs)
    assert finish(start(*arguments, cwd=folder / "elsewhere", **elsewhere)).returncode == 0
    assert stored(folder / "elsewhere" / f"run-{jobs}") == whole


def test_a_second_run_into_the_folder_is_refused_while_the_first_one_works(cohort):
    folder, whole, _ = cohort
    first = start(*EXTRACT, "-o", "twice", "--jobs", "0", cwd=folder)
    while not (folder / "twice" / "run.json").exists():
        assert first.poll() is None
        time.sleep(0.01)
    first.send_signal(signal.SIGSTOP)  # it holds the folder, however slow the second one is
    others = [finish(start(*EXTRACT, "-o", "twice", cwd=folder)) for _ in range(5)]
    others += [finish(start("check", "manifest.csv", "-o", "twice", cwd=folder)) for _ in range(5)]
    first.send_signal(signal.SIGCONT)
    assert {other.returncode for other in others} == {2}
    assert all(f"RT404: another run is writing here (process {first.pid} on " in other.stderr for other in others)
    assert finish(first).returncode == 0
    assert stored(folder / "twice") == whole


def test_a_lock_ends_with_the_process_that_held_it(cohort):
    folder, _, _ = cohort
    first = start(*EXTRACT, "-o", "dead", "--jobs", "0", cwd=folder)
    while not (folder / "dead" / "run.json").exists():
        assert first.poll() is None
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
    pictures = options.pop("pictures", False)
    with open_run(folder / "run", "extract", verify=options.pop("verify", False)) as run:
        extraction = run.measure(cohort, QUICK.model_validate(QUICK.model_dump() | options), pictures=pictures)
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

    genuine, asked = worker.described, []

    def noted(scan, mask, families, **options):
        asked.append(*families)
        return genuine(scan, mask, families, **options)

    monkeypatch.setattr(worker, "described", noted)
    measured(few, families=("morphology",))
    measured(few, families=("morphology", "margin"), margin={"n_bins": 50})
    measured(few, families=("morphology",), margin={"n_bins": 60})  # settings that morphology does not read
    assert asked == ["morphology"] * 4 + ["margin"] * 4


def test_a_file_that_was_only_touched_is_read_but_not_measured_again(few, monkeypatch):
    measured(few)
    os.utime(few / "image-2.nii")
    monkeypatch.setattr("radiotype.run.worker.described", None)
    assert measured(few) == 0
    assert measured(few, verify=True) == 0  # every file is read again, and nothing measured


def test_a_picture_that_is_lost_is_drawn_again_where_its_scan_was_touched(few):
    measured(few, pictures=True)
    pictures = stored_pictures(few)
    os.utime(few / "image-2.nii")
    for name in pictures:
        (few / "run" / "overlays" / name).unlink()
    measured(few, pictures=True)
    assert stored_pictures(few) == pictures


def test_pictures_are_drawn_again_when_other_regions_are_asked_for(few):
    measured(few, pictures=True)
    pictures = stored_pictures(few)
    measured(few, pictures=True, margin={"distances_mm": (2.0,)})
    others = stored_pictures(few)
    assert len(others) == len(pictures) == 4
    assert not set(others) & set(pictures)
    measured(few, pictures=True)
    assert stored_pictures(few) == pictures


def stored_pictures(folder):
    return {path.name: path.read_bytes() for path in (folder / "run" / "overlays").glob("*.npz")}


def swap(folder):
    """Two masks change places; they have one size, and one time as files from an archive have."""
    one, two, away = (folder / name for name in ("mask-0.nii", "mask-1.nii", "away.nii"))
    for path in (one, two):
        os.utime(path, ns=(10**18, 10**18))
    one.rename(away)
    two.rename(one)
    away.rename(two)


def fresh(folder):
    """Results of a first run over what lies there now."""
    shutil.rmtree(folder / "run", ignore_errors=True)
    measured(folder)
    return stored(folder / "run")


def test_files_that_change_places_are_noticed_though_size_and_time_are_the_same(few):
    for name in ("mask-0.nii", "mask-1.nii"):
        os.utime(few / name, ns=(10**18, 10**18))
    measured(few)
    swap(few)
    assert measured(few) == 2
    assert stored(few / "run") == fresh(few)


def test_a_change_within_one_tick_of_the_clock_is_noticed(few, monkeypatch):
    soon = time.time_ns() + 10**10  # a clock that stands still, and a file younger than its tick
    monkeypatch.setattr("radiotype.run.digests._times_ns", lambda status: (soon, soon))
    measured(few)
    shutil.copy(few / "mask-1.nii", few / "mask-0.nii")
    assert measured(few) == 1
    assert stored(few / "run") == fresh(few)


def test_a_file_replaced_after_it_was_looked_up_is_read_as_it_is_now(few):
    measured(few, families=("morphology",))
    cohort, settings = read_cohort(few / "manifest.csv"), QUICK

    class Late(Inline):
        def results(self):
            swap(few)
            yield from super().results()

    with open_run(few / "run", "extract") as run:
        extraction = describe_cohort(cohort, settings, folder=run.folder, executor=Late(describe_rows))
        record_extraction(run.folder, cohort, extraction, settings)
    assert stored(few / "run") == fresh(few)


def test_a_file_replaced_while_it_is_measured_costs_its_row_and_nothing_is_stored_of_it(few, monkeypatch):
    import radiotype.run.worker as worker

    genuine, left = worker.described, [1]

    def swapping(scan, mask, families, **options):
        found = genuine(scan, mask, families, **options)
        if left and left.pop():
            swap(few)
        return found

    cohort = read_cohort(few / "manifest.csv")
    with monkeypatch.context() as patch, open_run(few / "run", "extract") as run:
        patch.setattr(worker, "described", swapping)
        (problem,) = run.measure(cohort, QUICK).problems
    assert (problem.key.case_id, problem.code) == ("case-0000", "RT202")
    assert "changed while it was measured" in problem.reason
    swap(few)  # back: what was measured under way must not be found under the name of these bytes
    measured(few)
    assert stored(few / "run") == fresh(few)


def test_verify_sees_a_change_that_size_and_times_hide(few, monkeypatch):
    monkeypatch.setattr("radiotype.run.digests._times_ns", lambda status: (0, 0))
    measured(few)
    data = bytearray((few / "image-3.nii").read_bytes())
    data[-1] ^= 1
    (few / "image-3.nii").write_bytes(data)
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
        assert run.measure(cohort, QUICK).n_failed == 1
    (few / "away.nii").rename(few / "mask-0.nii")
    assert measured(few) == 1


def test_pictures_that_were_changed_or_lost_are_drawn_again(few):
    folder = RunFolder.create(few / "run")
    cohort = read_cohort(few / "manifest.csv")
    describe_cohort(cohort, QUICK, folder=folder, pictures=True)
    before = stored_pictures(few)
    pictures = sorted((few / "run" / "overlays").glob("*.npz"))
    pictures[0].unlink()
    pictures[1].write_bytes(before[pictures[2].name])
    assert describe_cohort(cohort, QUICK, folder=folder, pictures=True).n_stored == 2
    assert stored_pictures(few) == before


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


def test_what_was_damaged_is_measured_again_and_the_result_is_the_same(few, monkeypatch):
    monkeypatch.setattr("radiotype.run.digests.YOUNG_NS", -(10**20))  # digests of files written just now are kept too
    assert measured(few) == 4
    before = stored(few / "run")
    one, two, *_ = sorted((few / "run").glob("store/*/*.entry"))
    one.write_bytes(two.read_bytes())
    digests = few / "run" / "store" / "digests.jsonl"
    digests.write_bytes(digests.read_bytes()[:-10].replace(b"a", b"b", 3))
    assert 1 <= measured(few) <= 2
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


def test_a_full_disk_ends_the_run_and_the_next_one_goes_on(few, monkeypatch):
    """Every write is the one that fails, in turn."""
    monkeypatch.setattr("radiotype.run.digests.YOUNG_NS", -(10**20))  # digests of files written just now are kept too
    genuine_open, genuine_file = Path.open, tempfile.NamedTemporaryFile

    def run(out, left):
        def count():
            nonlocal left
            left -= 1
            if left < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def opened(path, mode="r", *rest, **options):
            if "a" in mode:
                count()
            return genuine_open(path, mode, *rest, **options)

        def named(**options):
            count()
            return genuine_file(**options)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "open", opened)
            patch.setattr(tempfile, "NamedTemporaryFile", named)
            run_extract(few / "manifest.csv", few / out, "morphology", "refuse", workers=Workers())

    run("whole", math.inf)
    for left in itertools.count():
        try:
            run("full", left)
        except StoreError as error:
            assert str(error).startswith("RT405: the file cannot be written (No space left on device)")
            run("full", math.inf)
            assert stored(few / "full") == stored(few / "whole")
            assert not list((few / "full").rglob(".writing-*"))
            shutil.rmtree(few / "full")
        else:
            break
    assert left >= 15
