"""ComBat: batch effects of scanners and sites, learnt on the discovery cohort and removed from any cases."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from radiotype.errors import ComputeError
from radiotype.stats._empirical_bayes import nonparametric_effects, parametric_effects, shrunken_means
from radiotype.stats._inputs import FloatArray, choice, design_matrix, labels, same_rows
from radiotype.stats._tables import checked_table

CONFOUNDED = 0.5
"""Share of the outcome's variance between batches (adjusted for their number) from which on harmonising is refused."""

ROUNDING = 1e-12
"""Residuals below this, relative to the largest value of the feature, are rounding."""

PRIORS = ("parametric", "nonparametric")
NEW_BATCHES = ("refuse", "estimate")


class ComBat(BaseEstimator):
    """Removes shifts and scales that differ between batches (scanners, sites) from every feature.

    Each batch's shift and scale of a feature are shrunken towards those of the other features of that batch. What the
    covariates explain is kept. `fit` sees the discovery cohort alone; `transform` applies what was learnt, so a case comes out
    the same alone and within its cohort (but see `new_batch`).

    Parameters
    ----------
    prior : {"parametric", "nonparametric"}
        Normal and inverse gamma priors, or the effects of the other features themselves (slow: features squared).
    mean_only : bool
        Remove shifts and leave scales; allows batches of one case.
    reference_batch : label, optional
        A batch that stays as it is; the others are brought to it.
    new_batch : {"refuse", "estimate"}
        What `transform` does with a batch that the discovery cohort has not. "estimate" takes its shifts, scales and priors
        from the cases given, beside the frozen means, covariate effects and variances of discovery. Then a case depends on the
        others that are transformed with it, and a batch of other patients loses what is special about them.

    Attributes
    ----------
    batches_ : tuple
        Batches of the discovery cohort, sorted.
    adjusted_ : array of bool, shape (n_features,)
        False for a feature that is constant within a batch: it passes through as it is, as in sva.
    shifts_, scales_ : array, shape (n_batches, n_features)
        Shrunken effect of each batch: subtracted and divided by, in standard deviations of the pooled residuals.
    mean_, deviation_ : array, shape (n_features,)
        Grand mean, and standard deviation of the pooled residuals.
    covariate_effects_ : array, shape (n_covariate_columns, n_features)
        Change of each feature per unit of each covariate.
    fitted_on_ : array
        Digests of the discovery cases, for `require_unseen`.
    n_features_in_ : int
        Number of features.

    References
    ----------
    Johnson, Li & Rabinovic, Biostatistics 8 (2007) 118-127. Equal to ComBat of R package sva 3.46.0, which also takes each
    batch for one case when it shrinks the shifts under `mean_only`.

    Examples
    --------
    >>> random = np.random.default_rng(1)
    >>> table, site = random.normal(size=(40, 30)), np.repeat(["a", "b"], 20)
    >>> table[20:] += 3
    >>> model = ComBat().fit(table, site)
    >>> harmonised = model.transform(table, site)
    >>> bool(abs(harmonised[20:].mean() - harmonised[:20].mean()) < 0.05)
    True
    """

    def __init__(
        self,
        *,
        prior: str = "parametric",
        mean_only: bool = False,
        reference_batch: Any = None,
        new_batch: str = "refuse",
    ) -> None:
        self.prior = prior
        self.mean_only = mean_only
        self.reference_batch = reference_batch
        self.new_batch = new_batch

    def fit(self, X: ArrayLike, batch: ArrayLike, *, covariates: Any = None, outcome: ArrayLike | None = None) -> ComBat:
        """Learn the effects of the batches.

        Parameters
        ----------
        X : array, shape (n_cases, n_features)
            Discovery cohort.
        batch : array, shape (n_cases,)
            Batch of each case: text or numbers. It is not an outcome: this estimator cannot be a step of a scikit-learn
            pipeline, which would put one there; `cross_validate` fits it inside each fold.
        covariates : array or data frame, shape (n_cases, n_covariates), optional
            What is to be kept: numbers, and in a data frame also text, one column per level but the first. The same must be
            known of any case that is transformed, so the outcome cannot be one.
        outcome : array, shape (n_cases,), optional
            Only looked at to refuse batches that are confounded with it. The effects do not depend on it.

        Returns
        -------
        ComBat
            Itself, fitted.

        Raises
        ------
        RecipeError
            RT103 if a setting is not allowed.
        ComputeError
            RT301 with one batch, or a batch of one case (unless `mean_only`), or no more cases than batches and covariates;
            RT304 if batches are confounded with covariates or outcome, or covariates with each other; RT305 for values that
            are missing or not finite, different lengths, no reference batch, or no feature that varies in every batch.
        """
        choice("prior", self.prior, PRIORS)
        choice("new_batch", self.new_batch, NEW_BATCHES)
        values = checked_table(self, X, reset=True)
        same_rows(_given(X, batch, covariates, outcome))
        codes, self.batches_ = labels(batch, "batch")
        self._covariates: list[tuple[str, tuple[Any, ...] | None]] | None = None
        kept = self._covariate_columns(covariates, len(values), learn=True)
        sizes = np.bincount(codes)
        self._check_batches(sizes)
        indicators = (codes[:, None] == np.arange(sizes.size)).astype(float)
        _check_design(indicators, kept)
        if outcome is not None:
            _check_outcome(indicators, outcome)

        varies = [np.ptp(values[codes == at], axis=0) > 0 for at in range(sizes.size) if sizes[at] > 1]
        self.adjusted_ = np.logical_and.reduce(varies)
        if not self.adjusted_.any():
            raise ComputeError("RT305", "no feature varies within every batch, so there is nothing to harmonise")
        table = values if self.adjusted_.all() else values[:, self.adjusted_]
        q, r = np.linalg.qr(np.hstack([indicators, kept]))
        effects = np.linalg.solve(r, q.T @ table)
        of_batch, of_covariates = effects[: sizes.size], effects[sizes.size :]
        reference = None if self.reference_batch is None else self.batches_.index(self.reference_batch)
        mean = sizes / len(table) @ of_batch if reference is None else of_batch[reference]
        centred = table - mean
        if kept.shape[1]:
            centred -= kept @ of_covariates
        # the mean of each batch is its effect, so the residuals are the distances from it
        moments = [_moments(centred[codes == at]) for at in range(sizes.size)]
        if reference is None:
            variance = np.sum([squares for _, _, squares in moments], axis=0) / len(table)
        else:
            variance = moments[reference][2] / sizes[reference]
        explained = variance <= (ROUNDING * np.maximum(table.max(axis=0), -table.min(axis=0))) ** 2
        if explained.any():
            found = f"{np.count_nonzero(explained)} features have no variance left after batches and covariates"
            raise ComputeError("RT305", found, hint="use fewer covariates, or drop these features")
        deviation = np.sqrt(variance)

        self.mean_ = values.mean(axis=0)
        self.deviation_ = np.ones(values.shape[1])
        self.covariate_effects_ = np.zeros((kept.shape[1], values.shape[1]))
        self.mean_[self.adjusted_], self.deviation_[self.adjusted_] = mean, deviation
        self.covariate_effects_[:, self.adjusted_] = of_covariates
        self.shifts_ = np.zeros((sizes.size, values.shape[1]))
        self.scales_ = np.ones((sizes.size, values.shape[1]))
        for at in range(sizes.size):
            if at != reference:
                n, centre, squares = moments[at]
                effect = self._effects(n, centre / deviation, squares / variance)
                self.shifts_[at, self.adjusted_], self.scales_[at, self.adjusted_] = effect
        return self

    def transform(self, X: ArrayLike, batch: ArrayLike, covariates: Any = None) -> FloatArray:
        """Remove the effects of the batches.

        Parameters
        ----------
        X : array, shape (n_cases, n_features)
            Cases with the features of the discovery cohort.
        batch : array, shape (n_cases,)
            Batch of each case.
        covariates : array or data frame, shape (n_cases, n_covariates), optional
            The columns that `fit` had.

        Returns
        -------
        array, shape (n_cases, n_features)
            Harmonised values, in the unit of each feature.

        Raises
        ------
        ComputeError
            RT301 if a new batch has one case (unless `mean_only`); RT305 for a batch that discovery has not (unless `new_batch`
            is "estimate"), a feature that is constant in a new batch, covariates other than those of `fit`, values that are
            missing or not finite, or different lengths.
        """
        check_is_fitted(self)
        values = checked_table(self, X, reset=False)
        same_rows(_given(X, batch, covariates, None))
        codes, batches = labels(batch, "batch")
        kept = self._covariate_columns(covariates, len(values), learn=False)
        harmonised = values.copy()
        own = {name: at for at, name in enumerate(self.batches_)}
        for code, name in enumerate(batches):
            if self.reference_batch is not None and name == self.reference_batch:
                continue
            rows = np.flatnonzero(codes == code)
            expected = self.mean_ + kept[rows] @ self.covariate_effects_ if kept.shape[1] else self.mean_
            standard = (values[rows] - expected) / self.deviation_
            shift, scale = (self.shifts_[own[name]], self.scales_[own[name]]) if name in own else self._new(name, standard)
            standard -= shift
            standard /= scale
            standard *= self.deviation_
            standard += expected
            harmonised[rows] = np.where(self.adjusted_, standard, values[rows])
        return harmonised

    def _new(self, name: Any, standard: FloatArray) -> tuple[FloatArray, FloatArray]:
        if self.new_batch == "refuse":
            raise ComputeError(
                "RT305",
                f"batch {name!r} is not among those of the discovery cohort: {', '.join(map(repr, self.batches_))}",
                hint='leave its cases out, or fit with new_batch="estimate" to learn its effect from the cases themselves',
            )
        if len(standard) < 2 and not self.mean_only:
            raise ComputeError("RT301", f"new batch {name!r} has one case, which has no scale", hint="wait for more cases")
        standard = standard[:, self.adjusted_]
        constant = np.count_nonzero(np.ptp(standard, axis=0) == 0)
        if constant and not self.mean_only:
            hint = "drop these features from both cohorts, or leave the batch out"
            raise ComputeError("RT305", f"{constant} features are constant in new batch {name!r}", hint=hint)
        shift, scale = np.zeros(self.mean_.size), np.ones(self.mean_.size)
        shift[self.adjusted_], scale[self.adjusted_] = self._effects(*_moments(standard))
        return shift, scale

    def _effects(self, n: int, mean: FloatArray, squares: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Shrunken shift and scale of each feature in one batch, from the moments of its n standardised cases."""
        one = np.ones_like(mean)
        if self.prior == "nonparametric":
            shift, variance = nonparametric_effects(n, mean, squares, one if self.mean_only else squares / (n - 1))
        elif self.mean_only:
            shift, variance = shrunken_means(mean), one
        else:
            shift, variance = parametric_effects(n, mean, squares / (n - 1))
        return shift, one if self.mean_only else np.sqrt(variance)

    def _check_batches(self, sizes: NDArray[np.intp]) -> None:
        if sizes.size < 2:
            raise ComputeError("RT301", f"all cases are of batch {self.batches_[0]!r}; expected two batches or more")
        single = [repr(self.batches_[at]) for at in np.flatnonzero(sizes == 1)]
        if single and not self.mean_only:
            hint = "leave the batch out, join it with one like it, or use mean_only=True"
            raise ComputeError("RT301", f"one case alone has no scale, and batch {', '.join(single[:5])} has one", hint=hint)
        if self.reference_batch is None:
            return
        if self.reference_batch not in self.batches_:
            found = f"the reference batch {self.reference_batch!r} is not among {', '.join(map(repr, self.batches_))}"
            raise ComputeError("RT305", found)
        if sizes[self.batches_.index(self.reference_batch)] == 1:
            raise ComputeError("RT301", f"the reference batch {self.reference_batch!r} has one case; expected two or more")

    def _covariate_columns(self, covariates: Any, n: int, *, learn: bool) -> FloatArray:
        """Covariates as numbers, shape (n_cases, n_columns); text has one column per level but the first."""
        if covariates is None:
            if self._covariates:
                expected = ", ".join(name for name, _ in self._covariates)
                raise ComputeError(
                    "RT305", f"covariates are missing; expected {expected}", hint="give them to transform as well"
                )
            return np.zeros((n, 0))
        if not hasattr(covariates, "columns"):
            from pandas import DataFrame

            matrix, titles = design_matrix(covariates, None)
            covariates = DataFrame(matrix, columns=list(titles))
        names = tuple(str(name) for name in covariates.columns)
        if learn:
            text = [column.dtype.kind not in "biuf" for _, column in covariates.items()]
            named = zip(names, text, covariates.items(), strict=True)
            levels = [labels(column, name)[1] if is_text else None for name, is_text, (_, column) in named]
            self._covariates = list(zip(names, levels, strict=True))
        if self._covariates is None or names != tuple(name for name, _ in self._covariates):
            fitted = ", ".join(name for name, _ in self._covariates or ()) or "none"
            raise ComputeError("RT305", f"the covariates are {', '.join(names)}; fitted were {fitted}")
        coded = []
        for (name, known), (_, column) in zip(self._covariates, covariates.items(), strict=True):
            if known is None:
                coded.append(design_matrix(column.to_frame(name), None)[0])
                continue
            codes, found = labels(column, name)
            if unknown := [one for one in found if one not in known]:
                raise ComputeError("RT305", f"covariate {name!r} is {unknown[0]!r}; fitted were {', '.join(map(repr, known))}")
            place = np.array([known.index(one) for one in found])[codes]
            coded.append((place[:, None] == np.arange(1, len(known))).astype(float))
        return np.hstack(coded)


def _moments(cases: FloatArray) -> tuple[int, FloatArray, FloatArray]:
    """Number of cases, mean of each feature, and sum of squares around it."""
    mean = cases.mean(axis=0)
    distance = cases - mean
    return len(cases), mean, np.einsum("ij,ij->j", distance, distance)


def _given(X: Any, batch: Any, covariates: Any, outcome: Any) -> dict[str, Any]:
    named = {"X": X, "batch": batch, "covariates": covariates, "outcome": outcome}
    return {name: one for name, one in named.items() if one is not None}


def _check_design(batches: FloatArray, kept: FloatArray) -> None:
    design = np.hstack([batches, kept])
    n, n_columns = design.shape
    if n <= n_columns:
        raise ComputeError("RT301", f"{n} cases cannot carry {batches.shape[1]} batches and {kept.shape[1]} covariate columns")
    if kept.shape[1] == 0:
        return
    spread = np.ptp(kept, axis=0)
    if not spread.all():
        raise ComputeError("RT304", "a covariate is constant; expected different values", hint="drop it")
    # one scale for all columns, or the rank would hang on the units of the covariates
    even = (kept - kept.mean(axis=0)) / spread
    if np.linalg.matrix_rank(even) < even.shape[1]:
        raise ComputeError("RT304", "the covariates follow from each other", hint="drop one of them")
    if np.linalg.matrix_rank(np.hstack([batches, even])) < n_columns:
        raise ComputeError(
            "RT304",
            "batches and covariates are confounded: a covariate is fixed by the batch",
            hint="their effects cannot be told apart: drop the covariate, or the batches without a mix of its values",
        )


def _check_outcome(batches: FloatArray, outcome: Any) -> None:
    """Refuse an outcome whose variance lies between the batches: removing the batches would remove it."""
    array = np.asarray(outcome)
    if array.ndim == 1 and array.dtype.kind == "f":
        columns = design_matrix(array[:, None], ["outcome"])[0]
    else:
        codes, levels = labels(outcome, "outcome")
        columns = (codes[:, None] == np.arange(len(levels))).astype(float)
    centred = columns - columns.mean(axis=0)
    total = float((centred**2).sum())
    if total == 0:
        raise ComputeError("RT305", "the outcome is constant; expected different values")
    sizes = batches.sum(axis=0)
    within = float(((columns - batches @ ((batches.T @ columns) / sizes[:, None])) ** 2).sum())
    n, k = batches.shape
    share = 1 - within / total * (n - 1) / (n - k)
    if share >= CONFOUNDED:
        raise ComputeError(
            "RT304",
            f"batches and outcome are confounded: {share:.0%} of the outcome's variance lies between batches",
            hint="harmonising would remove the outcome with the batches: use batches that mix the outcomes",
        )
