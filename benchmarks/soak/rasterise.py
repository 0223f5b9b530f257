"""Fuzz the contour rasteriser: guided by coverage where atheris is installed, by chance where it is not.

Run: python benchmarks/soak/rasterise.py [seconds]; 60 by default. An input ends in voxels or in RT207; away from edges by
more than the rounding of coordinates, the voxels must be those of a plain even-odd test of each centre. The first input that
breaks this ends the run with exit code 1 and is written to rasterise-crash.npy.
"""

from __future__ import annotations

import sys
import time
from importlib.util import find_spec

import numpy as np

from radiotype.core import Grid
from radiotype.errors import InputError
from radiotype.io import rasterise

GRID = Grid((12, 10, 4), np.eye(4))
SPECIAL = np.array([0.0, 0.5, -0.5, 1.0, 9.5, 11.5, 1e5, -1e5, 1e30, np.nan, np.inf, -np.inf, 1e-300, 2.0**-20, 3.49, 3.5])


def contours_of(data: bytes) -> list[np.ndarray]:
    """Bytes as contours: a count, then points of two bytes for each coordinate; some coordinates are special values."""
    if len(data) < 2:
        return []
    raw = np.frombuffer(data[1 : 1 + (len(data) - 1) // 6 * 6], dtype=np.uint16).reshape(-1, 3)
    points = raw.astype(float) / 4096 - 2
    points[:, 2] = raw[:, 2] % 5
    odd = raw % 97 == 0
    points[odd] = SPECIAL[(raw[odd] // 97) % len(SPECIAL)]
    return np.array_split(points, 1 + data[0] % 6)


def plain(contours: list[np.ndarray], shift: float) -> np.ndarray:
    """The even-odd rule for every centre of a slice, one edge at a time; centres shifted along x."""
    x, y = np.meshgrid(np.arange(GRID.shape[0]), np.arange(GRID.shape[1]), indexing="ij")
    inside = np.zeros(x.shape, dtype=bool)
    for one in contours:
        for a, b in zip(one, np.roll(one, -1, axis=0), strict=True):
            (ax, ay), (bx, by) = sorted([tuple(a[:2]), tuple(b[:2])], key=lambda point: point[1])
            crosses = (ay <= y) != (by <= y)
            inside ^= crosses & (ax + (y - ay) * (bx - ax) / (by - ay if by != ay else 1.0) <= x + shift)
    return inside


def check(data: bytes) -> None:
    contours = contours_of(data)
    try:
        drawing = rasterise.draw_contours(contours, GRID)
    except InputError as error:
        if error.code != "RT207":
            raise
    else:
        counted = drawing.n_without_area + drawing.n_off_scan + drawing.n_between + drawing.n_repeated
        if drawing.data.shape != GRID.shape or not 0 <= counted <= drawing.n_contours == len(contours):
            raise AssertionError(f"counts or shape are wrong: {drawing}")
    # The same points on one slice, away from voxel centres, must give exactly the plain answer.
    flat = [np.column_stack([np.nan_to_num(one[:, :2], posinf=0, neginf=0) % 16 - 2, np.ones(len(one))]) for one in contours]
    flat = [np.floor(one * 1024) / 1024 + [1 / 2048, 1 / 3072, 0] for one in flat if len(one) >= 3]
    drawing = rasterise.draw_contours(flat, GRID, keep_tiny=False)
    if drawing.n_repeated or drawing.n_without_area:
        return
    found, sure = drawing.data[:, :, 1], plain(flat, rasterise.SNAP_VOXELS)
    if ((found != sure) & (sure == plain(flat, -rasterise.SNAP_VOXELS))).any():
        raise AssertionError("voxels differ from the plain even-odd rule")


def guarded(data: bytes) -> None:
    try:
        check(data)
    except BaseException:
        np.save("rasterise-crash.npy", np.frombuffer(data, dtype=np.uint8))
        raise


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    if find_spec("atheris") is not None:
        import atheris

        for name in ("draw_contours", "_planes", "_fill", "_parts", "_set_centroids"):
            setattr(rasterise, name, atheris.instrument_func(getattr(rasterise, name)))
        atheris.Setup([sys.argv[0], f"-max_total_time={int(seconds)}", "-max_len=400"], guarded)
        atheris.Fuzz()
        return
    print("atheris: absent; inputs are drawn by chance")
    rng = np.random.default_rng(0)
    end, n = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        guarded(rng.bytes(int(rng.integers(0, 400))))
        n += 1
    print(f"{n:,} inputs in {seconds:.0f} s, none broke a rule")


if __name__ == "__main__":
    main()
