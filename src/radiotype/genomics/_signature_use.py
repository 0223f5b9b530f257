"""A signature meets a table: which genes are there, and their values made ready for its rule."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from radiotype.errors import ComputeError, RecipeError
from radiotype.genomics._linear import HIGHEST_LOGARITHM
from radiotype.genomics._signature_columns import candidates, checked_table, chosen_columns, values_of
from radiotype.genomics._signature_rules import column_scores, shift_and_scale
from radiotype.stats._inputs import FloatArray, choice

if TYPE_CHECKING:
    from radiotype.genomics.signature import Signature

#: What can be done to the genes of any cohort.
CENTRES = ("none", "median", "z_score", "quantile_range")

#: Fewer samples are no cohort to centre on.
LEAST_COHORT = 10

#: Missing genes that a message names.
_NAMED = 12

_CENTRED = {
    "none": "expression as given",
    "median": "each gene less the median",
    "class_mean": "each gene less the mean of its class means",
    "z_score": "each gene less the mean, by the standard deviation",
    "quantile_range": "each gene's 2.5th and 97.5th percentile drawn to -1 and 1",
}


@dataclass(frozen=True, eq=False)
class SignatureUse:
    """The genes of a signature that a table has, and their values, centred."""

    signature: Signature
    samples: list[str]
    genes: list[str]
    columns: dict[str, str]
    identifier: str
    centre: str
    shift: FloatArray
    scale: FloatArray
    values: FloatArray  # (n_samples, n_genes)
    least: float  # share of the genes that each sample needs

    @classmethod
    def of(cls, signature: Signature, expression: Any, centre: str | None, names: Any, least: float | None) -> SignatureUse:
        """Raises RecipeError RT103 and ComputeError RT301, RT305, RT310 as `Signature.score`."""
        told, frozen = signature.description, signature.description.frozen
        least = _checked_least(told.least_coverage if least is None else least)
        if frozen is not None and (centre is not None or names is not None):
            found = f"{signature.name} is frozen: its columns and its centring are known"
            raise RecipeError("RT103", found, hint="leave centre and names out")
        centre = told.centre if centre is None else choice("centre", centre, CENTRES)
        samples, columns = checked_table(expression)
        if frozen is not None:
            where = {column: place for place, column in enumerate(columns)}
            twice = [c for c in frozen.columns.values() if columns.count(c) > 1] if len(where) < len(columns) else []
            if twice:
                raise ComputeError("RT305", f"column {twice[0]!r} stands twice", hint="keep one column per gene or probe")
            identifier, places = "column", {g: [where[c]] for g, c in frozen.columns.items() if c in where}
        else:
            identifier, places = candidates(columns, names, told.identifier, signature.ids, told.aliases)
        _check_coverage(signature, places, least)
        chosen = chosen_columns(expression, places)
        genes = [gene for gene in signature.genes if gene in chosen]
        values = values_of(expression, [chosen[gene] for gene in genes])
        if frozen is not None:
            shift = np.array([frozen.shift.get(gene, 0.0) for gene in genes])
            scale = np.array([frozen.scale.get(gene, 1.0) for gene in genes])
        else:
            genes, values = _some(genes, values, np.asarray(~np.isnan(values).all(axis=0)))
            _check_cohort(signature, centre, len(samples))
            shift, scale = shift_and_scale(values, centre)
            usable = ~np.isnan(scale)
            genes, values = _some(genes, values, usable)
            shift, scale = shift[usable], scale[usable]
        _check_coverage(signature, genes, least)
        return cls(
            signature=signature,
            samples=samples,
            genes=genes,
            columns={gene: columns[chosen[gene]] for gene in genes},
            identifier=identifier,
            centre=centre,
            shift=shift,
            scale=scale,
            values=np.ascontiguousarray((values - shift) / scale),
            least=least,
        )

    @property
    def missing(self) -> tuple[str, ...]:
        """Genes of the signature without a usable column."""
        return tuple(gene for gene in self.signature.genes if gene not in self.columns)

    @property
    def centring(self) -> str:
        """What was done to the values, in words."""
        frozen = self.signature.description.frozen
        on = f" of these {len(self.samples)} samples" if frozen is None else f" of {frozen.n_samples} samples before"
        return _CENTRED[self.centre] + ("" if self.centre == "none" else on)

    def scores(self) -> pd.DataFrame:
        """One column per centroid or sum; NaN for samples with too few values."""
        weights = self.signature.weights
        found = column_scores(self.values, weights.loc[self.genes].to_numpy(dtype=np.float64), self.signature.description.rule)
        found[self._short()] = np.nan
        found += self.signature.description.intercept
        return pd.DataFrame(found, index=self.samples, columns=list(map(str, weights.columns)))

    def caveats(self) -> list[str]:
        """What depends on this table."""
        said = []
        if self.missing:
            said.append(f"{len(self.genes)} of {len(self.signature.genes)} genes are in the table")
            if self.signature.description.rule == "weighted_sum":
                said.append("genes that are missing count as 0 in the sum")
        gaps = np.isnan(self.values).any(axis=1)
        if gaps.any() and self.signature.description.rule == "weighted_sum":
            first = self.samples[int(np.argmax(gaps))]
            said.append(f"missing values count as 0 in the sums of {int(gaps.sum())} samples, the first {first!r}")
        highest = np.nanmax(self.values * self.scale + self.shift, initial=-np.inf)
        if highest > HIGHEST_LOGARITHM and self.signature.description.rule != "spearman":
            said.append(f"values above {HIGHEST_LOGARITHM:g} seem linear; the signature is one of logarithms")
        if self.centre != "none" and self.signature.description.frozen is None:
            said.append(f"genes are centred on these {len(self.samples)} samples: a patient's score depends on the others")
        return said

    def reasons(self, scores: pd.DataFrame) -> dict[str, str]:
        """Why samples have no score."""
        n_values, of, short = (~np.isnan(self.values)).sum(axis=1), len(self.signature.genes), self._short()
        return {
            self.samples[at]: f"RT310: {n_values[at]} of {of} genes have a value"
            if short[at]
            else "RT305: its genes do not differ, or are fewer than three"
            for at in np.flatnonzero(scores.isna().any(axis=1))
        }

    def _short(self) -> NDArray[np.bool_]:
        """Samples with too few values."""
        return np.asarray((~np.isnan(self.values)).sum(axis=1) < self.least * len(self.signature.genes))


def _check_cohort(signature: Signature, centre: str, n_samples: int) -> None:
    if centre != "none" and n_samples < LEAST_COHORT:
        raise ComputeError(
            "RT301",
            f"{signature.name} centres genes on a cohort; {n_samples} samples are none, {LEAST_COHORT} are needed",
            hint="freeze it on the discovery cohort and score with what freeze returns, or say centre='none'",
        )


def _some(genes: list[str], values: FloatArray, kept: NDArray[np.bool_]) -> tuple[list[str], FloatArray]:
    return [gene for gene, keep in zip(genes, kept.tolist(), strict=True) if keep], values[:, kept]


def _checked_least(value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < value <= 1:
        raise RecipeError("RT103", f"least_coverage is {value!r}; expected a share above 0 and at most 1")
    return float(value)


def _check_coverage(signature: Signature, found: Container[str], least: float) -> None:
    missing = [gene for gene in signature.genes if gene not in found]
    n, total = len(signature.genes) - len(missing), len(signature.genes)
    if n < least * total - 1e-9 or n == 0:
        named = ", ".join(missing[:_NAMED]) + (f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else "")
        raise ComputeError(
            "RT310",
            f"{n} of the {total} genes of {signature.name} are usable in the table, {least:.0%} are needed; missing: {named}",
            hint="give names= for probes or other ids (column: gene); least_coverage= accepts fewer, and the result says so",
        )
