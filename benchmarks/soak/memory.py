"""Memory of one row of the largest ordinary size: a CT of 512 x 512 x 800 voxels, what it is said to need and what it takes.

Run: python benchmarks/soak/memory.py [limit], such as 4GB; ends with 1 if the row passes the limit (4 GB of it, unless told
otherwise) or the estimate is more than 25 % off. Needs 1 GB of disk in the folder for temporary files.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "run"))

from memory_cases import ball, filled, measured, write

from radiotype.run.resources import parse_bytes

SIZE, SPACING = (512, 512, 800), (0.66, 0.66, 0.66)
PARTS = ("morphology", "margin", "pictures")
WITHIN = 0.25


def main() -> int:
    limit = parse_bytes(sys.argv[1] if len(sys.argv) > 1 else "4GB")
    bad = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        images = {suffix: write(folder / f"scan{suffix}", filled(SIZE, np.int16), SPACING) for suffix in (".nii.gz", ".nii")}
        print(f"{'x'.join(map(str, SIZE))} int16, limit {limit / 1e9:.2f} GB\n{'case':<34}{'peak':>10}{'estimate':>12}   ratio")
        for what, radius_mm in (("tumour of 30 mm", 15), ("region of 200 mm", 100), ("region that fills the scan", 999)):
            mask = write(folder / "mask.nii.gz", ball(SIZE, SPACING, radius_mm), SPACING)
            for suffix, image in images.items():
                found = measured(image=image, mask=mask, parts=PARTS, limit=limit)
                peak, estimate = found["peak"], max(found["estimates"])
                ratio, refused = estimate / peak, found["failure"] == "RT306"
                bad += found["before"] + peak > limit or (not refused and abs(ratio - 1) > WITHIN)
                end = f"  {found['failure']} in advance" if found["failure"] else ""
                print(f"{what + ', ' + suffix:<34}{peak / 1e9:>7.2f} GB{estimate / 1e9:>9.2f} GB{ratio:>8.2f}{end}", flush=True)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
