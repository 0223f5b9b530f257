"""CPU seconds of single tumours and of a cohort."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pandas as pd
from scaling import measured
from scipy.io import savemat
from shapes.masks import GOLDEN, Case
from shapes.tables import table

from radiotype import Mask
from radiotype.features.spharm import area_map, describe, expand, solid, voxel_surface

N_RUNS = 5
N_COHORT = 1682

#: CPU s of the published program under GNU Octave, measured once and elsewhere (design notes of this project).
OCTAVE_MEASURED_BEFORE = {"lung_001": 84, "lung_003": 44}


def best(call: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of the quickest run, and what it gave."""
    times, found = [], None
    for _ in range(N_RUNS):
        start = time.process_time()
        found = call()
        times.append(time.process_time() - start)
    return min(times), found


def stages(mask: Mask) -> tuple[int, list[float]]:
    """Vertices; CPU seconds of solid, surface, map, expansion, what remains, and all."""
    times = []
    seconds, made = best(lambda: solid(mask.cropped(*mask.box), mask.grid.spacing_mm))
    times.append(seconds)
    seconds, surface = best(lambda: voxel_surface(made.voxels, made.spacing_mm))
    times.append(seconds)
    seconds, found = best(lambda: area_map(surface.vertices_mm, surface.quads))
    times.append(seconds)
    seconds, _ = best(lambda: expand(found.points, surface.vertices_mm))
    times.append(seconds)
    whole, _ = best(lambda: describe(mask))
    return len(surface.vertices_mm), [*times, whole - sum(times), whole]


def octave_seconds(script: Path, mask: Mask) -> float | None:
    """CPU seconds of a script of the user's that runs the published program on one mask; None without GNU Octave.

    It is called as `octave SCRIPT MASK.mat`; the file holds `bim` (voxels, 0 or 1) and `vxsize` (mm).
    """
    octave = shutil.which("octave")
    if octave is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "mask.mat"
        savemat(given, {"bim": mask.cropped(*mask.box).astype(np.uint8), "vxsize": np.array(mask.grid.spacing_mm)})
        before = os.times()
        subprocess.run(
            [octave, "--no-gui", "--quiet", str(script.resolve()), str(given)], check=True, stdout=subprocess.DEVNULL
        )
        after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def speed(script: Path | None) -> None:
    """Each stage of the two tumours of the published example."""
    print(f"## Speed\n\nCPU s of the published example's tumours, one thread, best of {N_RUNS}. Asked: 0.5, aim 0.2.\n")
    lines = []
    for golden in GOLDEN:
        mask = golden()
        n_vertices, times = stages(mask)
        beside = None if script is None else octave_seconds(script, mask)
        verdict = "0.5 reached" if times[-1] <= 0.5 else "**missed**"
        lines.append([golden.name, f"{n_vertices:,}", *(f"{x:.3f}" for x in times), verdict])
        lines[-1] += ["absent" if beside is None else f"{beside:.1f}", str(OCTAVE_MEASURED_BEFORE[golden.name])]
    header = ["tumour", "vertices", "solid", "surface", "map", "expansion", "rest", "all", "", "published program, here"]
    table([*header, "published program, measured before"], lines)
    print(
        "published program, here: under GNU Octave, from a copy and script of the user's (--octave). Measured before: on "
        "another day,\nwith its failing routine disabled; not side by side with ours.\n"
    )


def cohort(cases: Sequence[Case], quality: pd.DataFrame | None) -> None:
    """What a cohort of 1,682 tumours takes: from the masks one by one, and from one real run."""
    print(f"## Cohort of {N_COHORT:,}\n\nAsked: 15 minutes on 2 cores.\n")
    lines = []
    if quality is not None:
        one = float(quality["cpu_s"].mean())
        total = one * N_COHORT
        lines.append(
            ["shape alone, mean of the masks above", f"{one:.2f}", f"{total:,.0f}", f"{total / 2 / 60:.1f} (half of CPU)"]
        )
    with tempfile.TemporaryDirectory() as folder:
        _write(cases, Path(folder))
        run = measured(Path(folder), "extract", "manifest.csv", "-o", "out", "--families", "spharm", "--jobs", "2")
        done = pd.read_parquet(Path(folder) / "out" / "features.parquet")
    one, taken = run["cpu"] / len(cases), run["seconds"] / len(cases) * N_COHORT / 60
    verdict = "reached" if taken <= 15 else "**missed**"
    name = f"`radiotype extract`, {len(done)} rows of {len(cases)} masks, 2 processes"
    lines.append([name, f"{one:.2f}", f"{one * N_COHORT:,.0f}", f"{taken:.1f} {verdict}"])
    table(["what", "CPU s per mask", f"CPU s of {N_COHORT:,}", "minutes"], lines)


def _write(cases: Sequence[Case], folder: Path) -> None:
    """Every mask and an empty scan on its grid, and their manifest."""
    rows = []
    for number, case in enumerate(cases):
        mask = case.read()
        row = {"case_id": f"{number:04d}", "modality": "CT", "image": f"{number}_scan.nii.gz", "mask": f"{number}_mask.nii.gz"}
        voxels = mask.cropped((0, 0, 0), mask.grid.shape)
        nibabel.save(nibabel.Nifti1Image(np.zeros(voxels.shape, dtype=np.int16), mask.grid.affine), folder / row["image"])
        nibabel.save(nibabel.Nifti1Image(voxels.astype(np.uint8), mask.grid.affine), folder / row["mask"])
        rows.append(row)
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
