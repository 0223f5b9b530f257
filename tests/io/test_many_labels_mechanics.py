"""A file of many labels is read once, and no label takes another pass over the whole volume."""

import numpy as np
from nibabel import Nifti1Image, save

from radiotype.io import masks, read_masks


def test_each_label_is_looked_for_in_its_own_slices_only(tmp_path, monkeypatch) -> None:
    stored = np.zeros((9, 8, 60), dtype=np.uint8)
    for label in range(1, 21):
        stored[label % 7 : label % 7 + 2, 3:6, 3 * label - 3 : 3 * label] = label
    save(Nifti1Image(stored, np.eye(4)), tmp_path / "labels.nii.gz")
    looked_at = []
    slice_of = masks._Numbers._slice
    monkeypatch.setattr(masks._Numbers, "_slice", lambda self, k: looked_at.append(k) or slice_of(self, k))
    found = read_masks(tmp_path / "labels.nii.gz")
    assert len(looked_at) == 60 + 20 * 3
    assert [mask.label for mask in found] == [str(label) for label in range(1, 21)]
    for label, mask in enumerate(found, 1):
        assert (mask.data == (stored == label)).all()
        assert mask.box == ((label % 7, 3, 3 * label - 3), (label % 7 + 2, 6, 3 * label))
