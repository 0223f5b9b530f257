"""Our values beside those of nine programs that validated IBSI-1 on soft-tissue sarcomas in CT, MR and PET."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from ibsi_conformance import NAMES, of_the_masks

from radiotype.core import Scan
from radiotype.features.ibsi import Bins, IbsiSettings, measure, prepare
from radiotype.io import read_mask, read_scan

#: Teams that have to agree within `AGREEMENT` of their median, so that it counts as the value.
MIN_TEAMS = 6
AGREEMENT = 0.01

_OPTIONS = {"oriented_box": True, "enclosing_ellipsoid": True, "spatial_autocorrelation": True, "interpolation": "cubic"}

#: Settings of the teams, inferred from their values.
SETTINGS = {
    "CT": IbsiSettings(spacing_mm=1.0, intensity_range=(-200.0, 200.0), bins=Bins(width=10.0), **_OPTIONS),
    "MR_T1": IbsiSettings(
        spacing_mm=1.0,
        intensity_range=(0.0, None),
        bins=Bins(width=10.0),
        volume_histogram_bins=Bins(width=1.0),
        **_OPTIONS,
    ),
    "PET": IbsiSettings(
        spacing_mm=3.0,
        intensity_range=(0.0, None),
        bins=Bins(width=0.25),
        volume_histogram_bins=Bins(width=0.1),
        **_OPTIONS,
    ),
}
_MODALITY = {"CT": "CT", "MR_T1": "MR", "PET": "PT"}
_NEEDS_AN_IMAGE = ("morph_com", "morph_integ_int", "morph_moran_i", "morph_geary_c")


@dataclass(frozen=True)
class Agreement:
    """One value beside the teams' median."""

    modality: str
    patient: str
    tag: str
    value: float
    median: float
    n_teams: int

    @property
    def agrees(self) -> bool:
        return abs(self.value - self.median) <= AGREEMENT * abs(self.median)


def folder(shared: Path) -> Path:
    return shared / "data/imaging/ibsi_validation_sts51/nifti"


def patients(shared: Path, *, with_image: bool) -> list[str]:
    """Patients with an image, or with masks only."""
    return [one.name for one in sorted(folder(shared).iterdir()) if (one / "CT_image.nii.gz").exists() == with_image]


@cache
def team_values(shared: Path) -> Mapping[tuple[str, str, str], list[float]]:
    """Values of the teams by modality, patient and tag."""
    result: dict[tuple[str, str, str], list[float]] = {}
    path = shared / "data/imaging/ibsi_reference_values/ibsi1_validation_sts51_9teams_long.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["value"]:
                result.setdefault((row["modality"], row["id"], row["tag"]), []).append(float(row["value"]))
    return result


def compare(shared: Path, modality: str, patient: str) -> list[Agreement]:
    """Every value of a scan on which enough teams agree; of the mask alone where there is no image."""
    place, settings = folder(shared) / patient, SETTINGS[modality]
    image = place / f"{modality}_image.nii.gz"
    alone = not image.exists()
    if alone:
        mask = read_mask(place / f"{modality}_mask.nii.gz")
        scan = Scan(np.zeros(mask.grid.shape, dtype=np.uint8), mask.grid)
        settings = settings.model_copy(update={"spatial_autocorrelation": False})
    else:
        scan = read_scan(image, modality=_MODALITY[modality])
        mask = read_mask(place / f"{modality}_mask.nii.gz", like=scan)
    prepared = prepare(scan, mask, settings)
    features = measure(prepared, settings).values
    found = {tag: features[name] for tag, name in NAMES.items() if name in features}
    if alone:
        found = {tag: value for tag, value in found.items() if tag.startswith("morph_") and tag not in _NEEDS_AN_IMAGE}
    else:
        found |= of_the_masks(scan, mask, prepared)
    result = []
    for tag, own in sorted(found.items()):
        values = team_values(shared).get((modality, patient, tag), [])
        if values:
            median = float(np.median(values))
            n_teams = sum(abs(value - median) <= AGREEMENT * abs(median) for value in values)
            if n_teams >= MIN_TEAMS:
                result.append(Agreement(modality, patient, tag, own, median, n_teams))
    return result
