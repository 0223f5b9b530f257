"""Published cohorts: the effects that the notes beside each table state, to the digits they state."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from radiotype.stats import concordance, cox, logrank


@pytest.fixture(scope="module")
def table(shared):
    return lambda folder, name: pd.read_csv(shared / "data" / "tabular" / folder / name)


@pytest.fixture(scope="module")
def ispy(table):
    data = table("clinical_ispy1_mri_ld_longitudinal", "ispy1.csv")
    return data.rename(columns={"RFS": "time", "rfs_ind": "event"})


@pytest.fixture(scope="module")
def upenn(table):
    data = table("radiomics_upenn_gbm_captk", "clinical_671.csv")
    data = data[data["ID"].str.endswith("_11")].rename(columns={"time_days": "time"})
    return data.dropna(subset=["time", "event"])


@pytest.fixture(scope="module")
def plgg(table):
    folder = "radiogenomics_plgg_cbtn_captk_xcell"
    joined = table(folder, "clinical_features.csv").merge(table(folder, "pfs.csv"), on="SubjectID")
    return joined.rename(columns={"pfs_months": "time"})


@pytest.fixture(scope="module")
def glioma(table):
    data = table("radiogenomics_tcga_gbm_lgg_pyradiomics", "clinical_survival.csv")
    features = table("radiogenomics_tcga_gbm_lgg_pyradiomics", "features.csv")
    return data.merge(features, on="bcr_patient_barcode", suffixes=("", "_f")).rename(
        columns={"OS.time": "time", "OS": "event"}
    )


def assert_hazard_per_deviation(data, values, stated):
    known = data.assign(x=values).dropna(subset=["x", "time", "event"])
    known["x"] = (known["x"] - known["x"].mean()) / known["x"].std()
    fit = cox(known["time"], known["event"], known[["x"]])
    c_index = concordance(known["time"], known["event"], known["x"]).c_index
    n, events, ratio, lower, upper, p_value, index = stated
    assert (fit.n, fit.events) == (n, events)
    found = [fit.hazard_ratios[0], fit.lower[0], fit.upper[0]]
    np.testing.assert_allclose(found, [ratio, lower, upper], atol=0.00501)
    assert float(f"{fit.p_values[0]:.2g}") == pytest.approx(p_value, rel=0.02)
    assert c_index == pytest.approx(index, abs=0.000501)
    return fit


def assert_logrank(data, group, sizes, p_value):
    known = data.assign(group=group).dropna(subset=["group", "time", "event"])
    test = logrank(known["time"], known["event"], known["group"])
    assert dict(zip(test.groups, test.group_sizes.tolist(), strict=True)) == sizes
    assert float(f"{test.p_value:.2g}") == pytest.approx(p_value, rel=0.02)
    return dict(zip(test.groups, test.observed / test.expected, strict=True))


@pytest.mark.parametrize(
    ("column", "stated"),
    [
        ("MRI LD PreSurg", (208, 59, 1.57, 1.23, 2.00, 0.00029, 0.604)),
        ("MRI LD Baseline", (219, 62, 1.35, 1.08, 1.68, 0.008, 0.628)),
        ("delta MRI LD PreSurg", (208, 59, 1.28, 0.99, 1.65, 0.061, 0.577)),
        ("RCBClass", (201, 54, 1.97, 1.40, 2.77, 8.8e-5, 0.665)),
    ],
)
def test_ispy_tumours_that_stay_large_recur_earlier(ispy, column, stated):
    assert_hazard_per_deviation(ispy, ispy[column], stated)


def test_ispy_complete_responders_do_better(ispy):
    share = assert_logrank(ispy, ispy["PCR"], {0.0: 157, 1.0: 58}, 0.016)
    assert share[1.0] < 1 < share[0.0]


def test_upenn_older_patients_die_earlier(upenn):
    fit = assert_hazard_per_deviation(upenn, upenn["Age_at_scan_years"], (608, 585, 1.48, 1.35, 1.61, 5.2e-18, 0.630))
    assert fit.coefficients[0] > 0


def test_upenn_methylated_and_resected_tumours_do_better(upenn):
    mgmt = upenn["MGMT"].where(upenn["MGMT"].isin(["Methylated", "Unmethylated"]))
    share = assert_logrank(upenn, mgmt, {"Methylated": 110, "Unmethylated": 151}, 1.1e-9)
    assert share["Methylated"] < share["Unmethylated"]
    resected = upenn["GTR_over90percent"].where(upenn["GTR_over90percent"].isin(["Y", "N"]))
    share = assert_logrank(upenn, resected, {"N": 208, "Y": 362}, 2e-5)
    assert share["Y"] < share["N"]


def test_children_with_a_total_resection_progress_later(plgg):
    """The note beside the table states this direction with p = 0.015; R, too, finds a far smaller p."""
    extent = plgg["Extent of Tumor Resection"].round(3)
    sizes = {0.0: 7, 0.333: 27, 0.667: 58, 1.0: 109}
    share = assert_logrank(plgg, extent, sizes, 1.8e-14)
    assert logrank(plgg["time"], plgg["event"], extent).chi_square == pytest.approx(
        67.111607438353, rel=1e-10
    )  # survdiff, R survival 3.5-3
    assert share[1.0] < 1 < share[0.667]


def test_glioblastomas_and_wild_types_die_earlier(glioma):
    share = assert_logrank(glioma, glioma["cancer"], {"GBM": 61, "LGG": 43}, 7.3e-9)
    assert share["LGG"] < 1 < share["GBM"]
    share = assert_logrank(glioma, glioma["IDH status"], {"Mutant": 40, "WT": 55}, 2e-6)
    assert share["Mutant"] < 1 < share["WT"]


@pytest.mark.parametrize(
    ("cancer", "feature", "stated"),
    [
        ("GBM", "entropy", (61, 54, 0.78, 0.57, 1.06, 0.12, 0.440)),
        ("GBM", "size", (61, 54, 1.04, 0.76, 1.42, 0.8, 0.501)),
        ("LGG", "entropy", (43, 13, 0.92, 0.52, 1.62, 0.77, 0.410)),
        ("LGG", "size", (43, 13, 0.64, 0.35, 1.14, 0.13, 0.415)),
    ],
)
def test_glioma_features_have_the_stated_ratios(glioma, cancer, feature, stated):
    own = glioma[glioma["cancer"] == cancer]
    size = np.log(own["original_glszm_GrayLevelNonUniformity"])
    assert_hazard_per_deviation(own, own["original_firstorder_Entropy"] if feature == "entropy" else size, stated)
