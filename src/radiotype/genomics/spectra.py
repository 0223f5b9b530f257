"""Functional spectra: how enriched each of many gene sets is in a patient, relative to the patients of a discovery cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from radiotype.errors import ComputeError
from radiotype.genomics._expression import Expression, checked_expression
from radiotype.genomics._matching import LEAST_MEMBERS, matched_sets
from radiotype.genomics._threads import blocks, in_threads
from radiotype.stats._inputs import FloatArray
from radiotype.stats._row_digests import row_digests


class FunctionalSpectra(TransformerMixin, BaseEstimator):
    """Enrichment of gene sets in each patient (the functional spectrum of DeepCC).

    Every gene is centred on its mean in the discovery cohort. In each patient the genes are sorted by what is left, falling,
    and a sum runs down the list: a member of the set adds its share of the members' absolute values, any other gene subtracts
    its share of the others. The score is the deviation from 0 of largest size. Equal values stand in the order of the names of
    their genes, so the order of the columns does not count. A new patient is centred on the discovery
    cohort, so scores the same alone and among others.

    Parameters
    ----------
    gene_sets : {name: members}
        Names of columns.
    least_members : int
        A set with fewer members in the table is left out, with its reason.
    n_jobs : int, optional
        Threads; as many as there are cores when left out. The result is the same.

    Attributes
    ----------
    means_ : array, shape (n_genes,)
        Mean of each gene in the discovery cohort.
    genes_ : tuple of str
        Columns of the discovery cohort.
    sets_ : tuple of str
        The sets that are scored.
    n_found_ : {set: int}
        Members of every set in the table.
    left_out_ : {set: reason}
        Sets that are not scored.
    fitted_on_ : array
        Digests of the discovery cases, for `require_unseen`.
    n_features_in_ : int
        Number of genes.

    References
    ----------
    Gao et al., Oncogenesis 8 (2019) 44. Equal to `getFunctionalSpectra` of R package DeepCC. Its rule for a gene that stands
    twice is to be applied before: names must differ here.

    Examples
    --------
    >>> import pandas as pd
    >>> cohort = pd.DataFrame([[9.0, 8.0, 1.0, 2.0], [1.0, 2.0, 9.0, 8.0]], columns=list("ABCD"))
    >>> spectra = FunctionalSpectra({"first": ["A", "B"]}, least_members=2).fit(cohort)
    >>> spectra.transform(cohort).ravel().tolist()
    [1.0, -1.0]
    """

    def __init__(
        self, gene_sets: Mapping[str, Sequence[Any]], *, least_members: int = LEAST_MEMBERS, n_jobs: int | None = None
    ) -> None:
        self.gene_sets = gene_sets
        self.least_members = least_members
        self.n_jobs = n_jobs

    def fit(self, X: ArrayLike, y: None = None) -> FunctionalSpectra:
        """Learn the mean of each gene.

        Parameters
        ----------
        X : data frame or array, shape (n_cases, n_genes)
            Discovery cohort, log scale.
        y : None
            Not used.

        Returns
        -------
        FunctionalSpectra
            Itself, fitted.

        Raises
        ------
        ComputeError
            RT301 with fewer than two cases; RT305 if a value is missing or no number, or no set can be scored.
        RecipeError
            RT103 if a setting or the sets are not what is expected.
        """
        table = checked_expression(X)
        if len(table.values) < 2:
            raise ComputeError("RT301", "one case has no spread to be centred on; fit on the discovery cohort")
        self._by_name = np.array(sorted(range(len(table.genes)), key=lambda at: table.genes[at]), dtype=np.intp)
        named = [table.genes[at] for at in self._by_name]
        self._sets = matched_sets(self.gene_sets, named, least_members=self.least_members, rows=table.samples)
        self.means_ = table.values.mean(axis=0)
        self.genes_, self.n_features_in_ = table.genes, len(table.genes)
        self.sets_, self.n_found_, self.left_out_ = self._sets.names, self._sets.n_found, self._sets.left_out
        self.fitted_on_ = row_digests(table.values)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Spectra of cases, centred on the discovery cohort.

        Parameters
        ----------
        X : data frame or array, shape (n_cases, n_genes)
            The genes of the discovery cohort; a data frame may hold more, in any order, an array holds the same.

        Returns
        -------
        array, shape (n_cases, n_sets)
            Scores from -1 to 1.

        Raises
        ------
        ComputeError
            RT305 if a value is missing or no number, a gene of the discovery cohort is absent, or an array has another width.
        """
        from radiotype import _native

        check_is_fitted(self)
        table = checked_expression(X)
        if not hasattr(X, "columns") and len(table.genes) != self.n_features_in_:
            found = f"the array has {len(table.genes)} columns; expected the {self.n_features_in_} of the discovery cohort"
            raise ComputeError("RT305", found, hint="give a data frame, whose columns are found by their names")
        values = np.ascontiguousarray((self._of_discovery(table) - self.means_)[:, self._by_name])
        sets = self._sets
        n_cases, n_genes = values.shape
        scores = np.empty((n_cases, len(sets.names)))
        # the sets of each gene, gene by gene
        owner = np.repeat(np.arange(len(sets.names), dtype=np.int32), sets.sizes)
        by_gene: NDArray[np.intp] = np.argsort(sets.members, kind="stable")
        sets_of = owner[by_gene]
        gene_bounds = np.searchsorted(sets.members[by_gene], np.arange(n_genes + 1)).astype(np.int64)

        def score(rows: slice) -> None:
            scratch = np.empty(_native.ranked_sets_scratch(n_genes, len(sets.names)), dtype=np.uint64)
            _native.spectra(values[rows], sets.members, sets.bounds, sets_of, gene_bounds, scores[rows], scratch)

        in_threads(score, blocks(n_cases, self.n_jobs), self.n_jobs)
        return scores

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Names of the sets that are scored."""
        check_is_fitted(self)
        return np.array(self.sets_, dtype=object)

    def _of_discovery(self, table: Expression) -> FloatArray:
        if table.genes == self.genes_:
            return table.values
        place = {name: at for at, name in enumerate(table.genes)}
        absent = [name for name in self.genes_ if name not in place]
        if absent:
            found = f"{len(absent)} of the {len(self.genes_)} discovery columns are absent, the first {absent[0]!r}"
            raise ComputeError("RT305", found, hint="give new patients the columns that the discovery cohort had")
        return np.ascontiguousarray(table.values[:, [place[name] for name in self.genes_]])
