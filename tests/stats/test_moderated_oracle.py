"""Moderated tests beside limma 3.54.1 (R 4.2.2) and closed forms."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import polygamma
from scipy.stats import chi2, f, ttest_ind

from radiotype.stats import moderated_tests
from radiotype.stats._smooth import local_line, natural_spline
from radiotype.stats._variance_prior import inverse_trigamma

LIMMA = {  # setting: arguments of moderated_tests; the golden folder has the same names
    "default": {},
    "trend": {"trend": True},
    "robust": {"robust": True},
    "arrayWeights": {"weights": "arrayWeights"},
    "withNA": {"like_r": True},
}
CONTRASTS = {"a": {"x3": 1}, "b": {"x4": 1}, "c": {"x3": 1, "x4": -1}}
SUMS = {  # weights, trend, robust: sums of |t|, log odds, F, -log p of F, prior df, prior variances, by limma 3.54.1
    ("none", False, False): [177.645884861, -981.29005727, 127.011925095, 75.5439405971, 141.208799851, 44.6138017636],
    ("none", True, False): [174.03652811, -961.022535364, 114.883679097, 74.2481594726, 179.634986282, 124.512440512],
    ("none", False, True): [176.475062608, -982.455047724, 123.86782656, 75.4739575353, 159.991311484, 44.8046733156],
    ("none", True, True): [175.426326754, -958.840218748, 121.441399278, 75.2084739075, 173.141308607, 145.673339587],
    ("array", False, False): [214.666925981, -984.34176419, 181.822617758, 104.292694854, 139.395856619, 85.0370047578],
    ("array", True, False): [211.873798429, -977.845142836, 173.774563588, 104.429142021, 170.236440095, 221.333026422],
    ("array", False, True): [214.230892194, -985.650870525, 180.329670742, 104.334994134, 147.407032619, 83.9717027351],
    ("array", True, True): [212.990297746, -982.960912657, 177.820854953, 104.927374674, 166.727782886, 218.847458546],
    ("obs", False, False): [206.729536266, -948.824255531, 163.877153697, 92.5967351679, 130.010689576, 107.023866183],
    ("obs", True, False): [202.443423585, -940.5994517, 147.646070941, 91.187657596, 163.592047956, 342.204128858],
    ("obs", False, True): [204.813297969, -949.8363568, 158.412043756, 92.4168838374, 147.75800076, 110.054117655],
    ("obs", True, True): [202.879883836, -938.100074768, 152.007411847, 91.8014558338, 166.554592058, 420.987281707],
}

SPLINE = [
    0.643347471899,
    0.7459881018,
    0.834698409162,
    0.834698409162,
    1.58765434607,
    2.72070350946,
    4.51339651188,
    4.76760427481,
    4.384877958,
    2.56703100776,
]
LOCAL = [1, 0.2, 0.8, 0.8, 2, 2, 2.1, 2.1, 2.86435857426, 3.30699677619]


@pytest.fixture(scope="module")
def limma(shared):
    """Expression with one row per case, design, contrasts, and a reader of limma's tables."""
    folder = shared / "golden" / "limma"

    def read(name):
        return pd.read_csv(folder / name, index_col=0)

    design = read("design.csv").reset_index(drop=True)
    values = {name: read(name).T.reset_index(drop=True) for name in ("input_expr.csv", "input_expr_with_NA.csv.gz")}
    weights = np.array(json.loads((folder / "arrayWeights.json").read_text(encoding="utf-8")))
    return folder, values, design, read("contrasts.csv"), weights, read


@pytest.mark.parametrize("setting", LIMMA)
def test_tables_equal_limma(limma, setting):
    folder, values, design, contrasts, weights, read = limma
    arguments = LIMMA[setting] | ({"weights": weights} if "weights" in LIMMA[setting] else {})
    table = values["input_expr_with_NA.csv.gz" if setting == "withNA" else "input_expr.csv"]
    found = moderated_tests(table, design, contrasts, **arguments)
    hyper = json.loads((folder / f"{setting}_hyper.json").read_text(encoding="utf-8"))
    for name, value in (("df.prior", found.prior_df), ("s2.prior", found.prior_variances), ("df.residual", found.residual_df)):
        expected = np.atleast_1d(hyper[name])
        np.testing.assert_allclose(value[: expected.size], expected, rtol=1e-8)
    np.testing.assert_allclose(found.effect_prior_variances, hyper["var.prior"], rtol=1e-8)
    columns = {
        "logFC": "effect",
        "CI.L": "lower",
        "CI.R": "upper",
        "AveExpr": "average",
        "t": "t",
        "P.Value": "p_value",
        "adj.P.Val": "q_value",
        "B": "log_odds",
    }
    for contrast in ("BN", "AN"):
        expected, ours = read(f"{setting}_topTable_{contrast}.csv"), found.to_frame(contrast)
        for theirs, mine in columns.items():
            np.testing.assert_allclose(ours[mine], expected[theirs], rtol=1e-8, atol=1e-8, err_msg=theirs)
    expected, ours = read(f"{setting}_topTableF.csv"), found.overall()
    for theirs, mine in {"BN": "BN", "AN": "AN", "F": "F", "P.Value": "p_value", "adj.P.Val": "q_value"}.items():
        np.testing.assert_allclose(ours[mine], expected[theirs], rtol=1e-8, atol=1e-8, err_msg=theirs)


def test_least_change_and_directions_equal_limma(limma):
    folder, values, design, contrasts, _, read = limma
    found = moderated_tests(values["input_expr.csv"], design, contrasts)
    counts = json.loads((folder / "decideTests_counts.json").read_text(encoding="utf-8"))
    for direction, expected in counts.items():
        assert np.sum(found.directions() == int(direction), axis=0).tolist() == expected
    ours = moderated_tests(values["input_expr.csv"], design, contrasts, least_change=0.5).to_frame("BN")
    expected = read("treat05_BN.csv")
    for theirs, mine in {"logFC": "effect", "t": "t", "P.Value": "p_value", "adj.P.Val": "q_value"}.items():
        np.testing.assert_allclose(ours[mine], expected[theirs], rtol=1e-8, atol=1e-8, err_msg=theirs)


def small():
    """Twelve cases with outlying variances, a trend of the mean, missing values, and weights."""
    random = np.random.default_rng(7)
    n, m = 12, 60
    values = random.normal(size=(n, m)) * np.sqrt(5 / random.chisquare(5, m))
    values[6:, :6] += 2
    values[:, [7, 8]] *= 9
    values += np.linspace(4, 9, m)
    weights = random.gamma(3, size=(n, m))
    values[random.random(values.shape) < 0.05] = np.nan
    return values, np.c_[np.ones(n), np.arange(n) % 3 - 1.0, np.repeat([0, 1], 6), np.arange(n) % 2], weights


@pytest.mark.parametrize("setting", SUMS, ids=str)
def test_every_combination_of_settings_equals_limma_with_missing_values(setting):
    kind, trend, robust = setting
    values, design, weights = small()
    given = {"none": None, "array": weights[:, 0], "obs": weights}[kind]
    found = moderated_tests(values, design, CONTRASTS, weights=given, trend=trend, robust=robust, like_r=True)
    sums = [np.abs(found.t).sum(), found.log_odds.sum(), found.f.sum(), -np.log(found.f_p_values).sum()]
    sums += [found.prior_df.sum(), found.prior_variances.sum()]
    np.testing.assert_allclose(sums, SUMS[setting], rtol=2e-8)  # R's root finder stops at 1e-8


def test_missing_values_have_the_errors_of_their_own_regression():
    """Without `like_r`, a feature with missing values is what ordinary least squares says of its observed values."""
    values, design, weights = small()
    contrast = np.array([[0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 1, -1]]).T
    found = moderated_tests(values, design, CONTRASTS, weights=weights)
    for place in range(values.shape[1]):
        seen = ~np.isnan(values[:, place])
        x, y, w = design[seen], values[seen, place], weights[seen, place]
        inverse = np.linalg.inv(x.T @ (w[:, None] * x))
        coefficients = inverse @ x.T @ (w * y)
        residual = np.sum(w * (y - x @ coefficients) ** 2) / (seen.sum() - 4)
        spread = np.sqrt(np.diag(contrast.T @ inverse @ contrast))
        np.testing.assert_allclose(found.effects[place], contrast.T @ coefficients, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(found.variances[place], residual, rtol=1e-10)
        np.testing.assert_allclose(found.standard_errors[place], spread * np.sqrt(found.posterior_variances[place]), rtol=1e-10)
        two = (contrast.T @ coefficients)[:2]
        by_hand = two @ np.linalg.solve((contrast.T @ inverse @ contrast)[:2, :2], two) / 2 / found.posterior_variances[place]
        np.testing.assert_allclose(found.f[place], by_hand, rtol=1e-9)


def test_with_its_own_variance_it_is_the_t_test():
    """And the variance used is the mean of own and prior variance, weighted by their degrees of freedom."""
    random = np.random.default_rng(2)
    group = np.repeat([0, 1], [8, 9])
    values = random.normal(size=(17, 200)) * np.exp(random.normal(size=200))
    found = moderated_tests(values, np.c_[np.ones(17), group], {"group": {"x2": 1}})
    alone = ttest_ind(values[group == 1], values[group == 0])
    np.testing.assert_allclose(found.t[:, 0] * np.sqrt(found.posterior_variances / found.variances), alone.statistic, rtol=1e-9)
    plain = found.prior_df[0] / (found.prior_df[0] + 15)
    expected = (1 - plain) * found.variances + plain * found.prior_variances
    np.testing.assert_allclose(found.posterior_variances, expected, rtol=1e-12)


def test_one_variance_for_all_is_found():
    random = np.random.default_rng(0)
    n, m = 10, 2000
    found = moderated_tests(random.normal(size=(n, m)), np.ones((n, 1)))
    shared = moderated_tests(_with_variances(n, np.ones(50)), np.ones((n, 1)))
    assert np.all(found.prior_df > 50)
    assert np.all(np.isinf(shared.prior_df))
    np.testing.assert_allclose(shared.posterior_variances, 1.0, rtol=1e-12)
    assert np.all(shared.total_df == 50 * (n - 1))
    np.testing.assert_allclose(shared.f_p_values, f.sf(shared.f, 1, 50 * (n - 1)), rtol=1e-9)
    unbounded = moderated_tests(_with_variances(n, np.ones(50)), np.ones((n, 1)), like_r=True)
    np.testing.assert_allclose(unbounded.f_p_values, chi2.sf(shared.f, 1), rtol=1e-8)


def _with_variances(n, variances):
    values = np.random.default_rng(1).normal(size=(n, len(variances)))
    return (values - values.mean(axis=0)) / values.std(axis=0, ddof=1) * np.sqrt(variances)


@pytest.mark.parametrize("y", [1e-5, 0.01, 0.3, 1.0, 7.5, 1e3, 1e8])
def test_inverse_of_trigamma(y):
    assert inverse_trigamma(float(polygamma(1, y))) == pytest.approx(y, rel=1e-6 if y in (1e-5, 1e8) else 1e-10)


def test_natural_spline_and_local_line_equal_r():
    """`fitted(lm(y ~ ns(x, 4)))` and `lowess(x, y, f = 0.4, iter = 3)` of R 4.2.2."""
    x = np.array([0.1, 0.4, 0.5, 0.5, 0.9, 1.3, 2.0, 2.2, 3.1, 4.0])
    y = np.array([1.0, 0.2, 0.7, 0.9, 2.0, 1.5, 9.0, 2.1, 2.9, 3.3])
    basis = natural_spline(x, 4)
    fitted = basis @ np.linalg.lstsq(basis, y, rcond=None)[0]
    np.testing.assert_allclose(fitted, SPLINE, rtol=1e-10)
    np.testing.assert_allclose(local_line(x[::-1], y[::-1], span=0.4)[::-1], LOCAL, rtol=1e-10)
