"""What sets subtypes apart in expression: scores of gene sets and cell populations, compared by moderated tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from radiotype.errors import ComputeError
from radiotype.genomics import Coverage, cell_populations, ssgsea
from radiotype.run.store import RunFolder
from radiotype.stats.group_comparison import REST
from radiotype.studies.biology_data import (
    LEAST_COVERAGE,
    LEAST_MARKERS,
    BiologyData,
    GeneSets,
    covered_cells,
    covered_gene_sets,
    sample_names,
)
from radiotype.studies.biology_settings import BiologySettings, Sides
from radiotype.studies.cells import counted, some, were
from radiotype.studies.comparisons import LEAST_PATIENTS, compared
from radiotype.studies.molecular import molecular_by_subtype, parts_of
from radiotype.studies.recipe import Recipe
from radiotype.studies.selection import Sample


@dataclass(frozen=True, eq=False)
class Biology:
    """Tables by the name under which they are stored, and sentences on what was left out and why."""

    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Collection:
    """Sets that are scored and compared together: where their tests are stored, and what one of them is called."""

    result: str
    noun: str
    sets: GeneSets
    covered: Callable[[GeneSets, pd.Index], Coverage]
    score: Callable[[pd.DataFrame, GeneSets], pd.DataFrame]

    @property
    def column(self) -> str:
        """Column of the names of the sets."""
        return self.noun.replace(" ", "_")


def biology_by_subtype(sample: Sample, subtype: pd.Series, data: BiologyData | None, recipe: Recipe) -> Biology:
    """Gene sets, cell populations and molecular subtypes by imaging subtype.

    Sets are scored in each patient, and each subtype is compared with all other patients, and with others as the recipe
    declares, by moderated tests that adjust for cancer type and table of expression (one mean per combination of both); in all
    patients, in each cancer type, and by split. q-values (Benjamini-Hochberg) are corrected over all sets of one comparison in
    one part. Where several tables take part, only genes that all of them measured without gaps are used.

    Parameters
    ----------
    sample : Sample
        One row per patient.
    subtype : series, length n_patients
        "1" .. "K".
    data : BiologyData or None
        As `read_biology` gives it.
    recipe : Recipe
        With `biology`; nothing is done without.

    Returns
    -------
    Biology
        Tables `hallmarks` and `cells` (tests of gene sets and populations), `set_scores`, `gene_set_coverage`,
        `expression_tables`, `biology_files`, `molecular` and `molecular_counts`, those of them that the recipe asks for.

    References
    ----------
    Barbie et al., Nature 462 (2009) 108-112; Smyth, Stat Appl Genet Mol Biol 3 (2004) article 3; Benjamini & Hochberg, J R
    Stat Soc B 57 (1995) 289-300.
    """
    settings = recipe.biology
    if settings is None or data is None:
        return Biology()
    if subtype.nunique() < 2:
        return Biology(notes=("There are no subtypes whose biology could be compared.",))
    tables: dict[str, pd.DataFrame] = {}
    notes: list[str] = []
    if data.tables:
        tables, notes = _expression(sample, subtype, data, settings)
    if data.files:
        tables["biology_files"] = pd.DataFrame(data.files, columns=["key", "file", "sha256"])
    if settings.molecular:
        tests, counts, more = molecular_by_subtype(sample, subtype, settings.molecular)
        tables |= {"molecular": tests, "molecular_counts": counts}
        notes = [*notes, *more]
    return Biology({name: table for name, table in tables.items() if len(table)}, tuple(notes))


def store_biology(folder: RunFolder, biology: Biology) -> None:
    """Every table as results/NAME.parquet; the notes stand with those of the study."""
    for name, table in biology.tables.items():
        folder.write_table(f"results/{name}.parquet", table)


def _expression(
    sample: Sample, subtype: pd.Series, data: BiologyData, settings: BiologySettings
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    matched, notes = _matched(sample, data, settings)
    known = (matched["table"] >= 0).to_numpy()
    tables = {"expression_tables": _accounts(sample, data, matched)}
    if not known.any():
        return tables, notes
    collections = _collections(data, settings)
    tests: dict[str, list[pd.DataFrame]] = {one.result: [] for one in collections}
    for stratum, split, part in parts_of(sample, known):
        where = f"{stratum} ({split})"
        comparisons, missing = _comparable(subtype[part], settings)
        if missing:
            few = f"with fewer than {LEAST_PATIENTS} patients on one side"
            notes.append(f"Not compared in expression in {where}, {few}: {', '.join(missing)}.")
        if not comparisons:
            continue
        strata = sample.cancer_type[part].astype(str) + "\n" + matched["table"][part].astype(str)
        for one in collections:
            try:
                expression = _common_genes(data, matched[part])
                covered = one.covered(one.sets, expression.columns)
                scores = one.score(expression, covered.require()).set_axis(expression.index)
                found = compared(scores, subtype[part], strata, comparisons)
            except ComputeError as error:
                notes.append(f"No {one.noun} was compared in {where}: {_plain(error)}.")
                continue
            found = found.rename(columns={"feature": one.column})
            found.insert(0, "stratum", stratum)
            found.insert(1, "split", split)
            tests[one.result].append(found)
            if (stratum, split) == ("all", "all"):
                tests.setdefault("gene_set_coverage", []).append(_coverage(one, covered, data))
                tests.setdefault("set_scores", []).append(_long(scores, sample, one))
    return tables | {name: pd.concat(rows, ignore_index=True) for name, rows in tests.items() if rows}, notes


def _matched(sample: Sample, data: BiologyData, settings: BiologySettings) -> tuple[pd.DataFrame, list[str]]:
    """Place of the table (-1: none) and name of the sample of each patient; the first table that has one counts."""
    rows: list[tuple[int, str]] = []
    several = 0
    for names in sample_names(settings, sample.cases):
        have = [(place, name) for place, table in enumerate(data.tables) for name in names if name in table.values.index]
        several += len({place for place, _ in have}) > 1
        rows.append(have[0] if have else (-1, ""))
    matched = pd.DataFrame(rows, columns=["table", "sample"], index=sample.cases.index)
    notes = []
    without = int((matched["table"] < 0).sum())
    if without:
        left_out = f"{counted(without, 'patient')} of {len(matched):,} without expression {were(without)} left out"
        notes.append(f"{left_out} of the comparison of gene sets and cell populations.")
    if several:
        notes.append(
            f"{counted(several, 'patient')} {were(several)} found in several tables of expression; the first was used."
        )
    for place, table in enumerate(data.tables):
        unused = table.n_samples - int((matched["table"] == place).sum())
        if unused:
            samples = f"{counted(unused, 'sample')} of {table.n_samples:,} in {table.name}"
            notes.append(
                f"{samples} {were(unused)} not used, for no patient of the study {'has it' if unused == 1 else 'has them'}."
            )
    return matched, notes


def _accounts(sample: Sample, data: BiologyData, matched: pd.DataFrame) -> pd.DataFrame:
    """What each table of expression holds, and what was used."""
    rows = []
    for place, table in enumerate(data.tables):
        own = (matched["table"] == place).to_numpy()
        rows.append(
            {
                "table": table.name,
                "samples": table.n_samples,
                "columns": table.n_columns,
                "genes": table.values.shape[1],
                "patients": int(own.sum()),
                "discovery": int((own & sample.discovery).sum()),
                "cancer_types": ", ".join(sorted(set(sample.cancer_type[own].astype(str)))),
            }
        )
    return pd.DataFrame(rows)


def _collections(data: BiologyData, settings: BiologySettings) -> list[_Collection]:
    populations = _by_mean if settings.cells_by == "mean" else _by_rank
    both = (
        _Collection("hallmarks", "gene set", data.gene_sets, covered_gene_sets, _by_rank),
        _Collection("cells", "population", data.cells, covered_cells, populations),
    )
    return [one for one in both if one.sets]


def _by_rank(expression: pd.DataFrame, sets: GeneSets) -> pd.DataFrame:
    return ssgsea(expression, sets, least_members=1).to_frame()


def _by_mean(expression: pd.DataFrame, sets: GeneSets) -> pd.DataFrame:
    return cell_populations(expression, sets, least_coverage=LEAST_COVERAGE, least_members=LEAST_MARKERS).scores


def _common_genes(data: BiologyData, matched: pd.DataFrame) -> pd.DataFrame:
    """Expression of the patients, one row each in their order: genes that each of their tables measured in all of them.

    Genes stand in the order of their names, for equal values share their rank in the order of the columns.
    """
    parts = []
    places = [int(place) for place in np.unique(matched["table"])]
    for place in places:
        rows = matched[matched["table"] == place]
        values = data.tables[place].values.loc[rows["sample"]].set_axis(rows.index)
        parts.append(values.loc[:, values.notna().all().to_numpy()])
    genes = sorted(set.intersection(*(set(part.columns) for part in parts)))
    if not genes:
        tables = some(data.tables[place].name for place in places)
        raise ComputeError("RT305", f"no gene was measured in all patients of {tables}")
    return pd.concat([part[genes] for part in parts]).loc[matched.index]


def _coverage(one: _Collection, covered: Coverage, data: BiologyData) -> pd.DataFrame:
    """How many genes of each set there are: in those that were used, and in each table."""
    parts = [("used", covered), *((table.name, one.covered(one.sets, table.values.columns)) for table in data.tables)]
    frames = [
        found.table.rename_axis("name").reset_index().assign(kind=one.noun, table=table).rename(columns={"refused": "reason"})
        for table, found in parts
    ]
    return pd.concat(frames, ignore_index=True)[["kind", "name", "table", "size", "found", "share", "reason"]]


def _comparable(subtype: pd.Series, settings: BiologySettings) -> tuple[list[Sides], list[str]]:
    """The comparisons with enough patients on both sides, and the names of the others; "rest" is a side without subtypes."""
    n = subtype.value_counts()
    names = sorted(n.index, key=int)
    comparisons: list[Sides] = []
    missing: list[str] = []
    for first, second in [*(((name,), ()) for name in names), *settings.pairs]:
        others = second or tuple(name for name in names if name not in first)
        there = all(name in n.index for name in (*first, *others))
        if there and min(n[list(first)].sum(), n[list(others)].sum()) >= LEAST_PATIENTS:
            comparisons.append((first, second))
        else:
            missing.append(f"{'+'.join(first)} v {'+'.join(second) or REST}")
    return comparisons, missing


def _long(scores: pd.DataFrame, sample: Sample, one: _Collection) -> pd.DataFrame:
    keys = sample.cases.loc[scores.index, ["patient_id", "case_id"]]
    long = keys.join(scores).melt(["patient_id", "case_id"], var_name="name", value_name="score")
    return long.assign(kind=one.noun)[["patient_id", "case_id", "kind", "name", "score"]]


def _plain(error: ComputeError) -> str:
    if error.code == "RT304":
        return f"all patients of a subtype, and no others, are of one cancer type or table of expression ({error.found})"
    return error.found
