"""How a scan is stored does not decide what is found in it."""

import numpy as np
import pytest
from parenchyma_phantoms import dice, phantom, turned

from radiotype.core import Grid, Mask, Scan
from radiotype.imaging.parenchyma import find_parenchyma


@pytest.mark.parametrize("organ", ["lung", "brain", "breast"])
@pytest.mark.parametrize(("order", "flips"), [((0, 1, 2), (1, 1, 0)), ((2, 0, 1), (0, 1, 1))])
def test_flipped_and_turned_arrays_give_the_same_voxels(organ, order, flips):
    scan, tumour, _ = phantom(organ, 6, (0.95, 1.6, 2.4))  # merged along one axis, whose blocks begin at one end
    found = find_parenchyma(scan, tumour, organ=organ)
    other_scan, other_tumour, of = turned(scan, tumour, order, flips)
    other = find_parenchyma(other_scan, other_tumour, organ=organ)
    assert (other.mask.data == of(found.mask.data)).all()
    assert other.sentence == found.sentence


@pytest.mark.parametrize("organ", ["brain", "breast"])
def test_another_unit_of_intensity_gives_the_same_tissue(organ):
    scan, tumour, _ = phantom(organ, 7, (1.6, 1.6, 2.0))
    found, other = (
        find_parenchyma(Scan(scan.data * factor, scan.grid, scan.modality), tumour, organ=organ) for factor in (1.0, 37.0)
    )
    assert dice(found.mask.data, other.mask.data) > 0.995


@pytest.mark.parametrize("organ", ["lung", "brain", "breast"])
def test_a_coarser_scan_of_the_same_patient_gives_the_same_tissue(organ):
    scan, tumour, _ = phantom(organ, 9, (1.0, 1.0, 1.0))
    grid = Grid(scan.grid.shape, scan.grid.affine)
    coarse, n = np.diag([2.0, 2.0, 2.0, 1.0]), [size // 2 * 2 for size in grid.shape]
    coarse[:3, 3] = 0.5
    blocks = scan.data[: n[0], : n[1], : n[2]].reshape(n[0] // 2, 2, n[1] // 2, 2, n[2] // 2, 2).mean(axis=(1, 3, 5))
    half = Grid(blocks.shape, coarse)
    drawn = tumour.data[: n[0] : 2, : n[1] : 2, : n[2] : 2]
    fine = find_parenchyma(scan, tumour, organ=organ).mask.data[: n[0], : n[1], : n[2]]
    found = find_parenchyma(Scan(blocks, half, scan.modality), Mask(drawn, half), organ=organ).mask.data
    assert dice(np.kron(found, np.ones((2, 2, 2), dtype=bool)), fine) > 0.98


@pytest.mark.parametrize("organ", ["brain", "breast"])
def test_standardised_values_give_the_same_tissue(organ):
    scan, tumour, _ = phantom(organ, 2, (2.0, 2.0, 2.0))
    plain = Scan(scan.data, scan.grid, "MR")
    middle, unit = float(np.median(scan.data)), float(scan.data.std())
    standardised = Scan((scan.data - middle) / unit, scan.grid, "MR")
    found, again = (find_parenchyma(one, tumour, organ=organ).mask.data for one in (plain, standardised))
    assert dice(found, again) > 0.97


def test_a_brain_is_stripped_whatever_its_background_holds():
    scan, tumour, _ = phantom("brain", 5, (2.0, 2.0, 2.0))
    brain = ((np.indices(scan.grid.shape) - 20) ** 2).sum(axis=0) < 18**2
    found = [
        find_parenchyma(Scan(np.where(brain, scan.data, value), scan.grid, "MR"), Mask(tumour.data & brain, scan.grid))
        for value in (0.0, -7.0, np.nan)
    ]
    assert {one.method for one in found} == {"background of a skull-stripped scan"}
    assert all((one.mask.data == found[0].mask.data).all() for one in found)
