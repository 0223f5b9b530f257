"""Where a record carries an identifier of the IBSI, the value is that of the IBSI's feature."""

from __future__ import annotations

import numpy as np
import pytest
from captk_regions import AS_STORED, blob, captk

from radiotype.core import Grid, Mask, Scan
from radiotype.features.ibsi import measure, prepare, records
from radiotype.features.registry import family
from radiotype.features.settings import FeatureSettings

SPACING = (1.0, 1.2, 2.0)


def ibsi_values(values, inside) -> dict[tuple[str, str], float]:
    """Values by identifier of the feature and of the aggregation."""
    grid = Grid(values.shape, np.diag([*SPACING, 1.0]))
    settings = AS_STORED.preparation
    prepared = prepare(Scan(values, grid, "MR"), Mask(inside, grid), settings)
    measured = measure(prepared, settings).values
    return {
        (record.ibsi, str(record.detail.get("aggregation_ibsi", ""))): measured[record.name] for record in records(settings)
    }


def test_features_with_an_identifier_are_those_of_the_ibsi() -> None:
    values, inside = blob()
    inside[20, 19:21, 18] = False  # one part only: shape is of the largest
    expected = ibsi_values(values, inside)
    found = captk(values, inside, spacing=SPACING)
    with_identifier = [record for record in found.records if record.ibsi]
    for record in with_identifier:
        key = (record.ibsi, str(record.detail.get("aggregation_ibsi", "")))
        assert found.values[record.name] == pytest.approx(expected[key], rel=1e-12), record.name
    assert len(with_identifier) == 79


def test_identifiers_are_those_of_the_ibsis_definition() -> None:
    """The identifier of a few, from the reference manual."""
    by_name = {record.name: record.ibsi for record in family("captk").records(FeatureSettings())}
    manual = {
        "captk_intensity_mean": "Q4LE",
        "captk_intensity_energy": "N8CA",
        "captk_histogram_entropy": "TLU2",
        "captk_histogram_uniformity": "BJ5W",
        "captk_glcm_energy": "8ZQL",
        "captk_glcm_homogeneity": "WF0Z",
        "captk_glcm_entropy": "TU9B",
        "captk_glrlm_long_run_emphasis": "W4KF",
        "captk_glszm_high_grey_level_emphasis": "5GN9",
        "captk_ngtdm_strength": "1X9X",
        "captk_morphologic_perimeter": "C0JK",
        "captk_lbp_entropy": "",
        "captk_morphologic_elongation": "",  # the inverse of the IBSI's, of other axes
    }
    assert {name: by_name[name] for name in manual} == manual
