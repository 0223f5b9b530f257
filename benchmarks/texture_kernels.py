"""Speed of the grey-level matrices and of the texture features, in CPU nanoseconds per voxel, best of several.

Run: python benchmarks/texture_kernels.py [--simd base|avx2|avx512]
Irregular balls of correlated texture. "matrices" and "features" are whole calls, from an array of levels to the result, at the
aggregation 3d_merged; the columns before are the parts of "matrices".
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable

import numpy as np
from scipy import ndimage

VOXELS = (10_000, 100_000, 2_000_000)
LEVELS = (16, 64, 256)


def region(n_voxels: int, n_levels: int) -> np.ndarray:
    """Levels of an irregular ball of about so many voxels, int32."""
    random = np.random.default_rng(n_voxels + n_levels)
    radius = (n_voxels * 3 / 4 / np.pi) ** (1 / 3)
    size = int(2.4 * radius) + 3
    texture, outline = (ndimage.gaussian_filter(random.standard_normal((size,) * 3), sigma) for sigma in (1.2, radius / 4))
    away = np.linalg.norm(np.indices(texture.shape) - size / 2, axis=0)
    inside = away < radius * (1 + 0.08 * outline / outline.std())
    levels = np.clip((texture / texture.std() + 3) / 6 * n_levels, 0, n_levels - 1).astype(np.int32) + 1
    return np.where(inside, levels, 0).astype(np.int32)


def nanoseconds(work: Callable[[], object], n_voxels: int) -> float:
    """CPU time per voxel, the least of three runs or of half a second."""
    best, spent, runs = float("inf"), 0.0, 0
    while runs < 3 or spent < 0.5:
        start = time.process_time()
        work()
        took = time.process_time() - start
        best, spent, runs = min(best, took), spent + took, runs + 1
    return best / n_voxels * 1e9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--simd", choices=("base", "avx2", "avx512"), help="level of the kernels; the best there is if left out"
    )
    given = parser.parse_args()
    if given.simd:
        os.environ["RADIOTYPE_SIMD"] = given.simd
    from radiotype import _native
    from radiotype.features.ibsi.level_volume import level_volume
    from radiotype.features.ibsi.texture import texture_features
    from radiotype.features.ibsi.texture_matrices import Tables, texture_matrices

    print(f"SIMD level {_native.simd_level()}; CPU ns per voxel\n")
    print("| voxels | levels | zones per voxel | layout | pairs | runs | neighbours | zones | matrices | features |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for n_voxels in VOXELS:
        for n_levels in LEVELS:
            levels = region(n_voxels, n_levels)
            volume = level_volume(levels)
            n = volume.n_voxels
            zones = texture_matrices(levels).size_zone.counts.sum() / n

            def runs(tables: Tables) -> object:
                tables.__dict__.pop("_runs", None)
                return tables._runs

            known = Tables(volume, "3d")
            known.run_length(True)
            parts: tuple[Callable[[], object], ...] = (
                lambda levels=levels: level_volume(levels),
                lambda volume=volume: Tables(volume, "3d")._pairs,
                lambda known=known: runs(known),
                lambda volume=volume: Tables(volume, "3d")._neighbours,
                lambda volume=volume: Tables(volume, "3d")._zones,
                lambda levels=levels: texture_matrices(levels),
                lambda levels=levels: texture_features(levels),
            )
            times = " | ".join(f"{nanoseconds(part, n):.1f}" for part in parts)
            print(f"| {n:,} | {n_levels} | {zones:.3f} | {times} |", flush=True)


if __name__ == "__main__":
    main()
