"""Association tests against R 4.2.2 (chisq.test, fisher.test, kruskal.test, wilcox.test, cor.test, vcd)."""

from __future__ import annotations

from itertools import permutations
from math import factorial

import numpy as np
import pytest
from scipy.stats import ncx2

from radiotype.stats import cramers_v, kruskal_wallis, spearman, wilcoxon


def cases_of(golden):
    """Labels of every case of a table that R wrote column by column."""
    table = np.array(golden["table"]["data_colmajor"]).reshape(golden["table"]["dim"], order="F")
    rows, columns = np.indices(table.shape)
    return np.repeat(rows.ravel(), table.ravel()), np.repeat(columns.ravel(), table.ravel())


@pytest.mark.parametrize("name", ["HairEye", "t22", "t34"])
def test_tables_have_the_numbers_of_r(golden_file, name):
    golden = golden_file("basic_stats/contingency.json")[name]
    found = cramers_v(*cases_of(golden))
    assert found.effect == pytest.approx(golden["V"], rel=1e-12)
    assert (found.statistic, found.p_value) == pytest.approx((golden["chisq"], golden["p"]), rel=1e-10)
    assert found.degrees_of_freedom == golden["df"]
    corrected = cramers_v(*cases_of(golden), method="yates")
    assert (corrected.statistic, corrected.p_value) == pytest.approx((golden["chisq_yates"], golden["p_yates"]), rel=1e-10)
    assert corrected.effect == found.effect


def test_fisher_has_the_p_value_of_r(golden_file):
    golden = golden_file("basic_stats/contingency.json")["t22"]
    found = cramers_v(*cases_of(golden), method="fisher")
    assert found.p_value == pytest.approx(golden["fisher"], rel=1e-10)
    assert found.statistic == 12 * 19 / (5 * 7)


def test_fisher_of_a_larger_table_has_the_p_value_of_r(golden_file):
    golden = golden_file("basic_stats/contingency.json")["t34"]
    one, other = cases_of(golden)
    assert cramers_v(one, other, method="fisher").p_value == pytest.approx(golden["fisher"], rel=1e-9)
    assert cramers_v(other, one, method="fisher").p_value == pytest.approx(golden["fisher"], rel=1e-9)


def test_fisher_of_a_larger_table_equals_listing_all_orders():
    """Every way to deal the labels of one column to seven cases."""
    one, other = np.array([0, 0, 0, 1, 1, 2, 2]), np.array([0, 0, 1, 1, 2, 2, 2])

    def weight(labels):
        table = np.bincount(one * 3 + np.array(labels), minlength=9)
        return 1 / np.prod([float(factorial(count)) for count in table])

    weights = np.array([weight(labels) for labels in permutations(other.tolist())])
    expected = np.mean(weights <= weight(other) * (1 + 1e-7))  # every order is equally likely
    assert cramers_v(one, other, method="fisher").p_value == pytest.approx(expected, rel=1e-12)


def test_interval_of_v_inverts_the_noncentral_chi_square(golden_file):
    """R: `uniroot` over `pchisq(138.2898, 9, ncp)` gives 0.223527016368901 and 0.317988102937572."""
    found = cramers_v(*cases_of(golden_file("basic_stats/contingency.json")["HairEye"]))
    assert (found.lower, found.upper) == pytest.approx((0.223527016368901, 0.317988102937572), rel=1e-8)
    for limit, tail in ((found.lower, 0.975), (found.upper, 0.025)):
        assert ncx2.cdf(found.statistic, 9, limit**2 * 592 * 3) == pytest.approx(tail, abs=1e-8)


def test_kruskal_wallis_has_the_numbers_of_r(golden_file):
    golden = golden_file("basic_stats/tests.json")
    air = golden_file("basic_stats/airquality.csv").dropna()
    for table, value, group, name in (
        (air, "Ozone", "Month", "kruskal_airquality"),
        (golden_file("basic_stats/chickwts.csv"), "weight", "feed", "kruskal_chickwts"),
    ):
        found = kruskal_wallis(table[value], table[group])
        assert (found.statistic, found.p_value) == pytest.approx((golden[name]["H"], golden[name]["p"]), rel=1e-10)
        assert found.degrees_of_freedom == golden[name]["df"]
        ranks = table[value].rank()
        between = sum(len(part) * (part.mean() - ranks.mean()) ** 2 for _, part in ranks.groupby(table[group]))
        assert found.effect == pytest.approx(between / ((ranks - ranks.mean()) ** 2).sum(), rel=1e-12)


def test_exact_wilcoxon_has_the_numbers_of_r(golden_file):
    golden = golden_file("basic_stats/tests.json")["wilcox_exact"]
    groups = ["first"] * len(golden["b"]) + ["second"] * len(golden["a"])
    found = wilcoxon(golden["b"] + golden["a"], groups)
    assert found.statistic == golden["W"]
    assert found.p_value == pytest.approx(golden["p"], rel=1e-12)
    assert found.method == "exact"
    assert found.effect == pytest.approx(golden["W"] / (len(golden["a"]) * len(golden["b"])), rel=1e-12)


def test_tied_wilcoxon_has_the_numbers_of_r(golden_file):
    """R's `sleep` (Student 1908): hours of sleep gained under two drugs."""
    golden = golden_file("basic_stats/tests.json")["wilcox_sleep_cc"]
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    found = wilcoxon(first + second, [1] * 10 + [2] * 10)
    assert 100 - found.statistic == golden["W"]
    assert (found.p_value, found.method) == (pytest.approx(golden["p"], rel=1e-12), "normal")


def test_spearman_has_the_numbers_of_r(golden_file):
    golden, cars = golden_file("basic_stats/tests.json")["spearman"], golden_file("basic_stats/mtcars.csv")
    found = spearman(cars["mpg"], cars["wt"])
    assert (found.effect, found.p_value) == pytest.approx((golden["rho"], golden["p"]), rel=1e-10)


@pytest.mark.parametrize(
    ("n", "rho", "p_value"),
    [
        (6, 0.6, 0.24166666666666667),
        (9, 0.716666666666667, 0.036866181657848322),
        (12, 0.692307692307692, 0.012593030496094107),
    ],
)
def test_small_samples_have_the_p_value_of_r(n, rho, p_value):
    """R 4.2.2: `cor.test(x, y, method = "spearman", exact = n < 10)`."""
    x = np.sin(np.arange(1, n + 1) * 2.1)
    found = spearman(x, np.cos(np.arange(1, n + 1) * 1.3) + x)
    assert (found.effect, found.p_value) == pytest.approx((rho, p_value), rel=1e-12)


def test_interval_of_spearman_is_that_of_bonett_and_wright():
    """Their standard error of Fisher's z, sqrt((1 + rho^2 / 2) / (n - 3)), by hand for rho = 0.6 and n = 6."""
    found = spearman([1, 2, 3, 4, 5, 6], [1, 4, 3, 2, 6, 5], confidence=0.9)
    rho = 1 - 6 * (0 + 4 + 0 + 4 + 1 + 1) / (6 * 35)
    half = 1.6448536269514722 * np.sqrt((1 + rho**2 / 2) / 3)
    assert found.effect == pytest.approx(rho, rel=1e-12)
    assert (found.lower, found.upper) == pytest.approx(
        (np.tanh(np.arctanh(rho) - half), np.tanh(np.arctanh(rho) + half)), rel=1e-12
    )


def test_a_perfect_order_has_an_exact_p_value():
    assert spearman([1, 2, 3, 4], [2, 3, 5, 9]).p_value == pytest.approx(2 / 24)
    assert np.isnan(spearman([1, 2, 3, 4], [2, 3, 5, 9]).lower)
