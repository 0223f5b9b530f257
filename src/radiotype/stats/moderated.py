"""Moderated tests: one linear model per feature, each borrowing its variance from all the others (limma's method)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from radiotype.errors import ComputeError, RecipeError, did_you_mean
from radiotype.stats._feature_values import feature_values, why_not_testable
from radiotype.stats._inputs import FloatArray, choice, confidence_level, design_matrix, read_only, same_rows
from radiotype.stats._linear_models import check_rank, fit_contrasts
from radiotype.stats._log_odds import effect_prior_variances, log_odds
from radiotype.stats._variance_prior import variance_prior
from radiotype.stats.multiple_testing import CORRECTIONS, adjust_p_values

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, eq=False)
class ModeratedTests:
    """Moderated tests of several contrasts of many features; a row of NaN has its reason in `reasons`.

    Shape (n_features, n_contrasts): `effects` with `standard_errors`, `lower`, `upper`, `t`, `p_values`, `q_values` and
    `log_odds` (that the effect is not zero). Shape (n_features,): `average` of the observed values, `variances` (residual),
    `residual_df`, `prior_variances`, `prior_df` (infinite: all features have one variance), `posterior_variances`,
    `total_df`, and `f`, `f_p_values`, `f_q_values` of all contrasts being zero together, on `f_df` degrees of freedom.
    `effect_prior_variances` has one per contrast. Where `least_change` is above 0, `t`, p- and q-values are of the effect
    being larger than it; `log_odds` and `f` are always of any effect. `n_tests` features stand behind the q-values.
    """

    features: tuple[str, ...]
    contrasts: tuple[str, ...]
    n: int
    n_tests: int
    reasons: Mapping[str, str]
    average: FloatArray
    effects: FloatArray
    standard_errors: FloatArray
    lower: FloatArray
    upper: FloatArray
    confidence: float
    t: FloatArray
    p_values: FloatArray
    q_values: FloatArray
    correction: str
    log_odds: FloatArray
    f: FloatArray
    f_df: int
    f_p_values: FloatArray
    f_q_values: FloatArray
    variances: FloatArray
    residual_df: FloatArray
    prior_variances: FloatArray
    prior_df: FloatArray
    posterior_variances: FloatArray
    total_df: FloatArray
    effect_prior_variances: FloatArray
    least_change: float

    def to_frame(self, contrast: str) -> DataFrame:
        """One row per feature, in their order: effect, its limits, average, t, p, q, log odds, and `reason` ("" for none)."""
        from pandas import DataFrame

        if contrast not in self.contrasts:
            end = did_you_mean(contrast, self.contrasts)
            raise RecipeError("RT103", f"there is no contrast {contrast!r}{end}; expected one of {', '.join(self.contrasts)}")
        place = self.contrasts.index(contrast)
        columns = ("effects", "lower", "upper", "t", "p_values", "q_values", "log_odds")
        names = ("effect", "lower", "upper", "t", "p_value", "q_value", "log_odds")
        table = {name: getattr(self, column)[:, place] for name, column in zip(names, columns, strict=True)}
        reasons = [self.reasons.get(feature, "") for feature in self.features]
        return DataFrame(table | {"average": self.average, "reason": reasons}, index=list(self.features))

    def overall(self) -> DataFrame:
        """One row per feature: its effects, and the F test of all contrasts being zero together."""
        from pandas import DataFrame

        effects = dict(zip(self.contrasts, self.effects.T, strict=True))
        tests = {"average": self.average, "F": self.f, "p_value": self.f_p_values, "q_value": self.f_q_values}
        return DataFrame(effects | tests, index=list(self.features))

    def directions(self, *, level: float = 0.05) -> NDArray[np.int8]:
        """1 (up), -1 (down) or 0 (not found) where the q-value lies below `level`, shape (n_features, n_contrasts)."""
        found = self.q_values < level
        return np.where(found, np.sign(np.where(found, self.effects, 0.0)), 0).astype(np.int8)


def moderated_tests(
    values: Any,
    design: Any,
    contrasts: Mapping[str, Mapping[str, float]] | None = None,
    *,
    weights: ArrayLike | None = None,
    trend: bool = False,
    robust: bool = False,
    least_change: float = 0.0,
    effect_share: float = 0.01,
    confidence: float = 0.95,
    correction: str = "bh",
    like_r: bool = False,
) -> ModeratedTests:
    """Which features differ, by t-tests whose variances are drawn towards what all features have in common.

    Parameters
    ----------
    values : data frame or array, shape (n_cases, n_features)
        One column per feature, on a scale where differences mean the same everywhere (logarithms of expression). Missing
        values are left out feature by feature.
    design : data frame or array, shape (n_cases, n_coefficients)
        Covariates, with a column of ones or one column per group; the columns of an array are called x1, x2, ...
    contrasts : mapping or data frame, optional
        Name of each contrast, and the weights of the columns of the design in it: `{"B - A": {"B": 1, "A": -1}}`. A
        weight may be an array with one number per feature. Default: each column of the design on its own.
    weights : array, shape (n_cases,) or (n_cases, n_features), optional
        Relative precision, above 0, of cases or of single values.
    trend : bool
        Let the prior variance follow the average of the feature.
    robust : bool
        Let features with outlying variances keep their own.
    least_change : float
        Test whether effects are larger than this, in the unit of `values` (0: whether there is any).
    effect_share : float
        Share of features that are thought to have an effect; it moves `log_odds` only.
    confidence, correction
        Level of the limits; correction of the p-values of each contrast, as in `adjust_p_values`.
    like_r : bool
        Give coefficients the correlation of the unweighted design where values are missing or have weights of their own,
        as limma does after `contrasts.fit`, and put no bound on the degrees of freedom of F. Default: the correlation that
        the feature has; no more degrees of freedom than all residuals together.

    Returns
    -------
    ModeratedTests
        A feature that is constant, or has too few values for the design, is NaN with a reason, and is not counted.

    Raises
    ------
    ComputeError
        RT301 for too few cases or features; RT304 if the columns of the design are not independent; RT305 for infinite or
        textual values, weights that are not above 0, different lengths, or if no feature can be tested.
    RecipeError
        RT103 if a setting is not allowed or a contrast names no column of the design.

    References
    ----------
    Smyth, Stat Appl Genet Mol Biol 3 (2004) article 3; Sartor et al., BMC Bioinformatics 7 (2006) 538 (trend); McCarthy &
    Smyth, Bioinformatics 25 (2009) 765-771 (least change); Phipson et al., Ann Appl Stat 10 (2016) 946-963 (robust). Equal
    to `lmFit`, `contrasts.fit`, `eBayes`, `treat` and `topTable` of limma 3.54.1, whose values have one row per feature.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> values = random.normal(size=(20, 100))
    >>> values[10:, 0] += 3
    >>> design = np.column_stack([np.ones(20), np.repeat([0, 1], 10)])
    >>> found = moderated_tests(values, design, {"second group": {"x2": 1}})
    >>> table = found.to_frame("second group").sort_values("p_value")
    >>> table.index[0], int((table["q_value"] < 0.05).sum())
    ('f1', 1)
    """
    from scipy.special import fdtrc, stdtr, stdtrit

    level = confidence_level(confidence)
    choice("correction", correction, CORRECTIONS)
    for name, share, top in (("least_change", least_change, np.inf), ("effect_share", effect_share, 1.0)):
        if isinstance(share, str) or not 0 <= share < top or (name == "effect_share" and share == 0):
            raise RecipeError("RT103", f"{name} is {share!r}; expected a number from 0 on, below {top:g}")
    n = same_rows({"values": values, "design": design} | ({} if weights is None else {"weights": weights}))
    y, features = feature_values(values)
    columns, coefficients = design_matrix(design, None)
    check_rank(columns, coefficients)
    names, matrix = _contrast_matrix(contrasts, coefficients, len(features))
    reasons = why_not_testable(y, features, columns.shape[1])
    precision = _checked_weights(weights, y.shape, features)
    tested = np.array([feature not in reasons for feature in features])

    own = precision[:, tested] if precision is not None and precision.ndim == 2 else precision
    matrix = matrix[tested] if matrix.ndim == 3 else matrix
    fits = fit_contrasts(y if tested.all() else y[:, tested], columns, matrix, own, common_correlation=like_r)
    for feature in np.asarray(features)[tested][~fits.estimable]:
        reasons[str(feature)] = "RT304: the columns of the design are not independent among its observed values"
    tested[tested] = fits.estimable
    if not tested.any():
        raise ComputeError("RT305", f"no feature can be tested; the first is: {next(iter(reasons.values()))}")
    average = np.nanmean(y if tested.all() else y[:, tested], axis=0)
    kept = fits.estimable
    variances, residual_df = fits.variances[kept], fits.residual_df[kept]
    prior = variance_prior(variances, residual_df, average if trend else None, robust=robust)
    posterior = _posterior(variances, residual_df, prior.variances, prior.df)
    total_df = np.minimum(residual_df + prior.df, residual_df.sum())

    effects, spreads = fits.effects[kept], fits.spreads[kept]
    errors = spreads * np.sqrt(posterior)[:, None]
    t = effects / errors
    df = total_df[:, None]
    effect_variances = effect_prior_variances(t, spreads, total_df, effect_share, float(np.median(prior.variances)))
    odds = log_odds(t, spreads, total_df, prior.df, effect_variances, share=effect_share)
    ranks = np.linalg.matrix_rank(matrix[kept] if matrix.ndim == 3 else matrix)
    f_df = int(ranks.max())
    if (ranks < f_df).any():
        raise RecipeError("RT103", "some features have contrasts that follow from one another where those of others do not")
    f = _squared_length(t, fits.correlations if len(fits.correlations) == 1 else fits.correlations[kept]) / f_df
    f_total_df = np.minimum(residual_df + prior.df, 1e12) if like_r else total_df
    f_p_values = fdtrc(f_df, f_total_df, f)
    if least_change > 0:
        size = np.abs(effects)
        tails = stdtr(df, -(size - least_change) / errors) + stdtr(df, -(size + least_change) / errors)
        p_values = np.minimum(tails, 1.0)
        t = np.sign(effects) * np.maximum(size - least_change, 0.0) / errors
    else:
        p_values = 2 * stdtr(df, -np.abs(t))
    half = stdtrit(total_df, 0.5 + level / 2)[:, None] * errors

    def of_all(array: FloatArray) -> FloatArray:
        full = np.full((len(features), *array.shape[1:]), np.nan)
        full[tested] = array
        return read_only(full)

    q_values = [adjust_p_values(column, correction=correction) for column in p_values.T]
    return ModeratedTests(
        features=features,
        contrasts=names,
        n=n,
        n_tests=int(tested.sum()),
        reasons=reasons,
        average=of_all(average),
        effects=of_all(effects),
        standard_errors=of_all(errors),
        lower=of_all(effects - half),
        upper=of_all(effects + half),
        confidence=level,
        t=of_all(t),
        p_values=of_all(p_values),
        q_values=of_all(np.column_stack(q_values)),
        correction=correction,
        log_odds=of_all(odds),
        f=of_all(f),
        f_df=f_df,
        f_p_values=of_all(f_p_values),
        f_q_values=of_all(adjust_p_values(f_p_values, correction=correction)),
        variances=of_all(variances),
        residual_df=of_all(residual_df),
        prior_variances=of_all(prior.variances),
        prior_df=of_all(prior.df),
        posterior_variances=of_all(posterior),
        total_df=of_all(total_df),
        effect_prior_variances=read_only(effect_variances),
        least_change=float(least_change),
    )


def _squared_length(t: FloatArray, correlations: FloatArray) -> FloatArray:
    """t' R^-1 t of each feature; contrasts that follow from others add nothing."""
    inverse = np.linalg.pinv(correlations, 1e-8, hermitian=True)
    length = np.einsum("gi,gi->g", t @ inverse[0] if len(inverse) == 1 else np.einsum("gi,gij->gj", t, inverse), t)
    return np.maximum(length, 0.0)


def _posterior(variances: FloatArray, df: FloatArray, prior: FloatArray, prior_df: FloatArray) -> FloatArray:
    """Mean of the two variances, weighted by their degrees of freedom."""
    shared = np.isinf(prior_df)
    own_df = np.where(shared, 1.0, prior_df)
    mixed = (np.where(df > 0, df * variances, 0.0) + own_df * prior) / (df + own_df)
    return np.where(shared, prior, mixed)


def _contrast_matrix(contrasts: Any, coefficients: tuple[str, ...], n_features: int) -> tuple[tuple[str, ...], FloatArray]:
    """Names of the contrasts, and their weights, shape (n_coefficients, n_contrasts), before it n_features if they differ."""
    if contrasts is None:
        return coefficients, np.eye(len(coefficients))
    if not hasattr(contrasts, "items") or not len(contrasts) or not all(hasattr(one, "items") for _, one in contrasts.items()):
        raise RecipeError("RT103", 'contrasts are not understood; expected a mapping such as {"B - A": {"B": 1, "A": -1}}')
    rows: dict[str, FloatArray] = {}
    for name, weights in contrasts.items():
        each = any(np.ndim(weight) for _, weight in weights.items())
        own = rows[str(name)] = np.zeros((n_features if each else 1, len(coefficients)))
        for coefficient, weight in weights.items():
            if str(coefficient) not in coefficients:
                end = did_you_mean(coefficient, coefficients)
                raise RecipeError("RT103", f"contrast {name!r} names {coefficient!r}, no column of the design{end}")
            if np.shape(weight) not in ((), (n_features,)):
                found = f"contrast {name!r} has weights of shape {np.shape(weight)}"
                raise RecipeError("RT103", f"{found}; expected one number, or one for each of {n_features} features")
            own[:, coefficients.index(str(coefficient))] = weight
        wrong = np.flatnonzero(~np.isfinite(own).all(axis=1) | ~own.any(axis=1))
        if wrong.size:
            raise RecipeError(
                "RT103", f"contrast {name!r} has weights {own[wrong[0]].tolist()}; expected numbers, not all zero"
            )
    matrix = np.stack(np.broadcast_arrays(*rows.values()), axis=-1)
    return tuple(rows), matrix[0] if len(matrix) == 1 else matrix


def _checked_weights(weights: Any, shape: tuple[int, ...], features: tuple[str, ...]) -> FloatArray | None:
    if weights is None:
        return None
    if hasattr(weights, "columns") and tuple(str(name) for name in weights.columns) != features:
        raise ComputeError("RT305", "the columns of weights are not those of values", hint="give them in the same order")
    try:
        precision = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError):
        raise ComputeError("RT305", "weights are not numbers") from None
    if precision.shape not in (shape[:1], shape):
        raise ComputeError("RT305", f"weights have shape {precision.shape}; expected {shape[:1]} or {shape}")
    if not np.all((precision > 0) & (precision < np.inf)):
        raise ComputeError("RT305", "weights hold values that are not above 0", hint="make the values themselves missing")
    return precision
