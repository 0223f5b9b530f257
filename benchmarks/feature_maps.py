"""Maps of features beside pyradiomics' voxel-based extraction: CPU seconds, memory, and how far the values differ.

Usage: python benchmarks/feature_maps.py [--environment FOLDER] [--voxels 4000]
pyradiomics lives in an environment of its own (benchmarks/.venv-pyradiomics), made as benchmarks/extraction.py says. One
irregular ball of correlated noise, bins of width 25, each tool and class in a process of its own on one thread; pyradiomics
takes 500 voxels at a time (`voxelBatch`), without which it takes more memory. Writes benchmarks/results/feature_maps.md.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from extraction import HERE, PYTHON, THREADS

RESULT = HERE / "results" / "feature_maps.md"
CLASSES = ("firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm")
SPACING_MM = (1.0, 1.0, 1.5)


def make_case(folder: Path, n_voxels: int) -> int:
    """Image and mask as arrays; the number of voxels."""
    from scipy import ndimage

    random = np.random.default_rng(1)
    size = int(np.ceil((n_voxels * 6 / np.pi) ** (1 / 3))) + 12
    texture, outline = (ndimage.gaussian_filter(random.standard_normal((size,) * 3), sigma) for sigma in (1.0, 3.0))
    away = np.linalg.norm(np.indices(texture.shape).T - size / 2, axis=-1).T - outline / outline.std()
    inside = away <= np.sort(away, axis=None)[n_voxels - 1]
    np.savez(folder / "case.npz", image=(60 + 90 * texture / texture.std()).astype(np.int16), mask=inside)
    return int(inside.sum())


def measured(tool: str, folder: Path, of: str, radius: int) -> dict[str, np.ndarray]:
    """Maps by name, over the whole image; 0 outside."""
    case = np.load(folder / "case.npz")
    if tool == "pyradiomics":
        import logging

        import radiomics
        import SimpleITK
        from radiomics.featureextractor import RadiomicsFeatureExtractor

        radiomics.logger.setLevel(logging.CRITICAL)
        np.seterr(all="ignore")
        image, mask = (SimpleITK.GetImageFromArray(case[name].astype(np.int16).T) for name in ("image", "mask"))
        for one in (image, mask):
            one.SetSpacing(SPACING_MM)
        extractor = RadiomicsFeatureExtractor(kernelRadius=radius, binWidth=25, voxelBatch=500)
        extractor.disableAllFeatures()
        extractor.enableFeatureClassByName(of)
        start = time.process_time()
        found = extractor.execute(image, mask, voxelBased=True)
        took = time.process_time() - start
        maps = {
            name: (SimpleITK.GetArrayFromImage(one).T, np.rint(np.divide(one.GetOrigin(), SPACING_MM)).astype(int))
            for name, one in found.items()
            if not name.startswith("diagnostics")
        }
    else:
        from radiotype.core import Grid, Mask, Scan
        from radiotype.features import feature_maps

        grid = Grid(case["image"].shape, np.diag([*SPACING_MM, 1.0]))
        scan, region = Scan(case["image"], grid), Mask(case["mask"], grid)
        start = time.process_time()
        own = feature_maps(scan, region, features=[f"original_{of}_*"], radius_voxels=radius)
        took = time.process_time() - start
        maps = {name: (one.data, np.rint(np.divide(one.grid.origin_mm, SPACING_MM)).astype(int)) for name, one in own.items()}
    print(json.dumps([took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
    found = {}
    for name, (array, first) in maps.items():
        found[name] = np.zeros(case["image"].shape)
        found[name][tuple(slice(a, a + n) for a, n in zip(first, array.shape, strict=True))] = array
    return {name: one[case["mask"]] for name, one in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", type=Path, default=PYTHON["pyradiomics"].parents[1])
    parser.add_argument("--voxels", type=int, default=4000)
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        tool, folder, of, radius = given.one
        np.savez(Path(folder) / f"{tool}.npz", **measured(tool, Path(folder), of, int(radius)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        n = make_case(folder, given.voxels)
        lines = [
            "# Feature maps",
            "",
            "<!-- written by benchmarks/feature_maps.py -->",
            "",
            f"{n:,} voxels, one thread. Difference: the largest of all voxels and features, relative, or absolute below 1.",
            "",
            "| neighbourhood | class | features | CPU s | pyradiomics | times | MiB | pyradiomics | difference |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
        for radius in (1, 2):
            for of in CLASSES:
                took = {}
                for tool in ("radiotype", "pyradiomics"):
                    python = sys.executable if tool == "radiotype" else given.environment / "bin/python"
                    command = [str(python), __file__, "--one", tool, name, of, str(radius)]
                    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | THREADS)
                    took[tool] = json.loads(ran.stdout.splitlines()[-1])
                ours, theirs = (np.load(folder / f"{tool}.npz") for tool in ("radiotype", "pyradiomics"))
                apart = max(
                    float(np.nanmax(np.abs(ours[one] - theirs[one]) / np.maximum(np.abs(theirs[one]), 1.0)))
                    for one in theirs.files
                )
                (cpu, memory), (other_cpu, other_memory) = took["radiotype"], took["pyradiomics"]
                lines.append(
                    f"| {' x '.join([str(2 * radius + 1)] * 3)} | {of} | {len(ours.files)} | {cpu:.2f} | {other_cpu:.2f} "
                    f"| {other_cpu / cpu:.0f} | {memory:.0f} | {other_memory:.0f} | {apart:.0e} |"
                )
                print(lines[-1], flush=True)
    RESULT.write_text("\n".join([*lines, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
