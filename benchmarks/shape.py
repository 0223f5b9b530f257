"""Spherical-harmonic shape on every real mask beside the project: quality, independence of the map, turns, scale, speed.

Run: python benchmarks/shape.py [--only masks,speed] [--every 6] [--jobs 2] [--csv folder] [--octave script.m]
Needs the shared data folder (RADIOTYPE_SHARED, or ../shared). Prints tables in Markdown. All sections over all masks take over
an hour on two cores; --every takes each n-th nodule and sarcoma.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

os.environ.update({"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"})  # before NumPy loads; CPU seconds are of one thread

import pandas as pd
from shapes import measured, speed, tables
from shapes.masks import GOLDEN, Case, cases

import radiotype
from radiotype.features.spharm import describe
from radiotype.run.progress import progress

SECTIONS = ("masks", "independence", "turns", "scale", "speed", "cohort")


def over_all(
    measure: Callable[[Case], list[measured.Row]], masks: Sequence[Case], n_jobs: int, folder: Path | None
) -> pd.DataFrame:
    """The rows of all masks in their order, measured by several processes; also as a file of a folder, if one is given."""
    found: dict[int, list[measured.Row]] = {}
    with (
        ProcessPoolExecutor(n_jobs, mp_context=get_context("spawn"), initializer=warm_up) as pool,
        progress(measure.__name__.replace("_", " "), len(masks)) as advance,
    ):
        numbers = {pool.submit(measure, case): number for number, case in reversed(list(enumerate(masks)))}
        for future in as_completed(numbers):
            found[numbers[future]] = future.result()
            advance()
    rows = pd.DataFrame([row for number in sorted(found) for row in found[number]])
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        rows.to_csv(folder / f"{measure.__name__}.csv", index=False)
    return rows


def warm_up() -> None:
    """What only the first mask of a process pays for: imports and tables of constants."""
    describe(GOLDEN[1]())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(SECTIONS), help=f"sections, of {', '.join(SECTIONS)}")
    parser.add_argument("--every", type=int, default=1, help="take each n-th nodule and sarcoma")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--csv", type=Path, help="folder for all rows, a file for each section")
    parser.add_argument("--octave", type=Path, help="script that runs the published program; called with a .mat of bim, vxsize")
    given = parser.parse_args()
    only = given.only.split(",")
    if not set(only) <= set(SECTIONS):
        parser.error(f"sections are {', '.join(SECTIONS)}")
    masks = cases(given.every)
    print(f"# Spherical-harmonic shape\n\nradiotype {radiotype.__version__}, {len(masks)} masks.\n", flush=True)
    if given.every > 1:
        print(f"Of nodules and sarcomas each {given.every}th, of the rest all: shares lean towards the rest.\n")

    def rows(measure: Callable[[Case], list[measured.Row]]) -> pd.DataFrame:
        return over_all(measure, masks, given.jobs, given.csv)

    quality = None
    if "masks" in only:
        quality = rows(measured.quality)
        tables.masks(quality)
    if "independence" in only:
        tables.independence(rows(measured.independence))
    if "turns" in only:
        tables.exact_turns(rows(measured.exact_turns))
        tables.arbitrary_turns(rows(measured.arbitrary_turns))
    if "scale" in only:
        tables.scales(rows(measured.scales))
    if "speed" in only:
        speed.speed(given.octave)
    if "cohort" in only:
        speed.cohort(masks, quality)


if __name__ == "__main__":
    main()
