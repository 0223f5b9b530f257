"""What the check of an analysis on shuffled outcomes says, counts and refuses."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from radiotype.errors import ComputeError, RecipeError
from radiotype.stats import cox, per_feature, permutation_check, roc_area, spearman, wilcoxon


@pytest.fixture
def cohort():
    random = np.random.default_rng(31)
    return random.normal(size=(60, 10)), random.permutation(60) % 2


def refused(code, match):
    error = RecipeError if code == "RT103" else ComputeError
    return pytest.raises(error, match=rf"(?s){code}: .*{match}")


def test_an_honest_analysis_passes_and_a_real_effect_is_found(cohort):
    table, grade = cohort
    table[:, 0] += 1.5 * grade
    found = permutation_check(lambda x, y: wilcoxon(x[:, 0], y), table, grade)
    assert found.passed and found.verdict.startswith("As promised")
    assert found.p_value == 1 / 201
    assert found.n_false == np.sum(found.permuted <= 0.05) and found.n_tested == 200
    assert found.rate == found.n_false / 200 and found.lower < found.rate < found.upper
    assert found.observed == wilcoxon(table[:, 0], grade).p_value


def test_the_band_is_that_of_the_binomial(cohort):
    found = permutation_check(lambda x, y: wilcoxon(x[:, 0], y), *cohort, n_permutations=100)
    low, high = found.band
    assert binom.cdf(low - 1, 100, 0.05) < 0.025 <= binom.cdf(low, 100, 0.05)
    assert binom.cdf(high - 1, 100, 0.05) < 0.975 <= binom.cdf(high, 100, 0.05)


def test_an_analysis_that_picks_the_best_feature_is_found_out(cohort):
    found = permutation_check(lambda x, y: min(wilcoxon(one, y).p_value for one in x.T), *cohort)
    assert not found.passed and found.verdict.startswith("Do not trust it")
    assert 0.25 < found.rate < 0.55  # 1 - 0.95**10 is 0.40


def test_an_analysis_that_never_finds_anything_is_called_cautious(cohort):
    found = permutation_check(lambda x, y: 0.9, *cohort)
    assert found.passed and found.verdict.startswith("Cautious") and found.p_value == 1


def test_findings_count_by_their_least_q_value(cohort):
    def analysis(x, y):
        return per_feature(pd.DataFrame(x), lambda column: spearman(column, y))

    found = permutation_check(analysis, *cohort, n_permutations=40)
    assert found.observed == min(one.q_value for one in analysis(*cohort).findings.values())
    assert found.n_false <= found.band[1]


def test_a_score_with_a_leak_lies_above_chance(cohort):
    table, grade = cohort

    def resubstituted(x, y):
        slope = x.T @ (y - y.mean())
        return roc_area(y, x @ slope).effect

    leaky = permutation_check(resubstituted, table, grade, kind="score")
    assert not leaky.passed and leaky.rate > 0.95
    honest = permutation_check(lambda x, y: roc_area(y, x[:, 0]), table, grade, kind="score")
    assert honest.passed and honest.level == 0.5
    assert honest.observed == roc_area(grade, table[:, 0]).effect


def test_time_and_event_are_shuffled_together(cohort):
    random = np.random.default_rng(2)
    outcome = pd.DataFrame({"time": random.exponential(size=60), "event": random.integers(0, 2, 60)}, index=range(100, 160))
    seen = []

    def analysis(x, y):
        seen.append(y)
        return float(cox(y["time"], y["event"], x[:, :1]).likelihood_ratio.p_value)

    permutation_check(analysis, cohort[0], outcome, n_permutations=20)
    pairs = set(map(tuple, outcome.to_numpy()))
    assert all(set(map(tuple, one.to_numpy())) == pairs and one.index.equals(outcome.index) for one in seen)
    assert not any(one["time"].equals(outcome["time"]) for one in seen[1:])


def test_cases_of_a_patient_keep_a_common_outcome():
    patient, seen = np.repeat(np.arange(20), 3), []
    outcome = (np.arange(20) % 2)[patient]

    def analysis(_, y):
        seen.append(y)
        return 0.5

    found = permutation_check(analysis, None, outcome, patient=patient, n_permutations=30)
    assert found.n_patients == 20
    assert all((y.reshape(20, 3) == y.reshape(20, 3)[:, :1]).all() and y.sum() == 30 for y in seen)
    with refused("RT305", "cases of a patient have different outcomes"):
        permutation_check(analysis, None, np.arange(60) % 2, patient=patient)


def test_shuffling_cases_apart_from_their_patients_is_what_inflates():
    """Each patient stands five times in the table; the p-value of a test by case is far too small."""
    random = np.random.default_rng(6)
    patient = np.repeat(np.arange(16), 5)
    table, outcome = random.normal(size=16)[patient] + 0.1 * random.normal(size=80), (np.arange(16) % 2)[patient]
    by_patient = permutation_check(lambda x, y: wilcoxon(x, y), table, outcome, patient=patient)
    by_case = permutation_check(lambda x, y: wilcoxon(x, y), table, outcome)
    assert by_case.passed and not by_patient.passed


def test_the_result_depends_on_the_seed_only(cohort):
    def analysis(x, y):
        return wilcoxon(x[:, 1], y)

    one = permutation_check(analysis, *cohort, n_permutations=40)
    assert (permutation_check(analysis, *cohort, n_permutations=40, n_jobs=3).permuted == one.permuted).all()
    assert (permutation_check(analysis, *cohort, n_permutations=80).permuted[:40] == one.permuted).all()
    assert (permutation_check(analysis, *cohort, n_permutations=40, seed=1).permuted != one.permuted).any()


def test_progress_counts_every_permutation(cohort):
    counts = []

    @contextmanager
    def watched(label, total):
        yield lambda: counts.append((label, total))

    permutation_check(lambda x, y: 0.5, *cohort, n_permutations=25, progress=watched)
    assert counts == [("shuffled outcomes", 25)] * 25


def test_refused_permutations_are_left_out_unless_they_are_most(cohort):
    table, grade = cohort

    def refuses(share):
        def analysis(x, y):
            if (y != grade).any() and x[y == 1, 0].mean() < share:
                raise ComputeError("RT302")
            return 0.5

        return analysis

    middle = float(table[:, 0].mean())
    some = permutation_check(refuses(middle - 0.15), table, grade)
    assert 100 < some.n_tested < 200 and np.isnan(some.permuted).sum() == 200 - some.n_tested
    with refused("RT305", "refused 200 of 200"):
        permutation_check(refuses(99.0), table, grade)


@pytest.mark.parametrize("returned", [1.5, "0.03", [0.1], None])
def test_what_is_no_p_value(cohort, returned):
    with refused("RT305", "expected a p-value"):
        permutation_check(lambda x, y: returned, *cohort)


def test_what_cannot_be_shuffled_or_set(cohort):
    table, grade = cohort
    with refused("RT305", "no p-value for the outcome as it is"):
        permutation_check(lambda x, y: float("nan"), table, grade)
    with refused("RT305", "all outcomes are equal"):
        permutation_check(lambda x, y: 0.5, table, np.ones(60))
    with refused("RT301", "1 patients"):
        permutation_check(lambda x, y: 0.5, table, grade, patient=np.ones(60))
    with refused("RT103", "kind"):
        permutation_check(lambda x, y: 0.5, table, grade, kind="area")
    with refused("RT103", "n_permutations"):
        permutation_check(lambda x, y: 0.5, table, grade, n_permutations=5)
    with refused("RT103", "confidence"):
        permutation_check(lambda x, y: 0.5, table, grade, level=0)
