"""A signature learned from labelled tumours: genes that differ, and the mean of each class in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from radiotype.errors import ComputeError, RecipeError
from radiotype.genomics._expression import checked_expression
from radiotype.genomics._signature_file import SIMILARITIES, Description, Frozen
from radiotype.genomics._signature_rules import shift_and_scale
from radiotype.genomics._signature_use import CENTRES, LEAST_COHORT
from radiotype.genomics.signature import Signature
from radiotype.stats import moderated_tests
from radiotype.stats._inputs import choice, same_rows, whole_number
from radiotype.stats._row_digests import row_digests


class CentroidSignature(ClassifierMixin, BaseEstimator):
    """Nearest centroid in the genes that differ most between labelled classes.

    Everything is learned on the samples of the fit. Classes take turns in choosing a gene: the one that is highest in the
    class, by the moderated t of the class against the mean of the others. So every class has genes that mark it, as a
    correlation needs, which does not see what all genes have in common. Each gene is centred, and a centroid is the mean of
    a class. Cross-validate this estimator, never a signature that it has made: chosen on all samples, its genes have seen the
    answers.

    Parameters
    ----------
    n_genes : int
        Number of genes, shared evenly between the classes.
    rule : {"spearman", "pearson", "cosine"}
        Similarity of a sample and a centroid.
    centre : {"class_mean", "median", "none", "z_score", "quantile_range"}
        What is done to each gene, with numbers of the samples of the fit. "class_mean" takes off the mean of the class means,
        so that zero lies midway however many samples a class has; a median lies within the largest class.

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
        The labels, sorted.
    signature_ : Signature
        What was learned, frozen; its weights are the centroids.
    t_ : data frame, (n_genes, n_classes)
        Moderated t of every gene, each class against the mean of the others.
    n_features_in_ : int
        Number of genes in the table of the fit.

    References
    ----------
    Troester et al. 2006, BMC Cancer 6:276 (p53 status by rank correlation with centroids of mutant and wild-type tumours).

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> status = np.repeat(["mutant", "wild_type"], 20)
    >>> genes = pd.DataFrame(random.normal(size=(40, 30)), columns=[f"g{i}" for i in range(30)])
    >>> genes.iloc[:20, :5] += 2
    >>> genes.iloc[20:, 5:10] += 2
    >>> model = CentroidSignature(n_genes=10).fit(genes, status)
    >>> sorted(model.signature_.genes, key=lambda gene: int(gene[1:]))
    ['g0', 'g1', 'g2', 'g3', 'g4', 'g5', 'g6', 'g7', 'g8', 'g9']
    >>> model.predict(genes.iloc[[0, 39]]).tolist()
    ['mutant', 'wild_type']
    """

    def __init__(self, n_genes: int = 50, *, rule: str = "spearman", centre: str = "class_mean") -> None:
        self.n_genes = n_genes
        self.rule = rule
        self.centre = centre

    def fit(self, X: Any, y: ArrayLike) -> CentroidSignature:
        """Choose genes and learn the centroids.

        Parameters
        ----------
        X : data frame, shape (n_samples, n_genes)
            Logarithms of expression, complete.
        y : array, shape (n_samples,)
            The class of each sample.

        Returns
        -------
        CentroidSignature
            Itself, fitted.

        Raises
        ------
        RecipeError
            RT103 if a setting is not allowed.
        ComputeError
            RT301 if there are fewer than 10 samples or 2 of a class; RT305 if a value or label is missing, or fewer genes vary.
        """
        whole_number("n_genes", self.n_genes, 3)
        choice("rule", self.rule, SIMILARITIES)
        choice("centre", self.centre, ("class_mean", *CENTRES))
        same_rows({"X": X, "y": np.asarray(y)})
        table = checked_expression(X)
        labels = _checked_labels(y)
        self.classes_, member = np.unique(labels, return_inverse=True)
        sizes = np.bincount(member)
        if len(labels) < LEAST_COHORT or len(sizes) < 2 or sizes.min() < 2:
            found = ", ".join(f"{size} {name}" for name, size in zip(self.classes_, sizes, strict=True))
            raise ComputeError("RT301", f"{found}; {LEAST_COHORT} samples and 2 of each of two classes are needed")
        self.n_features_in_ = len(table.genes)
        self.feature_names_in_ = np.array(table.genes, dtype=object)
        self.fitted_on_ = row_digests(table.values)
        chosen = self._choose(table.values, member, table.genes)
        values = table.values[:, chosen]
        genes = [table.genes[at] for at in chosen]
        means = np.array([values[member == at].mean(axis=0) for at in range(len(sizes))])
        if self.centre == "class_mean":
            shift, scale = means.mean(axis=0), np.ones(len(genes))
        else:
            shift, scale = shift_and_scale(values, self.centre)
        centroids = (means - shift) / scale
        weights = pd.DataFrame(centroids.T, index=genes, columns=[str(name) for name in self.classes_])
        centred = self.centre != "none"
        frozen = Frozen(
            n_samples=len(labels),
            columns={gene: gene for gene in genes},
            shift=dict(zip(genes, shift.tolist(), strict=True)) if centred else {},
            scale=dict(zip(genes, scale.tolist(), strict=True)) if centred else {},
        )
        description = Description(
            format="radiotype signature",
            format_version=1,
            name="centroids",
            version="1",
            title=f"Nearest of {len(sizes)} centroids of {len(genes)} genes",
            source=f"learned on {len(labels)} samples: "
            + ", ".join(f"{n} {c}" for c, n in zip(self.classes_, sizes, strict=True)),
            licence="not stated",
            direction="the higher a similarity, the more like the class",
            rule=self.rule,  # type: ignore[arg-type]
            centre=self.centre,  # type: ignore[arg-type]
            calls="largest",
            frozen=frozen,
        )
        self.signature_ = Signature(description, weights, pd.DataFrame(index=weights.index))
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """The class of each sample; raises ComputeError RT305 if one has none, and as `Signature.score`."""
        check_is_fitted(self)
        if not hasattr(X, "columns"):
            X = pd.DataFrame(X, columns=self._names_of(X))
        found = self.signature_.score(X)
        if found.reasons:
            sample, reason = next(iter(found.reasons.items()))
            raise ComputeError("RT305", f"sample {sample!r} has no class ({reason})")
        similarities = found.scores.to_numpy()
        return self.classes_[np.argmax(similarities, axis=1)]

    def to_signature(
        self, name: str, *, title: str, source: str, licence: str, version: str = "1", frozen: bool = True
    ) -> Signature:
        """What was learned, under a name of its own, ready to be saved.

        Parameters
        ----------
        name, title, source, licence, version
            What its file says; the source is followed by the classes that it was learned on.
        frozen : bool
            Keep the centring of the fit. Without it genes are centred on the medians of whatever cohort is scored: for
            another platform.

        Raises
        ------
        RecipeError
            RT103 if the name is not of small letters, digits and underscores.
        """
        check_is_fitted(self)
        told = self.signature_.description.model_dump(exclude_none=True)
        said = {"name": name, "title": title, "licence": licence, "version": version, "source": f"{source}; {told['source']}"}
        if not frozen:
            del told["frozen"]
            said["centre"] = "median"
        try:
            description = Description.model_validate(told | said)
        except ValueError as error:
            raise RecipeError("RT103", f"{name!r} is no name of a signature; expected letters, digits, underscores") from error
        return Signature(description, self.signature_.weights, self.signature_.ids)

    def _choose(self, values: NDArray[np.float64], member: NDArray[np.intp], genes: tuple[str, ...]) -> NDArray[np.intp]:
        n_classes = member.max() + 1
        columns = [f"x{at + 1}" for at in range(n_classes)]
        contrasts = {own: {column: 1.0 if column == own else -1.0 / (n_classes - 1) for column in columns} for own in columns}
        tests = moderated_tests(pd.DataFrame(values, columns=list(genes)), np.eye(n_classes)[member], contrasts)
        self.t_ = pd.DataFrame(tests.t, index=list(genes), columns=list(self.classes_))
        usable = int(self.t_.notna().all(axis=1).sum())
        if usable < self.n_genes:
            raise ComputeError("RT305", f"{usable} genes vary, {self.n_genes} are to be chosen", hint="ask for fewer n_genes")
        wanted = np.argsort(-np.where(np.isnan(tests.t), -np.inf, tests.t), axis=0, kind="stable")
        chosen: dict[int, None] = {}
        turns = [iter(wanted[:, at].tolist()) for at in range(n_classes)]
        for turn in range(self.n_genes):
            chosen[next(gene for gene in turns[turn % n_classes] if gene not in chosen)] = None
        return np.sort(list(chosen))

    def _names_of(self, X: Any) -> list[str]:
        if np.ndim(X) != 2 or np.shape(X)[1] != self.n_features_in_:
            raise ComputeError("RT305", f"the table has shape {np.shape(X)}; expected {self.n_features_in_} columns")
        return list(self.feature_names_in_)


def _checked_labels(y: ArrayLike) -> NDArray[Any]:
    labels = np.asarray(y)
    if labels.ndim != 1 or pd.isna(labels.astype(object)).any():
        raise ComputeError("RT305", "the labels have gaps or are no single column", hint="drop these samples")
    check_classification_targets(labels)
    return labels
