"""Margin features: codes, flags, invariances and refusals."""

from itertools import permutations, product

import numpy as np
import pytest

from radiotype.core import Grid, Mask, Scan
from radiotype.errors import ComputeError, InputError, RecipeError
from radiotype.features import FeatureSettings, MarginSettings, describe, family, margin_regions


def phantom(shape=(40, 36, 32), seed=1, spacing=(1.0, 1.0, 1.0)):
    rng = np.random.default_rng(seed)
    grid = Grid(shape, np.diag([*spacing, 1.0]))
    centre = np.array(shape) / 2 - 0.5
    x = (np.indices(shape) - centre[:, None, None, None]) / np.array([9, 7, 6])[:, None, None, None]
    tumour = (x**2).sum(axis=0) < 1
    image = np.where(tumour, 40, -800) + rng.normal(0, 30, shape)
    return Scan(image.astype(np.int16), grid, "CT"), tumour, grid


def test_twenty_features_with_their_records():
    scan, tumour, grid = phantom()
    features = describe(scan, Mask(tumour, grid), ["margin"])
    assert len(features.values) == 20
    for record in features.records:
        assert record.low <= features.values[record.name] <= record.high
        assert record.reference


def test_without_a_parenchyma_mask_sixteen_features_and_the_row_say_so():
    scan, tumour, grid = phantom()
    free = describe(scan, Mask(tumour, grid), ["margin"])
    marked = [name for name, code in free.reasons.items() if code == "parenchyma_not_restricted"]
    assert len(marked) == 16
    assert all("parenchymal" in name for name in marked)
    assert free.flags["parenchyma_not_restricted"] == 1
    held = describe(scan, Mask(tumour, grid), ["margin"], parenchyma=Mask(np.ones(grid.shape, dtype=bool), grid))
    assert not held.reasons
    assert "parenchyma_not_restricted" not in held.flags


def test_without_a_parenchyma_mask_the_rings_end_at_the_skin():
    scan, tumour, grid = phantom()
    image = scan.data.copy()
    image[:12] = -1000  # air outside the patient
    cut = describe(Scan(image, grid, "CT"), Mask(tumour, grid), ["margin"])
    whole = describe(scan, Mask(tumour, grid), ["margin"])
    assert cut.flags["margin_voxels_parenchymal_10mm"] < whole.flags["margin_voxels_parenchymal_10mm"]
    assert cut.flags["margin_voxels_core"] == whole.flags["margin_voxels_core"]


def test_an_empty_margin_is_nan_with_its_code():
    scan, tumour, grid = phantom()
    far = np.zeros(grid.shape, dtype=bool)
    far[0, 0, 0] = True
    features = describe(scan, Mask(tumour, grid), ["margin"], parenchyma=Mask(far, grid))
    empty = {name for name, code in features.reasons.items() if code == "empty_region"}
    assert len(empty) == 16
    assert all(np.isnan(features.values[name]) for name in empty)


def test_values_outside_the_range_are_counted_and_a_region_without_any_left_is_nan():
    _, tumour, grid = phantom()
    image = np.where(tumour, 40, 3000).astype(np.int16)
    image[tumour & (np.indices(grid.shape)[0] < 20)] = 2000
    everywhere = Mask(np.ones(grid.shape, dtype=bool), grid)
    features = describe(Scan(image, grid, "CT"), Mask(tumour, grid), ["margin"], parenchyma=everywhere)
    assert features.flags["margin_dropped_parenchymal_5mm"] == 1
    assert 0.4 < features.flags["margin_dropped_core"] < 0.6
    assert features.reasons["margin_core_vs_parenchymal_5mm_chi_square"] == "all_values_outside_range"


def test_a_constant_image_in_arbitrary_units_is_nan_with_its_code():
    _, tumour, grid = phantom()
    scan = Scan(np.full(grid.shape, 7.0), grid, "MR")
    features = describe(scan, Mask(tumour, grid), ["margin"])
    assert set(features.reasons.values()) == {"constant_intensity"}


def test_a_tumour_that_is_lost_in_resampling_says_so():
    grid = Grid((20, 20, 20), np.diag([0.3, 0.3, 0.3, 1.0]))
    tumour = np.zeros(grid.shape, dtype=bool)
    tumour[[9, 12], 10, 10] = True  # two specks; the voxel of 1 mm between them holds neither
    features = describe(Scan(np.zeros(grid.shape), grid, "CT"), Mask(tumour, grid), ["margin"])
    assert set(features.reasons.values()) == {"lost_in_resampling"}


def test_a_tumour_with_values_that_are_not_finite_is_refused():
    scan, tumour, grid = phantom()
    image = scan.data.astype(float)
    image[20, 18, 16] = np.nan
    with pytest.raises(InputError, match="RT206"):
        describe(Scan(image, grid, "CT"), Mask(tumour, grid), ["margin"])


def test_a_mask_on_another_grid_is_refused_with_both_grids():
    scan, tumour, grid = phantom()
    moved = Grid(grid.shape, np.diag([1.0, 1.0, 1.2, 1.0]))
    with pytest.raises(InputError, match="RT203") as caught:
        describe(scan, Mask(tumour, moved), ["margin"])
    assert "1 x 1 x 1 mm" in str(caught.value)
    assert "1 x 1 x 1.2 mm" in str(caught.value)
    with pytest.raises(InputError, match="parenchyma lies on another grid"):
        describe(scan, Mask(tumour, grid), ["margin"], parenchyma=Mask(np.ones(grid.shape, dtype=bool), moved))


def test_a_family_that_does_not_exist_is_refused_with_those_that_do():
    scan, tumour, grid = phantom()
    with pytest.raises(RecipeError, match="RT105") as caught:
        describe(scan, Mask(tumour, grid), ["colour"])
    assert "margin" in (caught.value.hint or "")


FRAMES = [(order, flips) for order in permutations(range(3)) for flips in product((1, -1), repeat=3)]


@pytest.mark.parametrize("spacing", [(0.9, 0.9, 2.0), (0.9765625, 0.9765625, 2.5), (0.7, 1.1, 3.0)])
@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_an_anisotropic_scan_turned_or_reversed_gives_the_same_numbers_to_the_bit(spacing, restricted, modality):
    rng = np.random.default_rng(1)
    shape = (36, 34, 24)
    x = (np.indices(shape) - (np.array(shape)[:, None, None, None] - 1) / 2) * np.array(spacing)[:, None, None, None]
    half = (np.array(shape) * spacing * 0.22)[:, None, None, None]
    tumour = ((x / half) ** 2).sum(axis=0) + 0.2 * np.sin(x[0]) * np.cos(x[1]) < 1
    image = (np.where(tumour, 40, -800) + rng.normal(0, 120, shape)).astype(np.int16) + (1000 if modality == "MR" else 0)
    holes = rng.random(shape) < 0.9

    def measured(order, flips):
        take = tuple(slice(None, None, flip) for flip in flips)
        turned = [np.ascontiguousarray(array.transpose(order)[take]) for array in (image, tumour, holes)]
        grid = Grid(turned[0].shape, np.diag([*(spacing[axis] for axis in order), 1.0]))
        allowed = Mask(turned[2], grid) if restricted else None
        return describe(Scan(turned[0], grid, modality), Mask(turned[1], grid), ["margin"], parenchyma=allowed)

    first = measured(*FRAMES[0])
    for frame in FRAMES[1::5] + FRAMES[1:8]:
        assert measured(*frame) == first, frame
    assert all({"mirror", "rotation90", "translation"} <= set(record.invariances) for record in first.records)


@pytest.mark.parametrize("change", ["mirror", "turn", "shift", "pad"])
def test_frame_of_the_voxels_does_not_matter(change):
    scan, tumour, grid = phantom(spacing=(0.8, 0.8, 0.8))
    everywhere = np.ones(grid.shape, dtype=bool)
    moves = {
        "mirror": lambda a: a[:, ::-1],
        "turn": lambda a: np.rot90(a, axes=(0, 2)),
        "shift": lambda a: np.roll(a, 3, axis=0),
        "pad": lambda a: np.pad(a, 5, mode="edge"),
    }
    move = moves[change]
    everywhere[[0, 1, 2, -1, -2, -3]] = False  # so that a shift brings nothing around the corner
    before = describe(scan, Mask(tumour, grid), ["margin"], parenchyma=Mask(everywhere, grid)).values
    image = np.ascontiguousarray(move(scan.data))
    moved = Grid(image.shape, grid.affine)
    allowed = np.pad(everywhere, 5) if change == "pad" else move(everywhere)
    region = np.pad(tumour, 5) if change == "pad" else move(tumour)
    after = describe(Scan(image, moved, "CT"), Mask(region, moved), ["margin"], parenchyma=Mask(allowed, moved)).values
    assert list(after.values()) == pytest.approx(list(before.values()), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    "distances", [(2.5,), (5.0, 10.0), (10.0, 5.0), (1.0, 2.0, 3.0), tuple(range(1, 9)), tuple(n / 2 for n in range(1, 21))]
)
def test_any_number_of_distances_with_pairs_names_and_records(distances):
    scan, tumour, grid = phantom()
    settings = FeatureSettings(families=("margin",), margin=MarginSettings(distances_mm=[float(d) for d in distances]))
    features = describe(scan, Mask(tumour, grid), settings=settings, parenchyma=everywhere(grid))
    rings = [f"parenchymal_{d:g}mm" for d in distances]
    pairs = [("core", "invasive"), *(("core", r) for r in rings), *(("invasive", r) for r in rings)]
    kinds = ("correlation", "chi_square", "intersection", "bhattacharyya")
    assert list(features.values) == [f"margin_{a}_vs_{b}_{kind}" for a, b in pairs for kind in kinds]
    for record, (inner, outer, kind) in zip(features.records, [(a, b, k) for a, b in pairs for k in kinds], strict=True):
        assert (record.detail["inner"], record.detail["outer"], record.detail["distance"]) == (inner, outer, kind)
        width = distances[rings.index(outer)] if outer in rings else None
        assert record.detail.get("width_mm") == width
        assert width is None or f"margin of {width:g} mm" in record.meaning
    assert set(features.flags) == {
        f"margin_{what}_{region}" for what in ("voxels", "dropped") for region in ("core", "invasive", *rings)
    }
    # each ring is what it would be alone, whatever other rings are asked for
    for width, ring in zip(distances, rings, strict=True):
        alone = FeatureSettings(families=("margin",), margin=MarginSettings(distances_mm=(float(width),)))
        one = describe(scan, Mask(tumour, grid), settings=alone, parenchyma=everywhere(grid))
        assert {name: features.values[name] for name in one.values} == dict(one.values)
        assert features.flags[f"margin_voxels_{ring}"] == one.flags[f"margin_voxels_{ring}"]


def test_widths_of_the_authors_code_are_pixels():
    settings = FeatureSettings(margin=MarginSettings(definition="authors_code"))
    record = next(one for one in family("margin").records(settings) if one.detail["outer"] == "parenchymal_5mm")
    assert record.detail["width_pixels"] == 5
    assert record.meaning.endswith("the core and the parenchymal margin of 5 pixels")
    assert record.invariances == ("translation", "mirror")


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"distances_mm": ()}, "at least 1"),
        ({"distances_mm": (5.0, 5.0000001)}, "more than once"),
        ({"distances_mm": (5.0, -1.0)}, "greater than 0"),
        ({"distances_mm": tuple(float(n) for n in range(1, 102))}, "at most 100"),
        ({"percentiles": (-1.0, 50.0)}, "between 0 and 100"),
        ({"percentiles": (50.0, 100.5)}, "between 0 and 100"),
        ({"percentiles": (50.0, 50.0)}, "below the second"),
        ({"ranges": {"MR": (3.0, 1.0)}}, "below the second"),
        ({"ranges": {"XX": (1.0, 3.0)}}, "not a modality"),
    ],
)
def test_settings_that_mean_nothing_are_refused(wrong, why):
    with pytest.raises(ValueError, match=why):
        MarginSettings(**wrong)


def test_a_range_of_one_modality_leaves_those_of_the_others():
    assert MarginSettings(ranges={"PT": (0.0, 20.0)}).ranges == {"CT": (-1000.0, 500.0), "SER": (0.0, 3.0), "PT": (0.0, 20.0)}
    assert MarginSettings(ranges={"CT": None}).ranges == {"CT": None, "SER": (0.0, 3.0)}


def test_a_header_in_the_wrong_unit_is_refused_and_does_not_fill_the_memory():
    grid = Grid((24, 24, 24), np.diag([1000.0, 1000.0, 1000.0, 1.0]))  # micrometres taken for millimetres
    tumour = np.zeros(grid.shape, dtype=bool)
    tumour[4:20, 4:20, 4:20] = True
    with pytest.raises(ComputeError, match="RT306"):
        describe(Scan(np.zeros(grid.shape), grid, "CT"), Mask(tumour, grid), ["margin"])


def test_one_family_may_be_named_by_a_plain_string():
    scan, tumour, grid = phantom()
    assert describe(scan, Mask(tumour, grid), "margin") == describe(scan, Mask(tumour, grid), ["margin"])


def test_swapped_arguments_are_named():
    scan, tumour, grid = phantom()
    mask = Mask(tumour, grid)
    with pytest.raises(RecipeError, match=r"RT103.*`scan` is a Mask") as caught:
        describe(mask, scan)
    assert "swapped" in caught.value.hint
    with pytest.raises(RecipeError, match="`mask` is a ndarray, expected a Mask"):
        describe(scan, tumour)
    with pytest.raises(RecipeError, match="`parenchyma` is a ndarray"):
        describe(scan, mask, parenchyma=tumour)


def everywhere(grid):
    return Mask(np.ones(grid.shape, dtype=bool), grid)


def test_gaps_outside_the_tumour_take_nothing_from_it():
    scan, tumour, grid = phantom(spacing=(1.4, 1.4, 1.4))
    image = np.where(tumour, scan.data, np.nan)
    whole = describe(scan, Mask(tumour, grid), ["margin"], parenchyma=everywhere(grid))
    cut = describe(Scan(image, grid, "CT"), Mask(tumour, grid), ["margin"], parenchyma=everywhere(grid))
    assert cut.flags["margin_dropped_invasive"] == cut.flags["margin_dropped_core"] == 0
    assert cut.flags["margin_voxels_invasive"] == whole.flags["margin_voxels_invasive"]
    assert cut.flags["margin_dropped_parenchymal_5mm"] > 0.9


def test_a_region_mostly_outside_the_range_is_marked_and_keeps_its_value():
    scan, tumour, grid = phantom()
    image = scan.data.copy()
    image[~tumour & (np.indices(grid.shape)[0] < 24)] = 3000
    features = describe(Scan(image, grid, "CT"), Mask(tumour, grid), ["margin"], parenchyma=everywhere(grid))
    marked = {name for name, code in features.reasons.items() if code == "mostly_outside_range"}
    assert marked == {name for name in features.values if "parenchymal" in name} == set(features.reasons)
    assert 0.5 < features.flags["margin_dropped_parenchymal_5mm"] < 1
    assert not any(np.isnan(value) for value in features.values.values())


@pytest.mark.parametrize(("n_voxels", "marked"), [(9, 16), (10, 0)])
def test_a_region_of_few_voxels_is_marked_and_keeps_its_values(n_voxels, marked):
    scan, tumour, grid = phantom()
    ring = np.zeros(grid.shape, dtype=bool)
    free = np.argwhere(~tumour & (np.abs(np.indices(grid.shape) - np.array([20, 18, 16])[:, None, None, None]).max(axis=0) < 8))
    ring[tuple(free[:n_voxels].T)] = True
    settings = FeatureSettings(families=("margin",), margin=MarginSettings(distances_mm=(50.0, 60.0)))
    features = describe(scan, Mask(tumour, grid), settings=settings, parenchyma=Mask(ring, grid))
    assert features.flags["margin_voxels_parenchymal_50mm"] == n_voxels
    assert list(features.reasons.values()) == ["few_voxels"] * marked
    assert not any(np.isnan(value) for value in features.values.values())


def test_regions_are_those_that_were_measured():
    scan, tumour, grid = phantom(spacing=(0.9, 1.1, 2.0))
    settings = MarginSettings(distances_mm=(10.0, 2.5, 5.0))
    regions = margin_regions(scan, Mask(tumour, grid), settings=settings)
    features = describe(scan, Mask(tumour, grid), settings=FeatureSettings(families=("margin",), margin=settings))
    assert regions.names == ("core", "invasive", "parenchymal_2.5mm", "parenchymal_5mm", "parenchymal_10mm")
    assert regions.grid.spacing_mm == pytest.approx((1.0, 1.0, 1.0))
    masks = regions.masks()
    assert {name: mask.n_voxels for name, mask in masks.items()} == {
        name: features.flags[f"margin_voxels_{name}"] for name in regions.names
    }
    inner = scan.grid.affine[:3, :3] @ np.argwhere(tumour).mean(axis=0) + scan.grid.affine[:3, 3]
    found = np.argwhere(masks["core"].data | masks["invasive"].data).mean(axis=0)
    assert regions.grid.affine[:3, :3] @ found + regions.grid.affine[:3, 3] == pytest.approx(inner, abs=0.1)


def test_regions_of_the_authors_code_lie_on_the_scan_and_their_rings_hold_the_tumour():
    scan, tumour, grid = phantom()
    turned = Grid((32, 40, 36), np.array([[0, 1.0, 0, 0], [0, 0, -1.0, 0], [1.0, 0, 0, 0], [0, 0, 0, 1]]))  # k backwards
    image, region = (np.ascontiguousarray(array.transpose(2, 0, 1)[:, :, ::-1]) for array in (scan.data, tumour))
    settings = MarginSettings(definition="authors_code")
    straight = margin_regions(scan, Mask(tumour, grid), settings=settings).on(grid)
    other = margin_regions(Scan(image, turned, "CT"), Mask(region, turned), settings=settings).on(turned)
    assert (other.labels.transpose(1, 2, 0)[:, ::-1] == straight.labels).all()
    assert (straight.inside("parenchymal_5mm") & tumour).sum() == tumour.sum()
    assert straight.inside("parenchymal_10mm").sum() > straight.inside("parenchymal_5mm").sum()


def test_regions_of_a_mask_on_another_grid_are_refused():
    scan, tumour, grid = phantom()
    moved = Grid(grid.shape, np.diag([1.0, 1.0, 1.2, 1.0]))
    with pytest.raises(InputError, match="RT203"):
        margin_regions(scan, Mask(tumour, moved))
    with pytest.raises(InputError, match="parenchyma lies on another grid"):
        margin_regions(scan, Mask(tumour, grid), parenchyma=everywhere(moved))


def test_a_tumour_lost_in_resampling_has_no_regions():
    grid = Grid((20, 20, 20), np.diag([0.3, 0.3, 0.3, 1.0]))
    tumour = np.zeros(grid.shape, dtype=bool)
    tumour[[9, 12], 10, 10] = True
    assert margin_regions(Scan(np.zeros(grid.shape), grid, "CT"), Mask(tumour, grid)).masks() == {}
