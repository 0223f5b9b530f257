"""In one population a family says nothing of the others; validation patients change nothing of what is said of discovery."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from meaning_samples import PLANTED, found_in, patients
from scipy.stats import binom

from radiotype.studies.meaning import meaning


@pytest.fixture(scope="module")
def of_one_population() -> dict[str, pd.DataFrame]:
    """Tests of validation patients in cohorts without subtypes that were cut into three all the same."""
    tables = {"feature_differences": [], "family_differences": []}
    for seed in range(5):
        found = meaning(found_in(replace(patients(200, seed=seed)[0], cancer_type_column=None), 3)).tables
        for name, parts in tables.items():
            parts.append(found[name][found[name]["split"] == "validation"])
    return {name: pd.concat(parts) for name, parts in tables.items()}


@pytest.mark.parametrize("kind", ["p_value", "p_value_unequal"])
@pytest.mark.parametrize("name", ["feature_differences", "family_differences"])
def test_in_one_population_families_held_out_differ_at_the_nominal_rate(of_one_population, name, kind):
    table = of_one_population[name]
    held = table.loc[table["assigned_by"] == "other families", kind]
    assert held.notna().all() and len(held) > 50
    assert (held < 0.05).sum() <= binom.ppf(0.9995, len(held), 0.05)


def test_in_one_population_patients_assigned_by_a_feature_differ_in_it_even_in_validation(of_one_population):
    """Why families are held out: frozen centroids alone are no test."""
    table = of_one_population["feature_differences"]
    low = table.loc[table["assigned_by"] == "all features", "p_value"] < 0.05
    assert low.mean() > 0.15


def test_validation_patients_change_nothing_of_what_is_said_of_discovery():
    sample, _ = patients(160, planted=PLANTED)
    moved = sample.values.copy()
    moved.loc[~sample.discovery] *= np.random.default_rng(1).uniform(0.8, 1.2, size=(int((~sample.discovery).sum()), 1))
    tables = []
    for values in (sample.values, moved):
        found = meaning(found_in(replace(sample, values=values), 3)).tables["feature_differences"]
        tables.append(found[found["split"] == "discovery"].reset_index(drop=True))
    assert len(tables[0])
    pd.testing.assert_frame_equal(tables[0], tables[1], check_exact=True)
