"""DICOM series in a manifest: a folder or a file, with its phase, through the engine."""

import nibabel
import numpy as np

from radiotype.features import FeatureSettings
from radiotype.io import read_cohort
from radiotype.run.engine import describe_cohort


def test_folders_files_and_phases_of_a_manifest_are_described(maker, tmp_path):
    x = np.indices((12, 30, 30)) - np.array([6, 15, 15])[:, None, None, None]
    ball = (x[0] * 2.5) ** 2 + x[1] ** 2 + x[2] ** 2 < 100
    values = np.where(ball, 1060, 100).astype(np.int16)
    for phase in range(2):

        def mark(one, k, phase=phase):
            one.AcquisitionNumber, one.PixelSpacing = phase, [1, 1]

        maker.slices(values + 5 * phase, origin=(0, 0, 0), step=(0, 0, 2.5), edit=mark)
    affine = np.diag([-1.0, -1.0, 2.5, 1])
    nibabel.save(nibabel.Nifti1Image(ball.transpose(2, 1, 0).astype(np.uint8), affine), tmp_path / "mask.nii.gz")
    rows = ["case_id,image,mask,phase,modality"]
    rows += [
        "a,series,mask.nii.gz,0,",
        "b,series/0003.dcm,mask.nii.gz,1,CT",
        "c,series,mask.nii.gz,,",
        "d,series,mask.nii.gz,0,MR",
    ]
    (tmp_path / "manifest.csv").write_text("\n".join(rows))
    extraction = describe_cohort(read_cohort(tmp_path / "manifest.csv"), FeatureSettings(families=("morphology", "margin")))
    cases = extraction.cases().set_index("case_id")
    assert cases["code"].to_dict() == {"a": "", "b": "", "c": "RT212", "d": "RT208"}
    volumes = extraction.table.values["volume_mm3"]
    assert volumes.iloc[0] == volumes.iloc[1]
    assert abs(volumes.iloc[0] / (4 / 3 * np.pi * 1000) - 1) < 0.05
