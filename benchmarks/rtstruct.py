"""Time to turn contours into voxels, beside rt-utils and scikit-image where they are installed, and what each makes of a hole.

Run: python benchmarks/rtstruct.py. Shapes are synthetic; each time is the best of several runs in one thread. With the shared
data (RADIOTYPE_SHARED, or the folder `shared` beside the project) a real lung tumour is read from its file as well.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from radiotype.core import Grid
from radiotype.io import read_mask, read_scan
from radiotype.io.rasterise import rasterise

#: Too long for scikit-image, whose time grows with points times pixels.
ALONE = "one contour of 1,000,000 points (ours alone)"

GRID = Grid((512, 512, 120), np.diag([0.9, 0.9, 2.5, 1.0]))


def ring(radius: float, k: int, n: int) -> np.ndarray:
    """A wavy closed contour around the middle of slice k, index coordinates."""
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    wave = radius * (1 + 0.1 * np.sin(7 * angle + k))
    return np.column_stack([256 + wave * np.cos(angle), 256 + wave * np.sin(angle), np.full(n, float(k))])


def shapes() -> dict[str, list[np.ndarray]]:
    """Contours in index coordinates."""
    return {
        "tumour: 30 slices, 120 points each": [ring(18, k, 120) for k in range(40, 70)],
        "tumour with a core: 30 slices, a hole in each": [ring(r, k, 120) for k in range(40, 70) for r in (18, 7)],
        "body: 10 slices, 1,500 points each": [ring(200, k, 1500) for k in range(10)],
        "vessels: 2,000 contours of 12 points": [
            ring(2, k, 12) + np.array([x, y, 0.0])
            for k in range(10)
            for x in range(-100, 100, 20)
            for y in range(-200, 200, 20)
        ],
        ALONE: [ring(200, 60, 1_000_000)],
    }


def best_seconds(call: Callable[[], object], n_runs: int) -> float:
    times = []
    for _ in range(n_runs):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def ours(contours: list[np.ndarray]) -> np.ndarray:
    scale = np.diag(GRID.affine)[:3]
    return rasterise([one * scale for one in contours], GRID)


def scikit_image(contours: list[np.ndarray]) -> np.ndarray:
    """Even-odd over the contours of a slice, each filled by `skimage.draw.polygon2mask`."""
    from skimage.draw import polygon2mask

    data = np.zeros(GRID.shape, dtype=bool)
    for one in contours:
        data[:, :, int(one[0, 2])] ^= polygon2mask(GRID.shape[:2], one[:, :2])
    return data


def rt_utils(contours: list[np.ndarray]) -> np.ndarray:
    """The fill of rt-utils, slice by slice, as its reader does it."""
    from pydicom import Dataset
    from rt_utils.image_helper import get_slice_mask_from_slice_contour_data

    image = Dataset()
    image.ImageOrientationPatient, image.PixelSpacing, image.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0.9, 0.9], [0, 0, 0]
    image.Columns, image.Rows = GRID.shape[:2]
    scale = np.diag(GRID.affine)[:3]
    data = np.zeros(GRID.shape, dtype=bool)
    to_pixel = np.diag([1 / 0.9, 1 / 0.9, 1.0, 1.0])
    slices: dict[int, list[list[float]]] = {}
    for one in contours:
        slices.setdefault(int(one[0, 2]), []).append((one * scale).ravel().tolist())
    for k, flat in slices.items():
        image.ImagePositionPatient = [0, 0, k * 2.5]
        to_pixel[2, 3] = -k * 2.5
        data[:, :, k] = get_slice_mask_from_slice_contour_data(image, flat, to_pixel).T
    return data


def real_tumour() -> None:
    folder = Path(os.environ.get("RADIOTYPE_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    folder = folder / "data" / "imaging" / "4d_lung_113"
    if not folder.is_dir():
        print("\nreal lung tumour: absent")
        return
    scan, nifti = read_scan(folder / "ct_crop.nii.gz", modality="CT"), read_mask(folder / "Tumor_c40_mask.nii.gz")
    seconds = best_seconds(lambda: read_mask(folder / "rtstruct.dcm", roi="Tumor_c40", like=scan), 7)
    data = read_mask(folder / "rtstruct.dcm", roi="Tumor_c40", like=scan).data
    dice = 2 * (data & nifti.data).sum() / (data.sum() + nifti.data.sum())
    print(f"\nreal lung tumour, file to mask: {seconds * 1e3:.1f} ms, Dice with its NIfTI {dice:.4f}")


def main() -> None:
    peers = {"scikit-image": ("skimage", scikit_image), "rt-utils": ("rt_utils", rt_utils)}
    present = {name: call for name, (module, call) in peers.items() if find_spec(module) is not None}
    for name in peers:
        print(f"{name}: {'installed' if name in present else 'absent'}")
    for title, contours in shapes().items():
        print(f"\n{title}")
        reference = ours(contours)
        seconds = best_seconds(lambda contours=contours: ours(contours), 5)
        print(f"  {'ours':14s}{seconds * 1e3:10.1f} ms   {reference.sum():,} voxels")
        for name, call in present.items() if title != ALONE else ():
            found = call(contours)
            dice = 2 * (found & reference).sum() / (found.sum() + reference.sum())
            theirs = best_seconds(lambda call=call, contours=contours: call(contours), 1)
            print(f"  {name:14s}{theirs * 1e3:10.1f} ms   {found.sum():,} voxels, Dice with ours {dice:.4f}, "
                  f"{theirs / seconds:.1f} times ours")  # fmt: skip
    real_tumour()


if __name__ == "__main__":
    main()
