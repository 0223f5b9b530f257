"""Features of one region: CPU time and memory of radiotype beside pyradiomics and pictologics, in one run, in turn.

Run: python benchmarks/extraction.py [--rounds 3] [--large]
The peers have environments of their own beside this file, made with:
  python -m venv benchmarks/.venv-pyradiomics; benchmarks/.venv-pyradiomics/bin/pip install pyradiomics-bhklab
  python3.12 -m venv benchmarks/.venv-pictologics; benchmarks/.venv-pictologics/bin/pip install pictologics
and are left out where these are missing; the first import of pictologics compiles for minutes and is not counted. Bins of
width 25, no interpolation, all 3D features of the defaults; pictologics with local intensity, which pyradiomics has not.
A last section filters the smaller region in 13 ways (Laplacian of Gaussian of 1 to 5 mm, the eight bands of Coiflet 1) and
measures the intensities of all 14 images, and with "+ textures" also their histograms and textures.
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
from collections.abc import Callable
from pathlib import Path

THREADS = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"), "1"
)
HERE = Path(__file__).parent
PYTHON = {
    "radiotype": Path(sys.executable),
    "pyradiomics": HERE / ".venv-pyradiomics/bin/python",
    "pictologics": HERE / ".venv-pictologics/bin/python",
}


def make_case(folder: Path, n_voxels: int, shape: tuple[int, int, int]) -> None:
    """An irregular ball of correlated texture in a noisy CT, as NIfTI, plain and compressed."""
    import gzip

    import nibabel
    import numpy as np
    from scipy import ndimage

    random = np.random.default_rng(n_voxels)
    radius = (n_voxels * 3 / 4 / np.pi) ** (1 / 3)
    size = min(int(2.5 * radius) + 20, *shape)
    texture, outline = (ndimage.gaussian_filter(random.standard_normal((size,) * 3), sigma) for sigma in (1.2, radius / 4))
    away = np.linalg.norm(np.indices((size,) * 3) - size / 2, axis=0)
    inside = away < radius * (1 + 0.08 * outline / outline.std())
    labels, _ = ndimage.label(inside)
    inside = labels == np.bincount(labels.ravel())[1:].argmax() + 1
    voxels = random.normal(-750, 12, shape[::-1]).astype(np.int16).T
    mask = np.zeros(shape[::-1], np.uint8).T
    box = tuple(slice((n - size) // 2, (n - size) // 2 + size) for n in shape)
    voxels[box] = np.where(inside, 40 + 75 * texture / texture.std(), -700 + 60 * texture)
    mask[box] = inside
    for name, array in (("scan", voxels), ("mask", mask)):
        image = nibabel.Nifti1Image(array, np.diag([-1.0, -1.0, 1.0, 1.0]))
        image.header.set_xyzt_units("mm")
        nibabel.save(image, folder / f"{name}.nii")
        (folder / f"{name}.nii.gz").write_bytes(gzip.compress((folder / f"{name}.nii").read_bytes(), 6))


def radiotype(scan: Path, mask: Path) -> tuple[Callable[[], int], Callable[[], int]]:
    import radiotype
    from radiotype.features import FeatureSettings

    settings = FeatureSettings(ibsi={"spacing_mm": None, "bins": {"width": 25}})
    region, image = radiotype.read_mask(mask), radiotype.read_scan(scan, modality="CT")

    def measure() -> int:
        return len(radiotype.describe(image, region, "ibsi", settings=settings).values)

    return measure, lambda: region.n_voxels


def pyradiomics(scan: Path, mask: Path) -> tuple[Callable[[], int], Callable[[], int]]:
    import logging

    import SimpleITK
    from radiomics import featureextractor

    logging.getLogger("radiomics").setLevel(logging.ERROR)
    extractor = featureextractor.RadiomicsFeatureExtractor(binWidth=25)
    image, region = SimpleITK.ReadImage(str(scan)), SimpleITK.ReadImage(str(mask))

    def measure() -> int:
        return sum(name.startswith("original") for name in extractor.execute(image, region))

    return measure, lambda: int(SimpleITK.GetArrayViewFromImage(region).sum())


def pictologics(scan: Path, mask: Path) -> tuple[Callable[[], int], Callable[[], int]]:
    import pictologics

    families = ["intensity", "morphology", "texture", "histogram", "ivh"]
    pipeline = pictologics.RadiomicsPipeline(load_standard=False)
    pipeline.add_config(
        "one",
        [
            {"step": "discretise", "params": {"method": "FBS", "bin_width": 25, "min_val": -1000}},
            {"step": "extract_features", "params": {"families": families, "include_local_intensity": True}},
        ],
    )
    image, region = pictologics.load_image(str(scan)), pictologics.load_image(str(mask))
    return lambda: len(pipeline.run(image, region)["one"]), lambda: int(region.array.sum())


BANDS = [a + b + c for a in "LH" for b in "LH" for c in "LH"]


def radiotype_filtered(scan: Path, mask: Path, *groups: str) -> tuple[Callable[[], int], Callable[[], int]]:
    import radiotype
    from radiotype.features import FeatureSettings

    filters: list[dict[str, object]] = [{"kind": "log", "sigma_mm": float(sigma)} for sigma in range(1, 6)]
    filters += [{"kind": "wavelet", "wavelet": "coif1", "subband": band, "rotation_invariant": False} for band in BANDS]
    chosen = {"spacing_mm": None, "bins": {"width": 25}, "filters": filters, "filtered_features": ("intensity", *groups)}
    settings = FeatureSettings(ibsi=chosen)
    region, image = radiotype.read_mask(mask), radiotype.read_scan(scan, modality="CT")

    def measure() -> int:
        return len(radiotype.describe(image, region, "ibsi", settings=settings).values)

    return measure, lambda: region.n_voxels


def radiotype_filtered_textures(scan: Path, mask: Path) -> tuple[Callable[[], int], Callable[[], int]]:
    return radiotype_filtered(scan, mask, "intensity_histogram", "texture")


def pictologics_filtered(scan: Path, mask: Path) -> tuple[Callable[[], int], Callable[[], int]]:
    import pictologics

    ways: list[dict[str, object]] = [{"type": "log", "sigma_mm": float(sigma)} for sigma in range(1, 6)]
    ways += [{"type": "wavelet", "wavelet": "coif1", "decomposition": band, "rotation_invariant": False} for band in BANDS]
    pipeline = pictologics.RadiomicsPipeline(load_standard=False)
    measured = {"step": "extract_features", "params": {"families": ["intensity"]}}
    pipeline.add_config("0", [measured])
    for number, way in enumerate(ways, start=1):
        pipeline.add_config(str(number), [{"step": "filter", "params": way}, measured])
    image, region = pictologics.load_image(str(scan)), pictologics.load_image(str(mask))
    return lambda: sum(map(len, pipeline.run(image, region).values())), lambda: int(region.array.sum())


TOOLS = {
    "radiotype": radiotype,
    "pyradiomics": pyradiomics,
    "pictologics": pictologics,
    "radiotype, filtered": radiotype_filtered,
    "radiotype, filtered + textures": radiotype_filtered_textures,
    "pictologics, filtered": pictologics_filtered,
}


def work(tool: str, scan: Path, mask: Path, repeats: int) -> None:
    """In a process of its own: what one region takes; prints JSON."""
    measure, n_voxels = TOOLS[tool](scan, mask)
    n = measure()
    used = resource.getrusage(resource.RUSAGE_SELF)
    whole, memory = used.ru_utime + used.ru_stime, peak_bytes()
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        measure()
        best = min(best, time.process_time() - start)
    print(json.dumps({"n": n, "whole": whole, "memory": memory, "ns": best / n_voxels() * 1e9}))


def peak_bytes() -> int:
    """Largest memory of this process; what `getrusage` says may be that of the process which started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def run(tool: str, scan: Path, mask: Path, repeats: int) -> dict[str, float]:
    command = [str(PYTHON[tool.split(",")[0]]), __file__, "--work", tool, str(scan), str(mask), str(repeats)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | THREADS)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def import_seconds(tool: str) -> float:
    """CPU time of a process that imports what the extraction needs, the least of three."""
    words = {
        "radiotype": "from radiotype import read_scan, read_mask, describe",
        "pyradiomics": "from radiomics import featureextractor",
        "pictologics": "import pictologics",
    }
    times = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([str(PYTHON[tool]), "-c", words[tool]], check=True, capture_output=True, env=os.environ | THREADS)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="processes of each tool, in turn")
    parser.add_argument("--large", action="store_true", help="pyradiomics at two million voxels as well: minutes")
    parser.add_argument("--work", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        tool, scan, mask, repeats = given.work
        work(tool, Path(scan), Path(mask), int(repeats))
        return
    tools = [tool for tool, python in PYTHON.items() if python.exists()]
    print("# Extraction of one region\n\nBest of", given.rounds, "processes each, in turn; CPU seconds of one thread.\n")
    print("| tool | import, CPU s |\n|---|---|")
    for tool in tools:
        print(f"| {tool} | {import_seconds(tool):.2f} |", flush=True)
    for n_voxels, shape in ((100_000, (256, 256, 128)), (2_000_000, (512, 512, 200))):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            make_case(folder, n_voxels, shape)
            print(f"\n## {n_voxels:,} voxels in {' x '.join(map(str, shape))}\n")
            print("| file | tool | features | ns per voxel in process | whole process, CPU s | peak, MB | against radiotype |")
            print("|---|---|---|---|---|---|---|")
            for suffix in (".nii", ".nii.gz"):
                chosen = [tool for tool in tools if tool != "pyradiomics" or n_voxels < 1_000_000 or given.large]
                found: dict[str, list[dict[str, float]]] = {tool: [] for tool in chosen}
                for _ in range(given.rounds):
                    for tool in chosen:
                        repeats = 1 if tool == "pyradiomics" else 5 if n_voxels > 1_000_000 else 20
                        found[tool].append(run(tool, folder / f"scan{suffix}", folder / f"mask{suffix}", repeats))
                least = {tool: {key: min(row[key] for row in rows) for key in rows[0]} for tool, rows in found.items()}
                for tool, row in least.items():
                    ratio = row["whole"] / least["radiotype"]["whole"]
                    print(
                        f"| {suffix} | {tool} | {row['n']:.0f} | {row['ns']:,.0f} | {row['whole']:.2f} | "
                        f"{row['memory'] / 1e6:,.0f} | {ratio:.1f} |",
                        flush=True,
                    )
    filtered_images(tools, given.rounds)


def filtered_images(tools: list[str], rounds: int) -> None:
    """The section on filtered images."""
    print("\n## 14 images of 100,000 voxels\n\n| tool | features | CPU s in process | peak, MB |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_case(folder, 100_000, (256, 256, 128))
        for tool in TOOLS:
            if "," in tool and tool.split(",")[0] in tools:
                rows = [run(tool, folder / "scan.nii", folder / "mask.nii", 3) for _ in range(rounds)]
                n, ns, memory = (min(row[key] for row in rows) for key in ("n", "ns", "memory"))
                print(f"| {tool} | {n:.0f} | {ns * 1e-4:.2f} | {memory / 1e6:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
