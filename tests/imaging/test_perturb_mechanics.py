"""Edges of deformation: one voxel, plates, borders, cohorts; and what is refused."""

import pickle

import numpy as np
import pytest
from scipy import ndimage

from radiotype.core import Grid, Mask
from radiotype.core.case import Case, Region, RowKey
from radiotype.core.cohort import Cohort
from radiotype.errors import ComputeError, RecipeError
from radiotype.imaging.perturb import deform, deformed


def of(data, spacing_mm=(1.0, 1.0, 1.0)):
    return Mask(data, Grid(data.shape, np.diag([*spacing_mm, 1.0])))


def test_one_voxel_stays_a_region_near_where_it_was():
    data = np.zeros((41, 41, 41), dtype=bool)
    data[20, 20, 20] = True
    sizes = []
    for seed in range(300):
        found = np.argwhere(deform(of(data), amount_mm=2.0, smoothness_mm=10.0, seed=seed).data)
        assert np.linalg.norm(found.mean(axis=0) - 20) < 8  # the root mean square length is 3.5
        sizes.append(len(found))
    assert 1 <= np.mean(sizes) < 1.5  # no field is so weak at the voxel that it had to be made wild


def test_a_plate_of_one_voxel_bends_and_does_not_vanish():
    data = np.zeros((40, 40, 21), dtype=bool)
    data[8:32, 8:32, 10] = True
    volumes = []
    for seed in range(20):
        found = deform(of(data, (1.0, 1.0, 2.5)), amount_mm=1.25, smoothness_mm=6.25, seed=seed).data
        assert found.any(axis=2).sum() > 0.7 * data.sum()
        volumes.append(found.sum())
    assert np.mean(volumes) == pytest.approx(data.sum(), rel=0.1)


def test_a_cavity_and_a_second_part_remain():
    x = np.indices((50, 30, 30)) - np.array([14, 15, 15])[:, None, None, None]
    shell = (x**2).sum(axis=0)
    data = ((shell < 81) & (shell > 16)) | (((x - np.array([24, 0, 0])[:, None, None, None]) ** 2).sum(axis=0) < 16)
    found = deform(of(data), amount_mm=0.5, seed=2).data
    assert ndimage.label(found)[1] == 2
    assert ndimage.label(~found)[1] == 2


def test_outside_of_the_grid_there_is_no_region():
    full = of(np.ones((12, 12, 12), dtype=bool))
    found = deform(full, amount_mm=1.0, seed=4).data
    assert 0.5 < found.mean() < 1
    assert found[3:-3, 3:-3, 3:-3].all()
    corner = np.zeros((12, 12, 12), dtype=bool)
    corner[:4, :4, :4] = True
    whole = np.pad(corner, 12)
    kept = deform(of(whole), amount_mm=1.0, seed=4).data[12:-12, 12:-12, 12:-12]
    assert np.array_equal(deform(of(corner), amount_mm=1.0, seed=4).data, kept)


def test_a_region_displaced_out_of_the_scan_is_an_error():
    with pytest.raises(ComputeError) as caught:
        deform(of(np.ones((1, 1, 1), dtype=bool)), amount_mm=2.0, smoothness_mm=10.0, seed=0)
    assert caught.value.code == "RT305"
    assert "1 voxel" in caught.value.found
    assert "smaller amount" in caught.value.hint


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"amount_mm": -1.0}, "amount_mm is -1.0"),
        ({"amount_mm": float("nan")}, "amount_mm is nan"),
        ({"amount_mm": "1"}, "amount_mm is '1'"),
        ({"amount_mm": 1.0, "smoothness_mm": 0.0}, "smoothness_mm is 0.0"),
        ({"amount_mm": 1.0, "smoothness_mm": float("inf")}, "smoothness_mm is inf"),
        ({"amount_mm": 1.01}, "more than a fifth of smoothness_mm (5)"),
        ({"amount_mm": 1.0, "seed": None}, "seed is None"),
        ({"amount_mm": 1.0, "seed": -1}, "seed is -1"),
    ],
)
def test_what_cannot_be_is_refused(options, found):
    with pytest.raises(RecipeError) as caught:
        deform(of(np.ones((3, 3, 3), dtype=bool)), **({"seed": 1} | options))
    assert caught.value.code == "RT103"
    assert found in caught.value.found
    with pytest.raises(RecipeError):
        deformed(Cohort(()), **({"seed": 1} | options))


def test_the_hint_of_a_refused_amount_works():
    mask = of(np.pad(np.ones((9, 9, 9), dtype=bool), 9))
    with pytest.raises(RecipeError, match="fold") as caught:
        deform(mask, amount_mm=3.0, seed=1)
    assert "smoothness_mm=15" in caught.value.hint
    assert deform(mask, amount_mm=3.0, smoothness_mm=15, seed=1).n_voxels > 0


class Stored:
    """A file with two regions."""

    path = "masks.nii"

    def files(self):
        return (self.path,)

    def how(self):
        return {"label": "any"}

    def __call__(self, like):
        data = np.zeros((20, 20, 20), dtype=bool)
        data[6:14, 6:14, 6:14] = True
        return of(data), of(data)


def cohort(*names):
    regions = [(name, Region(RowKey(name, name, "1", "CT", "tumour"), lambda: None, Stored())) for name in names]
    return Cohort(tuple(Case(name, name, (region,)) for name, region in regions))


def test_a_deformed_region_can_be_sent_to_another_process():
    masks = next(deformed(cohort("a"), amount_mm=1.0, seed=3).regions()).masks
    sent = pickle.loads(pickle.dumps(masks))
    assert np.array_equal(sent(None)[1].data, masks(None)[1].data)


def read(cohort):
    return {region.key.case_id: [mask.data for mask in region.masks(None)] for region in cohort.regions()}


def test_every_region_of_a_cohort_gets_a_field_of_its_own():
    found = read(deformed(cohort("a", "b"), amount_mm=1.0, seed=3))
    masks = [*found["a"], *found["b"]]
    for n, one in enumerate(masks):
        assert all(np.any(one != other) for other in masks[:n])
    again = read(deformed(cohort("b"), amount_mm=1.0, seed=3))
    assert all(map(np.array_equal, again["b"], found["b"]))
    assert np.any(read(deformed(cohort("b"), amount_mm=1.0, seed=4))["b"][0] != found["b"][0])


def test_what_is_stored_of_a_deformed_mask_is_not_taken_for_the_mask():
    plain = cohort("a")
    ways = [
        next(one.regions()).masks.how()
        for one in (
            plain,
            deformed(plain, amount_mm=1.0, seed=3),
            deformed(plain, amount_mm=0.5, seed=3),
            deformed(plain, amount_mm=1.0, smoothness_mm=6, seed=3),
            deformed(plain, amount_mm=1.0, seed=4),
        )
    ]
    assert len({tuple(sorted(way.items())) for way in ways}) == 5
    assert all(way["label"] == "any" for way in ways)
    masks = next(deformed(plain, amount_mm=1.0, seed=3).regions()).masks
    assert (masks.path, masks.files()) == ("masks.nii", ("masks.nii",))
