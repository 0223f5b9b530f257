"""What figures show against numbers counted by hand or straight from the cases."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from report_stored_run import curve, write_run

from radiotype.report import sections_cohort, stored
from radiotype.report.drawing import colours
from radiotype.report.figures_consensus import consensus_matrices
from radiotype.report.figures_cox import forest
from radiotype.report.figures_features import feature_distributions, readable_features
from radiotype.report.figures_flow import flow_counts
from radiotype.report.figures_margins import region_colours, region_legend
from radiotype.report.figures_subtypes import scaled_medians, size_counts
from radiotype.report.figures_survival import kaplan_meier_panel, numbers_at_risk, time_axis
from radiotype.report.methods import paragraph
from radiotype.report.overlays import MAX_FLAGGED, MAX_PICTURES, REGION_OPACITY, chosen_pictures, coloured, three_planes
from radiotype.report.sections_cases import problem_rows
from radiotype.subtypes.consensus_order import MAX_CELLS


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> stored.Stored:
    return stored.load(write_run(tmp_path_factory.mktemp("run"), hostile=False))


def test_numbers_at_risk_are_the_cases_still_followed_at_each_tick() -> None:
    rng = np.random.default_rng(5)
    time = rng.integers(0, 2500, 80).astype(float)
    time[:4] = (0.0, 365.25, 365.25, 730.5)
    event = rng.integers(0, 2, 80)
    axis = time_axis(time.max())
    found = numbers_at_risk(curve(time, event).assign(subtype="1"), axis)
    assert axis.unit == "years"
    assert found["at_risk"].tolist() == [int((time >= tick * 365.25).sum()) for tick in axis.ticks]


def test_numbers_at_risk_stand_in_the_drawing_in_order(loaded: stored.Stored) -> None:
    table = loaded.kaplan_meier
    assert table is not None
    rows = table[(table["stratum"] == "all") & (table["split"] == "all")]
    axis = time_axis(rows["time_days"].max())
    drawn = kaplan_meier_panel(rows, "t", colours(["1", "2", "3", "4"]), axis, title="T", note="", size_px=(600, 300))
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", drawn.svg)
    at_risk = numbers_at_risk(rows, axis)
    for subtype in "1234":
        start = texts.index(f"Subtype {subtype}") + 1
        expected = at_risk.loc[at_risk["subtype"] == subtype, "at_risk"].astype(str).tolist()
        assert texts[start : start + len(expected)] == expected
    pd.testing.assert_frame_equal(drawn.data, rows.reset_index(drop=True))


def test_ticks_of_the_axis_and_of_the_table_stand_at_the_same_place(loaded: stored.Stored) -> None:
    table = loaded.kaplan_meier
    assert table is not None
    rows = table[(table["stratum"] == "all") & (table["split"] == "all")]
    axis = time_axis(rows["time_days"].max())
    drawn = kaplan_meier_panel(rows, "t", colours(["1", "2", "3", "4"]), axis, title="T", note="", size_px=(600, 300))
    placed = re.findall(r'<text style="[^"]*text-anchor: middle[^"]*" x="([\d.]+)" y="([\d.]+)"[^>]*>(\d+)</text>', drawn.svg)
    ticks = [float(x) for x, _, _ in placed[: len(axis.ticks)]]
    table_x = [float(x) for x, _, _ in placed[len(axis.ticks) : 2 * len(axis.ticks)]]
    np.testing.assert_allclose(ticks, table_x, atol=1e-3)


@pytest.mark.parametrize(
    ("days", "unit", "ticks"),
    [
        (100, "months", (0, 1, 2, 3)),
        (900, "months", (0, 6, 12, 18, 24)),
        (3653, "years", (0, 2, 4, 6, 8, 10)),
        (0, "months", (0,)),
    ],
)
def test_time_axis(days: float, unit: str, ticks: tuple[int, ...]) -> None:
    axis = time_axis(days)
    assert (axis.unit, axis.ticks) == (unit, ticks)


def test_flow_counts_by_hand(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", 60, hostile=False)
    table = flow_counts(stored.load(folder)).set_index(["step", "group", "code"])["regions"]
    assert table["listed", "", ""] == 60
    assert table["described", "", ""] == 53
    assert table["described", "partial", ""] == 3
    assert table["left out", "failed", "RT202"] == 2
    assert table["left out", "skipped", "RT205"] == 1
    assert table["not used", "no complete description", ""] == 3
    assert table["clustered", "", ""] + table["assigned", "", ""] == 50
    assert table["with outcome", "clustered", ""] + table["with outcome", "assigned", ""] == 48


def test_size_counts_add_up_in_every_grouping(loaded: stored.Stored) -> None:
    table = size_counts(loaded)
    assert table.groupby("group")["cases"].sum().tolist() == [50] * 4
    np.testing.assert_allclose(table.groupby(["group", "level"])["share"].sum(), 1.0)


def test_scaled_median_of_a_size_is_taken_from_its_logarithm(loaded: stored.Stored) -> None:
    assert loaded.scaling is not None
    assert loaded.by_subtype is not None
    table = scaled_medians(loaded).set_index(["feature", "subtype"])["scaled"]
    limits = loaded.scaling.set_index("feature")
    medians = loaded.by_subtype.set_index(["feature", "subtype"])["median"]
    low, high = limits.loc["volume_mm3", "low"], limits.loc["volume_mm3", "high"]
    assert table["volume_mm3", "2"] == pytest.approx((math.log(medians["volume_mm3", "2"]) - low) / (high - low))
    low, high = limits.loc["sphericity", "low"], limits.loc["sphericity", "high"]
    assert table["sphericity", "2"] == pytest.approx((medians["sphericity", "2"] - low) / (high - low))
    low, high = (limits.loc["surface_to_volume_ratio_per_mm", name] for name in ("low", "high"))
    name = ("surface_to_volume_ratio_per_mm", "2")
    assert table[name] == pytest.approx((math.log(medians[name]) - low) / (high - low))


def test_drawn_matrix_is_ordered_by_label_and_pooled_by_mean(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", 700, hostile=False)
    arrays = folder.read_arrays("results/consensus.npz")
    data = consensus_matrices(stored.load(folder)).data
    values = data[data["k"] == 4]
    assert len(values) == MAX_CELLS < len(arrays["labels_4"])
    assert values["label"].is_monotonic_increasing
    cells = values.filter(like="column_").to_numpy()
    same = values["label"].to_numpy()[:, None] == values["label"].to_numpy()[None, :]
    labels = arrays["labels_4"]
    inside = labels[:, None] == labels[None, :]
    assert cells[same].mean() == pytest.approx(arrays["consensus_4"][inside].mean(), abs=0.02)
    assert cells[~same].mean() == pytest.approx(arrays["consensus_4"][~inside].mean(), abs=0.02)


def test_small_matrix_is_drawn_cell_by_cell(loaded: stored.Stored) -> None:
    assert loaded.matrices is not None
    data = consensus_matrices(loaded).data
    values = data[data["k"] == 3]
    labels = loaded.matrices["labels_3"]
    cells = values.filter(like="column_").to_numpy()
    cells = cells[:, : len(values)]
    assert sorted(values["label"]) == sorted(labels + 1)
    assert cells.sum() == pytest.approx(loaded.matrices["consensus_3"].sum(), abs=1e-4 * cells.size)


def test_forest_prints_the_stored_hazard_ratios(loaded: stored.Stored) -> None:
    assert loaded.cox is not None
    rows = loaded.cox[loaded.cox["model"] == "lung"]
    drawn = forest(rows, "f", colours(["1", "2", "3", "4"]))
    assert "1.31 (0.60 to 2.87)" in drawn.svg
    assert "4.10 (1.54 to ∞)" in drawn.svg
    pd.testing.assert_frame_equal(drawn.data, rows.reset_index(drop=True))


def test_forest_without_an_estimate_says_so() -> None:
    row = {"model": "all", "term": "age", "reference": "", "n": 9, "events": 2, "hazard_ratio": np.nan, "lower": np.nan,
           "upper": np.nan, "z": np.nan, "p_value": np.nan}  # fmt: skip
    assert "not estimable" in forest(pd.DataFrame([row]), "f", {}).svg


def test_pictures_are_the_flagged_and_the_first_of_each_subtype(loaded: stored.Stored) -> None:
    shown = chosen_pictures(loaded)
    assert len(shown) == MAX_PICTURES
    assert 0 < (shown["why"] == "flagged").sum() <= MAX_FLAGGED
    assert loaded.overlays is not None
    everyone = loaded.overlays.merge(loaded.regions[["case_id", "subtype"]], on="case_id").sort_values("case_id")
    for subtype, part in shown[shown["why"] != "flagged"].groupby("subtype"):
        flagged = set(shown.loc[shown["why"] == "flagged", "case_id"])
        first = [case for case in everyone.loc[everyone["subtype"] == subtype, "case_id"] if case not in flagged]
        assert part["case_id"].tolist() == first[: len(part)]


def test_contour_runs_around_the_mask_in_millimetres() -> None:
    mask = np.zeros((20, 40), dtype=bool)
    mask[5:15, 10:30] = True
    arrays = {"image_axial": np.zeros((20, 40), np.uint8), "mask_axial": mask, "spacing_axial": np.array([2.0, 1.0])}
    svg = three_planes(arrays, "t", "#123456", label="")
    path = re.search(r'<path d="([^"]+)"[^>]*style="[^"]*stroke: #123456', svg)
    assert path is not None
    points = np.array([(float(x), float(y)) for x, y in re.findall(r"[ML] ([\d.]+) ([\d.]+)", path[1])])
    pixel = 158 * 0.75 / 40
    np.testing.assert_allclose(np.ptp(points, axis=0), [20 * pixel, 20 * pixel], rtol=0.01)
    np.testing.assert_allclose(points.mean(axis=0), [158 * 0.75 / 2] * 2, rtol=0.05)


def test_partial_regions_say_how_many_features_lack_and_why(loaded: stored.Stored) -> None:
    table = problem_rows(loaded)
    partial = table[table["status"] == "partial"]
    assert partial["code"].tolist() == ["empty_region"] * 3
    assert set(partial["reason"]) == {"3 features without a value (empty region)"}
    assert table["status"].tolist() == ["failed"] * 6 + ["skipped"] + ["partial"] * 3


def test_a_first_lane_of_one_value_has_a_place_on_a_logarithmic_axis(loaded: stored.Stored) -> None:
    record = next(one for one in loaded.records if one.unit == "mm3")
    values = {"cancer_type": ["brain", "breast", "lung"], "modality": "MR", record.name: [1815.9375, 127.0, 67127.0]}
    drawn = feature_distributions(replace(loaded, features=loaded.features.iloc[:3].assign(**values)), [record])
    assert all(name in drawn.svg for name in ("brain", "breast", "lung"))


def test_a_feature_that_repeats_another_is_neither_shown_nor_counted(loaded: stored.Stored) -> None:
    first, *rest = loaded.records
    repeats = [replace(one, detail={**one.detail, "duplicate_of": first.name}) for one in rest[:6]]
    again = replace(loaded, records=(first, *repeats, *rest[6:]))
    assert paragraph(loaded)[1].startswith("Each region was described with 27 distinct features (7 morphology and 20 margin")
    assert paragraph(again)[1].startswith("Each region was described with 21 distinct features (1 morphology and 20 margin")
    before, after = (sections_cohort.features(one).sentence for one in (loaded, again))
    assert (before[:20], after[:20]) == ("27 distinct features", "21 distinct features")
    assert not {one.name for one in repeats} & {one.name for one in readable_features(again.distinct, again.features)}


def test_regions_are_a_fourth_picture_of_the_axial_plane() -> None:
    arrays: dict[str, np.ndarray] = {}
    for plane in ("axial", "coronal", "sagittal"):
        arrays |= {f"image_{plane}": np.zeros((9, 9), np.uint8), f"mask_{plane}": np.zeros((9, 9), bool)}
        arrays[f"spacing_{plane}"] = np.ones(2)
    plain = three_planes(arrays, "t", "#123456", label="")
    assert (plain.count("<image"), plain.startswith('<svg width="486" height="158"')) == (3, True)
    regions = {"regions_axial": np.eye(9, dtype=np.uint8), "region_names": np.array(["core", "invasive", "parenchymal_5mm"])}
    shown = three_planes(arrays | regions, "t", "#123456", label="")
    assert (shown.count("<image"), shown.startswith('<svg width="322" height="322"')) == (4, True)


def test_a_region_is_tinted_in_its_colour_and_the_rest_stays_as_it_is() -> None:
    image, labels = np.full((2, 3), 100, np.uint8), np.array([[0, 1, 2], [3, 4, 0]], np.uint8)
    found = coloured(image, labels, 4)
    assert (found[labels == 0] == 100).all()
    for label, colour in enumerate(region_colours(2), start=1):
        own = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
        expected = (1 - REGION_OPACITY) * 100 + REGION_OPACITY * own
        assert np.abs(found[labels == label] - expected).max() <= 0.5


def test_the_legend_names_every_region_in_the_order_of_its_label(loaded: stored.Stored) -> None:
    legend = region_legend(loaded)
    names = ["Core", "Invasive margin", "Parenchymal margin, 5 mm", "Parenchymal margin, 10 mm"]
    assert [one.text for one in legend] == names
    assert [one.colour for one in legend] == region_colours(2)
    pixels = replace(loaded, recipe={"features": {"margin": {"definition": "authors_code"}}})
    assert region_legend(pixels)[-1].text == "Parenchymal margin, 10 pixels"


# Viénot, Brettel and Mollon, Color Research and Application 24 (1999) 243-252, on linear RGB; and lightness alone.
DICHROMATS = {
    "none": np.eye(3),
    "protanopia": np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]]),
    "deuteranopia": np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]]),
}


def lab(colour: str, seen: np.ndarray) -> np.ndarray:
    """CIE L*a*b* (D65) of a colour as it is seen."""
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.clip(seen @ np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4), 0, 1)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear
    x, y, z = np.cbrt(xyz / [0.9505, 1.0, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("seen", DICHROMATS.values(), ids=DICHROMATS)
@pytest.mark.parametrize("n_bands", [1, 2, 3])
def test_colours_of_regions_stay_apart_for_colour_blind_readers(seen: np.ndarray, n_bands: int) -> None:
    tones = [lab(colour, seen) for colour in region_colours(n_bands)]
    apart = [float(np.linalg.norm(a - b)) for i, a in enumerate(tones) for b in tones[:i]]
    assert min(apart) > 20  # 2 is just seen side by side
    beside = [abs(a[0] - b[0]) for a, b in itertools.pairwise(tones)]
    assert min(beside) > 10  # neighbours in lightness alone, as in print without colour


def test_every_band_has_a_colour_of_its_own_however_many_there_are() -> None:
    assert len(set(region_colours(40))) == 42
