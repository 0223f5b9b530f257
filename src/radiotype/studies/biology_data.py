"""Expression, gene sets and molecular columns of a study: read and refused before anything is measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from radiotype.core.cohort import Cohort
from radiotype.errors import ComputeError, InputError, RecipeError
from radiotype.genomics import Coverage, coverage, looks_logged, tidy_expression
from radiotype.io import read_expression, read_gene_sets
from radiotype.run.digests import file_sha256
from radiotype.studies.biology_settings import BiologySettings
from radiotype.studies.cells import as_numbers, columns_hint, counted, is_missing, some
from radiotype.studies.covariates import MAX_LEVELS
from radiotype.studies.recipe import Recipe
from radiotype.studies.regions import listed_regions

GeneSets = Mapping[str, tuple[str, ...]]

#: A set is scored where this share and this number of its genes were measured.
LEAST_COVERAGE = 0.3
LEAST_GENES = 5
LEAST_MARKERS = 1


@dataclass(frozen=True, eq=False)
class ExpressionTable:
    """One table of expression: `values` of the samples that belong to a patient of the manifest, one column per gene.

    `n_samples` and `n_columns` are those of the file; of a gene with several columns the one with the largest mean in the
    discovery patients was taken.
    """

    name: str
    values: pd.DataFrame
    n_samples: int
    n_columns: int


@dataclass(frozen=True, eq=False)
class BiologyData:
    """What the files hold that the recipe names: tables in its order, sets by name; empty where it names none.

    `files` are the key of the recipe, the name and the SHA-256 of each file.
    """

    tables: tuple[ExpressionTable, ...]
    gene_sets: GeneSets
    cells: GeneSets
    files: tuple[tuple[str, str, str], ...] = ()


def read_biology(recipe: Recipe, cohort: Cohort, folder: Path) -> BiologyData | None:
    """Everything that `biology` of the recipe names; None without it.

    Parameters
    ----------
    recipe : Recipe
    cohort : Cohort
        What the manifest lists.
    folder : Path
        Where the paths of the recipe begin.

    Raises
    ------
    RecipeError
        RT111 for columns that the manifest lacks; RT114 for a sample that two patients claim, or a molecular column with too
        many levels; RT103 for files that are missing or cannot be used, sets that stand twice or are not measured, tables
        without a sample of the manifest, linear expression where logarithms are needed, and contrasts of subtypes that the
        recipe does not allow.
    """
    settings = recipe.biology
    if settings is None:
        return None
    clinical = cohort.clinical()
    _check_columns(settings, clinical)
    _check_contrasts(recipe, settings)
    gene_sets = _gene_sets(settings, folder)
    cells: GeneSets = {}
    if settings.cells:
        with _refusing("cells"):
            cells = read_gene_sets(folder / settings.cells)
    discovery = set(listed_regions(cohort).query("split == 'discovery'")["patient_id"])
    owners = _owners(settings, clinical)
    tables: list[ExpressionTable] = []
    for place, path in enumerate(settings.expression):
        with _refusing(f"expression[{place}]"):
            table = _table(path, folder, owners, discovery)
            if any(table.name == other.name for other in tables):
                table = replace(table, name=f"{table.name} ({place + 1})")
            _check_sets(table, settings, gene_sets, cells)
        tables.append(table)
    return BiologyData(tuple(tables), gene_sets, cells, _files(settings, folder))


def sample_names(settings: BiologySettings, cases: pd.DataFrame) -> list[list[str]]:
    """Names that the sample of each case may have, the first one that a table has counts."""
    if settings.sample is not None:
        cells = cases[settings.sample].astype(str).str.strip()
        return [[] if gap else [cell] for cell, gap in zip(cells, is_missing(cells), strict=True)]
    both = zip(cases["case_id"].astype(str), cases["patient_id"].astype(str), strict=True)
    return [list(dict.fromkeys(names)) for names in both]


def covered_gene_sets(sets: GeneSets, genes: pd.Index) -> Coverage:
    """The gene sets of which enough genes were measured."""
    return coverage(sets, genes, least_coverage=LEAST_COVERAGE, least_members=LEAST_GENES)


def covered_cells(sets: GeneSets, genes: pd.Index) -> Coverage:
    """The cell populations of which enough marker genes were measured."""
    return coverage(sets, genes, least_coverage=LEAST_COVERAGE, least_members=LEAST_MARKERS)


@contextmanager
def _refusing(key: str) -> Iterator[None]:
    """What is wrong with a file ends the run, and says which key names the file."""
    try:
        yield
    except (InputError, ComputeError) as error:
        hint = "paths are relative to the recipe" if error.code == "RT201" else error.hint
        if hint and hint.startswith("say samples="):
            hint = "call the column of names `sample_id` where samples stand in rows, `gene` where they stand in columns"
        raise RecipeError("RT103", f"`biology.{key}`: {error.found}", file=error.file, hint=hint) from error


def _files(settings: BiologySettings, folder: Path) -> tuple[tuple[str, str, str], ...]:
    named = [("expression", path) for path in settings.expression] + [("gene_sets", path) for path in settings.gene_sets]
    named += [("cells", settings.cells)] if settings.cells else []
    return tuple((key, Path(path).name, file_sha256(folder / path)) for key, path in named)


def _check_columns(settings: BiologySettings, clinical: pd.DataFrame) -> None:
    wanted = [*settings.molecular, *([settings.sample] if settings.sample else [])]
    missing = [name for name in wanted if name not in clinical.columns]
    if missing:
        raise RecipeError(
            "RT111",
            f"`biology` names columns that the manifest lacks: {', '.join(missing)}",
            hint=columns_hint(missing, clinical.columns),
        )
    n = clinical["patient_id"].nunique()
    for name in settings.molecular:
        cells = clinical[name][~is_missing(clinical[name])].astype(str).str.strip()
        if cells.empty:
            raise RecipeError("RT114", f"the molecular column {name!r} is empty", hint="leave it out of the recipe")
        if cells.nunique() > max(2, n * MAX_LEVELS):
            kind = "numbers" if as_numbers(cells).notna().all() else "levels"
            raise RecipeError(
                "RT114",
                f"the molecular column {name!r} has {cells.nunique()} different {kind} among {counted(n, 'patient')}; "
                "expected molecular subtypes, at most a third as many as patients",
                hint="an id or a measurement is no subtype; merge rare levels",
            )


def _check_contrasts(recipe: Recipe, settings: BiologySettings) -> None:
    options = recipe.subtypes
    most = options.k_range[1] if options.k == "auto" else options.k
    beyond = [name for pair in settings.pairs for side in pair for name in side if int(name) > most]
    if beyond:
        key = "k_range" if options.k == "auto" else "k"
        found = f"`biology.contrasts` names subtype {beyond[0]}; `subtypes.{key}` allows {most}"
        raise RecipeError("RT103", found, hint="subtypes are numbered from 1 on, by the size of their tumours")


def _gene_sets(settings: BiologySettings, folder: Path) -> GeneSets:
    found: dict[str, tuple[str, ...]] = {}
    for place, path in enumerate(settings.gene_sets):
        with _refusing(f"gene_sets[{place}]"):
            own = read_gene_sets(folder / path)
        twice = [name for name in own if name in found]
        if twice:
            raise RecipeError(
                "RT103", f"`biology.gene_sets`: the set {twice[0]!r} stands in two files", file=folder / path, hint="rename one"
            )
        found |= own
    return found


def _owners(settings: BiologySettings, clinical: pd.DataFrame) -> dict[str, set[str]]:
    """The patients that a name of a sample may belong to."""
    owners: dict[str, set[str]] = {}
    for names, patient in zip(sample_names(settings, clinical), clinical["patient_id"].astype(str), strict=True):
        for name in names:
            owners.setdefault(name, set()).add(patient)
    return owners


def _table(path: str, folder: Path, owners: dict[str, set[str]], discovery: set[str]) -> ExpressionTable:
    table = read_expression(folder / path)
    own = [name for name in table.index if name in owners]
    if not own:
        expected = next(iter(owners), "")
        raise InputError(
            "RT218",
            f"none of its {counted(len(table), 'sample')} ({some(table.index)}) is a case or patient of the manifest "
            f"({expected} ...)",
            file=folder / path,
            hint="write the names alike, or name the column of the manifest that holds them with `biology.sample`",
        )
    claimed = next((name for name in own if len(owners[name]) > 1), None)
    if claimed is not None:
        patients = sorted(owners[claimed])
        raise RecipeError(
            "RT114",
            f"the sample {claimed!r} may belong to {counted(len(patients), 'patient')} ({some(patients)})",
            file=folder / path,
            hint="name the column of the manifest that holds the names of samples with `biology.sample`",
        )
    values = table.loc[own]
    first = [name for name in own if owners[name] & discovery]
    tidy = tidy_expression(values.loc[first or own])
    return ExpressionTable(Path(path).name, tidy.report.apply(values), len(table), table.shape[1])


def _check_sets(table: ExpressionTable, settings: BiologySettings, gene_sets: GeneSets, cells: GeneSets) -> None:
    if gene_sets:
        covered_gene_sets(gene_sets, table.values.columns).require()
    if cells:
        kept = covered_cells(cells, table.values.columns).require()
        markers = list(dict.fromkeys(gene for genes in kept.values() for gene in genes))
        if settings.cells_by == "mean" and not looks_logged(table.values[markers]):
            raise ComputeError(
                "RT305",
                f"the marker genes in {table.name} have values above 50; the mean needs logarithms to the base 2",
                hint="take log2 first, after adding 1 to counts, or set `cells_by: ssgsea`, which looks at the order only",
            )
