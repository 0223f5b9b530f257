"""What a signature's score must not depend on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from signature_files import GENES, cohort, one_sum, told, write

from radiotype.errors import ComputeError
from radiotype.genomics import Signature

RULES = ("spearman", "pearson", "cosine")


def signatures(folder):
    for rule in RULES:
        yield Signature.load(write(folder, told(rule=rule)))
    for rule in ("weighted_sum", "up_down_mean"):
        yield Signature.load(write(folder, one_sum(rule=rule)))


@pytest.mark.parametrize("centre", ["none", "median", "z_score", "quantile_range"])
def test_a_new_patient_scores_the_same_alone_or_among_others(tmp_path, centre):
    new = cohort(50, seed=1)
    new.iloc[3, 2] = np.nan
    for signature in signatures(tmp_path):
        frozen = signature.freeze(cohort(), centre=centre, least_coverage=0.5)
        together = frozen.score(new).scores
        for patient in new.index[:6]:
            pd.testing.assert_frame_equal(frozen.score(new.loc[[patient]]).scores, together.loc[[patient]], check_exact=True)


@pytest.mark.parametrize("centre", ["none", "median", "z_score", "quantile_range"])
def test_frozen_on_a_cohort_it_scores_that_cohort_as_before(tmp_path, centre):
    for signature in signatures(tmp_path):
        now = signature.score(cohort(), centre=centre).to_frame()
        pd.testing.assert_frame_equal(
            signature.freeze(cohort(), centre=centre).score(cohort()).to_frame(), now, check_exact=True
        )


def test_order_of_columns_and_genes_that_are_not_its_own_do_not_matter(tmp_path):
    table = cohort(genes=[*GENES, "other", "more"])
    for signature in signatures(tmp_path):
        expected = signature.score(cohort(genes=[*GENES, "other", "more"])[GENES]).scores
        pd.testing.assert_frame_equal(signature.score(table.iloc[:, ::-1]).scores, expected, check_exact=True)


def test_correlations_do_not_see_the_scale_and_shift_of_a_sample(tmp_path):
    scale, shift = np.linspace(0.5, 2, 30)[:, None], np.linspace(-3, 3, 30)[:, None]
    for rule in RULES:
        signature = Signature.load(write(tmp_path, told(rule=rule)))
        moved = cohort() * scale + (shift if rule != "cosine" else 0)
        np.testing.assert_allclose(signature.score(moved).scores, signature.score(cohort()).scores, atol=1e-12)
    ranks = Signature.load(write(tmp_path, told()))
    np.testing.assert_array_equal(ranks.score(np.exp(cohort())).scores, ranks.score(cohort()).scores)


def test_medians_take_off_what_a_platform_adds_to_a_gene(tmp_path):
    platform = np.arange(8.0)
    for signature in signatures(tmp_path):
        for centre, scale in (("median", 1.0), ("z_score", 3.0), ("quantile_range", 3.0)):
            moved = signature.score(cohort() * scale + platform, centre=centre).scores
            np.testing.assert_allclose(moved, signature.score(cohort(), centre=centre).scores, atol=1e-10)


def test_a_new_patient_with_too_few_genes_has_the_same_reason_alone_or_among_others(tmp_path):
    frozen = Signature.load(write(tmp_path, told())).freeze(cohort())
    new = cohort(5, seed=1)
    new.iloc[2, :6] = np.nan
    together, alone = frozen.score(new), frozen.score(new.iloc[[2]])
    assert together.reasons == alone.reasons == {"T2": "RT310: 2 of 8 genes have a value"}
    assert alone.scores.isna().all(axis=None)


def test_a_sum_with_gaps_says_so(tmp_path):
    frozen = Signature.load(write(tmp_path, one_sum())).freeze(cohort(), least_coverage=0.5)
    new = cohort(5, seed=1)
    assert not any("count as 0" in caveat for caveat in frozen.score(new).caveats)
    new.iloc[3, 0] = np.nan
    assert "missing values count as 0 in the sums of 1 samples, the first 'T3'" in frozen.score(new).caveats


def test_a_frozen_column_that_stands_twice_is_refused(tmp_path):
    frozen = Signature.load(write(tmp_path, one_sum())).freeze(cohort())
    new = pd.concat([cohort(), pd.Series(99.0, index=cohort().index, name="G1")], axis=1)
    with pytest.raises(ComputeError, match="RT305: column 'G1' stands twice"):
        frozen.score(new)
    other = pd.concat([cohort(), pd.Series(99.0, index=cohort().index, name="G7")], axis=1)
    pd.testing.assert_frame_equal(frozen.score(other).scores, frozen.score(cohort()).scores)  # it has no use for G7
