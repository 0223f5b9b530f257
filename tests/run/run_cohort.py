"""A synthetic cohort on disk, and the command line run on it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass

import nibabel
import numpy as np

from radiotype.features import FeatureSettings
from radiotype.io import read_cohort
from radiotype.run.digests import Digests, sources_of
from radiotype.run.entries import Entries
from radiotype.run.parts import part_key
from radiotype.run.store import RunFolder

#: The families that take milliseconds, and the command that measures them: how a run goes does not depend on what it measures.
QUICK = FeatureSettings(families=("morphology", "margin"))
EXTRACT = ("extract", "manifest.csv", "--families", ",".join(QUICK.families))

#: What a run stores that must not depend on how it was run.
RESULTS = ("features.parquet", "features.json", "cases.parquet", "clinical.parquet", "provenance.json", "checksums.json")


def write_cohort(folder, n, *, size=16, killers=(), one_image=False):
    """Cases with a ball of their own in noise, and their manifest; some are called killers."""
    rng = np.random.default_rng(0)
    position = np.indices((size,) * 3) - size / 2
    lines = ["case_id,modality,image,mask"]
    for number in range(n):
        ball = (position**2).sum(axis=0) < (size / 5 + rng.random() * size / 8) ** 2
        image = (rng.normal(-800, 40, ball.shape) + 850 * ball).astype(np.int16)
        name = f"image-{0 if one_image else number}.nii"
        if number == 0 or not one_image:
            nibabel.save(nibabel.Nifti1Image(image, np.eye(4)), folder / name)
        nibabel.save(nibabel.Nifti1Image(ball.astype(np.uint8), np.eye(4)), folder / f"mask-{number}.nii")
        lines.append(f"{'killer' if number in killers else 'case'}-{number:04d},CT,{name},mask-{number}.nii")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def start(*arguments, cwd, **environment):
    """The command line in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", "from radiotype.cli import main; main()", *map(str, arguments)],
        cwd=cwd, env=os.environ | environment, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=_heed_interrupts,
    )  # fmt: skip


def _heed_interrupts():
    """A shell starts what it runs in the background with interrupts ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def finish(process, seconds=120):
    """The process once it has ended, with what it printed."""
    try:
        process.stdout, process.stderr = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        kill(process)
        raise
    return process


def kill(process):
    """End a process and everything it started, at once."""
    with contextlib.suppress(ProcessLookupError):  # it had ended already
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def stored(folder):
    """Bytes of every result of a run."""
    return {name: (folder / name).read_bytes() for name in RESULTS}


def n_complete(folder, out):
    """Number of rows of which every part is stored, as the store itself tells."""
    if not (folder / out).is_dir():
        return 0
    store, settings = RunFolder(folder / out), QUICK
    entries, digests, n = Entries(store), Digests(store), 0
    for region in read_cohort(folder / "manifest.csv").regions():
        inputs = [digests.of(source) for source in sources_of(region)]
        n += None not in inputs and all(entries.read(part_key(name, region, inputs, settings)) for name in settings.families)
    return n


@dataclass(frozen=True)
class Resumed:
    """What a killed run had done, what the next one used of it, and the results."""

    complete: int
    reused: int
    results: dict
    leftovers: list


def kill_and_resume(folder, out, *, moment, jobs):
    """Start a run, kill it after `moment` seconds with all its processes, and run the same command again."""
    command = (*EXTRACT, "-o", out, "--jobs", jobs)
    process = start(*command, cwd=folder)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(moment)
    kill(process)
    complete = n_complete(folder, out)
    done = finish(start(*command, cwd=folder))
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in (folder / out / "log.jsonl").read_bytes().splitlines()]
    reused = [line["stored"] for line in lines if line["event"] == "features measured"][-1]
    return Resumed(complete, reused, stored(folder / out), list((folder / out).rglob(".writing-*")))
