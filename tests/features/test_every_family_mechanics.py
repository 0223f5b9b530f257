"""Whatever the region and the intensities, a feature has a value within its range, or none and a code that says why."""

import math

import numpy as np
import pytest

from radiotype.core import Grid, Mask, Scan
from radiotype.core.reasons import MISSING, WITH_CARE
from radiotype.errors import RadiotypeError
from radiotype.features import FeatureSettings, describe, family_names, registry

SHAPE = (16, 14, 12)


def cells(*places) -> np.ndarray:
    inside = np.zeros(SHAPE, dtype=bool)
    for place in places:
        inside[place] = True
    return inside


def ball() -> np.ndarray:
    return ((np.moveaxis(np.indices(SHAPE), 0, -1) - [7, 7, 6]) ** 2).sum(axis=-1) < 24


MASKS = {
    "one voxel": cells((7, 6, 5)),
    "two voxels apart": cells((3, 3, 3), (9, 8, 7)),
    "a row": cells((slice(4, 10), 6, 5)),
    "a plane": cells((slice(4, 10), slice(3, 9), 5)),
    "a box": cells((slice(4, 10), slice(3, 9), slice(4, 9))),
    "two islands": cells((slice(1, 5), slice(1, 5), slice(1, 5)), (slice(9, 13), slice(8, 12), slice(6, 10))),
    "at the border": cells((slice(0, 6), slice(0, 5), slice(0, 5))),
    "everything": np.ones(SHAPE, dtype=bool),
    "a ball": ball(),
}
NOISE = np.rint(np.random.default_rng(3).normal(40, 25, SHAPE))
VALUES = {
    "noise": NOISE,
    "constant": np.full(SHAPE, 7.0),
    "zero": np.zeros(SHAPE),
    "two values": np.where(np.indices(SHAPE).sum(axis=0) % 2, 1.0, -1.0),
    "limits of int16": np.where(np.indices(SHAPE)[0] % 3 == 0, np.int16(-32768), np.int16(32767)),
    "huge": NOISE * 1e28,
    "not finite around the region": NOISE,
}


def scan_of(values: str, mask: str) -> Scan:
    array = VALUES[values].copy()
    if values == "not finite around the region":
        array[~MASKS[mask]] = np.nan
    return Scan(array, Grid(SHAPE, np.diag([1.5, 1.5, 3.0, 1.0])), "MR")


#: One filter of each kind, and every group of features that filtered scans have.
FILTERED = {
    "filters": [
        {"kind": "mean", "size": 3, "boundary": "zero"},
        {"kind": "log", "sigma_mm": 2.0, "boundary": "nearest"},
        {"kind": "laws", "kernels": "L5E5S5"},
        {"kind": "gabor", "sigma_mm": 3.0, "wavelength_mm": 4.0, "step_degrees": 90.0},
        {"kind": "wavelet", "wavelet": "db2", "subband": "LHH", "boundary": "periodic"},
        {"kind": "simoncelli", "level": 1},
        {"kind": "simoncelli", "level": 2, "reach": 8, "boundary": -5.0, "dimensions": 2},
        {"kind": "riesz", "order": [1, 0, 0], "of": "log", "sigma_mm": 1.5},
    ],
    "filtered_features": ["intensity", "intensity_histogram", "intensity_volume_histogram", "texture"],
}
SETTINGS = {name: (name, FeatureSettings()) for name in family_names()} | {
    "ibsi, filtered": ("ibsi", FeatureSettings(ibsi=FILTERED)),
    "ibsi, filtered voxels": ("ibsi", FeatureSettings(ibsi=FILTERED | {"spacing_mm": None})),
}


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("mask", MASKS)
def test_a_value_within_its_range_or_a_code(settings: str, mask: str) -> None:
    family, chosen = SETTINGS[settings]
    for values in VALUES:
        scan = scan_of(values, mask)
        try:
            found = describe(scan, Mask(MASKS[mask], scan.grid), [family], settings=chosen)
        except RadiotypeError as error:  # the bins of pyradiomics have a fixed width
            assert (values, family, error.code) == ("huge", "pyradiomics", "RT305")
            continue
        for record in found.records:
            value, code = found.values[record.name], found.reasons.get(record.name, "")
            if math.isnan(value):
                assert code in MISSING, (record.name, values, code)
            else:
                assert not code or code in WITH_CARE, (record.name, values, code)
                slack = 1e-9 * max(1.0, abs(value))
                assert record.low - slack <= value <= record.high + slack, (record.name, values, value)


@pytest.mark.parametrize("family", family_names())
def test_an_empty_mask_and_a_value_that_is_none_are_refused_or_do_not_matter(family: str) -> None:
    scan = scan_of("noise", "a ball")
    with pytest.raises(RadiotypeError) as caught:
        describe(scan, Mask(np.zeros(SHAPE, dtype=bool), scan.grid), [family])
    assert caught.value.code == "RT204"
    broken = NOISE.copy()
    broken[7, 7, 6] = np.inf
    try:
        found = describe(Scan(broken, scan.grid, "MR"), Mask(ball(), scan.grid), [family])
    except RadiotypeError as error:
        assert error.code == "RT206"
    else:
        assert all(math.isfinite(value) or found.reasons[name] in MISSING for name, value in found.values.items())


def test_every_family_is_found_under_its_own_name() -> None:
    assert [registry.family(name).name for name in family_names()] == list(family_names())
