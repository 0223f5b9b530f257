"""A mask takes little more memory than its file."""

import tracemalloc

import nibabel
import numpy as np
import pytest

from radiotype.errors import InputError
from radiotype.io import read_mask


def test_a_floating_point_mask_takes_little_more_memory_than_its_file(tmp_path):
    voxels = np.zeros((200, 200, 150), dtype=np.float32)
    voxels[50:100, 50:100, 50:100] = 3
    nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), tmp_path / "m.nii")
    tracemalloc.start()
    assert read_mask(tmp_path / "m.nii").label == "3"
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2.5 * voxels.nbytes
    voxels[0, 0, 0] = 1e30
    nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), tmp_path / "m.nii")
    with pytest.raises(InputError, match="RT205"):
        read_mask(tmp_path / "m.nii")
