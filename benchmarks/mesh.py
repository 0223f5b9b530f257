"""Time of mesh area, volume and all morphology beside scikit-image and pyradiomics, where they are installed.

Run: python benchmarks/mesh.py. Each time is the best of several runs in one thread; the box is that of the tumour.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np

from radiotype import _native
from radiotype.features.diameters import mesh_diameters
from radiotype.features.mesh import mesh, mesh_measures
from radiotype.features.morphology import morphology

SPACING_MM = (0.8, 0.8, 2.5)


def tumours() -> dict[str, np.ndarray]:
    """A ball, the same ball in thick slices, a lobed tumour with a rough surface, and pure noise."""
    centred = np.indices((64, 64, 64)) - 31.5
    ball = np.square(centred).sum(axis=0) < 31.5**2
    flat = np.square((np.indices((64, 64, 20)).T - np.array([31.5, 31.5, 9.5])) / np.array([31.5, 31.5, 9.5]))
    noise = np.random.default_rng(0)
    rough = np.sqrt(np.square(centred).sum(axis=0)) < 25 + 3 * np.sin(centred[0] / 4) + noise.normal(0, 1, ball.shape)
    return {
        "ball": ball,
        "thick slices": np.ascontiguousarray((flat.sum(axis=-1) < 1).T),
        "rough": rough,
        "noise": noise.random((40, 40, 40)) < 0.5,
    }


def best_seconds(call: Callable[[], object], n_runs: int = 7) -> float:
    times = []
    for _ in range(n_runs):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def kernel(mask: np.ndarray) -> Callable[[], object]:
    counts, sums = np.zeros(256, dtype=np.int64), np.zeros((256, 3), dtype=np.int64)
    return lambda: _native.cube_patterns(mask.view(np.uint8), counts, sums)


def scikit_image(mask: np.ndarray) -> Callable[[], object]:
    from skimage.measure import marching_cubes, mesh_surface_area

    padded = np.pad(mask, 1).astype(np.float32)

    def call() -> object:
        vertices, faces, _, _ = marching_cubes(padded, 0.5, spacing=SPACING_MM)
        return mesh_surface_area(vertices, faces)

    return call


def pyradiomics_c(mask: np.ndarray) -> Callable[[], object]:
    from radiomics import cShape

    padded = np.ascontiguousarray(np.pad(mask, 1).T)
    return lambda: cShape.calculate_coefficients(padded, np.array(SPACING_MM[::-1]))


def pyradiomics_shape(mask: np.ndarray) -> Callable[[], object]:
    import SimpleITK
    from radiomics.shape import RadiomicsShape

    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(mask.T).astype(np.uint8))
    image.SetSpacing(SPACING_MM)

    def call() -> object:
        features = RadiomicsShape(image, image, label=1)
        features.enableAllFeatures()
        return features.execute()

    return call


def main() -> None:
    has_skimage, has_pyradiomics = find_spec("skimage") is not None, find_spec("radiomics") is not None
    print(f"SIMD level {_native.simd_level()}")
    print(f"scikit-image: {'installed' if has_skimage else 'absent'}")
    print(f"pyradiomics:  {'installed' if has_pyradiomics else 'absent'}")
    for name, mask in tumours().items():
        print(f"\n{name}: {mask.sum()} voxels in a box of {mask.size}")

        def show(label: str, seconds: float, against: float | None = None, n_voxels: int = mask.size) -> None:
            ratio = "" if against is None else f"   {seconds / against:8.1f} times ours"
            print(f"  {label:44s}{seconds * 1e3:10.3f} ms {seconds / n_voxels * 1e9:10.2f} ns/voxel{ratio}")

        show("ours: kernel alone", best_seconds(kernel(mask), 25))
        measures = best_seconds(lambda mask=mask: mesh_measures(mask, SPACING_MM), 25)
        show("ours: area and volume", measures)
        show("ours: vertices and faces", best_seconds(lambda mask=mask: mesh(mask, SPACING_MM)))
        show("ours: diameters", best_seconds(lambda mask=mask: mesh_diameters(mask, SPACING_MM)))
        everything = best_seconds(lambda mask=mask: morphology(mask, SPACING_MM))
        show("ours: all twelve features", everything)
        if has_skimage:
            show("scikit-image: marching cubes and area", best_seconds(scikit_image(mask)), measures)
        if has_pyradiomics:
            show("pyradiomics C: area, volume and diameters", best_seconds(pyradiomics_c(mask), 1), everything)
            show("pyradiomics: all shape features", best_seconds(pyradiomics_shape(mask), 1), everything)


if __name__ == "__main__":
    main()
