"""What the biology of the subtypes is read from: expression, gene sets, molecular subtypes, and what is compared."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, field_validator, model_validator

from radiotype.features.strict import Listed, Strict, all_different

Side = int | str
Contrast = Annotated[tuple[Side, Side], Listed]
Sides = tuple[tuple[str, ...], tuple[str, ...]]

_SUBTYPES = re.compile(r"[1-9]\d*(\+[1-9]\d*)*")


def _one_or_more(value: object) -> object:
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


_PATH = {"type": "string", "minLength": 1}
Paths = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...],
    BeforeValidator(_one_or_more),
    WithJsonSchema({"anyOf": [_PATH, {"type": "array", "items": _PATH}]}),
]


def _of_subtypes(value: tuple[Contrast, ...]) -> tuple[Contrast, ...]:
    for contrast in value:
        for side in contrast:
            if not _SUBTYPES.fullmatch(str(side)):
                raise ValueError(f"{side!r} names no subtype: write its number, or several joined by + in quotes")
        named = [name for side in contrast for name in str(side).split("+")]
        if len(set(named)) < len(named):
            raise ValueError(f"{list(contrast)} names subtype {max(named, key=named.count)} more than once")
    return value


Contrasts = Annotated[tuple[Contrast, ...], Listed, AfterValidator(_of_subtypes)]


def sides_of(contrasts: tuple[Contrast, ...]) -> tuple[Sides, ...]:
    """Contrasts as names of subtypes on both sides."""
    return tuple((tuple(str(one).split("+")), tuple(str(other).split("+"))) for one, other in contrasts)


class BiologySettings(Strict):
    """Expression, gene sets and molecular subtypes; paths are relative to the recipe."""

    expression: Paths = Field(
        (),
        description="tables of expression, one per platform (CSV, TSV, GCT, Parquet, h5ad); several are told apart as batches",
    )
    sample: str | None = Field(
        None,
        min_length=1,
        description="column of the manifest with the name of the sample in the tables; none: case_id, else patient_id",
    )
    gene_sets: Paths = Field((), description="gene sets, such as the 50 hallmarks (GMT, CSV or TSV)")
    cells: str | None = Field(None, min_length=1, description="marker genes of cell populations (GMT, CSV or TSV)")
    cells_by: Literal["ssgsea", "mean"] = Field(
        "ssgsea", description="score of a population: like that of a gene set, or the mean log2 expression of its markers"
    )
    molecular: Annotated[tuple[str, ...], Listed] = Field((), description="columns of the manifest with molecular subtypes")
    contrasts: Contrasts = Field(
        (), description='pairs of subtypes to compare beside each against the rest: [3, 4], or merged ones: ["1+2", 4]'
    )

    @field_validator("expression", "gene_sets", "molecular")
    @classmethod
    def _once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(all_different(value))

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not (self.expression or self.molecular):
            raise ValueError("needs `expression`, with `gene_sets` or `cells`, or `molecular`")
        if self.expression and not (self.gene_sets or self.cells):
            raise ValueError("`expression` needs `gene_sets`, `cells` or both: sets of genes to score")
        needing = [name for name in ("gene_sets", "cells", "contrasts", "sample") if getattr(self, name)]
        if needing and not self.expression:
            raise ValueError(f"`{needing[0]}` needs `expression`: tables to score sets of genes in")
        return self

    @property
    def pairs(self) -> tuple[Sides, ...]:
        """The contrasts as names of subtypes on both sides."""
        return sides_of(self.contrasts)
