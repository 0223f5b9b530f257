"""Margin features of phantoms whose histograms are known."""

import math

import numpy as np
import pytest

from radiotype.core import Grid, Mask, Scan
from radiotype.features import FeatureSettings, MarginSettings, describe, margin_regions
from radiotype.imaging.margins import margin_labels

CORE, RIM, NEAR, FAR = 30.0, 90.0, -500.0, -800.0  # HU, each in the middle of another bin of 15 HU


def layered(spacing=(1.0, 1.0, 1.0), size=61, tumour_mm=15.0):
    """A ball of two shells in a two-layered background; the shells meet at half the radius."""
    grid = Grid((size, size, size), np.diag([*spacing, 1.0]))
    radius = np.sqrt(sum(((np.indices(grid.shape)[a] - size // 2) * spacing[a]) ** 2 for a in range(3)))
    tumour = radius <= tumour_mm
    image = np.select([radius <= tumour_mm / 2, tumour, radius <= tumour_mm + 5], [CORE, RIM, NEAR], FAR)
    return Scan(image.astype(np.int16), grid, "CT"), Mask(tumour, grid), Mask(np.ones(grid.shape, dtype=bool), grid)


def test_a_layered_ball_gives_the_distances_of_its_layers():
    scan, tumour, everywhere = layered()
    values = describe(scan, tumour, ["margin"], parenchyma=everywhere).values
    # the tumour's layers share no bin with what lies outside
    for inner in ("core", "invasive"):
        for ring in ("parenchymal_5mm", "parenchymal_10mm"):
            assert values[f"margin_{inner}_vs_{ring}_intersection"] == 0
            assert values[f"margin_{inner}_vs_{ring}_bhattacharyya"] == 1
    # the ring of 10 mm is made of both background layers; its share of the near one follows from counting voxels
    ring = describe(scan, tumour, ["margin"], parenchyma=everywhere).flags
    near = ring["margin_voxels_parenchymal_5mm"] / ring["margin_voxels_parenchymal_10mm"]
    core = 1.0  # the core is one value, so chi-square against the 10 mm ring is (1 - 0)^2 / 1
    assert values["margin_core_vs_parenchymal_10mm_chi_square"] == pytest.approx(core, rel=1e-12)
    n = 100
    a, b = np.zeros(n), np.zeros(n)
    a[0], b[1], b[2] = 1.0, near, 1 - near
    expected = np.corrcoef(a, b)[0, 1]
    assert values["margin_core_vs_parenchymal_10mm_correlation"] == pytest.approx(expected, abs=2e-3)


def test_a_mixture_of_two_values_gives_the_closed_form():
    grid = Grid((30, 30, 30), np.eye(4))
    tumour = np.zeros(grid.shape, dtype=bool)
    tumour[10:20, 10:20, 10:20] = True
    stripes = np.where(np.indices(grid.shape)[0] % 2 == 0, CORE, RIM)  # half and half, everywhere
    background = np.where(np.indices(grid.shape)[0] % 2 == 0, CORE, FAR)
    scan = Scan(np.where(tumour, stripes, background).astype(np.float32), grid, "CT")
    values = describe(scan, Mask(tumour, grid), ["margin"], parenchyma=Mask(np.ones(grid.shape, dtype=bool), grid)).values
    p = 0.5
    assert values["margin_core_vs_invasive_intersection"] == pytest.approx(1.0, abs=1e-12)
    assert values["margin_core_vs_parenchymal_5mm_intersection"] == pytest.approx(p, abs=1e-12)
    assert values["margin_core_vs_parenchymal_5mm_bhattacharyya"] == pytest.approx(math.sqrt(1 - p), abs=1e-12)
    assert values["margin_core_vs_parenchymal_5mm_chi_square"] == pytest.approx(p, abs=1e-12)


def test_resampling_to_one_millimetre_leaves_a_layered_ball_as_it_is():
    fine = describe(*layered()[:2], ["margin"], parenchyma=layered()[2])
    coarse_scan, coarse_tumour, coarse_all = layered(spacing=(0.5, 0.5, 0.5), size=121)
    coarse = describe(coarse_scan, coarse_tumour, ["margin"], parenchyma=coarse_all)
    for name, value in fine.values.items():
        if name.endswith("_intersection"):
            assert coarse.values[name] == pytest.approx(value, abs=0.03), name


def test_percentile_range_ignores_scale_and_shift_of_an_arbitrary_unit():
    rng = np.random.default_rng(5)
    grid = Grid((32, 32, 32), np.eye(4))
    radius = np.sqrt(((np.indices(grid.shape) - 16) ** 2).sum(axis=0))
    tumour = Mask(radius < 7, grid)
    image = 300 + 400 * (radius < 7) + rng.normal(0, 40, grid.shape)
    everywhere = Mask(np.ones(grid.shape, dtype=bool), grid)
    one = describe(Scan(image, grid, "MR"), tumour, ["margin"], parenchyma=everywhere).values
    two = describe(Scan(image * 8 + 64, grid, "MR"), tumour, ["margin"], parenchyma=everywhere).values
    assert list(two.values()) == pytest.approx(list(one.values()), rel=1e-9)


def test_authors_code_is_an_option_with_the_same_names_and_other_values():
    scan, tumour, everywhere = layered()
    settings = FeatureSettings(families=("margin",), margin=MarginSettings(definition="authors_code"))
    paper = describe(scan, tumour, ["margin"], parenchyma=everywhere)
    code = describe(scan, tumour, settings=settings, parenchyma=everywhere)
    assert list(code.values) == list(paper.values)
    # their rings contain the tumour, ours do not: what they share with the core is the tumour's part of the ring
    assert paper.values["margin_core_vs_parenchymal_5mm_intersection"] == 0
    tumour_in_ring = tumour.data.sum() / code.flags["margin_voxels_parenchymal_5mm"]
    assert 0.4 < tumour_in_ring < 0.6
    assert code.values["margin_core_vs_parenchymal_5mm_intersection"] == pytest.approx(tumour_in_ring, rel=1e-12)


def test_regions_are_those_of_the_whole_scan_though_only_a_box_is_read():
    scan, tumour, everywhere = layered()
    flags = describe(scan, tumour, ["margin"], parenchyma=everywhere).flags
    whole = margin_labels(tumour.data, scan.grid.spacing_mm, (5.0, 10.0), everywhere.data)
    counts = np.bincount(whole.ravel())
    assert flags["margin_voxels_core"] == counts[1]
    assert flags["margin_voxels_invasive"] == counts[2]
    assert flags["margin_voxels_parenchymal_5mm"] == counts[3]
    assert flags["margin_voxels_parenchymal_10mm"] == counts[3] + counts[4]
    assert (margin_regions(scan, tumour, parenchyma=everywhere).on(scan.grid).labels == whole).all()


def test_a_resampled_voxel_that_is_half_tumour_is_tumour():
    grid = Grid((12, 12, 12), np.diag([2.0, 2.0, 2.0, 1.0]))
    tumour = np.zeros(grid.shape, dtype=bool)
    tumour[4:8, 4:8, 4:8] = True  # its middle lies between two voxels, so the new ones stand on voxels and half-way between
    flags = describe(Scan(np.zeros(grid.shape), grid, "CT"), Mask(tumour, grid), ["margin"]).flags
    # 7 a side stand within the outer voxel centres; on each of six faces one layer lies half-way, at edges it is a quarter
    assert flags["margin_voxels_core"] + flags["margin_voxels_invasive"] == 7**3 + 6 * 7**2


@pytest.mark.parametrize(("modality", "gap"), [("MR", False), ("MR", True), ("PT", False), ("OT", False)])
def test_an_arbitrary_unit_is_binned_from_the_half_to_the_99_and_a_half_percentile(modality, gap):
    grid = Grid((40, 20, 20), np.eye(4))
    tumour = np.zeros(grid.shape, dtype=bool)
    tumour[10:20, 5:15, 5:15] = True  # 1000 voxels
    ring = np.zeros(grid.shape, dtype=bool)
    ring[20:21, 5:15, 5:15] = True  # 100 voxels
    image = np.full(grid.shape, 777.0)
    image[tumour] = np.arange(1000.0)
    image[ring] = np.arange(1000.0, 1100.0)
    if gap:  # further voxels of the ring without a value change neither percentile
        ring[21:22, 5:15, 5:15] = True
        image[21] = np.nan
    settings = FeatureSettings(families=("margin",), margin=MarginSettings(distances_mm=(5.0,)))
    features = describe(Scan(image, grid, modality), Mask(tumour, grid), settings=settings, parenchyma=Mask(ring, grid))
    # of 0, 1 ... 1099 the percentiles are 1099 * 0.005 = 5.495 and 1093.505: six values are lost at each end
    lost = (features.flags[f"margin_dropped_{name}"] * features.flags[f"margin_voxels_{name}"] for name in ("core", "invasive"))
    assert sum(lost) == pytest.approx(6)
    outside = features.flags["margin_dropped_parenchymal_5mm"] * features.flags["margin_voxels_parenchymal_5mm"]
    assert outside == pytest.approx(6 + (100 if gap else 0))


def halves(modality, inner, outer):
    """A box whose tumour holds each of two values in half of its voxels, as does what surrounds it."""
    grid = Grid((30, 30, 30), np.eye(4))
    tumour = np.zeros(grid.shape, dtype=bool)
    tumour[10:20, 10:20, 10:20] = True
    even = np.indices(grid.shape)[0] % 2 == 0
    image = np.where(tumour, np.where(even, *inner), np.where(even, *outer))
    return Scan(image, grid, modality), Mask(tumour, grid), Mask(np.ones(grid.shape, dtype=bool), grid)


def intersection_and_dropped(found):
    return (
        found.values["margin_core_vs_parenchymal_5mm_intersection"],
        found.flags["margin_dropped_core"],
        found.flags["margin_dropped_parenchymal_5mm"],
    )


# Two values share a bin of the range or do not, and what lies outside is dropped: all of it is counted by hand.
@pytest.mark.parametrize(
    ("modality", "options", "inner", "outer", "expected"),
    [
        ("CT", {}, (-1000.0, 500.0), (-999.0, 499.0), (1.0, 0.0, 0.0)),  # bins of 15 HU, the upper end is in the last
        ("CT", {}, (-1000.0, 500.0), (-984.0, 499.0), (0.5, 0.0, 0.0)),
        ("CT", {}, (-1001.0, 0.0), (0.0, 501.0), (1.0, 0.5, 0.5)),
        ("SER", {}, (0.0, 3.0), (0.01, 2.99), (1.0, 0.0, 0.0)),  # bins of 0.03
        ("SER", {}, (0.0, 3.0), (0.04, 2.99), (0.5, 0.0, 0.0)),
        ("SER", {}, (-0.01, 1.0), (1.0, 3.01), (1.0, 0.5, 0.5)),
        ("PT", {"ranges": {"PT": (0.0, 20.0)}}, (0.0, 20.0), (0.1, 19.9), (1.0, 0.0, 0.0)),  # bins of 0.2 SUV
        ("PT", {"ranges": {"PT": (0.0, 20.0)}}, (0.0, 21.0), (0.3, 19.9), (0.0, 0.5, 0.0)),
        ("MR", {"ranges": {"MR": (0.0, 100.0)}, "n_bins": 2}, (0.0, 100.0), (49.0, 51.0), (1.0, 0.0, 0.0)),
        ("CT", {"ranges": {"CT": (-160.0, 240.0)}, "n_bins": 4}, (-160.0, 240.0), (-61.0, 139.0), (0.5, 0.0, 0.0)),
        ("CT", {"ranges": {"CT": None}}, (-1001.0, 700.0), (-1001.0, 700.0), (1.0, 0.0, 0.0)),  # percentiles: the two values
        ("MR", {"percentiles": (0.0, 100.0), "n_bins": 4}, (0.0, 100.0), (24.0, 76.0), (1.0, 0.0, 0.0)),
        ("MR", {"percentiles": (0.0, 100.0), "n_bins": 4}, (0.0, 100.0), (26.0, 76.0), (0.5, 0.0, 0.0)),
    ],
)
def test_the_range_of_each_modality_decides_the_bins(modality, options, inner, outer, expected):
    scan, tumour, everywhere = halves(modality, inner, outer)
    settings = FeatureSettings(families=("margin",), margin=MarginSettings(**options))
    found = describe(scan, tumour, settings=settings, parenchyma=everywhere)
    assert intersection_and_dropped(found) == pytest.approx(expected, abs=1e-12)


def test_a_range_that_holds_no_value_of_a_region_gives_the_code_in_every_modality():
    for modality, options in (("SER", {}), ("PT", {"ranges": {"PT": (0.0, 3.0)}}), ("CT", {"ranges": {"CT": (0.0, 3.0)}})):
        scan, tumour, everywhere = halves(modality, (1.0, 2.0), (5.0, 6.0))
        settings = FeatureSettings(families=("margin",), margin=MarginSettings(**options))
        found = describe(scan, tumour, settings=settings, parenchyma=everywhere)
        outside = {name for name in found.values if "parenchymal" in name}
        assert found.reasons == dict.fromkeys(outside, "all_values_outside_range")
        assert found.flags["margin_dropped_parenchymal_10mm"] == 1
