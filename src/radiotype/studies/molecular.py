"""Association of subtypes with molecular subtypes, by Cramer's V."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from radiotype.errors import ComputeError
from radiotype.stats import adjust_p_values, cramers_v
from radiotype.stats.association import Association
from radiotype.studies.cells import is_missing
from radiotype.studies.selection import Sample

#: Below this expected count in a cell of the table Fisher's exact test takes the place of chi-square.
LEAST_EXPECTED = 5


def parts_of(sample: Sample, known: np.ndarray) -> Iterator[tuple[str, str, np.ndarray]]:
    """Stratum, split and rows of each part: all patients and every cancer type, all and by split where there are both.

    Parameters
    ----------
    sample : Sample
    known : array of bool, shape (n_patients,)
        Patients that can be analysed.
    """
    types, splits = sample.cancer_type.to_numpy(), sample.cases["split"].to_numpy()
    several = sorted(set(types[known]))
    for stratum in ("all", *(several if len(several) > 1 else ())):
        rows = known if stratum == "all" else known & (types == stratum)
        for split in ("all", "discovery", "validation"):
            part = rows if split == "all" else rows & (splits == split)
            if split == "all" or 0 < part.sum() < rows.sum():
                yield stratum, split, part


def molecular_by_subtype(
    sample: Sample, subtype: pd.Series, columns: tuple[str, ...]
) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """How far each molecular column goes with the subtypes, in all patients and in each cancer type.

    Patients without a value are left out, column by column. Fisher's exact test is used where a count below 5 is expected and
    the table is not too large for it, else Pearson's chi-square. q-values (Benjamini-Hochberg) are corrected over the columns
    of one part. In all patients together nothing is adjusted for the cancer type.

    Parameters
    ----------
    sample : Sample
    subtype : series, length n_patients
        "1" .. "K".
    columns : tuple of str
        Columns of `sample.cases`.

    Returns
    -------
    data frame
        One row per column, stratum and split: `cramers_v` with `lower` and `upper`, `p_value`, `q_value`, `method`.
    data frame
        Patients by level and subtype, in the same parts.
    list of str
        What could not be tested, and why.
    """
    rows: list[dict[str, object]] = []
    counts: list[pd.DataFrame] = []
    notes: list[str] = []
    for stratum, split, part in parts_of(sample, np.ones(len(subtype), dtype=bool)):
        for column in columns:
            cells = sample.cases[column].astype(str).str.strip()
            known = part & ~is_missing(cells).to_numpy()
            if not known.any():
                continue
            own, levels = subtype.to_numpy()[known], cells.to_numpy()[known]
            table = pd.crosstab(pd.Series(levels, name="level"), pd.Series(own, name="subtype"))
            where = {"column": column, "stratum": stratum, "split": split}
            counts.append(table.reset_index().melt("level", value_name="patients").assign(**where))
            try:
                found = _tested(own, levels, table)
            except ComputeError:
                reason = "they are all of one molecular subtype" if len(table) == 1 else "they are all of one imaging subtype"
                notes.append(f"{column} in {stratum} ({split}) was not tested against the subtypes: {reason}.")
                continue
            rows.append(
                where
                | {
                    "n": found.n,
                    "levels": len(table),
                    "subtypes": table.shape[1],
                    "cramers_v": found.effect,
                    "lower": found.lower,
                    "upper": found.upper,
                    "p_value": found.p_value,
                    "method": found.method,
                }
            )
    tests = pd.DataFrame(rows)
    if len(tests):
        tests["q_value"] = tests.groupby(["stratum", "split"], sort=False)["p_value"].transform(_adjusted)
    order = ["column", "stratum", "split", "level", "subtype", "patients"]
    return tests, pd.concat(counts, ignore_index=True)[order] if counts else pd.DataFrame(columns=order), notes


def _tested(own: np.ndarray, levels: np.ndarray, table: pd.DataFrame) -> Association:
    found = cramers_v(own, levels)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.to_numpy().sum()
    if expected.min() >= LEAST_EXPECTED:
        return found
    try:
        return cramers_v(own, levels, method="fisher")
    except ComputeError:  # too large a table
        return found


def _adjusted(p_values: pd.Series) -> np.ndarray:
    return adjust_p_values(p_values.to_numpy())
