"""All values equal the reference values of the IBSI, within its tolerances."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest
from ibsi_conformance import NAMES, SETTINGS, compare, phantom, references

from radiotype.features.ibsi import IbsiSettings, measure, prepare, records

#: Tags without consensus; the tables hold no value.
NOT_STANDARDISED = {f"morph_{kind}_dens_{name}" for kind in ("vol", "area") for name in ("ombb", "mvee")} | {"ivh_auc"}

#: What the tables hold of the masks after reading, interpolation and re-segmentation.
OF_THE_MASKS = 33


@pytest.mark.parametrize("data_set", SETTINGS)
def test_every_value_lies_within_the_tolerance(shared: Path, data_set: str) -> None:
    found = compare(shared, data_set)
    assert {one.tag for one in found if not one.standardised} == NOT_STANDARDISED
    outside = {one.tag: (one.value, one.reference, one.tolerance) for one in found if one.standardised and not one.agrees}
    assert outside == {}
    n_masks = 0 if data_set == "digital phantom" else OF_THE_MASKS
    assert len(found) == len(records(SETTINGS[data_set])) + n_masks


@pytest.mark.parametrize("data_set", SETTINGS)
def test_no_tag_of_a_feature_is_left_out(shared: Path, data_set: str) -> None:
    families = ("morph_", "loc_", "stat_", "ih_", "ivh_", "cm_", "rlm_", "szm_", "dzm_", "ngt_", "ngl_")
    tags = {row["tag"] for row in references(shared, data_set) if row["tag"].startswith(families)}
    assert {tag for tag in tags if not tag.startswith("morph_mask_")} <= {one.tag for one in compare(shared, data_set)}


def test_every_feature_has_a_tag() -> None:
    settings = SETTINGS["digital phantom"]
    assert {record.name for record in records(settings)} == set(NAMES.values())


@pytest.mark.parametrize(
    ("data_set", "other", "misses"),
    [
        ("configuration C", {"interpolation": "cubic"}, "int_mask_max_int_interp_roi"),
        ("configuration C", {"spacing_mm": 3.0}, "morph_mask_vox_count_interp_roi"),
        ("configuration B", {"slice_by_slice": False}, "int_mask_bb_dim_z_interp_roi"),
        ("configuration D", {"outlier_sigma": 2.0}, "int_mask_vox_count_reseg_roi"),
        ("configuration A", {"intensity_range": None}, "stat_min"),
        ("configuration E", {"volume_histogram_bins": None}, "ivh_i10"),
    ],
)
def test_other_settings_miss_the_reference(
    shared: Path, monkeypatch: pytest.MonkeyPatch, data_set: str, other: dict[str, object], misses: str
) -> None:
    changed = SETTINGS[data_set].model_copy(update=other | {"spatial_autocorrelation": True})
    monkeypatch.setitem(SETTINGS, data_set, changed)
    assert not {one.tag: one for one in compare(shared, data_set)}[misses].agrees


def test_the_comparison_tells_a_wrong_value(shared: Path) -> None:
    entropy = {one.tag: one for one in compare(shared, "digital phantom")}["ih_entropy"]  # 1.27 with no tolerance
    assert entropy.agrees
    assert not replace(entropy, value=entropy.value + 0.01).agrees
    volume = replace(entropy, value=560.4, reference=556.0, tolerance=4.0)
    assert volume.agrees  # 560 in three digits
    assert not replace(volume, value=560.6).agrees


def test_rounding_to_whole_hu_can_be_left_out(shared: Path) -> None:
    scan, mask = phantom(shared, "configuration C")
    settings = IbsiSettings(spacing_mm=2.0)
    assert measure(prepare(scan, mask, settings), settings).values["intensity_minimum"] == -939
    exact = IbsiSettings(spacing_mm=2.0, whole_hu=False)
    found = measure(prepare(scan, mask, exact), exact).values["intensity_minimum"]
    assert found != -939
    assert round(found) == -939


def test_the_page_on_conformance_says_what_is_found(shared: Path) -> None:
    script = Path(__file__).parents[3] / "benchmarks/ibsi_conformance.py"
    page = script.parents[1] / "docs/reference/ibsi-conformance.md"
    spec = importlib.util.spec_from_file_location("benchmark_of_conformance", script)
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    assert set(benchmark.phantom_table(shared)) <= set(page.read_text(encoding="utf-8").splitlines())
