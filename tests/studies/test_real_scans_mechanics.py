"""Real scans of three organs, and of none, go through a whole study with the organ found automatically."""

import pytest

from radiotype import studies
from radiotype.report.stored import load
from radiotype.run.store import RunFolder

#: Case, what it is, its modality and split, scan and mask.
CASES = (
    ("LIDC-0314", "lung", "CT", "discovery", "lidc_idri_0314_ct_4raters/{}.nii.gz", "ct_crop", "mask_r1"),
    ("4DLUNG-113", "lung", "CT", "validation", "4d_lung_113/{}.nii.gz", "ct_crop", "Tumor_c40_mask"),
    ("brain2", "brain", "MR", "discovery", "pyradiomics_sdist/{}.nrrd", "brain2_image", "brain2_label"),
    ("breast1", "breast", "MR", "discovery", "pyradiomics_sdist/{}.nrrd", "breast1_image", "breast1_label"),
    ("STS_041", "", "CT", "discovery", "ibsi_validation_sts51/nifti/STS_041/{}.nii.gz", "CT_image", "CT_mask"),
    ("STS_035", "", "MR", "discovery", "ibsi_validation_sts51/nifti/STS_035/{}.nii.gz", "MR_T1_image", "MR_T1_mask"),
)


@pytest.fixture(scope="module")
def result(shared, tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    lines = ["case_id,organ,modality,split,image,mask"]
    for case, organ, modality, split, where, image, mask in CASES:
        image, mask = (shared / "data" / "imaging" / where.format(name) for name in (image, mask))
        lines.append(f"{case},{organ},{modality},{split},{image},{mask}")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    recipe = {
        "manifest": str(folder / "manifest.csv"),
        "cancer_type": "organ",
        "images": {"harmonise": {"spacing_mm": 1.0, "bias_field": False, "intensity": "z_score"}},
        "parenchyma": {"find": "auto", "organ": "organ"},
        "features": {"families": ["spharm", "margin"], "spharm": {"degree": 6}},
        "subtypes": {"k": 2, "k_range": [2, 2], "n_resamples": 50},
        "validation": {"null_cohorts": 19, "purity_repeats": 0},
    }
    return studies.run(recipe, folder / "run")


def test_every_region_is_described(result):
    assert result.n_regions == len(CASES)
    assert [(one.key.case_id, one.code, one.reason) for one in result.extraction.outcomes if one.status != "ok"] == []


def test_each_organ_is_found_where_there_is_one_and_its_scan_is_harmonised(result):
    remarks = {one.key.case_id: "; ".join(one.remarks) for one in result.extraction.outcomes}
    for case, organ, modality, *_ in CASES:
        assert "resampled to 1 mm" in remarks[case]
        assert ("found by" in remarks[case]) == bool(organ) == (f"{organ} found by" in remarks[case])
        scaled = {
            "brain": "standardised within the brain",
            "breast": "standardised within the breast",
            "": "intensity as stored",
        }
        assert modality == "CT" or scaled[organ] in remarks[case]


def test_the_report_shows_what_was_found(result):
    page = result.report.read_text(encoding="utf-8")
    assert "organ tissue that was found automatically" in page
    assert all(case in page for case, *_ in CASES)
    seen = load(RunFolder(result.folder))
    assert sorted(seen.subtype_names) == ["1", "2"]
    assert {"medoids", "centroids", "meaning_notes"} <= set(seen.results)
