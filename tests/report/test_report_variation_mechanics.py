"""Ridgelines of regional variation: one figure per distance, a lane per pair of regions and cancer type or modality."""

from pathlib import Path

import pytest
from report_stored_run import DISTANCES, write_run

from radiotype.report.blocks import Row
from radiotype.report.sections_reliability import reliability
from radiotype.report.stored import load


def ridges(stored) -> list[Row]:
    return [block for block in reliability(stored).blocks if isinstance(block, Row)]


@pytest.mark.parametrize(("column", "suffix"), [("cancer_type", ""), ("modality", "_by_modality")])
def test_every_feature_of_regional_variation_has_a_lane_for_every_group(tmp_path: Path, column: str, suffix: str) -> None:
    stored = load(write_run(tmp_path / "run"))
    tables = {row.folded: row for row in ridges(stored)}[f"Regional variation by {column.replace('_', ' ')}"].tables
    margin = [record for record in stored.records if record.family == "margin"]
    assert len(margin) == 5 * len(tables)
    for name, table in tables.items():
        distance = name.removeprefix("regional_variation_").removesuffix(suffix)
        assert distance in DISTANCES
        assert table["pair"].nunique() == 5 and "TC-TIM" in set(table["pair"])
        lanes = table.groupby(["pair", column], observed=True)["n"].first()
        own = stored.features.groupby(column)[f"margin_core_vs_invasive_{distance}"].count()
        assert lanes["TC-TIM"].to_dict() == own.to_dict()


def test_values_that_rounding_puts_beyond_a_limit_are_drawn_and_one_group_has_no_ridgelines(tmp_path: Path) -> None:
    stored = load(write_run(tmp_path / "run"))
    stored.features["margin_core_vs_invasive_intersection"] = 1.0000000001
    assert len(ridges(stored)) == 2
    stored.features["cancer_type"] = stored.features["modality"].map({"CT": "lung", "MR": "brain"})
    assert [row.folded for row in ridges(stored)] == ["Regional variation by cancer type"]
    for absent in ("lung", None):
        stored.features["cancer_type"] = absent
        assert [row.folded for row in ridges(stored)] == ["Regional variation by modality"]
    stored.features["modality"] = "CT"
    assert not ridges(stored)
