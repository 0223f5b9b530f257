"""The mutation tests of structure sets and segmentations at nightly counts: 20,000 and 10,000 files.

Run: python benchmarks/soak/region_files.py [factor]; a factor below 1 shortens it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "io"))

from test_region_files_hostile_mechanics import campaign, segments, structures


def main() -> None:
    factor = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    kinds = [lambda kind=kind: segments(kind) for kind in ("BINARY", "FRACTIONAL", "LABELMAP")]
    with tempfile.TemporaryDirectory() as folder:
        for name, makes, n in (("structure sets", [structures], 20_000), ("segmentations", kinds, 10_000)):
            n_read, n_refused = campaign(makes, int(n * factor), Path(folder), 20_000)
            print(f"{name}: {n_read:,} read, {n_refused:,} refused, nothing else")


if __name__ == "__main__":
    main()
