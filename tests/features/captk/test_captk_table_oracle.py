"""The features against a published table of CaPTk's: names, duplicates, and definitions that its columns give away."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from captk_regions import blob, captk

from radiotype.features import FeatureSettings, family
from radiotype.features.captk.first_order import histogram_percentile
from radiotype.features.captk.table import LEFT_OUT, column_name, entries
from radiotype.features.ibsi.distribution import statistics

FOLDER = "data/tabular/radiomics_upenn_gbm_captk"


@pytest.fixture(scope="module")
def one_region(shared) -> pd.DataFrame:
    """228 patients, necrotic core on FLAIR."""
    table = pd.read_csv(shared / FOLDER / "captk_flair_nc_228.csv").set_index("SubjectID")
    return table.rename(columns=lambda name: name.removeprefix("FLAIR_NC_"))


@pytest.fixture(scope="module")
def regions(shared, one_region) -> list[pd.DataFrame]:
    """59 patients, eleven maps of three regions, one table each; the columns of `one_region`."""
    table = pd.read_parquet(shared / FOLDER / "captk_all_59.parquet")
    prefixes = [name.removesuffix("Volumetric_Pixels") for name in table if name.endswith("_Volumetric_Pixels")]
    return [table[[prefix + name for name in one_region]].set_axis(one_region.columns, axis=1) for prefix in prefixes]


def without_bins(table: pd.DataFrame) -> list[str]:
    return [name for name in table if "_Bin-" not in name]


def test_every_column_is_a_feature_or_left_out(one_region) -> None:
    ours = [column_name(entry.column, 16) for entry in entries()]
    left_out = [column_name(column, 16) for column in LEFT_OUT]
    assert (len(ours), len(left_out)) == (104, 8)
    assert sorted(ours + left_out) == sorted(without_bins(one_region))
    kept = [name for name in without_bins(one_region) if name not in left_out]
    assert ours == kept
    assert [record.detail["captk"] for record in family("captk").records(FeatureSettings())] == kept


def test_what_is_left_out_ranks_patients_as_another_column_and_nothing_else_does(one_region, regions) -> None:
    """In all regions, two columns that vary have a rank correlation of 1 or -1 exactly if one stands in for the other."""
    stands_for = {column_name(a, 16): column_name(b, 16) for a, b in LEFT_OUT.items()}
    for table in (one_region, *regions):
        for left, kept in stands_for.items():
            assert abs(table[left].corr(table[kept], method="spearman")) == pytest.approx(1, abs=1e-12)
    varying = [name for name in without_bins(one_region) if one_region[name].nunique() > 1]
    ranks = one_region[varying].corr(method="spearman").abs().to_numpy()
    same = {frozenset((varying[i], varying[j])) for i, j in zip(*np.nonzero(np.triu(ranks > 1 - 1e-9, k=1)), strict=True)}
    groups = {name: stands_for.get(name, name) for name in varying}
    expected = {frozenset((a, b)) for a in varying for b in varying if a != b and groups[a] == groups[b]}
    assert same == expected


#: Relations between columns: what stands on both sides, from a mapping of CaPTk's names without parameters.
RELATIONS = {
    "range": lambda f: (f["Intensity_Range"], f["Intensity_Maximum"] - f["Intensity_Minimum"]),
    "energy": lambda f: (f["Intensity_Energy"], f["Intensity_RootMeanSquare"] ** 2 * f["Volumetric_Volume"]),
    "sum": lambda f: (f["Intensity_Sum"], f["Intensity_Mean"] * f["Volumetric_Volume"]),
    "sum of levels": lambda f: (f["Histogram_Sum"], f["Histogram_Mean"] * f["Volumetric_Volume"]),
    "energy of levels": lambda f: (f["Histogram_Energy"], f["Histogram_RootMeanSquare"] ** 2 * f["Volumetric_Volume"]),
    "range of levels": lambda f: (f["Histogram_Range"], f["Histogram_Maximum"] - f["Histogram_Minimum"]),
    "interquartile range of levels": lambda f: (
        f["Histogram_InterQuartileRange"],
        f["Histogram_SeventyFifthPercentile"] - f["Histogram_TwentyFifthPercentile"],
    ),
    "elongation": lambda f: (
        f["Morphologic_Elongation"],
        f["Morphologic_EllipseDiameter_Axis-2"] / f["Morphologic_EllipseDiameter_Axis-1"],
    ),
    "flatness": lambda f: (
        f["Morphologic_Flatness"],
        f["Morphologic_EllipseDiameter_Axis-1"] / f["Morphologic_EllipseDiameter_Axis-0"],
    ),
    "eccentricity": lambda f: (
        f["Morphologic_Eccentricity"] ** 2,
        1
        - f["Morphologic_EllipseDiameter_Axis-0"]
        * f["Morphologic_EllipseDiameter_Axis-1"]
        / f["Morphologic_EllipseDiameter_Axis-2"] ** 2,
    ),
    "the ellipsoid has the volume of the part": lambda f: (
        f["Morphologic_PhysicalSize"],
        math.pi / 6 * math.prod(f[f"Morphologic_EllipseDiameter_Axis-{axis}"] for axis in range(3)),
    ),
    "zone size": lambda f: (
        f["GLSZM_LargeZoneEmphasis"],
        f["GLSZM_ZoneSizeVariance"] + 1 / f["GLSZM_ZonePercentage"] ** 2,
    ),
    "level of a zone": lambda f: (
        f["GLSZM_HighGreyLevelEmphasis"],
        f["GLSZM_GreyLevelVariance"] + f["GLSZM_GreyLevelMean"] ** 2,
    ),
    "number of zones, from levels": lambda f: (
        f["GLSZM_GreyLevelNonUniformity"],
        f["GLSZM_GreyLevelNonUniformityNormalized"] * f["GLSZM_ZonePercentage"] * f["Volumetric_Volume"],
    ),
    "number of zones, from sizes": lambda f: (
        f["GLSZM_ZoneSizeNonUniformity"],
        f["GLSZM_ZoneSizeNoneUniformityNormalized"] * f["GLSZM_ZonePercentage"] * f["Volumetric_Volume"],
    ),
}


@pytest.mark.parametrize("name", RELATIONS)
def test_relations_between_columns_hold_in_the_table_and_in_our_features(name: str, one_region) -> None:
    columns = {entry.column: one_region[column_name(entry.column, 16)].to_numpy(float) for entry in entries()}
    left, right = RELATIONS[name](columns)
    assert left == pytest.approx(right, rel=1e-8)
    features = captk(*blob())
    left, right = RELATIONS[name]({entry.column: features.values[f"captk_{entry.name}"] for entry in entries()})
    assert left == pytest.approx(right, rel=1e-9)


def test_definitions_of_the_histogram_give_the_tables_values_from_its_counts(one_region) -> None:
    """In the table, levels count from 0, bins are wider by a 1,600th, variances divided by n - 1; kurtosis is not less 3."""
    names = {entry.name.removeprefix("histogram_"): column_name(entry.column, 16) for entry in entries()}
    counts = one_region[[f"Histogram_Bins-16_Bins-16_Bin-{level}_Frequency" for level in range(16)]].to_numpy(np.int64)
    for (_, row), found in zip(one_region.iterrows(), counts, strict=True):
        n, filled = int(found.sum()), np.flatnonzero(found)
        ours, _ = statistics(filled.astype(float), found[filled])
        assert ours["mean"] == pytest.approx(row[names["mean"]], rel=1e-8)
        assert ours["variance"] * n / (n - 1) == pytest.approx(row[names["variance"]], rel=1e-8)
        assert (ours["kurtosis"] + 3) * ((n - 1) / n) ** 2 == pytest.approx(row[names["kurtosis"]], rel=1e-8)
        assert ours["skewness"] * ((n - 1) / n) ** 1.5 == pytest.approx(row[names["skewness"]], rel=1e-7, abs=1e-9)
        assert ours["median"] == row[names["median"]]
        fractions = found[filled] / n
        assert -(fractions * np.log2(fractions)).sum() == pytest.approx(row[names["entropy"]], rel=1e-8)
        assert (fractions**2).sum() == pytest.approx(row[names["uniformity"]], rel=1e-8)
        low, width = row["Intensity_Minimum"], row["Intensity_Range"] / 16 * (1 + 1 / 1600)
        for percent, word in ((5, "Fifth"), (95, "NinetyFifth")):
            expected = row[f"Histogram_Bins-16_Bins-16_{word}Percentile"]
            assert histogram_percentile(found, percent, low=low, width=width) == pytest.approx(expected, rel=1e-6)


def test_signs_and_ranges_of_the_table_are_those_of_the_records(one_region) -> None:
    """Columns whose definition is known to be the same never leave the range that their record gives."""
    other = ("Histogram", "MeanAbsoluteDeviation", "MedianAbsoluteDeviation", "LBP")  # counted from 0, or other definitions
    for record in family("captk").records(FeatureSettings()):
        column = str(record.detail["captk"])
        if not any(word in column for word in other):
            assert one_region[column].between(record.low - 1e-9, record.high + 1e-9).all(), column
