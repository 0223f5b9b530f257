"""The modality of a region is that of the scan that was measured, whatever the manifest says or leaves open."""

import sys
from pathlib import Path

import nibabel
import numpy as np

from radiotype.features import FeatureSettings
from radiotype.imaging.harmonise import Harmonisation, harmonised
from radiotype.io import read_cohort
from radiotype.run.engine import describe_cohort
from radiotype.run.store import RunFolder

SETTINGS = FeatureSettings(families=("morphology",))
SHAPE = (16, 16, 12)
TUMOUR = ((np.indices(SHAPE).T - [8, 8, 6]) ** 2).sum(axis=-1).T < 12


def write_manifest(folder, *lines):
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_cohort(folder / "manifest.csv")


def test_a_dicom_series_says_what_it_is_and_a_scan_that_cannot_be_read_is_what_the_manifest_says(tmp_path):
    sys.path.insert(0, str(Path(__file__).parents[1] / "io"))
    from hospital import write_series

    write_series(tmp_path / "series", np.where(TUMOUR, 40, -800).astype(np.int16), modality="MR")
    nibabel.save(nibabel.Nifti1Image(TUMOUR.astype(np.uint8), np.diag([-2.0, -2.0, 3.0, 1.0])), tmp_path / "mask.nii")
    cohort = write_manifest(
        tmp_path, "case_id,image,mask,modality", "a,series,mask.nii,", "b,none,mask.nii,", "c,none,mask.nii,PT"
    )
    found = describe_cohort(cohort, SETTINGS)
    assert found.cases()[["status", "modality"]].to_numpy().tolist() == [["ok", "MR"], ["failed", "OT"], ["failed", "PT"]]
    assert found.modality().tolist() == ["MR"]


def test_phases_that_became_a_map_are_a_map_now_and_when_they_come_from_the_store(tmp_path):
    phases = np.stack([np.full(SHAPE, 100.0), 100 + 90.0 * TUMOUR, 100 + 120.0 * TUMOUR], axis=-1)
    nibabel.save(nibabel.Nifti1Image(phases.astype(np.float32), np.eye(4)), tmp_path / "phases.nii")
    nibabel.save(nibabel.Nifti1Image(TUMOUR.astype(np.uint8), np.eye(4)), tmp_path / "mask.nii")
    cohort = write_manifest(tmp_path, "case_id,image,mask,modality", "a,phases.nii,mask.nii,MR")
    maps = harmonised(cohort, Harmonisation(enhancement_ratio=True), lambda _: "breast")
    folder = RunFolder.create(tmp_path / "run")
    first, again = (describe_cohort(maps, SETTINGS, folder=folder) for _ in range(2))
    assert (first.n_stored, again.n_stored) == (0, 1)
    assert first.modality().tolist() == again.modality().tolist() == ["SER"]
