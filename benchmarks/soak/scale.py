"""Ten thousand cases of 32^3 through index, check, extract and report: time, peak memory, size of the report.

Run: python benchmarks/soak/scale.py [cases, 10000]. The marks: the process given by the user stays below 1 GB and each worker
below 500 MB, time per case grows by less than 20 % from a tenth of the cases to all of them, and the report is no larger than
15 MB.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "run"))

from run_cohort import EXTRACT, write_cohort
from scaling import measured, row


def campaign(folder: Path, n: int) -> float:
    """Print every step; seconds per case of all of them."""
    scans = folder / "scans"
    scans.mkdir(parents=True)
    write_cohort(scans, n, size=32)
    (scans / "manifest.csv").rename(folder / "manifest.csv")
    text = (folder / "manifest.csv").read_text().replace(",image-", ",scans/image-").replace(",mask-", ",scans/mask-")
    (folder / "manifest.csv").write_text(text)
    steps = {
        "index": ("index", "scans", "-o", "found.csv"),
        "check": ("check", "manifest.csv", "-o", "check", "--no-pictures"),
        "extract": (*EXTRACT, "-o", "run", "--jobs", "2"),
        "report": ("report", "run"),
    }
    seconds = 0.0
    for name, arguments in steps.items():
        found = measured(folder, *arguments)
        print(row(f"{n:,} cases, {name}", n, found), flush=True)
        if found["parent"] > 1e9 or found["worker"] > 500e6:
            raise SystemExit(f"{name} took more memory than its mark")
        seconds += found["seconds"]
    n_indexed = len((folder / "found.csv").read_text().splitlines()) - 1
    size = (folder / "run" / "report.html").stat().st_size / 1e6
    print(f"{n:,} cases: {n_indexed:,} rows indexed, report {size:.1f} MB")
    if n_indexed != n or size > 15:
        raise SystemExit("a mark was missed")
    return seconds / n


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as scratch:
        few, many = (campaign(Path(scratch) / str(count), count) for count in (n // 10, n))
    print(f"{1000 * few:.2f} ms per case with {n // 10:,} cases, {1000 * many:.2f} ms with {n:,}: {many / few - 1:+.0%}")
    if many / few > 1.2:
        raise SystemExit("time per case grew by more than 20 %")


if __name__ == "__main__":
    main()
