"""Two hundred runs of sixty cases, killed with all their processes at any moment of their time and run again.

Run: python benchmarks/soak/kills.py [kills, 200]. Every resumed run must end with the bytes of a run that nobody killed,
measure no finished row again, and leave nothing half-written. Then ten runs of eighty cases of which every tenth kills its
process: exactly the killers may fail.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "run"))

from killing_work import describe_or_die
from run_cohort import EXTRACT, QUICK, finish, kill_and_resume, start, stored, write_cohort

from radiotype.io import read_cohort
from radiotype.run.cluster import Cluster
from radiotype.run.engine import describe_cohort

SEED = 20


def kills(folder: Path, count: int) -> None:
    write_cohort(folder, 60, size=24)
    started = time.monotonic()
    if finish(start(*EXTRACT, "-o", "whole", "--jobs", "2", cwd=folder)).returncode:
        raise SystemExit("the run that nobody killed failed")
    seconds, whole = time.monotonic() - started, stored(folder / "whole")
    rng, complete = np.random.default_rng(SEED), []
    for n in range(count):
        found = kill_and_resume(folder, "killed", moment=rng.uniform(0, seconds), jobs=n % 3)
        if found.results != whole or found.reused != found.complete or found.leftovers:
            raise SystemExit(
                f"kill {n}: {found.complete} rows complete, {found.reused} used again, {found.leftovers} left over"
            )
        complete.append(found.complete)
        shutil.rmtree(folder / "killed")
    begun = sum(0 < one < 60 for one in complete)
    print(f"{count} kills within {seconds:.1f} s: {begun} with some rows done and some not, {complete.count(60)} with all, "
          f"{complete.count(0)} with none; every resumed run ended with the same bytes")  # fmt: skip


def killers(folder: Path, count: int) -> None:
    write_cohort(folder, 80, killers=range(3, 80, 10))
    cohort = read_cohort(folder / "manifest.csv")
    for n in range(count):
        extraction = describe_cohort(cohort, QUICK, executor=Cluster(describe_or_die, jobs=2))
        lost = sorted(one.key.case_id for one in extraction.outcomes if one.status != "ok")
        if lost != [f"killer-{number:04d}" for number in range(3, 80, 10)]:
            raise SystemExit(f"run {n}: lost {lost}")
    print(f"{count} runs of 80 cases with 8 that kill their process: exactly these 8 failed in each")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    for campaign, times in ((kills, count), (killers, max(1, count // 20))):
        with tempfile.TemporaryDirectory() as folder:
            campaign(Path(folder), times)


if __name__ == "__main__":
    main()
