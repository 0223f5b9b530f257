"""A parenchyma that is found restricts the margins, says how it was found, and costs the margins alone where it fails."""

import json

import nibabel
import numpy as np
import pytest

from radiotype.features import FeatureSettings
from radiotype.imaging.harmonise import Harmonisation, harmonised
from radiotype.imaging.parenchyma import with_parenchyma
from radiotype.io import read_cohort
from radiotype.report.overlays import three_planes
from radiotype.run.engine import describe_cohort
from radiotype.run.memory import held_bytes
from radiotype.run.store import RunFolder

SETTINGS = FeatureSettings(families=("morphology", "margin"))


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    """Two tumours at a wall: one in lung, one in tissue without any lung."""
    folder = tmp_path_factory.mktemp("cohort")
    x, y, z = (np.indices((40, 40, 40)).T * 2.0 - 39).T
    tumour = (x + 5) ** 2 + y**2 + z**2 < 64
    lines = ["case_id,modality,image,mask,site_of_tumour"]
    for name, lung in (("lung", x < 6), ("none", x < -100)):
        values = np.where(lung & ~tumour, -850, 40).astype(np.int16)
        values += np.random.default_rng(0).normal(0, 15, values.shape).astype(np.int16)
        for kind, data in (("image", values), ("mask", tumour.astype(np.uint8))):
            nibabel.save(nibabel.Nifti1Image(data, np.diag([2.0, 2.0, 2.0, 1.0])), folder / f"{name}-{kind}.nii")
        lines.append(f"{name},CT,{name}-image.nii,{name}-mask.nii,lung")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "manifest.csv"


def by_case(extraction):
    return {one.key.case_id: one for one in extraction.outcomes}


def test_margins_end_with_the_lung_and_a_failure_costs_them_alone(manifest, tmp_path):
    folder = RunFolder.create(tmp_path / "run")
    cohort = read_cohort(manifest)
    open_, found = (describe_cohort(one, SETTINGS, folder=folder, pictures=True) for one in (cohort, with_parenchyma(cohort)))
    before, after = by_case(open_), by_case(found)
    assert "parenchyma_not_restricted" in before["lung"].features.flags
    assert "parenchyma_not_restricted" not in after["lung"].features.flags
    name = "margin_invasive_vs_parenchymal_10mm_intersection"
    assert after["lung"].features.values[name] < before["lung"].features.values[name]
    assert after["lung"].features.values["margin_core_vs_invasive_intersection"] == pytest.approx(
        before["lung"].features.values["margin_core_vs_invasive_intersection"]
    )
    assert after["lung"].remarks[-1].startswith("lung found by density and shape: 2")
    assert after["lung"].features.flags["parenchyma_found_voxels"] > 20_000
    assert before["lung"].remarks == ()
    failed = after["none"]
    assert (failed.status, failed.code, failed.stage) == ("partial", "RT311", "read parenchyma")
    assert all(np.isnan(value) == one.startswith("margin") for one, value in failed.features.values.items())
    assert failed.picture
    arrays = folder.read_arrays(f"overlays/{after['lung'].picture}")
    assert arrays["parenchyma_axial"].any()
    assert "stroke-dasharray" in three_planes(arrays, "case", "#ff0000", label="case")
    assert "parenchyma_axial" not in folder.read_arrays(f"overlays/{before['lung'].picture}")

    again = describe_cohort(with_parenchyma(cohort), SETTINGS, folder=folder, pictures=True)
    assert again.n_stored == 1  # what could not be found is tried again
    assert json.dumps(dict(by_case(again)["lung"].features.values)) == json.dumps(dict(after["lung"].features.values))
    assert by_case(again)["lung"].remarks == after["lung"].remarks
    assert describe_cohort(cohort, SETTINGS, folder=folder, pictures=True).n_stored == 2


def test_a_doubtful_parenchyma_is_told_at_its_features(manifest, monkeypatch):
    from radiotype.imaging.parenchyma import finder

    monkeypatch.setattr(finder, "HARDLY", 1.1)
    one = by_case(describe_cohort(with_parenchyma(read_cohort(manifest)), SETTINGS))["lung"]
    assert one.features.flags["parenchyma_doubtful"] == 1.0
    assert "(doubtful: it is" in one.remarks[-1]
    care = {name for name, code in one.features.reasons.items() if code == "parenchyma_doubtful"}
    assert care == {name for name in one.features.values if "_parenchymal_" in name} - {
        name for name, code in one.features.reasons.items() if code != "parenchyma_doubtful"
    }
    assert len(care) > 10


def test_no_parenchyma_is_looked_for_beyond_the_memory_allowed(manifest, monkeypatch):
    from radiotype.imaging.parenchyma import working

    monkeypatch.setattr(working, "FINDING", 10**6)
    limit = held_bytes() + 500 * 10**6
    one = by_case(describe_cohort(with_parenchyma(read_cohort(manifest)), SETTINGS, memory_bytes=limit))["lung"]
    assert (one.status, one.code, one.stage) == ("partial", "RT306", "read parenchyma")


def test_a_harmonised_scan_is_another_input_and_the_parenchyma_is_found_in_the_stored_one(manifest, tmp_path):
    folder = RunFolder.create(tmp_path / "run")
    cohort = with_parenchyma(read_cohort(manifest))
    plain = describe_cohort(cohort, SETTINGS, folder=folder)
    finer = describe_cohort(harmonised(cohort, Harmonisation(spacing_mm=1.5)), SETTINGS, folder=folder)
    assert finer.n_stored == 0
    plain, finer = by_case(plain)["lung"], by_case(finer)["lung"]
    assert finer.features.values["volume_mm3"] == pytest.approx(plain.features.values["volume_mm3"], rel=0.1)
    assert any(remark.startswith("resampled to 1.5 mm") for remark in finer.remarks)
    assert any(remark.startswith("lung found") for remark in finer.remarks)
