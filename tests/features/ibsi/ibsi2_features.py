"""Our values beside the reference values of IBSI-2, phase 2: statistics of the filtered CT phantom."""

from __future__ import annotations

import csv
from pathlib import Path

from ibsi_conformance import NAMES, Comparison, phantom

from radiotype.features.ibsi import IbsiSettings, measure, prepare

#: What the tests of each number are about.
FILTERS = {
    1: "none",
    2: "mean",
    3: "Laplacian of Gaussian",
    4: "Laws' energy",
    5: "Gabor",
    6: "Daubechies 3, level 1",
    7: "Daubechies 3, level 2",
    8: "Simoncelli, level 1",
    9: "Simoncelli, level 2",
}


def _filters(dimensions: int) -> tuple[dict[str, object], ...]:
    """Of tests 2 to 9, after the reference manual."""
    planar = dimensions == 2
    return (
        {"kind": "mean", "size": 5, "dimensions": dimensions},
        {"kind": "log", "sigma_mm": 1.5, "dimensions": dimensions},
        {"kind": "laws", "kernels": "L5E5" if planar else "L5E5E5"},
        {"kind": "gabor", "sigma_mm": 5.0, "wavelength_mm": 2.0, "aspect_ratio": 1.5, "dimensions": dimensions},
        {"kind": "wavelet", "wavelet": "db3", "subband": "LH" if planar else "LLH"},
        {"kind": "wavelet", "wavelet": "db3", "subband": "HH" if planar else "HHH", "level": 2},
        {"kind": "simoncelli", "level": 1, "dimensions": dimensions},
        {"kind": "simoncelli", "level": 2, "dimensions": dimensions},
    )


#: Settings of each configuration, after the reference manual.
SETTINGS = {
    "A": IbsiSettings(spacing_mm=None, slice_by_slice=True, intensity_range=(-1000.0, 400.0), filters=_filters(2)),
    "B": IbsiSettings(spacing_mm=1.0, interpolation="cubic", intensity_range=(-1000.0, 400.0), filters=_filters(3)),
}


def references(shared: Path) -> list[dict[str, str]]:
    """Rows of the reference table that have a consensus."""
    folder = shared / "data/imaging/ibsi_reference_values/ibsi2_reference_data/reference_feature_values"
    with (folder / "reference_values.csv").open(encoding="utf-8", newline="") as lines:
        return [row for row in csv.DictReader(lines, delimiter=";") if row["consensus_value"]]


def compare(shared: Path) -> list[Comparison]:
    """Every value that has a reference beside it."""
    scan, mask = phantom(shared, "configuration A")
    found = {}
    for configuration, settings in SETTINGS.items():
        values = measure(prepare(scan, mask, settings), settings).values
        for number, start in enumerate(["", *(f"{one.name}_" for one in settings.filters)], start=1):
            for tag, name in _STATISTICS.items():
                found[f"{number}.{configuration}", tag] = (start + name, values[start + name])
    return [
        Comparison(
            row["filter_id"],
            row["feature_tag"],
            *found[row["filter_id"], row["feature_tag"]],
            float(row["consensus_value"]),
            float(row["tolerance"]),
            "",
            max(3, len(row["consensus_value"].split("e")[0].strip("-0.").replace(".", ""))),
        )
        for row in references(shared)
    ]


_STATISTICS = {tag: name for tag, name in NAMES.items() if tag.startswith("stat_")}
