"""Deconvolution with a reference: shares of given profiles, or of given marker genes, in every sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from radiotype.errors import ComputeError
from radiotype.genomics._expression import checked_expression
from radiotype.genomics._linear import checked_log_base, linear_expression
from radiotype.genomics._matching import listed_sets
from radiotype.genomics._mixture_geometry import spatial_median
from radiotype.genomics._mixture_settings import NOISES, check_size
from radiotype.genomics._mixture_solution import sum_to_one, with_lengths
from radiotype.genomics._reference_genes import covered_share, named_columns, refuse_lost_profiles, relative_weights
from radiotype.genomics._simplex import nonnegative_least_squares
from radiotype.stats._inputs import FloatArray, choice, numbers, read_only

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Deconvolution:
    """Shares of each subclone in each sample, and how well they describe it.

    Attributes
    ----------
    proportions : array, shape (n_samples, n_subclones)
        Shares; rows sum to one.
    residual : array, shape (n_samples,)
        Length of what the subclones do not describe, over the length of the sample's expression, 0 or more; lower is better.
    correlation : array, shape (n_samples,)
        Pearson's correlation over genes of the expression with its description; NaN where one of them is constant.
    coverage : float
        Share of the reference's genes that were there, in (0, 1].
    samples, subclones, genes : tuple of str
        Names; of the genes, those that were used.
    subclone_coverage : array, shape (n_subclones,)
        How much of each subclone's own genes was there, in (0, 1]: of what its profile expresses above all others, relative to
        the level of each gene, or of its marker genes.
    unscaled : tuple of str
        From marker genes: subclones without which the shares sum to one best. They are kept with a length that is a guess, so
        of their shares only the ratios between samples mean something.
    """

    proportions: FloatArray
    residual: FloatArray
    correlation: FloatArray
    coverage: float
    samples: tuple[str, ...]
    subclones: tuple[str, ...]
    genes: tuple[str, ...]
    subclone_coverage: FloatArray
    unscaled: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """A row per sample: a column per subclone, then `residual` and `correlation`."""
        import pandas as pd

        table = pd.DataFrame(self.proportions, list(self.samples), list(self.subclones))
        return table.assign(residual=self.residual, correlation=self.correlation)


def deconvolve(
    expression: Any,
    profiles: Any,
    *,
    noise: str = "additive",
    min_coverage: float = 0.7,
    log_base: str | float | None = "refuse",
    log_offset: float = 0.0,
    quantiles: Any = None,
) -> Deconvolution:
    """Shares of given profiles in each sample, by non-negative least squares, divided by their sum.

    Each sample is worked on by itself: alone it has the shares that it has in a cohort. To lean on marker genes, give only
    their columns of the profiles.

    Parameters
    ----------
    expression : array or data frame, shape (n_samples, n_genes)
        Linear expression, 0 or more. Genes are matched by name if both tables have names; other genes are not looked at,
        whatever they hold.
    profiles : array or data frame, shape (n_subclones, n_reference_genes)
        Expression of each subclone on a linear scale, such as `ConvexMixture.profile_table()`.
    noise : {"additive", "proportional"}
        "additive": residuals of all genes count alike, so those of strong genes decide. "proportional": residuals count
        relative to the level of the gene, which is right where noise grows with expression, counts with biological variation
        among them. The level is the mean of the profiles plus that mean over all genes, so that nearly silent genes, which are
        noise, never decide.
    min_coverage : float
        Refuse if a smaller share of the reference's genes is there, in [0, 1], or of what some subclone expresses above all
        others, without which its share would be a guess.
    log_base, log_offset
        As in `ConvexMixture`, judged by the genes that are used; profiles are linear always.
    quantiles : array, shape (n_reference_genes,), optional
        Give the values of each sample this distribution first, such as `ConvexMixture.quantiles_`: for another assay. It is
        that of all genes of the reference, so none may be missing; `ConvexMixture(quantile_scale=True)` knows that of fewer.

    Returns
    -------
    Deconvolution
        Shares, goodness of fit and coverage.

    Raises
    ------
    RecipeError
        RT103 if `noise`, `min_coverage`, `log_base` or `log_offset` is not allowed.
    ComputeError
        RT301 without samples, or with fewer genes than profiles; RT305 if values are missing, negative or look like logarithms,
        too few genes are there, overall or of one subclone, a sample expresses nothing that the profiles do, or `quantiles`
        do not fit the genes.

    References
    ----------
    Abbas et al., PLoS ONE 4 (2009) e6098.

    Examples
    --------
    >>> profiles = np.array([[900.0, 100.0, 50.0], [10.0, 300.0, 50.0]])
    >>> deconvolve(np.array([[0.25, 0.75]]) @ profiles, profiles).proportions.round(6)
    array([[0.25, 0.75]])
    """
    every = None if quantiles is None else _quantiles_of_all(quantiles)
    return deconvolved(expression, profiles, (noise, min_coverage, log_base, log_offset), every)


def deconvolved(
    expression: Any,
    profiles: Any,
    settings: tuple[str, float, str | float | None, float],
    quantiles: Callable[[list[int], int], FloatArray] | None,
) -> Deconvolution:
    """`deconvolve`; `quantiles` are a function of the places of the reference's genes that are used, and how many it has."""
    noise, min_coverage, log_base, log_offset = settings
    choice("noise", noise, NOISES)
    checked_log_base(log_base)
    check_size("log_offset", log_offset)
    check_size("min_coverage", min_coverage)
    reference = checked_expression(profiles)
    if (reference.values < 0).any() or not reference.values.any(axis=1).all():
        raise ComputeError("RT305", "the profiles have negative values, or one of nothing but 0; expected linear expression")
    named = hasattr(expression, "columns") and hasattr(profiles, "columns")
    # genes that are not used are not looked at either
    samples = named_columns(expression, reference.genes, min_coverage) if named else checked_expression(expression)
    if not named and len(samples.genes) != len(reference.genes):
        found = f"there are {len(samples.genes)} genes, and profiles of {len(reference.genes)}"
        raise ComputeError("RT305", found, hint="give both as data frames with the names of the genes")
    there = set(samples.genes if named else reference.genes)
    used = [at for at, gene in enumerate(reference.genes) if gene in there]
    genes = tuple(reference.genes[at] for at in used)
    coverage = len(used) / len(reference.genes)
    columns = reference.values[:, used]
    if len(used) < len(columns):
        raise ComputeError("RT301", f"{len(used)} genes do not tell {len(columns)} profiles apart")
    subclones = reference.samples if hasattr(profiles, "columns") else tuple(f"subclone{at + 1}" for at in range(len(columns)))
    own = refuse_lost_profiles(reference.values, used, subclones, min_coverage)
    values = linear_expression(samples.values, genes, log_base, log_offset)
    if quantiles is not None:
        values = with_quantiles(values, quantiles(used, len(reference.genes)))
    per_gene = relative_weights(columns) if noise == "proportional" else np.ones(len(genes))
    weights, _ = nonnegative_least_squares((columns * per_gene).T, values * per_gene)
    about = (coverage, own, samples.samples, subclones, genes)
    return _described(values, weights, _sums(weights, columns), about)


def proportions_from_markers(
    expression: Any,
    markers: Mapping[str, Sequence[str]],
    *,
    min_coverage: float = 0.7,
    log_base: str | float | None = "refuse",
    log_offset: float = 0.0,
) -> Deconvolution:
    """Shares of subclones in a cohort from genes that each of them alone expresses, without their expression.

    How a subclone goes over the samples is the spatial median of how its genes do; the subclones are then made so long that
    they sum to one in all samples as nearly as they can. Shares depend on the cohort, and need as many samples as subclones.

    Parameters
    ----------
    expression : data frame, shape (n_samples, n_genes)
        Linear expression, 0 or more.
    markers : mapping of str to sequence of str
        Marker genes of each subclone.
    min_coverage : float
        Refuse if a smaller share of the marker genes of a subclone is there and expressed, in [0, 1].
    log_base, log_offset
        As in `ConvexMixture`.

    Returns
    -------
    Deconvolution
        Shares; goodness of fit over the marker genes, with the expression that fits them best.

    Raises
    ------
    RecipeError
        RT103 if a setting is not allowed, or `markers` are no mapping from names to lists of genes.
    ComputeError
        RT301 with fewer than two subclones or fewer samples than subclones; RT305 if values are missing, negative or look like
        logarithms, too few genes of a subclone are there, or a gene is a marker of two subclones.

    References
    ----------
    Chen et al., Bioinformatics 36 (2020) 3927-3929.

    Examples
    --------
    >>> import pandas as pd
    >>> shares = np.array([[0.2, 0.8], [0.5, 0.5], [0.9, 0.1]])
    >>> table = pd.DataFrame(shares @ np.array([[400.0, 90.0, 0, 0], [0, 0, 70.0, 500.0]]), columns=["A", "B", "C", "D"])
    >>> proportions_from_markers(table, {"first": ["A", "B"], "second": ["C", "D"]}).proportions.round(6)
    array([[0.2, 0.8],
           [0.5, 0.5],
           [0.9, 0.1]])
    """
    checked_log_base(log_base)
    check_size("log_offset", log_offset)
    check_size("min_coverage", min_coverage)
    lists = listed_sets(markers, "markers")
    if not hasattr(expression, "columns"):
        raise ComputeError("RT305", "the expression has no names of genes; expected a data frame with genes in columns")
    if len(lists) < 2 or len(expression) < len(lists):
        raise ComputeError(
            "RT301", f"there are {len(expression)} samples for {len(lists)} subclones; expected 2 subclones or more"
        )
    _refuse_shared(lists)
    there = {str(name) for name in expression.columns}
    for name, genes in lists.items():
        covered_share(there, genes, min_coverage, f" of {name!r}")
    samples = named_columns(expression, [gene for genes in lists.values() for gene in genes], 0.0)
    values = linear_expression(samples.values, samples.genes, log_base, log_offset)
    place = {gene: at for at, gene in enumerate(samples.genes) if values[:, at].any()}
    directions, used, shares = [], [], []
    for name, genes in lists.items():
        own = [gene for gene in genes if gene in place]
        shares.append(covered_share(place, genes, min_coverage, f" of {name!r}"))
        columns = values[:, [place[gene] for gene in own]].T
        directions.append(spatial_median(columns / columns.sum(axis=1, keepdims=True)))
        used += own
    weights, guessed = with_lengths(np.stack(directions, axis=1))
    chosen = values[:, [place[gene] for gene in used]]
    fitted, _ = nonnegative_least_squares(weights, chosen.T)
    described = _sums(weights, fitted.T)
    coverage = len(used) / sum(len(genes) for genes in lists.values())
    about = (coverage, np.array(shares), samples.samples, tuple(lists), tuple(used))
    unscaled = tuple(name for name, guess in zip(lists, guessed, strict=True) if guess)
    return replace(_described(chosen, weights, described, about), unscaled=unscaled)


def marker_fold_changes(profiles: Any) -> pd.DataFrame:
    """How many times as much as any other subclone the one that expresses a gene most does.

    Parameters
    ----------
    profiles : data frame, shape (n_subclones, n_genes)
        Linear expression of each subclone, 0 or more; two or more.

    Returns
    -------
    data frame
        A row per gene: `subclone` that expresses it most and `fold_change`, 1 or more; inf where no other does, NaN where
        none does.

    Raises
    ------
    ComputeError
        RT301 with fewer than two subclones; RT305 if values are missing or negative.

    References
    ----------
    Chen et al., Bioinformatics 36 (2020) 3927-3929.

    Examples
    --------
    >>> import pandas as pd
    >>> marker_fold_changes(pd.DataFrame({"A": [8.0, 2.0], "B": [0.0, 3.0]}, index=["one", "two"]))
      subclone  fold_change
    A      one          4.0
    B      two          inf
    """
    import pandas as pd

    found = checked_expression(profiles)
    if len(found.values) < 2:
        raise ComputeError("RT301", f"there are profiles of {len(found.values)} subclones; expected two or more")
    if (found.values < 0).any():
        raise ComputeError("RT305", "the profiles have negative values; expected linear expression")
    second, first = np.sort(found.values, axis=0)[-2:]
    with np.errstate(divide="ignore", invalid="ignore"):
        fold_change = first / second
    subclones = np.array(found.samples, dtype=object)[found.values.argmax(axis=0)]
    return pd.DataFrame({"subclone": subclones, "fold_change": fold_change}, index=list(found.genes))


def with_quantiles(values: FloatArray, quantiles: FloatArray) -> FloatArray:
    """Rows with their order kept and their values taken from a distribution; equal values get the mean of theirs."""
    sums = np.concatenate([[0.0], np.cumsum(np.sort(quantiles))])
    scaled = np.empty_like(values)
    for row, into in zip(values, scaled, strict=True):
        _, group, count = np.unique(row, return_inverse=True, return_counts=True)
        ends = np.cumsum(count)
        into[:] = ((sums[ends] - sums[ends - count]) / count)[group]
    return scaled


def _quantiles_of_all(quantiles: Any) -> Callable[[list[int], int], FloatArray]:
    target = numbers(quantiles, "quantiles")

    def checked(used: list[int], n_genes: int) -> FloatArray:
        if len(used) < n_genes:
            found = f"quantiles are those of all {n_genes} genes of the profiles, of which {len(used)} are there"
            hint = "give profiles of these genes only and their quantiles, or use ConvexMixture(quantile_scale=True)"
            raise ComputeError("RT305", found, hint=hint)
        if len(target) != n_genes or (target < 0).any():
            found = f"there are {len(target)} quantiles for {n_genes} genes, the least {target.min(initial=np.inf):.4g}"
            raise ComputeError("RT305", found + "; expected one per gene, 0 or more")
        return target

    return checked


def _described(
    values: FloatArray,
    weights: FloatArray,
    described: FloatArray,
    about: tuple[float, FloatArray, tuple[str, ...], tuple[str, ...], tuple[str, ...]],
) -> Deconvolution:
    coverage, subclone_coverage, samples, subclones, genes = about
    none = weights.sum(axis=1) <= 0
    if none.any():
        found = f"sample {samples[int(np.argmax(none))]!r} expresses nothing that the subclones do ({int(none.sum())} in all)"
        raise ComputeError("RT305", found, hint="drop these samples")
    values = np.ascontiguousarray(values)  # sums over rows round differently in another order
    x = values - values.mean(axis=1, keepdims=True)
    y = described - described.mean(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = (x * y).sum(axis=1) / np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
    return Deconvolution(
        proportions=read_only(sum_to_one(weights)),
        residual=read_only(np.sqrt(((values - described) ** 2).sum(axis=1) / (values**2).sum(axis=1))),
        correlation=read_only(correlation),
        coverage=coverage,
        samples=samples,
        subclones=subclones,
        genes=genes,
        subclone_coverage=read_only(subclone_coverage),
    )


def _sums(weights: FloatArray, profiles: FloatArray) -> FloatArray:
    """`weights @ profiles`, each row the same to the last bit whatever the other rows are."""
    total = np.zeros((len(weights), profiles.shape[1]))
    for column, profile in zip(weights.T, profiles, strict=True):
        total += column[:, None] * profile
    return total


def _refuse_shared(markers: Mapping[str, Sequence[str]]) -> None:
    """Refuse a gene that is called a marker of two subclones."""
    owner: dict[str, str] = {}
    for name, genes in markers.items():
        for gene in genes:
            if gene in owner:
                found = f"gene {gene!r} is listed as a marker of {owner[gene]!r} and of {name!r}"
                raise ComputeError("RT305", found, hint="keep genes that one subclone alone expresses")
            owner[gene] = name
