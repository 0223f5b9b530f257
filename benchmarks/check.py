"""Headers per second of `index` and `check`: 1,000 headers must take less than 60 s.

Run: python benchmarks/check.py. Makes a cohort of NIfTI pairs and of DICOM series in a temporary folder; one thread.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import nibabel
import numpy as np

from radiotype.io.check import check
from radiotype.io.discover import index

#: Pairs of volumes (512 x 512 x 16, compressed), and DICOM series of 50 slices with one structure set each.
N_PAIRS = 250
N_SERIES = 10
N_SLICES = 50


def volumes(folder: Path) -> None:
    """Pairs of an image and a mask; the first is written once and copied with another number inside."""
    rng = np.random.default_rng(0)
    image = rng.integers(-1000, 400, (512, 512, 16)).astype(np.int16)
    mask = np.zeros(image.shape, dtype=np.uint8)
    mask[200:240, 200:240, 5:9] = 1
    for name, voxels in (("image", image), ("mask", mask)):
        nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), folder / f"first_{name}.nii.gz")
        raw = (folder / f"first_{name}.nii.gz").read_bytes()
        for n in range(N_PAIRS - 1):
            (folder / f"case{n:04d}_{name}.nii.gz").write_bytes(raw)


def series(folder: Path) -> None:
    """DICOM series with a structure set."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "io"))
    from hospital import square, write_rtstruct, write_series

    voxels = np.random.default_rng(1).integers(-1000, 400, (128, 128, N_SLICES))
    for n in range(N_SERIES):
        drawn = write_series(folder / f"case{n}" / "CT", voxels, patient=f"patient {n}")
        write_rtstruct(folder / f"case{n}" / "rs.dcm", drawn, [("GTV", square(drawn, (30, 30), (60, 60), range(10, 20)))])


def main() -> None:
    slow = False
    for name, make, n_headers in (
        ("NIfTI pairs", volumes, 2 * N_PAIRS),
        ("DICOM series", series, N_SERIES * (N_SLICES + 1)),
    ):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            make(folder)
            start = time.perf_counter()
            found = index(folder)
            indexed = time.perf_counter() - start
            found.manifest.to_csv(folder / "manifest.csv", index=False)
            start = time.perf_counter()
            done = check(folder / "manifest.csv", depth="headers")
            checked = time.perf_counter() - start
            print(f"{name}: {n_headers} headers, {done.n_rows} rows")
            for what, seconds in (("index", indexed), ("check", checked)):
                rate = n_headers / seconds
                print(f"  {what}  {seconds:6.2f} s  {rate:8.0f} headers/s  1,000 headers in {1000 / rate:.1f} s")
                slow = slow or 1000 * seconds / n_headers > 60
    sys.exit("slower than 1,000 headers in 60 s" if slow else 0)


if __name__ == "__main__":
    main()
