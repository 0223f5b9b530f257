"""Volumes of a stated size on disk, and the memory that describing one row of them takes, in a process of its own."""

import gzip
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np

from radiotype.run.cluster import CONFIGURATION

TINY = 12


def filled(shape, dtype, rng=None):
    """Voxels with their slices one after another in memory, as files have them; noise where `rng` is given."""
    voxels = np.empty(shape[::-1], dtype=dtype)
    for plane in voxels:
        plane[:] = -800 if rng is None else rng.normal(-800, 40, plane.shape)
    return voxels.transpose(2, 1, 0)


def ball(shape, spacing, radius_mm, dtype=np.uint8, labels=1):
    """A ball in the middle, cut into slabs of labels 1, 2 and so on."""
    voxels = np.zeros(shape[::-1], dtype=dtype).transpose(2, 1, 0)
    middle = [(n - 1) / 2 for n in shape]
    i, j = np.ogrid[: shape[0], : shape[1]]
    for k in range(shape[2]):
        r2 = ((i - middle[0]) * spacing[0]) ** 2 + ((j - middle[1]) * spacing[1]) ** 2 + ((k - middle[2]) * spacing[2]) ** 2
        voxels[:, :, k] = np.where(r2 < radius_mm**2, 1 + (i * 0 + j) * labels // shape[1], 0)
    return voxels


def write(path, voxels, spacing=(1.0, 1.0, 1.0)):
    """A volume as NIfTI, NRRD or MHA; returns its path."""
    suffix = "".join(path.suffixes)
    if suffix.startswith(".nii"):
        affine = np.diag([-spacing[0], -spacing[1], spacing[2], 1.0])
        header = nibabel.Nifti1Image(voxels if voxels.ndim == 3 else np.moveaxis(voxels, 0, 3), affine)
        if suffix == ".nii":
            nibabel.save(header, path)
        else:
            with gzip.open(path, "wb", compresslevel=1) as file:
                header.to_stream(file)
        return path
    import SimpleITK

    image = SimpleITK.GetImageFromArray(voxels.transpose(2, 1, 0))
    image.SetSpacing(spacing)
    SimpleITK.WriteImage(image, str(path), useCompression=True, compressionLevel=1)
    return path


def measured(
    *, image, mask, modality="CT", phase=None, label=None, roi=None, parenchyma=None,
    parts=("morphology", "margin"), limit=None, settings=None, find=None, harmonise=None,
):  # fmt: skip
    """Peak and estimates of one row, bytes, and how it ended; the libraries are loaded before, the allocator is as in workers.

    `limit` is what the process may hold in all; without one nothing is refused.
    """
    row = {"image": image, "mask": mask, "modality": modality, "phase": phase, "label": label, "roi": roi}
    row |= {"parenchyma": parenchyma, "parts": parts, "limit": limit, "settings": settings or {}}
    row |= {"find": find, "harmonise": harmonise}
    done = subprocess.run(
        [sys.executable, __file__, json.dumps(row, default=str)],
        env=os.environ | CONFIGURATION["distributed.nanny.pre-spawn-environ"],
        check=True, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    return json.loads(done.stdout)


def _row(row):
    from radiotype.core.case import Case, Region, RowKey
    from radiotype.core.cohort import Cohort
    from radiotype.imaging.harmonise import Harmonisation, harmonised
    from radiotype.imaging.parenchyma import with_parenchyma
    from radiotype.io.tables import MaskFile, ScanFile
    from radiotype.run.worker import Row

    parenchyma = None if row["parenchyma"] is None else MaskFile(Path(row["parenchyma"]), "any")
    image = ScanFile(Path(row["image"]), row["modality"], row["phase"])
    region = Region(RowKey("p", "c", "", "", ""), image, MaskFile(Path(row["mask"]), row["label"], roi=row["roi"]), parenchyma)
    region = replace(region, attributes={"modality": row["modality"]})
    cohort = Cohort((Case("c", "p", (region,)),))
    if row["find"] is not None:
        cohort = with_parenchyma(cohort, lambda _: row["find"])
    cohort = harmonised(cohort, Harmonisation(**(row["harmonise"] or {})), lambda _: row["find"])
    return Row(cohort.cases[0].regions[0], tuple(row["parts"]))


def _status(name):
    with Path("/proc/self/status").open(encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(name + ":"))


def _measure(row):
    from radiotype.features import FeatureSettings
    from radiotype.run import worker
    from radiotype.run.worker import Task, describe_rows

    with tempfile.TemporaryDirectory() as folder:  # load what is loaded late
        tiny = [write(Path(folder, name), ball((TINY,) * 3, (1, 1, 1), 4, np.int16)) for name in ("i.nii.gz", "m.nii.gz")]
        plain = _row({**row, "image": tiny[0], "mask": tiny[1], "phase": None, "label": None, "roi": None, "parenchyma": None})
        describe_rows(Task((plain,), plain.missing, FeatureSettings(**row["settings"])))
    estimates = []
    require = worker.require_memory

    def watched(needed, *others):
        estimates.append(_status("VmRSS") - before + needed)
        if row["limit"] is not None:
            require(needed, *others)

    worker.require_memory = watched
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = _status("VmRSS")
    settings = FeatureSettings(**row["settings"])
    (result,) = describe_rows(Task((_row(row),), tuple(row["parts"]), settings, memory_bytes=row["limit"]))
    peak = _status("VmHWM") - before
    failure = result.failure or next((one.failure for part in result.parts.values() for one in part if one.failure), None)
    return {"peak": peak, "estimates": estimates, "failure": failure and failure.code, "before": before}


if __name__ == "__main__":
    print(json.dumps(_measure(json.loads(sys.argv[1]))))
