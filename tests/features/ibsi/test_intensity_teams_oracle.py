"""Values on real tumours lie within 1 % of the median of nine programs wherever six of them agree that closely.

The tests take a part of the scans, to be quick; benchmarks/ibsi_conformance.py takes all.
"""

from __future__ import annotations

from pathlib import Path

import ibsi_teams
import pytest


@pytest.mark.parametrize(("modality", "n_patients", "n_values"), [("CT", 2, 197), ("MR_T1", 2, 198), ("PET", 10, 583)])
def test_scans_agree(shared: Path, modality: str, n_patients: int, n_values: int) -> None:
    small = ["STS_019", "STS_025"]
    chosen = small if n_patients == 2 else ibsi_teams.patients(shared, with_image=True)
    found = [one for patient in chosen for one in ibsi_teams.compare(shared, modality, patient)]
    assert len(chosen) == n_patients
    assert len(found) == n_values
    assert [one for one in found if not one.agrees] == []


def test_masks_without_an_image_agree(shared: Path) -> None:
    chosen = ibsi_teams.patients(shared, with_image=False)
    found = [one for patient in chosen for one in ibsi_teams.compare(shared, "PET", patient)]
    assert len(chosen) == 16
    assert len(found) == 186
    assert [one for one in found if not one.agrees] == []


@pytest.mark.parametrize(
    ("modality", "other", "tag"),
    [
        ("CT", {"interpolation": "linear"}, "stat_max"),
        ("CT", {"spacing_mm": 2.0}, "stat_energy"),
        ("CT", {"intensity_range": None}, "stat_min"),
        ("PET", {"bins": ibsi_teams.Bins(width=0.5)}, "ih_entropy"),
    ],
)
def test_other_settings_do_not(
    shared: Path, monkeypatch: pytest.MonkeyPatch, modality: str, other: dict[str, object], tag: str
) -> None:
    monkeypatch.setitem(ibsi_teams.SETTINGS, modality, ibsi_teams.SETTINGS[modality].model_copy(update=other))
    found = {one.tag: one for one in ibsi_teams.compare(shared, modality, "STS_019")}
    assert not found[tag].agrees
