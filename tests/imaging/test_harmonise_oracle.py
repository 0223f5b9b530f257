"""Harmonised scans: ratios as published maps have them, scales of the organ, a bias field that was put in."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from radiotype.core import Grid, Mask, Scan
from radiotype.core.case import Case, Region, RowKey
from radiotype.core.cohort import Cohort
from radiotype.errors import ComputeError
from radiotype.imaging.bias import bias_field
from radiotype.imaging.harmonise import Harmonisation, HarmonisedScan, enhancement_ratio, harmonised
from radiotype.io import read_mask, read_scan

GRID = Grid((40, 44, 30), np.diag([2.0, 2.0, 2.0, 1.0]))
POSITION = (np.indices(GRID.shape).T * 2.0 - [39.0, 43.0, 29.0]).T
BRAIN = (POSITION**2).sum(axis=0) < 26**2


class Held:
    """Reads what it holds."""

    def __init__(self, value):
        self.value, self.path = value, Path("held")

    def files(self):
        return ()

    def how(self):
        return {}

    def __call__(self, like=None):
        return self.value


def stripped(factor=1.0, noise=10.0):
    values = np.where(BRAIN, 300 + np.random.default_rng(3).normal(0, noise, GRID.shape), 0) * factor
    return Scan(values, GRID, "MR")


def whole(scan):
    return scan.box((0, 0, 0), scan.grid.shape)


def region(scan, parenchyma=None):
    key = RowKey("p", "c", "1", scan.modality, "tumour")
    return Region(key, Held(scan), Held((Mask(BRAIN, GRID),)), parenchyma, {"modality": scan.modality})


def of(one, done):
    """The row as it is harmonised."""
    return harmonised(Cohort((Case("c", "p", (one,)),)), done).cases[0].regions[0]


def test_the_ratio_is_that_of_a_published_map(shared):
    folder = shared / "data" / "imaging" / "mirp_breast_dce_nact_pilot" / "UCSF-BR-06"
    before, early, late = (whole(read_scan(folder / f"dce_phase{n}.nii.gz")).astype(np.float32) for n in range(3))
    published = read_scan(folder / "ser_map_ucsf.nii.gz")
    tumour = read_mask(folder / "tumour_ftv_mask_DERIVED_pe70.nii.gz").data
    known = tumour & (whole(published) > 0)
    found, expected = enhancement_ratio(before, early, late)[known], whole(published)[known]
    assert known.sum() > 20_000
    assert np.quantile(np.abs(found - expected), 0.95) < 0.01


def test_a_series_of_phases_becomes_a_map():
    pre = np.full((4, 4, 4), 100.0)
    series = Scan(np.stack([pre, pre * 2, pre * 3]), Grid((4, 4, 4), np.eye(4)), "MR", times_s=(0, 150, 450))
    found = HarmonisedScan(Held(series), Harmonisation(enhancement_ratio=True), "breast")()
    assert (found.modality, found.n_phases, found.remarks[-1][:24]) == ("SER", 1, "signal enhancement ratio")
    assert (found.data == 0.5).all()
    assert HarmonisedScan(Held(series), Harmonisation(intensity="z_score"), "breast")() is series


@pytest.mark.parametrize("factor", [1.0, 250.0])
def test_brains_have_one_scale(factor):
    values = whole(of(region(stripped(factor)), Harmonisation(intensity="z_score")).image())[BRAIN]
    assert (values.mean(), values.std()) == (pytest.approx(0, abs=1e-3), pytest.approx(1, abs=1e-3))
    done = Harmonisation(intensity="percentiles", percentiles=(10, 90))
    values = whole(of(region(stripped(factor)), done).image())[BRAIN]
    assert np.percentile(values, (10, 90)) == pytest.approx([0, 1], abs=1e-3)


def test_a_bias_field_that_was_put_in_is_taken_out():
    field = np.exp(0.35 * POSITION[0] / 26 + 0.15 * (POSITION[1] / 26) ** 2)
    plain = whole(stripped(noise=3.0))
    found = bias_field((plain * field).astype(np.float32), GRID.spacing_mm)
    left = (plain * field / found)[BRAIN]
    assert (plain * field)[BRAIN].std() / (plain * field)[BRAIN].mean() > 0.12
    assert left.std() / left.mean() < 0.03
    assert np.log(found[BRAIN]).mean() == pytest.approx(0, abs=0.02)


def test_no_bias_field_is_told_of_values_of_both_signs_but_of_slight_undershoots():
    values = whole(stripped()).astype(np.float32)
    standardised = ((values - values[BRAIN].mean()) / values[BRAIN].std() * BRAIN).astype(np.float32)
    with pytest.raises(ComputeError, match="RT305"):
        bias_field(standardised, GRID.spacing_mm)
    assert bias_field(values - np.float32(2), GRID.spacing_mm).min() > 0


def test_a_brain_that_is_doubtful_gives_no_scale(monkeypatch):
    from radiotype.imaging import harmonise
    from radiotype.imaging.parenchyma.found import Organ

    one = of(region(stripped()), Harmonisation(intensity="z_score"))
    doubtful = Organ(np.ones(GRID.shape, dtype=bool), "histogram and shape", ("a brain of 3 l",))
    monkeypatch.setattr(harmonise, "find_brain", lambda _: doubtful)
    with pytest.raises(ComputeError, match=r"(?s)RT311.*scale of the brain cannot be told: a brain of 3 l"):
        whole(one.image())


def test_ct_keeps_its_numbers_and_a_default_changes_nothing():
    scan = replace(stripped(), modality="CT", unit="HU")
    cohort = Cohort((Case("c", "p", (region(scan),)),))
    assert harmonised(cohort, Harmonisation()) is cohort
    assert of(region(scan), Harmonisation(bias_field=True, intensity="z_score")).image() is scan
    finer = of(region(scan), Harmonisation(intensity="z_score", spacing_mm=1.0))
    assert np.percentile(whole(finer.image()), 99) == pytest.approx(np.percentile(whole(scan), 99), rel=0.03)


def test_mr_of_another_organ_is_not_scaled_by_a_brain_it_does_not_show():
    scan = stripped()
    cohort = Cohort((Case("c", "p", (region(scan),)),))
    for organ, mean in (("brain", 0), (None, 0), ("lung", 300), ("", 300)):
        one = harmonised(cohort, Harmonisation(intensity="z_score"), lambda _, organ=organ: organ).cases[0].regions[0]
        assert whole(one.image())[BRAIN].mean() == pytest.approx(mean, abs=0.5)
        said = "standardised within the brain" if organ in ("brain", None) else "intensity as stored: neither brain nor breast"
        assert one.image().remarks == (said,)


def test_masks_and_scan_come_to_one_grid():
    one = of(region(stripped(), parenchyma=Held((Mask(~BRAIN, GRID),))), Harmonisation(spacing_mm=1.5))
    scan = one.image()
    assert scan.grid.spacing_mm == pytest.approx((1.5, 1.5, 1.5))
    for loader, expected in ((one.masks, BRAIN), (one.parenchyma, ~BRAIN)):
        (mask,) = loader(scan)
        assert mask.grid.same_as(scan.grid)
        assert mask.volume_mm3 == pytest.approx(expected.sum() * 8, rel=0.05)
    assert one.image.how()["harmonised"] != of(region(stripped()), Harmonisation(spacing_mm=2.5)).image.how()["harmonised"]


def test_deepbet_is_called_where_it_is_installed(tmp_path, monkeypatch):
    from radiotype.errors import RecipeError
    from radiotype.imaging.parenchyma import find_parenchyma

    scan = Scan(whole(stripped()) + np.random.default_rng(0).random(GRID.shape), GRID, "MR")
    tumour = Mask((POSITION**2).sum(axis=0) < 36, GRID)
    with pytest.raises(RecipeError, match="deepbet is not installed"):
        find_parenchyma(scan, tumour, brain="deepbet")
    (tmp_path / "deepbet").mkdir()
    (tmp_path / "deepbet" / "__init__.py").write_text(
        "import nibabel\n"
        "def run_bet(images, brains, masks, volumes, threshold=0.5, n_dilate=0, no_gpu=False):\n"
        "    image = nibabel.load(images[0])\n"
        "    mask = (image.get_fdata() > 150).astype('uint8')\n"
        "    nibabel.save(nibabel.Nifti1Image(mask, image.affine), masks[0])\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    found = find_parenchyma(scan, tumour, brain="deepbet")
    del sys.modules["deepbet"]
    assert found.method == "deepbet"
    assert (found.mask.data == BRAIN).all()
