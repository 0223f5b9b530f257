"""Every value of the family "pyradiomics" beside pyradiomics itself, under several parameter files, and the time of both.

Usage: python benchmarks/pyradiomics_values.py [--environment FOLDER]
pyradiomics lives in an environment of its own (.venv-pyradiomics, which git ignores), made at the first run. Cases: two made
here, and those of pyradiomics' own tests where the shared data folder holds them (RADIOTYPE_SHARED, or ../shared). Writes
benchmarks/results/pyradiomics_values.md.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("RADIOTYPE_SHARED", ROOT.parent / "shared")) / "data" / "imaging" / "pyradiomics_sdist"
RESULT = ROOT / "benchmarks" / "results" / "pyradiomics_values.md"
PACKAGE = "pyradiomics-bhklab==3.1.4"
OF_PATTERNS = ("scikit-image", "trimesh", "scipy<1.17")
REAL = ("brain1", "brain2", "breast1", "lung1")
CLOSE = 1e-9

CLASSES = "featureClass: {shape: , firstorder: , glcm: , glrlm: , glszm: , gldm: , ngtdm: }\n"
PARAMETERS = {
    "default": "setting: {}\n",
    "bins 32": "setting: {binCount: 32}\n",
    "bins 7.5 wide": "setting: {binWidth: 7.5, voxelArrayShift: 300}\n",
    "2 mm, B-spline": "setting: {resampledPixelSpacing: [2, 2, 2], binWidth: 10}\n",
    "in plane, linear": "setting: {resampledPixelSpacing: [0.7, 1.3, 0], interpolator: sitkLinear}\n",
    "nearest": "setting: {resampledPixelSpacing: [3, 3, 3], interpolator: sitkNearestNeighbor}\n",
    "Lanczos": "setting: {padDistance: 1, resampledPixelSpacing: [1, 1, 1], interpolator: sitkLanczosWindowedSinc}\n",
    "slices": "setting: {force2D: true}\n",
    "slices across J": "setting: {force2D: true, force2Ddimension: 1}\n",
    "range": "setting: {resegmentRange: [-50, 200]}\n",
    "range, 3 sigma": "setting: {resegmentRange: [-1, 1.5], resegmentMode: sigma, resegmentShape: true}\n",
    "range, relative": "setting: {resegmentRange: [0.3], resegmentMode: relative}\n",
    "no weighting": "setting: {weightingNorm: no_weighting}\n",
    "euclidean": "setting: {weightingNorm: euclidean}\n",
    "manhattan": "setting: {weightingNorm: manhattan}\n",
    "infinity, slices": "setting: {weightingNorm: infinity, force2D: true}\n",
    "gldm_a 2": "setting: {gldm_a: 2, binWidth: 5}\n",
    "normalised": "setting: {normalize: true, normalizeScale: 100, removeOutliers: 3, binWidth: 5}\n",
    "LoG, wavelet": "imageType: {Original: {}, LoG: {sigma: [1.0, 2.0, 3.0, 4.0, 5.0]}, Wavelet: {}}\n",
    "LoG, wavelet, cropped": "imageType: {LoG: {sigma: [1.0, 2.0, 3.0, 4.0, 5.0], binWidth: 5}, Wavelet: {binCount: 16}}\n"
    "setting: {preCrop: true, padDistance: 10}\n",
    "LoG, wavelet, 2 mm": "imageType: {LoG: {}, Wavelet: {wavelet: db3, start_level: 1, level: 2}}\n"
    "setting: {sigma: [1, 2.5], resampledPixelSpacing: [2, 2, 2], binWidth: 10}\n",
    "wavelets in slices": "imageType: {Wavelet: {wavelet: bior2.4, force2D: true, force2Ddimension: 1}}\n",
    "others": "imageType: {Square: {}, SquareRoot: {}, Logarithm: {}, Exponential: {}, Gradient: {binWidth: 5}}\n",
    "others, normalised": "imageType: {Square: {}, SquareRoot: {}, Logarithm: {}, Exponential: {}, Gradient: {}, "
    "LoG: {sigma: [2]}}\n"
    "setting: {normalize: true, normalizeScale: 100, gradientUseSpacing: false, preCrop: true}\n",
    "binary patterns": "imageType: {LBP2D: {binWidth: 1}, LBP3D: {binWidth: 0.1}}\n",
    "binary patterns, slices": "imageType: {LBP2D: {lbp2DRadius: 2.3, lbp2DSamples: 12, lbp2DMethod: ror}, "
    "LBP3D: {lbp3DLevels: 3, lbp3DIcosphereRadius: 1.5, lbp3DIcosphereSubdivision: 2, binWidth: 0.2}}\n"
    "setting: {force2D: true, force2Ddimension: 2, resegmentRange: [-1, 1.5], resegmentMode: sigma}\n",
    "normalised, 1.5 mm": "setting: {normalize: true, binWidth: 0.1, resampledPixelSpacing: [1.5, 1.5, 1.5]}\n",
}
#: What is timed.
CROPPED = "setting: {preCrop: true, padDistance: 10}\n"
TIMED = {
    "original": f"imageType: {{Original: {{}}}}\n{CROPPED}",
    "14 images": f"imageType: {{Original: {{}}, LoG: {{sigma: [1.0, 2.0, 3.0, 4.0, 5.0]}}, Wavelet: {{}}}}\n{CROPPED}",
    "all other types": "imageType: {Square: {}, SquareRoot: {}, Logarithm: {}, "
    f"Exponential: {{}}, Gradient: {{}}, LBP2D: {{}}, LBP3D: {{}}}}\n{CROPPED}",
}


def reference(jobs: Path) -> None:
    """What pyradiomics gives: runs inside its own environment."""
    import logging

    import radiomics
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    radiomics.logger.setLevel(logging.CRITICAL)
    np.seterr(all="ignore")
    found = {}
    for name, image, mask, parameters in json.loads(jobs.read_text(encoding="utf-8")):
        try:
            values = RadiomicsFeatureExtractor(parameters).execute(image, mask)
            found[name] = {key: float(value) for key, value in values.items() if not key.startswith("diagnostics_")}
        except (ValueError, RuntimeError) as error:
            found[name] = str(error)
    print(json.dumps({"version": radiomics.__version__, "numpy": np.__version__, "found": found}))


def timed(tool: str, image: str, mask: str, parameters: str) -> None:
    """In a process of its own: prints how many features one case has, CPU seconds, and those of filters alone."""
    if tool == "pyradiomics":
        import logging

        import radiomics
        import SimpleITK
        from radiomics.featureextractor import RadiomicsFeatureExtractor

        radiomics.logger.setLevel(logging.CRITICAL)
        SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
        extractor = RadiomicsFeatureExtractor(parameters)
        given = SimpleITK.ReadImage(image), SimpleITK.ReadImage(mask)

        def measure() -> int:
            return sum(not name.startswith("diagnostics_") for name in extractor.execute(*given))

        def filter_only() -> None:
            pass
    else:
        import radiotype
        from radiotype.features import FeatureSettings, read_pyradiomics_parameters
        from radiotype.features.pyradiomics.filters import Around, filtered_images
        from radiotype.features.pyradiomics.prepare import prepare

        settings = FeatureSettings(pyradiomics=read_pyradiomics_parameters(parameters))
        scan, region = radiotype.read_scan(image, modality="CT"), radiotype.read_mask(mask)

        def measure() -> int:
            return len(radiotype.describe(scan, region, "pyradiomics", settings=settings).values)

        def filter_only() -> None:
            own = settings.pyradiomics
            prepared = prepare(scan, region, own)
            around = Around(prepared.around, prepared.region, prepared.low, prepared.spacing_mm)
            for kind in own.images.types:
                list(filtered_images(kind, around, own.of_image(kind)))

    n, took = measure(), []
    for _ in range(5):
        start = time.process_time()
        measure()
        middle = time.process_time()
        filter_only()
        took.append((middle - start, time.process_time() - middle))
    print(json.dumps([n, *map(min, zip(*took, strict=True))]))


def speed(python: Path, folder: Path) -> list[str]:
    """Lines of the table of times: 14 images of 1e5 voxels, of the case of benchmarks/extraction.py."""
    from extraction import THREADS, make_case

    make_case(folder, 100_000, (256, 256, 128))
    lines = [
        "| 100,000 voxels, cropped to 10 around them | tool | features | CPU s, best of 5 | of it filters |",
        "|---|---|---|---|---|",
    ]
    for name, text in TIMED.items():
        path = folder / "timed.yaml"
        path.write_text(text + CLASSES, encoding="utf-8")
        for tool, interpreter in (("radiotype", Path(sys.executable)), ("pyradiomics", python)):
            command = [str(interpreter), __file__, "--time", tool]
            command += [str(folder / "scan.nii"), str(folder / "mask.nii"), str(path)]
            ran = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | THREADS)
            n, cpu, of_filters = json.loads(ran.stdout.splitlines()[-1])
            lines.append(f"| {name} | {tool} | {n:,} | {cpu:.2f} | {f'{of_filters:.2f}' if tool == 'radiotype' else ''} |")
    return lines


def measured(image: str, mask: str, parameters: str) -> tuple[dict[str, float], dict[str, str]]:
    """What radiotype gives: values, and codes of those that are none."""
    import radiotype
    from radiotype.features import FeatureSettings, read_pyradiomics_parameters

    settings = FeatureSettings(pyradiomics=read_pyradiomics_parameters(parameters))
    scan = radiotype.read_scan(image)
    features = radiotype.describe(scan, radiotype.read_mask(mask, label="1"), "pyradiomics", settings=settings)
    return dict(features.values), dict(features.reasons)


def synthetic(folder: Path) -> dict[str, tuple[str, str]]:
    """Two scans of correlated noise with irregular masks: integers lying askew, and single-precision numbers."""
    import SimpleITK
    from scipy import ndimage

    cases = {}
    for name, seed, kind, spacing in (("made int16", 1, np.int16, (0.9, 1.1, 2.5)), ("made float32", 2, np.float32, (2, 1, 1))):
        random = np.random.default_rng(seed)
        texture, outline = (ndimage.gaussian_filter(random.standard_normal((26, 34, 30)), sigma) for sigma in (1.0, 3.0))
        away = np.linalg.norm((np.indices(texture.shape).T - [13, 17, 15]) / [7, 10, 9], axis=-1).T
        region = away < 1 + 0.3 * outline / outline.std()
        values = 60 + 90 * texture / texture.std()
        paths = []
        for what, array in (("image", values.astype(kind)), ("mask", region.astype(np.uint8))):
            image = SimpleITK.GetImageFromArray(array)
            image.SetSpacing(spacing)
            image.SetOrigin((-31.5, 12.25, 100.0))
            if kind is np.int16:
                c, s = math.cos(0.3), math.sin(0.3)
                image.SetDirection((c, -s, 0, s, c, 0, 0, 0, 1))
            paths.append(str(folder / f"{name.replace(' ', '_')}_{what}.nrrd"))
            SimpleITK.WriteImage(image, paths[-1])
        cases[name] = (paths[0], paths[1])
    return cases


def ask(python: Path, jobs: list[tuple[str, str, str, str]], folder: Path) -> dict[str, Any]:
    """All values of pyradiomics, from one process of its environment."""
    listed = folder / "jobs.json"
    listed.write_text(json.dumps(jobs), encoding="utf-8")
    command = [str(python), __file__, "--reference", str(listed)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(f"pyradiomics failed:\n{ran.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return answer


def environment(folder: Path) -> Path:
    """The Python of an environment that holds pyradiomics, made if it is not there."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", PACKAGE, *OF_PATTERNS], check=True)
    return python


def difference(ours: float, theirs: float) -> float:
    """Relative; 0 where both are none, infinite where one is."""
    if math.isnan(ours) or not math.isfinite(theirs):
        return 0.0 if math.isnan(ours) and not math.isfinite(theirs) else math.inf
    if abs(ours - theirs) <= 1e-12:
        return 0.0
    return abs(ours - theirs) / max(abs(theirs), 1e-300)


class Compared(NamedTuple):
    """One case under one parameter file; `refused`: what both have to say where there are no values."""

    differences: dict[str, float]
    refused: str = ""


def compared(ours: tuple[dict[str, float], dict[str, str]], theirs: dict[str, float] | str) -> Compared:
    """Every feature of one case beside that of pyradiomics."""
    values, reasons = ours
    if isinstance(theirs, str):
        if len(reasons) < len(values):
            return Compared(dict.fromkeys(values, math.inf))
        return Compared({}, f"no values (`{reasons[next(iter(reasons))]}`): {theirs.split('(')[0].strip()}")
    found = {name: difference(values.get(name, math.inf), value) for name, value in theirs.items()}
    return Compared(found | {name: math.inf for name in values if name not in theirs})


def line(name: str, cases: dict[str, Compared]) -> str:
    """A line of the table: one parameter file over all cases."""
    every = [one for case in cases.values() for one in case.differences.values()]
    outside = [f"{case}: {name}" for case, one in cases.items() for name, by in one.differences.items() if by > CLOSE]
    refused = [f"{case}: {one.refused}" for case, one in cases.items() if one.refused]
    said = "; ".join([*refused, *outside[:20], *(["..."] if outside[20:] else [])])
    measured = sum(not one.refused for one in cases.values())
    return f"| {name} | {measured} | {len(every):,} | {len(every) - len(outside):,} | {max(every):.1e} | {said} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", type=Path, default=ROOT / ".venv-pyradiomics", help="folder of the environment")
    parser.add_argument("--reference", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--time", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.time:
        timed(*given.time)
        return
    if given.reference:
        reference(given.reference)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cases = synthetic(folder)
        there = [case for case in REAL if (SHARED / f"{case}_image.nrrd").exists()]
        cases |= {case: (str(SHARED / f"{case}_image.nrrd"), str(SHARED / f"{case}_label.nrrd")) for case in there}
        jobs = []
        for number, (parameters, text) in enumerate(PARAMETERS.items()):
            path = folder / f"parameters_{number}.yaml"
            path.write_text(text + CLASSES, encoding="utf-8")
            jobs += [(f"{parameters} | {case}", image, mask, str(path)) for case, (image, mask) in cases.items()]
        answer = ask(environment(given.environment), jobs, folder)
        lines = [
            "# Values of the family `pyradiomics` beside pyradiomics",
            "",
            "<!-- written by benchmarks/pyradiomics_values.py -->",
            "",
            f"{PACKAGE}, NumPy {answer['numpy']}. Close: within {CLOSE:g} of the value, or 1e-12.",
            *(f"Left out: {case}, which is not in the shared data folder." for case in REAL if case not in there),
            "",
            f"Cases: {', '.join(cases)}.",
            "",
            "| parameters | cases | values | close | largest difference | others |",
            "|---|---|---|---|---|---|",
        ]
        for parameters in PARAMETERS:
            of = {name.split(" | ")[1]: (name, paths) for name, *paths in jobs if name.startswith(f"{parameters} | ")}
            lines.append(
                line(
                    parameters, {case: compared(measured(*paths), answer["found"][name]) for case, (name, paths) in of.items()}
                )
            )
        lines += ["", "| parameters | file |", "|---|---|"]
        lines += [f"| {name} | `{'; '.join(text.splitlines())}` |" for name, text in PARAMETERS.items()]
        lines += ["", *speed(environment(given.environment), folder)]
    print("\n".join(lines))
    RESULT.write_text("\n".join([*lines, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
