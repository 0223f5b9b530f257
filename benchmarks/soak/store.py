"""Five thousand damaged entries of a store: each must be noticed, and none used.

Run: python benchmarks/soak/store.py [count, 5000].
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "run"))

from run_cohort import write_cohort
from test_resume_mechanics import test_no_damaged_entry_is_ever_used


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    with tempfile.TemporaryDirectory() as folder:
        write_cohort(Path(folder), 4)
        test_no_damaged_entry_is_ever_used(Path(folder), count)
    print(f"{count:,} entries cut short, changed, swapped, emptied or of another version: all noticed, none used")


if __name__ == "__main__":
    main()
