"""The organ tissue that is found is that which was simulated."""

import numpy as np
import pytest
from parenchyma_phantoms import HALF_MM, dice, phantom, ring

from radiotype.core import Grid, Mask, Scan
from radiotype.errors import ComputeError
from radiotype.imaging.parenchyma import find_parenchyma
from radiotype.imaging.parenchyma.breast import chest_wall
from radiotype.imaging.parenchyma.working import working_scan


@pytest.mark.parametrize("organ", ["lung", "brain", "breast"])
@pytest.mark.parametrize(("seed", "spacing"), [(1, (1.33, 1.33, 1.33)), (2, (0.9, 0.9, 2.0)), (3, (1.5, 1.5, 3.0))])
def test_the_simulated_tissue_is_found(organ, seed, spacing):
    scan, tumour, truth = phantom(organ, seed, spacing)
    found = find_parenchyma(scan, tumour, organ=organ)
    near = ring(tumour)
    assert dice(found.mask.data, truth) >= 0.93
    assert dice(found.mask.data & near, truth & near) >= 0.98
    assert (found.mask.data | ~tumour.data).all()
    assert found.organ == organ
    assert (found.doubts == ()) == ("no fat was told apart" not in found.remarks)


def test_vessels_are_lung_and_the_air_around_the_patient_is_not():
    grid = Grid((90, 90, 50), np.diag([2.0, 2.0, 2.0, 1.0]))
    x, y, z = (np.indices(grid.shape).reshape(3, -1).T * 2.0 - [89, 89, 49]).T.reshape(3, *grid.shape)
    body = (x / 85) ** 2 + (y / 70) ** 2 < 1
    lungs = ((np.abs(x) - 38) / 26) ** 2 + (y / 40) ** 2 + (z / 42) ** 2 < 1
    vessels = lungs & (np.abs(y - 10) < 4) & (np.abs(z) < 6)
    tumour = (x - 40) ** 2 + (y + 10) ** 2 + z**2 < 100
    trachea = (x**2 + (y + 30) ** 2 < 49) & ~lungs
    values = np.where(body, 40.0, -1000.0)
    values[lungs] = -850
    values[vessels | tumour] = 60
    values[trachea] = -1000
    found = find_parenchyma(Scan(values, grid, "CT"), Mask(tumour, grid))
    assert dice(found.mask.data, lungs) > 0.99
    inner = ((np.abs(x) - 38) / 23) ** 2 + (y / 37) ** 2 + (z / 39) ** 2 < 1
    assert found.mask.data[vessels & inner].all()
    assert not (found.mask.data & (trachea | ~body)).any()


def test_lungs_that_are_one_with_the_air_outside_are_found():
    """A scan from the head on: the airways are open from the mouth to the lungs."""
    grid = Grid((90, 90, 90), np.diag([2.0, 2.0, 2.0, 1.0]))
    x, y, z = (np.indices(grid.shape).reshape(3, -1).T * 2.0 - [89, 89, 49]).T.reshape(3, *grid.shape)
    body = (x / 85) ** 2 + (y / 70) ** 2 < 1
    lungs = ((np.abs(x) - 38) / 26) ** 2 + (y / 40) ** 2 + (z / 42) ** 2 < 1
    tumour = (x - 40) ** 2 + (y + 10) ** 2 + z**2 < 100
    airway = (x**2 + y**2 < 25) & (z > -4) | (np.abs(x) < 30) & (np.abs(y) < 4) & (np.abs(z) < 4)
    mouth = (np.abs(x) < 8) & (y < 0) & (z > 90) & (z < 110)
    bowel = (x**2 + (y + 30) ** 2 < 100) & (z < -30)
    values = np.where(body & ~airway & ~mouth, 40.0, -1000.0)
    values[lungs] = -850
    values[bowel] = -900
    values[tumour] = 60
    found = find_parenchyma(Scan(values, grid, "CT"), Mask(tumour, grid))
    assert dice(found.mask.data, lungs) > 0.95
    assert not (found.mask.data & (mouth | ~body)).any()


def test_a_volume_that_no_lungs_have_is_doubtful_in_a_part_of_a_scan_too():
    grid = Grid((60, 60, 60), np.diag([4.0, 4.0, 4.0, 1.0]))
    tumour = ((np.indices(grid.shape) - 30) ** 2).sum(axis=0) < 16
    found = find_parenchyma(Scan(np.where(tumour, 40.0, -800.0), grid, "CT"), Mask(tumour, grid))
    assert [doubt[:9] for doubt in found.doubts] == ["lungs of "]


@pytest.mark.parametrize("organ", ["lung", "brain", "breast"])
@pytest.mark.parametrize("value", [np.nan, 0.0, -3.0])
def test_a_scan_of_one_value_holds_no_organ(organ, value):
    grid = Grid((30, 30, 30), np.diag([4.0, 4.0, 4.0, 1.0]))
    tumour = ((np.indices(grid.shape) - 15) ** 2).sum(axis=0) < 16
    scan = Scan(np.full(grid.shape, value), grid, "CT" if organ == "lung" else "MR")
    with pytest.raises(ComputeError, match=r"RT311|RT303"):
        find_parenchyma(scan, Mask(tumour, grid), organ=organ)


def test_a_skull_stripped_brain_is_taken_as_it_is():
    scan, tumour, _ = phantom("brain", 5, (2.0, 2.0, 2.0))
    position = (np.indices(scan.grid.shape).T * 2.0 - HALF_MM).T
    brain = (position**2).sum(axis=0) < 36**2
    found = find_parenchyma(Scan(np.where(brain, scan.data, 0), scan.grid, "MR"), Mask(tumour.data & brain, scan.grid))
    assert found.method == "background of a skull-stripped scan"
    assert (found.mask.data == brain).all()
    assert any("a brain of" in doubt for doubt in found.doubts)  # 195 ml


@pytest.mark.parametrize(("fat", "gland", "tumour"), [(100.0, 300.0, 340.0), (400.0, 150.0, 120.0)])
def test_gland_is_told_from_fat_with_and_without_fat_suppression(fat, gland, tumour):
    grid = Grid((60, 60, 40), np.diag([2.0, 2.0, 2.0, 1.0]))
    position = (np.indices(grid.shape).T * 2.0 - [59.0, 59.0, 39.0]).T
    distance = np.sqrt((position**2).sum(axis=0))
    ball = np.sqrt(((position.T - [8.0, 0.0, 0.0]) ** 2).sum(axis=-1).T) < 7
    values = np.where(distance < 22, gland, np.where(distance < 50, fat, 4.0))
    values[ball] = tumour
    values *= np.exp(0.3 * position[0] / 50)  # a coil on one side
    values += np.random.default_rng(0).normal(0, 2, values.shape)
    found = find_parenchyma(Scan(np.abs(values), grid, "MR"), Mask(ball, grid), organ="breast")
    assert dice(found.mask.data, distance < 22) > 0.95


def test_the_chest_wall_lies_as_deep_as_the_lowest_point_between_the_breasts():
    grid = Grid((120, 70, 8), np.diag([2.5, 2.0, 4.0, 1.0]))
    x, y, _ = np.indices(grid.shape) * np.array([2.5, 2.0, 4.0])[:, None, None, None]
    front = 60 - 45 * (np.exp(-(((x - 80) / 30) ** 2)) + np.exp(-(((x - 220) / 30) ** 2)))
    body = y > front
    near, deep = (x - 80) ** 2 + (y - 40) ** 2 < 100, (x - 80) ** 2 + (y - 90) ** 2 < 100
    lowest_mm = front[(x > 80) & (x < 220)].max()
    for tumour, wall_mm in ((near, lowest_mm), (deep, 100.0)):
        wall = chest_wall(body, working_scan(Scan(body.astype(float), grid, "MR"), Mask(tumour, grid)))
        assert wall * 2.0 == pytest.approx(wall_mm, abs=3)
