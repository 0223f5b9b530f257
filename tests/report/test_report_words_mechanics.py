"""Numbers, names and sentences of the report."""

from __future__ import annotations

import math

import pytest

from radiotype.core import FeatureRecord
from radiotype.report import words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cannot read /data/John Smith/scan.nii.gz", "cannot read scan.nii.gz"),
        ("cannot read /data/lung/scan.nii.gz, again", "cannot read scan.nii.gz, again"),
        ("see C:\\data\\x\\y.nii", "see y.nii"),
        ("file:///data/me/scan.nii", "scan.nii"),
        ("(/mnt/x/y)", "(y)"),
        ("a dose of 3 mg/kg or 1/2", "a dose of 3 mg/kg or 1/2"),
        ("scans/LUNG1-014.nii.gz", "scans/LUNG1-014.nii.gz"),
    ],
)
def test_paths_are_cut_down(text: str, expected: str) -> None:
    assert words.scrubbed(text) == expected


def test_control_and_direction_characters_do_not_survive() -> None:
    assert words.plain("a\x00b\u202ec\nd") == "a\ufffdb\ufffdc; d"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(math.inf, "∞"), (-math.inf, "−∞"), (math.nan, "–"), (-0.0123, "−0.0123"), (1234567.0, "1,234,567"), (1e-5, "1.00e−05")],
)
def test_numbers(value: float, expected: str) -> None:
    assert words.number(value) == expected


def test_a_margin_feature_is_named_by_its_regions() -> None:
    detail: dict[str, str | float] = {"inner": "core", "outer": "parenchymal_5mm", "distance": "bhattacharyya"}
    record = FeatureRecord("margin_core_vs_parenchymal_5mm_bhattacharyya", "margin", "", detail=detail)
    assert words.feature_title(record) == "Core vs parenchymal 5 mm, Bhattacharyya"


def test_sizes_lose_the_unit_in_their_name() -> None:
    record = FeatureRecord("surface_to_volume_ratio_per_mm", "morphology", "", "/mm")
    assert words.feature_title(record) == "Surface to volume ratio (mm⁻¹)"


@pytest.mark.parametrize(("part", "whole", "expected"), [(0, 10, "0 %"), (1, 1000, "< 1 %"), (1, 3, "33 %"), (0, 0, "")])
def test_shares(part: int, whole: int, expected: str) -> None:
    assert words.share(part, whole) == expected


def test_numbers_do_not_part_from_their_units() -> None:
    assert words.unbroken("80 % of 5 mm, p = 0.02") == "80\u00a0% of 5\u00a0mm, p\u00a0=\u00a00.02"
