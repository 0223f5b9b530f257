"""All values of the filtered CT phantom equal the reference values of IBSI-2, within its tolerances."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import ibsi2_features
import pytest
from ibsi2_features import FILTERS, compare, references
from ibsi_conformance import Comparison

from radiotype.features.ibsi import IbsiSettings


@pytest.fixture(scope="module")
def found(shared: Path) -> list[Comparison]:
    return compare(shared)


def test_every_value_lies_within_the_tolerance(shared: Path, found: list[Comparison]) -> None:
    assert [one for one in found if not one.agrees] == []
    assert len(found) == len(references(shared)) == 323
    assert {one.data_set for one in found} == {f"{number}.{configuration}" for number in FILTERS for configuration in "AB"}


def test_other_settings_miss_the_reference(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    others = (
        {"kind": "mean", "size": 7, "dimensions": 2},
        {"kind": "log", "sigma_mm": 1.6, "dimensions": 2},
        {"kind": "laws", "kernels": "L5E5", "energy_distance": 6},
        {"kind": "gabor", "sigma_mm": 5.0, "wavelength_mm": 2.0, "dimensions": 2},
        {"kind": "wavelet", "wavelet": "db2", "subband": "LH"},
        {"kind": "wavelet", "wavelet": "db3", "subband": "LH", "level": 2},
        {"kind": "simoncelli", "level": 1, "dimensions": 2, "reach": 16},
        {"kind": "simoncelli", "level": 3, "dimensions": 2, "boundary": "mirror"},
    )
    changed = IbsiSettings(spacing_mm=None, slice_by_slice=True, intensity_range=(-1000.0, 300.0), filters=others)
    monkeypatch.setattr(ibsi2_features, "SETTINGS", {"A": changed, "B": changed})
    missed = {one.data_set for one in compare(shared) if not one.agrees}
    assert missed == {f"{number}.{configuration}" for number in FILTERS for configuration in "AB"}


def test_the_page_on_conformance_says_what_is_found(shared: Path) -> None:
    script = Path(__file__).parents[3] / "benchmarks/ibsi_conformance.py"
    page = script.parents[1] / "docs/reference/ibsi-conformance.md"
    spec = importlib.util.spec_from_file_location("benchmark_of_conformance", script)
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    lines = set(page.read_text(encoding="utf-8").splitlines())
    maps = {test: benchmark.response_maps.difference(shared, test) for test in benchmark.response_maps.TESTS}
    assert set(benchmark.map_table(maps)) <= lines
    assert set(benchmark.filtered_table(shared)) <= lines
