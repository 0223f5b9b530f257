"""What the file of a signature may say, and the numbers that it holds or points to."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import Field, ValidationError, field_validator, model_validator

from radiotype.errors import InputError, did_you_mean
from radiotype.features.strict import Listed, Strict
from radiotype.io.datasets import find_data
from radiotype.io.signatures import read_signature_file, read_signature_table

Rule = Literal["spearman", "pearson", "cosine", "weighted_sum", "up_down_mean"]
Centre = Literal["none", "median", "z_score", "quantile_range", "class_mean"]

SIMILARITIES = ("spearman", "pearson", "cosine")

#: What a table writes where a gene has no such id.
_NO_ID = ("", "NA", "nan", "None")


class Table(Strict):
    """A table of weights or ids: a file beside the description, or `DATASET/FILE` of the data directory (ending or not)."""

    file: str
    gene: str = "gene"
    columns: dict[str, str] = Field(description="name in the signature: column of the table")
    where: dict[str, str] = Field({}, description="column: the text that a row must have there to count")
    values: dict[str, float] = Field({}, description="what a text of the table stands for, such as grades")


class Combination(Strict):
    """A weighted sum of the similarities, drawn to a scale on which `low` is 0 and `high` is 100.

    Without `low` and `high` they are the 2.5th and 97.5th percentile of the cohort. Clipped scores end at 0 and 100.
    """

    weights: dict[str, float] = Field(min_length=1)
    low: float | None = None
    high: float | None = None
    clipped: bool = False

    @model_validator(mode="after")
    def _limits_go_together(self) -> Combination:
        if (self.low is None) != (self.high is None) or (
            self.low is not None and self.high is not None and self.low >= self.high
        ):
            raise ValueError("give low below high, or neither")
        return self


class Calls(Strict):
    """Names of the ranges of a score. A score that equals a limit belongs to the range above it, or below it."""

    limits: Annotated[tuple[float, ...], Listed] = Field(min_length=1)
    labels: Annotated[tuple[str, ...], Listed]
    at_a_limit: Literal["above", "below"]
    of: str | None = Field(None, description="column of the scores; default the last")

    @model_validator(mode="after")
    def _one_label_per_range(self) -> Calls:
        if len(self.labels) != len(self.limits) + 1 or list(self.limits) != sorted(set(self.limits)):
            raise ValueError("give ascending limits and one label more than limits")
        return self


class Frozen(Strict):
    """What was learned on a cohort once and for all: which column stands for a gene, and what is taken off and divided by."""

    n_samples: int
    columns: dict[str, str]
    shift: dict[str, float]
    scale: dict[str, float]


class Description(Strict):
    """Everything that a file says of a signature but its numbers."""

    format: Literal["radiotype signature"]
    format_version: Literal[1]
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=80)
    version: str
    title: str
    source: str = Field(description="where the genes and numbers were published")
    licence: str = Field(description="what may be done with them")
    direction: str = Field(description="what a high score means")
    rule: Rule
    identifier: str = Field("symbol", description="what the genes are named by")
    aliases: dict[str, Annotated[tuple[str, ...], Listed]] = Field({}, description="gene: other names, tried in this order")
    centre: Centre = "none"
    intercept: float = 0.0
    least_coverage: float = Field(0.8, gt=0, le=1, description="least share of the genes that a table must have")
    combination: Combination | None = None
    calls: Calls | Literal["largest"] | None = None
    caveats: Annotated[tuple[str, ...], Listed] = ()
    frozen: Frozen | None = None

    @model_validator(mode="after")
    def _parts_fit(self) -> Description:
        if self.calls == "largest" and self.rule not in SIMILARITIES:
            raise ValueError("calls: the largest is of similarities, not of sums")
        if self.intercept and self.rule in SIMILARITIES:
            raise ValueError("intercept: similarities have none")
        if self.centre == "none" and self.frozen is not None and self.frozen.shift:
            raise ValueError("frozen: a signature that is not centred has no shift")
        if self.centre == "class_mean" and self.frozen is None:
            raise ValueError("centre: class means are known of the samples of a fit only")
        return self


class SignatureFile(Description):
    """A file: the description, and the weights in it (`weights`: column, gene, number) or in a table."""

    weights: dict[str, dict[str, float]] | None = None
    table: Table | None = None
    identifiers: dict[str, dict[str, str]] = Field({}, description="kind of id: gene: its id of this kind")
    identifier_table: Table | None = None

    @field_validator("weights")
    @classmethod
    def _some(cls, weights: dict[str, dict[str, float]] | None) -> dict[str, dict[str, float]] | None:
        if weights is not None and (not weights or not all(weights.values())):
            raise ValueError("there are no genes")
        return weights

    @model_validator(mode="after")
    def _one_source(self) -> SignatureFile:
        if (self.weights is None) == (self.table is None):
            raise ValueError("give weights or a table, one of the two")
        return self


def read_signature(path: Path) -> tuple[Description, pd.DataFrame, pd.DataFrame]:
    """Description, weights (genes, columns) and further ids (genes, kinds) of a signature.

    Raises
    ------
    InputError
        RT201, RT202, RT220 or RT222.
    """
    content = read_signature_file(path)
    try:
        file = SignatureFile.model_validate(content)
    except ValidationError as error:
        raise InputError("RT222", _said(error), file=path) from error
    if file.table is not None:
        weights = _numbers(file.table, path)
    else:
        told_weights = file.weights or {}
        genes = list(dict.fromkeys(gene for column in told_weights.values() for gene in column))
        weights = pd.DataFrame({name: pd.Series(column, dtype=float).reindex(genes) for name, column in told_weights.items()})
    _check_weights(file, weights, path)
    ids = pd.DataFrame({kind: pd.Series(names, dtype=object) for kind, names in file.identifiers.items()})
    if file.identifier_table is not None:
        ids = pd.concat([ids, _texts(file.identifier_table, path)], axis=1)
    ids = ids.reindex(weights.index).map(plain_id) if len(ids.columns) else pd.DataFrame(index=weights.index)
    told = file.model_dump(exclude={"weights", "table", "identifiers", "identifier_table"})
    return Description.model_validate(told), weights, ids


def content_of(description: Description, weights: pd.DataFrame, ids: pd.DataFrame) -> dict[str, Any]:
    """The file of a signature as plain data, with its numbers inside."""
    content = description.model_dump(mode="json", exclude_none=True)
    content["weights"] = {
        str(name): {str(gene): float(w) for gene, w in column.dropna().items()} for name, column in weights.items()
    }
    content["identifiers"] = {str(kind): {str(g): str(i) for g, i in column.dropna().items()} for kind, column in ids.items()}
    return content


def plain_id(name: object) -> str | None:
    """An id as text: 2099.0 is 2099, as a table writes it that had gaps; nothing is None."""
    text = "" if name is None or name != name else str(name).strip()
    return None if text in _NO_ID else text[:-2] if text.endswith(".0") and text[:-2].isdigit() else text


def _check_weights(file: SignatureFile, weights: pd.DataFrame, path: Path) -> None:
    if not len(weights):
        raise InputError("RT222", "the signature has no genes", file=path)
    named: list[tuple[str, Iterable[str]]] = []
    if file.combination is not None:
        named.append(("combination.weights", file.combination.weights))
    if isinstance(file.calls, Calls) and file.calls.of is not None:
        named.append(("calls.of", [file.calls.of]))
    columns = [*map(str, weights.columns), *(["raw", file.name] if file.combination is not None else [])]
    for place, names in named:
        for name in names:
            if name not in columns:
                raise InputError("RT222", f"{place}: there is no column {name!r}{did_you_mean(name, columns)}", file=path)
    if file.combination is not None and {"raw", file.name} & set(map(str, weights.columns)):
        raise InputError("RT222", f"the columns of a combination may not be called 'raw' or {file.name!r}", file=path)
    if file.calls == "largest" and weights.shape[1] < 2:
        raise InputError("RT222", "calls: one column has no largest; give limits and labels", file=path)
    if file.rule in SIMILARITIES and weights.isna().to_numpy().any():
        gene = weights.index[weights.isna().any(axis=1)][0]
        raise InputError("RT222", f"{gene!r} has no number in every centroid", file=path)


def _rows(table: Table, path: Path) -> tuple[pd.DataFrame, Path]:
    """The rows of a table that count, indexed by gene."""
    if Path(table.file).is_absolute() or ".." in Path(table.file).parts:
        raise InputError("RT222", f"table: {table.file!r} is neither beside the file nor in the data directory", file=path)
    beside = path.parent / table.file
    dataset, _, rest = table.file.partition("/")
    file = beside if not rest or os.path.isfile(beside) else find_data(dataset, rest)  # noqa: PTH113 Path raises if it is too long
    rows = read_signature_table(file)
    for column in (table.gene, *table.columns.values(), *table.where):
        if column not in rows.columns:
            found = f"the table has no column {column!r}{did_you_mean(column, map(str, rows.columns))}"
            raise InputError("RT222", found, file=file)
    for column, text in table.where.items():
        rows = rows[rows[column] == text]
    genes = rows[table.gene].map(plain_id)
    rows = rows[genes.notna().to_numpy()].set_axis(genes[genes.notna()], axis=0)
    if rows.index.has_duplicates:
        raise InputError("RT222", f"gene {rows.index[rows.index.duplicated()][0]!r} stands twice", file=file)
    return rows, file


def _numbers(table: Table, path: Path) -> pd.DataFrame:
    rows, file = _rows(table, path)
    found = {}
    for name, column in table.columns.items():
        texts = rows[column].replace({text: str(value) for text, value in table.values.items()})
        numbers = pd.to_numeric(texts, errors="coerce")
        bad = ~(numbers.abs() < float("inf"))
        if bad.any():
            raise InputError(
                "RT222", f"{column!r} of gene {rows.index[bad][0]!r} is {texts[bad].iloc[0]!r}, no number", file=file
            )
        found[name] = numbers.astype(float)
    return pd.DataFrame(found, index=rows.index).rename_axis(None)


def _texts(table: Table, path: Path) -> pd.DataFrame:
    rows, _ = _rows(table, path)
    return pd.DataFrame({kind: rows[column] for kind, column in table.columns.items()}, index=rows.index)


def _said(error: ValidationError) -> str:
    """The first thing that is wrong, and how many more there are."""
    all_of_it = error.errors(include_url=False, include_context=False)
    first = all_of_it[0]
    place = ".".join(str(part) for part in first["loc"])
    more = f" (and {len(all_of_it) - 1} more)" if len(all_of_it) > 1 else ""
    hint = did_you_mean(place, SignatureFile.model_fields) if first["type"] == "extra_forbidden" else ""
    return f"{place + ': ' if place else ''}{first['msg'].removeprefix('Value error, ')}{hint}{more}"
