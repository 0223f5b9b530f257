"""Association of imaging subtypes with molecular ones: a sentence and tables."""

from __future__ import annotations

import pandas as pd

from radiotype.report.blocks import Block, Cell, Table
from radiotype.report.words import count, listed, number, p_value

#: A column is said to go with the subtypes if its q-value lies below this.
LEVEL = 0.05

_NUMERIC = frozenset(("Patients", "Cramer's V", "p", "q"))


def molecular_sentence(table: pd.DataFrame) -> str:
    """Which molecular columns go with the subtypes, in all patients together."""
    rows = table[(table["stratum"] == "all") & (table["split"] == "all")]
    if not len(rows):
        return "Molecular subtypes could not be compared in all patients together."
    found = rows[rows["q_value"] < LEVEL]
    parts = [f"{row['column']} (Cramer's V {number(float(row['cramers_v']), 2)})" for row in found.to_dict("records")]
    if not parts:
        what = f"None of {count(len(rows), 'molecular column')} was" if len(rows) > 1 else f"{rows['column'].iloc[0]} was not"
        return f"{what} shown to go with the subtypes at q < {LEVEL:g}."
    return f"{listed(parts)} {'goes' if len(parts) == 1 else 'go'} with the subtypes at q < {LEVEL:g}."


def molecular(table: pd.DataFrame, counts: pd.DataFrame | None) -> list[Block]:
    """Tables of the association in every cancer type, discovery and validation folded away."""
    files = {"molecular": table} | ({} if counts is None else {"molecular_counts": counts})
    whole = table["split"] == "all"
    columns = ("Column", "Patients of", "Patients", "Cramer's V", "p", "q", "Test")
    caption = (
        "Strength of association of molecular and imaging subtypes (Cramer's V: 0 none, 1 one tells the other), with "
        "an approximate "
        "95 % interval. q-values are corrected over the columns of one group of patients. V of few patients is too "
        "large by chance."
    )
    blocks: list[Block] = [
        Table(
            columns,
            _molecular_rows(table[whole]),
            numeric=_NUMERIC,
            heading="Molecular subtypes",
            caption=caption,
            tables=files,
        )
    ]
    if (~whole).any():
        rows = _molecular_rows(table[~whole])
        blocks.append(Table(columns, rows, numeric=_NUMERIC, folded="Discovery and validation apart", caption=""))
    return blocks


def _molecular_rows(table: pd.DataFrame) -> tuple[tuple[str | Cell, ...], ...]:
    rows: list[tuple[str | Cell, ...]] = []
    for row in table.to_dict("records"):
        who = "all cancer types" if row["stratum"] == "all" else str(row["stratum"])
        interval = f"{number(float(row['lower']), 2)} to {number(float(row['upper']), 2)}"
        rows.append(
            (
                str(row["column"]),
                who if row["split"] == "all" else f"{who}, {row['split']}",
                Cell(f"{int(row['n']):,}", float(row["n"])),
                Cell(number(float(row["cramers_v"]), 2), float(row["cramers_v"]), interval),
                Cell(bare_p(float(row["p_value"])), float(row["p_value"])),
                Cell(bare_p(float(row["q_value"])), float(row["q_value"])),
                {"fisher": "Fisher's exact"}.get(str(row["method"]), str(row["method"])),
            )
        )
    return tuple(rows)


def bare_p(p: float) -> str:
    """A p-value without its letter, for a column that has it in its title."""
    return p_value(p).removeprefix("p ").removeprefix("= ")
