"""What cannot be compared is a sentence; families have their directions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from meaning_samples import PLANTED, RECORDS, SIZES, found_in, patients, recipe

from radiotype.core import FeatureRecord
from radiotype.features.registry import family, family_names
from radiotype.features.settings import FeatureSettings
from radiotype.run.store import RunFolder
from radiotype.studies.feature_families import FAMILIES, family_of
from radiotype.studies.meaning import Meaning, meaning, store_meaning
from radiotype.studies.subtyping import refined


@pytest.mark.parametrize(
    ("name", "unit", "expected"),
    [
        ("spharm_volume_mm3", "mm3", ("volume", 1)), ("surface_to_volume_ratio_per_mm", "/mm", ("volume", -1)),
        ("morphology_centre_of_mass_shift_mm", "mm", ("", 0)), ("spharm_entropy_l12", "1", ("symmetry", 1)),
        ("spharm_axis_scale_long", "1", ("symmetry", -1)), ("spharm_axis_scale_middle", "1", ("", 0)),
        ("spharm_magnitude_l1_m0", "1", ("symmetry", -1)), ("spharm_magnitude_l10_m3", "1", ("regularity", -1)),
        ("spharm_energy_l1", "1", ("", 0)), ("sphericity", "1", ("regularity", 1)), ("intensity_mean", "HU", ("", 0)),
    ],
)  # fmt: skip
def test_a_feature_has_its_family_and_direction(name, unit, expected):
    assert family_of(FeatureRecord(name, "any", "a feature", unit)) == expected


def test_features_of_the_publication_fill_all_four_families():
    settings = FeatureSettings()
    records = [record for name in ("spharm", "margin") for record in family(name).records(settings)]
    counts = pd.Series([family_of(record)[0] for record in records if not record.duplicate_of]).value_counts()
    assert counts.to_dict() == {"volume": 5, "symmetry": 19, "regularity": 147, "regional variation": 20, "": 2}
    assert counts["volume"] == 5  # "five features to characterize tumour burden"
    for name in family_names():
        assert {family_of(record)[0] for record in family(name).records(settings)} <= {*FAMILIES, ""}


def test_a_ball_is_more_symmetric_and_more_regular_than_a_cigar_with_bumps():
    from radiotype.core import Grid, Mask
    from radiotype.features.spharm.family import measure

    x, y, z = (np.indices((30, 30, 30)) - 14.5) / 11
    bumps = 0.2 * np.sin(9 * np.arctan2(y, x)) * (x**2 + y**2)
    masks = [
        Mask(data < 1, Grid((30, 30, 30), np.eye(4))) for data in (x**2 + y**2 + z**2, 6 * (x**2 + y**2) + z**2 + 6 * bumps)
    ]
    ball, cigar = (measure(None, mask, None, FeatureSettings()).values for mask in masks)
    for record in family("spharm").records(FeatureSettings()):
        group, sign = family_of(record)
        if record.name in ("spharm_axis_scale_short", "spharm_axis_scale_long", "spharm_magnitude_l1_m0", "spharm_energy_l2",
                           "spharm_energy_l4", "spharm_entropy_l1", "spharm_magnitude_l1_m1"):  # fmt: skip
            assert group in ("symmetry", "regularity") and sign * ball[record.name] > sign * cigar[record.name], record.name


def test_without_subtypes_nothing_is_said():
    found = found_in(patients(80)[0], 2)
    assert meaning(replace(found, k=1)) == Meaning() or not meaning(replace(found, k=1)).tables
    assert not meaning(replace(found, k=1)).notes


def test_small_subtypes_are_named_and_not_tested():
    found = found_in(patients(120, planted=PLANTED)[0], 3)
    few = found.subtype.copy()
    few[np.flatnonzero(few == "3")[4:]] = "2"
    result = meaning(replace(found, subtype=few))
    whole = result.tables["feature_differences"].query("stratum == 'all' and split == 'all'")
    assert set(whole["group"]) == {"1", "2"}
    assert "Not compared in all (all), with fewer than 5 patients on one side: 3 v rest." in result.notes


def test_missing_values_and_constant_features_have_their_reason():
    sample, _ = patients(120, planted=PLANTED)
    sample.values["texture_1"] = 3.0
    sample.values.loc[::7, "spharm_energy_l3"] = np.nan
    table = meaning(found_in(sample, 3)).tables["feature_differences"].query("stratum == 'all' and split == 'all'")
    flat = table[table["feature"] == "texture_1"]
    assert flat["p_value"].isna().all() and (flat["reason"] != "").all()
    gaps = table[table["feature"] == "spharm_energy_l3"]
    assert (gaps["n_group"] + gaps["n_reference"] == sample.values["spharm_energy_l3"].notna().sum()).all()


def test_one_family_alone_is_not_scored_against_others_and_patients_are_not_assigned_without_it():
    sample, _ = patients(120, planted=PLANTED[:2])
    keep = [record.name for record in RECORDS if record in SIZES or "energy" in record.name]
    records = tuple(record for record in RECORDS if record.name in keep)
    result = meaning(found_in(replace(sample, values=sample.values[keep], records=records), 2))
    assert set(result.tables["family_left_out"]["family"]) == {"volume"}
    assert any(note.startswith("No validation patient was assigned without regularity") for note in result.notes)


def test_refined_subtypes_are_held_out_as_discovery_gave_them(tmp_path):
    settings = recipe(3)
    found = refined(found_in(patients(120, planted=PLANTED)[0], 3), settings)
    result = meaning(found)
    assert result.tables["family_left_out"]["kept"].max() > 50
    folder = RunFolder.create(tmp_path / "run")
    store_meaning(folder, replace(result, notes=("a note",)))
    assert folder.read_table("results/meaning_notes.parquet")["note"].tolist() == ["a note"]
    pd.testing.assert_frame_equal(folder.read_table("results/family_left_out.parquet"), result.tables["family_left_out"])
