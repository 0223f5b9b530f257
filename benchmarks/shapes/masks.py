"""The real masks that the shape of tumours is tried on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

import radiotype
from radiotype import Grid, Mask

SHARED = Path(os.environ.get("RADIOTYPE_SHARED", Path(__file__).resolve().parents[3] / "shared"))

#: The masks of the golden tumours are there upsampled by this.
GOLDEN_FACTOR = 4


class Case(NamedTuple):
    """A mask by its collection and name, and how it is read."""

    collection: str
    name: str
    read: Callable[[], Mask]


class _FromFile(NamedTuple):
    path: Path
    label: int | str | None = None

    def __call__(self) -> Mask:
        return radiotype.read_mask(self.path, label=self.label)


class Golden(NamedTuple):
    """One of the two lung tumours that came with the published program."""

    name: str

    def arrays(self) -> dict[str, np.ndarray]:
        """Every intermediate result of that program."""
        with np.load(SHARED / "golden" / "spharm" / f"{self.name}.npz") as file:
            return {key: file[key] for key in file.files}

    def __call__(self) -> Mask:
        arrays = self.arrays()
        voxels = np.ascontiguousarray(arrays["mask_upsampled"][(slice(None, None, GOLDEN_FACTOR),) * 3])
        return Mask(voxels, Grid(voxels.shape, np.diag([*(arrays["spacing_mm"] * GOLDEN_FACTOR), 1.0])))


GOLDEN = (Golden("lung_001"), Golden("lung_003"))


def cases(every: int = 1) -> list[Case]:
    """All masks; of a collection of many, each n-th."""
    data = SHARED / "data" / "imaging"
    if not data.is_dir():
        raise SystemExit(f"needs the shared data folder, which is not at {SHARED.name}; set RADIOTYPE_SHARED")
    found: list[Case] = []
    for collection in (_nodules(data), _sarcomas(data)):
        found += list(collection)[::every]
    return found + list(_few(data))


def _nodules(data: Path) -> Iterator[Case]:
    for path in sorted((data / "lidc_pylidc_multirater" / "masks").glob("*.nii.gz")):
        yield Case("LIDC nodules", path.name.removesuffix(".nii.gz").removeprefix("LIDC-IDRI-"), _FromFile(path))


def _sarcomas(data: Path) -> Iterator[Case]:
    found = (data / "ibsi_validation_sts51" / "nifti").glob("*/*_mask.nii.gz")
    for path in sorted(found, key=lambda path: (path.name, path.parent.name)):  # each n-th comes from every kind of scan
        scan = path.name.removesuffix("_mask.nii.gz")
        yield Case(f"sarcomas, {scan.removesuffix('_T1')} grid", f"{path.parent.name}-{scan}", _FromFile(path))


def _few(data: Path) -> Iterator[Case]:
    labels = data / "pyradiomics_sdist"
    for name in ("brain1", "brain2"):
        yield Case("brain", name, _FromFile(labels / f"{name}_label.nrrd"))
    glioblastoma = data / "upenn_gbm_00002" / "seg.nii.gz"
    for label in (1, 2, 4, "any"):
        yield Case("glioblastoma, by label", f"UPENN-GBM-00002-{label}", _FromFile(glioblastoma, label))
    yield Case("breast", "breast1", _FromFile(labels / "breast1_label.nrrd"))
    for path in sorted((data / "breastdcedl_ispy2_masks").glob("*_mask.nii.gz")):
        yield Case("breast", path.name.split("_")[0], _FromFile(path))
    derived = data / "mirp_breast_dce_nact_pilot" / "UCSF-BR-06" / "tumour_ftv_mask_DERIVED_pe70.nii.gz"
    yield Case("breast", "UCSF-BR-06", _FromFile(derived))
    lung = data / "4d_lung_113"
    yield Case("lung", "lung1", _FromFile(labels / "lung1_label.nrrd"))
    yield Case("lung", "4DLUNG-113", _FromFile(lung / "Tumor_c40_mask.nii.gz"))
    yield Case("lung", "4DLUNG-113-node", _FromFile(lung / "LN_c40_mask.nii.gz"))
    for golden in GOLDEN:
        yield Case("lung, published example", golden.name, golden)
