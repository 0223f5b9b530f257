"""Ridgelines of regional variation: one figure per distance, a lane per pair of regions and cancer type."""

from pathlib import Path

from report_stored_run import write_run

from radiotype.report.blocks import Row
from radiotype.report.sections_reliability import reliability
from radiotype.report.stored import load


def ridges(stored) -> list[Row]:
    return [block for block in reliability(stored).blocks if isinstance(block, Row)]


def test_every_feature_of_regional_variation_has_a_lane_for_every_cancer_type(tmp_path: Path) -> None:
    stored = load(write_run(tmp_path / "run"))
    (row,) = ridges(stored)
    tables = row.tables
    margin = [record for record in stored.records if record.family == "margin"]
    assert len(margin) == 5 * len(tables)
    for name, table in tables.items():
        distance = name.removeprefix("regional_variation_")
        assert table["pair"].nunique() == 5 and "TC-TIM" in set(table["pair"])
        lanes = table.groupby(["pair", "cancer_type"], observed=True)["n"].first()
        own = stored.features.groupby("cancer_type")[f"margin_core_vs_invasive_{distance}"].count()
        assert lanes["TC-TIM"].to_dict() == own.to_dict()


def test_values_that_rounding_puts_beyond_a_limit_are_drawn_and_one_group_has_no_ridgelines(tmp_path: Path) -> None:
    stored = load(write_run(tmp_path / "run"))
    stored.features["margin_core_vs_invasive_intersection"] = 1.0000000001
    assert ridges(stored)
    stored.features["cancer_type"] = "lung"
    assert not ridges(stored)
