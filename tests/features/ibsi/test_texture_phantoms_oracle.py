"""Every texture feature at every aggregation equals the reference values of the IBSI, on its digital and its CT phantom."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from radiotype.features.ibsi.settings import IbsiSettings
from radiotype.features.ibsi.texture import records, texture_features
from radiotype.features.ibsi.texture_matrices import AGGREGATIONS
from radiotype.features.ibsi.texture_table import FAMILIES

# The digital phantom of the IBSI reference manual: four slices of four rows; 0 is outside the region.
DIGITAL_PHANTOM = np.array(
    [
        [[int(level) for level in row] for row in slice_.split()]
        for slice_ in (
            "14411 14611 41641 44641",
            "14411 11611 01311 44611",
            "14400 11111 11011 11611",
            "14400 11111 11111 11611",
        )
    ]
).transpose(2, 1, 0)

# Reference values of the IBSI (Zwanenburg et al., Radiology 295 (2020) 328-338, with its supplement), to the three digits that
# are published, in the order of `texture_table`.
REFERENCE = {
    ("glcm", "2d_average"): """
        0.519 2.14 2.69 2.05 1.42 2.9 1.4 4.28 5.47 1.6 0.368 5.28 1.42 0.678 0.851 0.619 0.899 0.0567 -0.0121 5.09
        5.47 7 79.1 -0.155 0.487
    """,
    ("glcm", "2d_slice_merged"): """
        0.512 2.14 2.71 2.24 1.4 3.06 1.49 4.29 5.66 1.79 0.352 5.19 1.4 0.683 0.854 0.625 0.901 0.0553 0.0173 5.14
        5.66 6.98 80.4 -0.0341 0.263
    """,
    ("glcm", "2_5d_direction_merged"): """
        0.489 2.2 3.22 2.48 1.46 3.11 1.61 4.41 7.48 2.01 0.286 5.39 1.46 0.668 0.847 0.606 0.897 0.0597 0.178 5.4
        7.48 16.6 147 -0.124 0.487
    """,
    ("glcm", "2_5d_merged"): """
        0.492 2.2 3.24 2.61 1.44 3.23 1.67 4.41 7.65 2.14 0.277 5.29 1.44 0.673 0.85 0.613 0.899 0.0582 0.182 5.45
        7.65 16.4 142 -0.0334 0.291
    """,
    ("glcm", "3d_average"): """
        0.503 2.14 3.1 2.4 1.43 3.06 1.56 4.29 7.07 1.92 0.303 5.32 1.43 0.677 0.851 0.618 0.898 0.0604 0.157 5.06
        7.07 16.6 145 -0.157 0.52
    """,
    ("glcm", "3d_merged"): """
        0.509 2.15 3.13 2.57 1.38 3.21 1.64 4.3 7.41 2.11 0.291 5.12 1.38 0.688 0.856 0.631 0.902 0.0574 0.183 5.19
        7.41 17.4 147 -0.0288 0.269
    """,
    ("glrlm", "2d_average"): """
        0.641 3.78 0.604 9.82 0.294 8.57 3.14 17.4 5.2 0.46 6.12 0.492 0.627 3.35 0.761 2.17
    """,
    ("glrlm", "2d_slice_merged"): """
        0.661 3.51 0.609 9.74 0.311 8.67 2.92 16.1 20.5 0.456 21.6 0.441 0.627 3.37 0.778 2.57
    """,
    ("glrlm", "2_5d_direction_merged"): """
        0.665 3.46 0.58 10.3 0.296 9.03 2.79 17.9 19.5 0.413 22.3 0.461 0.632 3.58 0.758 2.52
    """,
    ("glrlm", "2_5d_merged"): """
        0.68 3.27 0.585 10.2 0.312 9.05 2.63 17 77.1 0.412 83.2 0.445 0.632 3.59 0.767 2.76
    """,
    ("glrlm", "3d_average"): """
        0.705 3.06 0.603 9.7 0.352 8.54 2.39 17.6 21.8 0.43 26.9 0.513 0.68 3.46 0.574 2.43
    """,
    ("glrlm", "3d_merged"): """
        0.729 2.76 0.607 9.64 0.372 8.67 2.16 15.6 281 0.43 328 0.501 0.68 3.48 0.598 2.62
    """,
    ("glszm", "2d"): """
        0.363 43.9 0.371 16.4 0.0259 10.3 40.4 113 1.41 0.323 1.49 0.333 0.24 3.97 21 1.93
    """,
    ("glszm", "2_5d"): """
        0.368 34.2 0.368 16.2 0.0295 9.87 30.6 107 5.44 0.302 3.44 0.191 0.243 3.92 17.3 3.08
    """,
    ("glszm", "3d"): """
        0.255 550 0.253 15.6 0.0256 2.76 503 1490 1.4 0.28 1 0.2 0.0676 2.64 331 2.32
    """,
    ("gldzm", "2d"): """
        0.946 1.21 0.371 16.4 0.367 15.2 0.386 21.3 1.41 0.323 3.79 0.898 0.24 3.97 0.051 1.73
    """,
    ("gldzm", "2_5d"): """
        0.917 1.33 0.368 16.2 0.362 14.3 0.391 23.7 5.44 0.302 14.4 0.802 0.243 3.92 0.0988 2
    """,
    ("gldzm", "3d"): """
        1 1 0.253 15.6 0.253 15.6 0.253 15.6 1.4 0.28 5 1 0.0676 2.64 0 1.92
    """,
    ("ngtdm", "2d"): """
        0.121 0.925 2.99 10.4 2.88
    """,
    ("ngtdm", "2_5d"): """
        0.0285 0.601 6.8 14.1 0.741
    """,
    ("ngtdm", "3d"): """
        0.0296 0.584 6.54 13.5 0.763
    """,
    ("ngldm", "2d"): """
        0.158 19.2 0.702 7.49 0.0473 3.06 17.6 49.5 10.2 0.562 3.96 0.212 1 2.7 2.73 2.71 0.17
    """,
    ("ngldm", "2_5d"): """
        0.159 18.8 0.693 7.66 0.0477 3.07 17.2 50.8 37.9 0.512 12.4 0.167 1 3.05 3.27 3.36 0.122
    """,
    ("ngldm", "3d"): """
        0.045 109 0.693 7.66 0.00963 0.736 102 235 37.9 0.512 4.86 0.0657 1 3.05 22.1 4.4 0.0533
    """,
}
CONFIGURATION_A = {
    "2d_average": "2D_avg",
    "2d_slice_merged": "2D_comb",
    "2_5d_direction_merged": "2_5D_avg",
    "2_5d_merged": "2_5D_comb",
    "2d": "2D",
    "2_5d": "2_5D",
}
TAGS = {"glcm": "cm", "glrlm": "rlm", "glszm": "szm", "gldzm": "dzm", "ngtdm": "ngt", "ngldm": "ngl"}


def expected_values() -> dict[str, float]:
    rows = {family.name: family.rows for family in FAMILIES}
    return {
        f"{family}_{row.name}_{how}": float(value)
        for (family, how), values in REFERENCE.items()
        for row, value in zip(rows[family], values.split(), strict=True)
    }


def test_digital_phantom_has_every_reference_value() -> None:
    found = texture_features(DIGITAL_PHANTOM, AGGREGATIONS).values
    expected = expected_values()
    assert list(found) == [record.name for record in records(IbsiSettings(aggregations=AGGREGATIONS))]
    assert set(expected) == set(found)
    assert len(expected) == 6 * (25 + 16) + 3 * (16 + 16 + 5 + 17)
    missed = {name: (value, expected[name]) for name, value in found.items() if float(f"{value:.3g}") != expected[name]}
    assert not missed


def test_ct_phantom_has_every_reference_value_of_configuration_a(shared: Path) -> None:
    # Configuration A: no interpolation, intensities from -500 to 400 HU, bins of 25 HU from -500, textures by slice.
    nibabel = pytest.importorskip("nibabel")
    data = shared / "data" / "imaging"
    folder = data / "ibsi_data_sets" / "ibsi_1_ct_radiomics_phantom" / "nifti"
    image = np.rint(np.asarray(nibabel.load(folder / "image" / "phantom.nii.gz").dataobj)).astype(np.int64)
    mask = np.asarray(nibabel.load(folder / "mask" / "mask.nii.gz").dataobj) > 0
    levels = np.where(mask & (image >= -500) & (image <= 400), (image + 500) // 25 + 1, 0)
    found = texture_features(levels, AGGREGATIONS[:4], mask=mask).values
    table = data / "ibsi_reference_values" / "mirp_tables" / "ibsi_1_chest_config_a.csv"
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    n_compared, missed = 0, {}
    for family in FAMILIES:
        for how, suffix in CONFIGURATION_A.items():
            tag = TAGS[family.name] + "_"
            ours = [
                found[f"{family.name}_{row.name}_{how}"] for row in family.rows if f"{family.name}_{row.name}_{how}" in found
            ]
            of_matrix = [row for row in rows if row["tag"].startswith(tag) and row["tag"].endswith("_" + suffix)]
            if not ours:
                continue
            for value, row in zip(ours, of_matrix, strict=True):
                n_compared += 1
                reference, tolerance = float(row["reference value"]), float(row["tolerance"])
                if not abs(float(f"{value:.3g}") - reference) <= tolerance + 1e-9 * abs(reference):
                    missed[row["tag"]] = (value, reference, tolerance)
    assert not missed
    assert n_compared == 4 * (25 + 16) + 2 * (16 + 16 + 5 + 17)
