"""What volumes cost: a mask takes little more memory than its file, and damage is told and not warned of."""

import gzip
import re
import subprocess
import sys
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
    labels = np.broadcast_to(np.repeat(np.arange(1, 41, dtype=np.uint8), 8)[:, None, None], (320, 256, 32))
    nibabel.save(nibabel.Nifti1Image(labels, np.eye(4)), tmp_path / "m.nii.gz")
    monkeypatch.setenv("RADIOTYPE_MAX_VOLUME_GB", "0.25")
    with pytest.raises(InputError, match=r"RT209: 40 masks of 2,621,440 voxels would take 0\.1 GB"):
        read_masks(tmp_path / "m.nii.gz")
    assert read_mask(tmp_path / "m.nii.gz", label=7).n_voxels == 8 * 256 * 32
    assert read_mask(tmp_path / "m.nii.gz", label="any").n_voxels == labels.size
    monkeypatch.setenv("RADIOTYPE_MAX_VOLUME_GB", "1")
    assert len(read_masks(tmp_path / "m.nii.gz")) == 40


def hundred_labels(shape=(256, 256, 100)):
    """Blocks of one number each, in a few slices."""
    labels = np.zeros(shape, dtype=np.uint8)
    for n in range(100):
        i, j, k = 25 * (n % 10), 25 * (n // 10), n % 97
        labels[i : i + 20, j : j + 20, k : k + 3] = n + 1
    return labels


PROGRAM = """
import resource, sys
from radiotype.io import read_masks
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
read_masks(sys.argv[1])
before = peak()
masks = read_masks(sys.argv[2])
print(len(masks), sum(mask.n_voxels for mask in masks), (peak() - before) * 1024)
"""


def test_a_hundred_labels_take_the_memory_of_the_slices_in_which_they_stand(tmp_path, monkeypatch):
    labels = hundred_labels()
    nibabel.save(nibabel.Nifti1Image(labels, np.eye(4)), tmp_path / "m.nii.gz")
    nibabel.save(nibabel.Nifti1Image(np.minimum(labels, 1), np.eye(4)), tmp_path / "one.nii.gz")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, tmp_path / "one.nii.gz", tmp_path / "m.nii.gz"],
        capture_output=True,
        text=True,
        check=True,
    )
    n, n_voxels, memory = (int(word) for word in done.stdout.split())
    assert (n, n_voxels) == (100, np.count_nonzero(labels))
    assert memory < 10 * labels.size < 100 * labels.size  # as arrays that are full it would be a hundred times their size
    assert all((mask.data == (labels == int(mask.label))).all() for mask in read_masks(tmp_path / "m.nii.gz"))
    monkeypatch.setenv("RADIOTYPE_MAX_VOLUME_GB", "0.05")
    with pytest.raises(InputError, match="RT209: 100 masks of 6,553,600 voxels"):
        read_masks(tmp_path / "m.nii.gz")


def test_empty_space_between_many_labels_does_not_come_for_nothing(tmp_path, monkeypatch):
    """Each label has a slice of its own; 400 masks are 10 GB that must be looked through."""
    labels = np.zeros((256, 256, 400), dtype=np.uint16)
    for n in range(400):
        labels[:9, :9, n] = n + 1
    nibabel.save(nibabel.Nifti1Image(labels, np.eye(4)), tmp_path / "m.nii.gz")
    monkeypatch.setenv("RADIOTYPE_MAX_VOLUME_GB", "0.5")
    with pytest.raises(InputError, match="RT209: 400 masks"):
        read_masks(tmp_path / "m.nii.gz")


def test_an_image_is_no_mask(tmp_path):
    noise = np.random.default_rng(0).integers(0, 200, (20, 20, 10)).astype(np.uint8)
    nibabel.save(nibabel.Nifti1Image(noise, np.eye(4)), tmp_path / "image.nii.gz")
    with pytest.raises(InputError, match=r"RT205: the file holds 199 different values and looks like an image"):
        read_masks(tmp_path / "image.nii.gz")
    blocks = np.kron(noise[:6, :6, :6], np.ones((4, 4, 1), dtype=np.uint8))
    nibabel.save(nibabel.Nifti1Image(blocks, np.eye(4)), tmp_path / "blocks.nii.gz")
    assert len(read_masks(tmp_path / "blocks.nii.gz")) == len(np.unique(blocks)) - 1 > 64


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
