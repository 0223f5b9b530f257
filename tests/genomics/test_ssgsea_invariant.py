"""What a single-sample score may depend on, and what not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from radiotype.genomics import ssgsea


@pytest.fixture
def cohort():
    random = np.random.default_rng(7)
    table = pd.DataFrame(random.normal(size=(131, 400)).round(2)).add_prefix("g")
    sets = {f"s{size}": [f"g{at}" for at in random.choice(400, size, replace=False)] for size in (5, 20, 80)}
    return table, sets


def test_a_new_patient_scores_the_same_alone_and_in_a_cohort(cohort):
    table, sets = cohort
    together = ssgsea(table, sets).values
    for row in (0, 64, 130):
        assert ssgsea(table.iloc[[row]], sets).values.tobytes() == together[row].tobytes()


def test_normalised_scores_of_a_new_patient_need_the_range_of_the_reference(cohort):
    table, sets = cohort
    reference = ssgsea(table, sets, normalise=True)
    raw = ssgsea(table, sets)
    assert reference.range_ == raw.range_ == (raw.values.min(), raw.values.max())
    assert np.ptp(reference.values) == pytest.approx(1.0, rel=1e-12)
    new = ssgsea(table.iloc[[3]], sets, normalise=True, range_=reference.range_)
    assert new.values[0].tobytes() == reference.values[3].tobytes()
    assert new.range_ == reference.range_
    own = ssgsea(table.iloc[[3]], sets, normalise=True)
    assert not np.allclose(own.values[0], reference.values[3], rtol=0.1)


@pytest.mark.parametrize("n_jobs", [1, 2, 7, None])
def test_every_number_of_threads_gives_the_same_bytes(cohort, n_jobs):
    table, sets = cohort
    assert ssgsea(table, sets, n_jobs=n_jobs).values.tobytes() == ssgsea(table, sets, n_jobs=3).values.tobytes()


def test_only_the_order_within_a_sample_counts(cohort):
    table, sets = cohort
    expected = ssgsea(table, sets).values
    np.testing.assert_array_equal(ssgsea(np.exp(table) * 3 + 1, sets).values, expected)


def test_order_and_repetition_of_members_and_other_sets_do_not_count(cohort):
    table, sets = cohort
    expected = ssgsea(table, sets).to_frame()
    turned = ssgsea(table, {"s20": [*reversed(sets["s20"]), *sets["s20"][:3], "absent"]})
    assert turned.to_frame()["s20"].tolist() == expected["s20"].tolist()
    assert (turned.n_found["s20"], turned.n_listed["s20"]) == (20, 21)


def test_without_equal_values_the_order_of_the_columns_does_not_count(cohort):
    table, sets = cohort
    values = table + np.random.default_rng(8).uniform(0, 1e-3, size=table.shape)
    mixed = values[np.random.default_rng(9).permutation(values.columns)]
    np.testing.assert_allclose(ssgsea(mixed, sets).values, ssgsea(values, sets).values, rtol=1e-12, atol=1e-10)


LEVEL_PROGRAM = """
import hashlib
import numpy as np
from radiotype import _native
from radiotype.genomics import FunctionalSpectra, gsea, ssgsea

digest, random = hashlib.sha256(), np.random.default_rng(1)
for n in (17, 300, 2051):
    values = random.normal(size=(5, n)).round(2)
    sets = {f"s{size}": [f"f{at + 1}" for at in random.choice(n, size, replace=False)] for size in (5, 8, 13)}
    digest.update(ssgsea(values, sets).values.tobytes())
    digest.update(FunctionalSpectra(sets).fit(values).transform(values).tobytes())
    ranking = dict(zip([f"f{at + 1}" for at in range(n)], random.normal(size=n) - np.linspace(-3, 3, n)))
    found = gsea(ranking, sets | {"top": [f"f{at + 1}" for at in range(9)]})
    digest.update(found.p_values.tobytes() + found.normalised.tobytes() + found.enrichment.tobytes())
print(_native.simd_level(), digest.hexdigest())
"""


def test_every_simd_level_gives_the_same_bytes(same_bytes_at_every_level):
    same_bytes_at_every_level(LEVEL_PROGRAM)
