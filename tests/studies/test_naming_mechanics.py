"""Subtypes are numbered by size, then margin, then irregularity, whatever the labels or the order of the patients."""

import numpy as np
import pandas as pd
import pytest

from radiotype.studies.naming import subtype_names

MARGIN = "margin_core_vs_invasive_bhattacharyya"


def named(labels, **columns):
    labels = np.array(labels)
    return subtype_names(labels, pd.DataFrame(columns), np.ones(len(labels), dtype=bool)).tolist()


def test_the_smallest_is_first_and_equal_sizes_are_ordered_by_margin_then_irregularity():
    volume = [9.0, 9.0, 1.0, 9.0]
    margin = [0.5, 0.2, 0.9, 0.5]
    energy = [0.1, 0.1, 0.1, 0.3]
    assert named([0, 1, 2, 3], volume_mm3=volume, **{MARGIN: margin}, spharm_energy_l3=energy) == ["3", "2", "1", "4"]
    assert named([0, 1, 2, 3], volume_mm3=volume, **{MARGIN: margin}, sphericity=[0.7, 0.9, 0.9, 0.9]) == ["4", "2", "1", "3"]


def test_detail_of_degree_one_is_no_irregularity():
    assert named([0, 1], volume_mm3=[1.0, 1.0], spharm_energy_l1=[9.0, 1.0], spharm_energy_l12=[1.0, 2.0]) == ["1", "2"]


def test_where_nothing_tells_two_apart_the_larger_is_first():
    assert named([1, 0, 1], volume_mm3=[2.0, 2.0, 2.0]) == ["1", "2", "1"]
    assert named([1, 0, 1], other=[1.0, 2.0, 3.0]) == ["1", "2", "1"]


def test_only_discovery_tumours_count():
    values = pd.DataFrame({"volume_mm3": [1.0, 2.0, 99.0]})
    names = subtype_names(np.array([0, 1, 0]), values, np.array([True, True, False]))
    assert names.tolist() == ["1", "2", "1"]


@pytest.mark.parametrize("seed", range(5))
def test_names_follow_the_patients_when_rows_and_labels_are_permuted(seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(4, size=80)
    values = pd.DataFrame({"volume_mm3": rng.choice([1.0, 2.0], 80), MARGIN: rng.random(80)})
    discovery = rng.random(80) < 0.7
    before = subtype_names(labels, values, discovery)
    rows, renamed = rng.permutation(80), rng.permutation(4)
    after = subtype_names(renamed[labels[rows]], values.iloc[rows].reset_index(drop=True), discovery[rows])
    assert after.tolist() == before.to_numpy()[rows].tolist()
