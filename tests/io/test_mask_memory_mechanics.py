"""What volumes cost: a mask takes little more memory than its file, and damage is told and not warned of."""

import gzip
import re
import tracemalloc

import nibabel
import numpy as np
import pytest

from radiotype.errors import InputError
from radiotype.io import read_mask, read_masks, read_scan


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


def test_a_file_of_many_labels_that_would_fill_the_memory_is_refused_unless_one_is_named(tmp_path, monkeypatch):
    labels = np.broadcast_to(np.arange(1, 41, dtype=np.uint8), (256, 256, 40))
    nibabel.save(nibabel.Nifti1Image(labels, np.eye(4)), tmp_path / "m.nii.gz")
    monkeypatch.setenv("RADIOTYPE_MAX_VOLUME_GB", "0.25")
    with pytest.raises(InputError, match=r"RT209: 40 masks of 2,621,440 voxels would take 0\.1 GB"):
        read_masks(tmp_path / "m.nii.gz")
    assert read_mask(tmp_path / "m.nii.gz", label=7).n_voxels == 256 * 256
    assert read_mask(tmp_path / "m.nii.gz", label="any").n_voxels == labels.size
    monkeypatch.setenv("RADIOTYPE_MAX_VOLUME_GB", "1")
    assert len(read_masks(tmp_path / "m.nii.gz")) == 40


def test_a_damaged_stream_is_told_with_what_could_be_unpacked_and_padding_does_no_harm(tmp_path):
    voxels = np.random.default_rng(0).integers(0, 99, (40, 40, 20)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), tmp_path / "a.nii")
    packed = gzip.compress((tmp_path / "a.nii").read_bytes())
    (tmp_path / "padded.nii.gz").write_bytes(packed + b"left over")
    assert (read_scan(tmp_path / "padded.nii.gz").data == voxels).all()
    (tmp_path / "cut.nii.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(InputError, match="RT209") as caught:
        read_scan(tmp_path / "cut.nii.gz")
    unpacked = int(re.search(r"([\d,]+) could be unpacked", str(caught.value)).group(1).replace(",", ""))
    assert 10_000 < unpacked < voxels.nbytes


def test_an_infinite_placement_is_refused_without_a_warning(tmp_path):
    nibabel.save(nibabel.Nifti1Image(np.zeros((3, 3, 3), dtype=np.int16), np.eye(4)), tmp_path / "a.nii")
    data = bytearray((tmp_path / "a.nii").read_bytes())
    data[280:284] = np.float32(np.inf).tobytes()
    (tmp_path / "a.nii").write_bytes(bytes(data))
    with pytest.raises(InputError, match="RT207"):
        read_scan(tmp_path / "a.nii")
