"""A signature meets a table: which genes are there, and their values made ready for its rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from radiotype.errors import ComputeError, RecipeError
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

    samples: list[str]
    genes: list[str]
    missing: tuple[str, ...]
    columns: Mapping[str, str]
    identifier: str
    centre: str
    centring: str
    shift: FloatArray
    scale: FloatArray
    values: FloatArray  # centred, (n_samples, n_genes)
    short: NDArray[np.bool_]  # samples with too few values
    n_genes: int

    @classmethod
    def of(
        cls, signature: Signature, expression: Any, centre: str | None, names: Any, least_coverage: float | None
    ) -> SignatureUse:
        told, frozen = signature.description, signature.description.frozen
        least = _checked_least(told.least_coverage if least_coverage is None else least_coverage)
        centre = told.centre if centre is None else choice("centre", centre, CENTRES if frozen is None else tuple(_CENTRED))
        if frozen is not None and (centre != told.centre or names is not None):
            raise RecipeError(
                "RT103", f"{signature.name} is frozen: its columns and its centring are known", hint="leave both out"
            )
        samples, columns = checked_table(expression)
        if frozen is not None:
            where = {column: place for place, column in enumerate(columns)}
            identifier, found = "frozen columns", {g: [where[c]] for g, c in frozen.columns.items() if c in where}
        else:
            identifier, found = candidates(columns, names, told.identifier, signature.ids, told.aliases)
        _check_coverage(signature, found, least)
        chosen = chosen_columns(expression, found)
        genes = [gene for gene in signature.genes if gene in chosen]
        raw = values_of(expression, [chosen[gene] for gene in genes])
        if frozen is None and centre != "none" and len(samples) < LEAST_COHORT:
            raise ComputeError(
                "RT301",
                f"{signature.name} centres genes on a cohort; {len(samples)} samples are none, {LEAST_COHORT} are needed",
                hint="freeze it on the discovery cohort and score with what freeze returns, or say centre='none'",
            )
        genes, raw = _some(genes, raw, ~np.isnan(raw).all(axis=0))
        if frozen is None:
            shift, scale = shift_and_scale(raw, centre)
            usable = ~np.isnan(scale)
            genes, raw = _some(genes, raw, usable)
            shift, scale = shift[usable], scale[usable]
        else:
            shift = np.array([frozen.shift.get(gene, 0.0) for gene in genes])
            scale = np.array([frozen.scale.get(gene, 1.0) for gene in genes])
        _check_coverage(signature, genes, least)
        values = np.ascontiguousarray((raw - shift) / scale)
        on = f"of {frozen.n_samples} samples before" if frozen is not None else f"of these {len(samples)} samples"
        return cls(
            samples=samples,
            genes=genes,
            missing=tuple(gene for gene in signature.genes if gene not in set(genes)),
            columns={gene: columns[chosen[gene]] for gene in genes},
            identifier=identifier,
            centre=centre,
            centring=_CENTRED[centre] + ("" if centre == "none" else f" {on}"),
            shift=shift,
            scale=scale,
            values=values,
            short=(~np.isnan(values)).sum(axis=1) < least * len(signature.weights),
            n_genes=len(signature.weights),
        )

    def scores(self, signature: Signature) -> pd.DataFrame:
        """One column per centroid or sum; NaN for samples with too few values."""
        weights = signature.weights.loc[self.genes].to_numpy(dtype=np.float64)
        found = column_scores(self.values, weights, signature.description.rule) + signature.description.intercept
        found[self.short] = np.nan
        return pd.DataFrame(found, index=self.samples, columns=list(map(str, signature.weights.columns)))

    def caveats(self, signature: Signature) -> list[str]:
        """What depends on this table."""
        said = []
        if self.missing:
            said.append(f"{len(self.genes)} of {self.n_genes} genes are in the table")
            if signature.description.rule == "weighted_sum":
                said.append("genes that are missing count as 0 in the sum")
        if self.centre != "none" and signature.description.frozen is None:
            said.append(
                f"genes are centred on these {len(self.samples)} samples: other samples beside a patient change the score"
            )
        return said

    def reasons(self, scores: pd.DataFrame) -> dict[str, str]:
        """Why samples have no score."""
        none = scores.isna().any(axis=1).to_numpy()
        n_values = (~np.isnan(self.values)).sum(axis=1)
        few = "RT310: {} of {} genes have a value"
        return {
            self.samples[at]: few.format(n_values[at], self.n_genes) if self.short[at] else "RT305: its genes do not differ"
            for at in np.flatnonzero(none)
        }


def _some(genes: list[str], values: FloatArray, kept: NDArray[np.bool_]) -> tuple[list[str], FloatArray]:
    return [gene for gene, keep in zip(genes, kept.tolist(), strict=True) if keep], values[:, kept]


def _checked_least(value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < value <= 1:
        raise RecipeError("RT103", f"least_coverage is {value!r}; expected a share above 0 and at most 1")
    return float(value)


def _check_coverage(signature: Signature, found: Any, least: float) -> None:
    missing = [gene for gene in signature.genes if gene not in found]
    n, total = len(signature.genes) - len(missing), len(signature.genes)
    if n < least * total or n == 0:
        named = ", ".join(missing[:_NAMED]) + (f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else "")
        raise ComputeError(
            "RT310",
            f"{n} of the {total} genes of {signature.name} are usable in the table, {least:.0%} are needed; missing: {named}",
            hint="give names= for probes or other ids (column: gene); least_coverage= accepts fewer, and the result says so",
        )
