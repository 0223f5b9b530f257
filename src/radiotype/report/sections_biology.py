"""Section on the biology of the subtypes: gene sets, cell populations, molecular subtypes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from radiotype.report.blocks import Block, Cell, FigureBlock, Row, Section, Table, Text, figure
from radiotype.report.drawing import PAGE_PX
from radiotype.report.figures_heat_map import heat_map
from radiotype.report.figures_volcano import volcano
from radiotype.report.notes import gathered
from radiotype.report.sections_molecular import bare_p, molecular, molecular_sentence
from radiotype.report.stored import Stored
from radiotype.report.words import count, initial, listed, natural, number, number_word

#: A set is found if its q-value lies below this.
LEVEL = 0.05
#: More sets are not drawn in the heat map: those with the smallest q-values are.
MAX_SETS = 60

_TITLE = "Biology of the subtypes"
_HALF = (PAGE_PX - 24) / 2
_RESERVED = ("case", "group", "n_cases")
_NUMERIC = frozenset(("Effect", "q", "Discovery", "Validation", "Patients", "Cramer's V", "p", "Genes", "Found", "Share"))


@dataclass(frozen=True)
class _Kind:
    """Sets that were tested together: name of their table, column of their names, and words for them."""

    result: str
    column: str
    one: str
    heading: str


_KINDS = (
    _Kind("hallmarks", "gene_set", "gene set", "Gene sets"),
    _Kind("cells", "population", "cell population", "Cell populations"),
)


def biology(stored: Stored) -> Section:
    """What the run stored of expression and molecular subtypes; a sentence where there is nothing."""
    results = stored.results
    kinds = [kind for kind in _KINDS if kind.result in results]
    sentences = [_found_sentence(results[kind.result], kind) for kind in kinds]
    blocks: list[Block] = []
    if kinds:
        blocks.append(Text((_how(stored, kinds),), quiet=True))
    for kind in kinds:
        blocks += _sets(results[kind.result], kind)
    if "gene_set_coverage" in results:
        blocks.append(_coverage(results))
    if "molecular" in results:
        sentences.append(molecular_sentence(results["molecular"]))
        blocks += molecular(results["molecular"], results.get("molecular_counts"))
    if not blocks:
        asked = (
            "no comparison could be made"
            if stored.recipe.get("biology")
            else "the recipe names neither expression nor molecular subtypes"
        )
        return Section("biology", _TITLE, f"There is no biology of subtypes here: {asked}.", tuple(_undone(stored)))
    blocks += _undone(stored)
    blocks.append(Text(tuple(_limits(stored, kinds)), points=True, heading="Limits of these comparisons"))
    return Section("biology", _TITLE, " ".join(sentences), tuple(blocks))


def _how(stored: Stored, kinds: list[_Kind]) -> str:
    tables = stored.results.get("expression_tables")
    settings = stored.recipe.get("biology") or {}
    what = listed([f"{kind.one}s" for kind in kinds])
    patients = ""
    if tables is not None and len(tables):
        patients = f" in {count(int(tables['patients'].sum()), 'patient')} with expression"
        patients += f" ({count(len(tables), 'table')})" if len(tables) > 1 else ""
    mean = settings.get("cells_by") == "mean" and any(kind.result == "cells" for kind in kinds)
    score = "single-sample GSEA (raw scores, exponent 0.25)" + (
        "; cell populations by the mean log2 expression of their markers" if mean else ""
    )
    return (
        f"{initial(what)} were scored{patients} by {score}. One linear model per set with a mean per subtype, adjusted "
        "for cancer "
        "type and table of expression, with moderated variances (limma's method), compares each subtype with all other "
        "patients, "
        "and those that the recipe declares. Effects are in standard deviations within subtypes; q-values "
        "(Benjamini-Hochberg) are "
        "corrected over all sets of one comparison, not over comparisons."
    )


def _main(table: pd.DataFrame, stratum: str = "all", split: str = "all") -> pd.DataFrame:
    return table[(table["stratum"] == stratum) & (table["split"] == split)]


def _found_sentence(table: pd.DataFrame, kind: _Kind) -> str:
    """How many sets differ, which most, and how many discovery findings hold in validation."""
    rows = _main(table)
    n_sets = rows.loc[rows["p_value"].notna(), kind.column].nunique()
    found = rows[rows["q_value"] < LEVEL]
    where = "between the subtypes compared"
    if not len(rows):
        return f"No {kind.one} could be compared in all patients together."
    if not len(found):
        return f"None of {count(n_sets, kind.one)} differs {where} at q < {LEVEL:g}."
    top = found.iloc[int(found["standardised"].abs().to_numpy().argmax())]
    direction = "higher" if top["standardised"] > 0 else "lower"
    n = found[kind.column].nunique()
    sentence = (
        f"{initial(number_word(n))} of {count(n_sets, kind.one)} {'differs' if n == 1 else 'differ'} {where} at q < "
        f"{LEVEL:g}, {'most' if n > 1 else 'namely'} "
        f"{_shown(top[kind.column])}, {direction} in {_against(top)} (by {number(float(top['standardised']), 2)} standard "
        f"deviations, 95 % interval {_interval(top)})."
    )
    return sentence + _confirmed(table, kind)


def _confirmed(table: pd.DataFrame, kind: _Kind) -> str:
    """How many findings of the discovery patients hold in the validation patients."""
    first, second = _main(table, split="discovery"), _main(table, split="validation")
    both = first[first["q_value"] < LEVEL].merge(second, on=["comparison", kind.column], suffixes=("", "_validation"))
    if not len(both):
        return ""
    same = (both["effect"] * both["effect_validation"] > 0) & (both["q_value_validation"] < LEVEL)
    n = int(same.sum())
    return (
        f" Of {count(len(both), 'difference')} found in the discovery patients, {number_word(n) if n else 'none'} "
        f"{'have' if n > 1 else 'has'} the same sign and q < {LEVEL:g} in the validation patients."
    )


def _sets(table: pd.DataFrame, kind: _Kind) -> list[Block]:
    """Heat map of effects, volcanoes, and the sets that differ."""
    blocks: list[Block] = []
    rows = _main(table)
    heat = _heat_map(rows, kind)
    if heat is not None:
        blocks.append(heat)
    shown = _volcanoes(rows, kind, f"{kind.result}_volcano", "")
    if shown:
        title = f"{kind.heading}: volcanoes"
        folded = kind.result == "cells"  # few sets: the heat map shows them all
        blocks.append(Row(tuple(shown), folded=title) if folded else Row(tuple(shown), heading=title))
    types = [name for name in natural(table["stratum"]) if name != "all"]
    apart = [
        one
        for i, name in enumerate(types, start=1)
        for one in _volcanoes(_main(table, name), kind, f"{kind.result}_volcano_type{i}", f"{initial(name)}: ")
    ]
    if apart:
        blocks.append(Row(tuple(apart), folded=f"{kind.heading}: volcanoes by cancer type"))
    blocks.append(_found_table(table, kind))
    return blocks


def _heat_map(rows: pd.DataFrame, kind: _Kind) -> FigureBlock | None:
    effects = rows.pivot(index="comparison", columns=kind.column, values="standardised")
    effects = effects.loc[list(dict.fromkeys(rows["comparison"]))].dropna(axis=1, how="all")
    if effects.empty:
        return None
    smallest = rows.groupby(kind.column)["q_value"].min()[effects.columns].sort_values(kind="stable")
    n_sets = len(smallest)
    effects = effects[smallest.index[:MAX_SETS]]
    names = [_shown(name) for name in effects.columns]
    if len(set(names)) < len(names):
        names = [f"{name} ({i})" for i, name in enumerate(names, start=1)]
    drawn = heat_map(
        effects.set_axis(names, axis=1),
        standardise=False,
        centre=0,
        order_cases="given",
        value_name="standard deviations",
        name=f"{kind.result} heat map",
        width_px=520 if len(effects) < 8 else 760,
    )
    which = f"The {MAX_SETS} of {n_sets:,} {kind.one}s with the smallest q-values" if n_sets > MAX_SETS else f"All {kind.one}s"
    return figure(
        drawn,
        f"{kind.result}_effects",
        f"{which}: difference of each comparison in standard deviations within subtypes, all patients together, adjusted for "
        "cancer type and table of expression. Columns name the comparison: first minus second, “rest” being all other "
        "patients. "
        "Colour shows the size of an effect, not whether it was found: see the volcanoes.",
        heading=f"{kind.heading} by subtype",
    )


def _volcanoes(rows: pd.DataFrame, kind: _Kind, name: str, before: str) -> list[FigureBlock]:
    drawn = []
    for i, (_, own) in enumerate(rows.groupby("comparison", sort=False), start=1):
        table = own.set_index(own[kind.column].map(_shown))[["standardised", "p_value", "q_value"]]
        table = table.rename(columns={"standardised": "effect"})
        if not (table["effect"].notna() & table["p_value"].notna()).any():
            continue
        first = own.iloc[0]
        title = before + _against(first)
        figure_of = volcano(
            table,
            title=initial(title),
            threshold=LEVEL,
            effect_name="Difference, standard deviations within subtypes",
            sides=(f"lower in {first['group']}", f"higher in {first['group']}"),
            name=f"{name} {i}",
            size_px=(_HALF, 380),
            n_labels=8,
        )
        sizes = f"{int(first['n_group']):,} against {count(int(first['n_reference']), 'patient')}."
        drawn.append(FigureBlock(figure_of.svg, sizes, {f"{name}_{i:02d}": figure_of.data}))
    return drawn


def _found_table(table: pd.DataFrame, kind: _Kind) -> Table:
    """Every finding in all patients, and what discovery and validation say of it."""
    splits = ("discovery", "validation")
    parts = {
        split: {(row["comparison"], row[kind.column]): row for row in _main(table, split=split).to_dict("records")}
        for split in splits
    }
    found = _main(table)
    found = found[found["q_value"] < LEVEL].sort_values(["q_value", "p_value"], kind="stable")
    rows: list[tuple[str | Cell, ...]] = []
    for row in found.to_dict("records"):
        key = (row["comparison"], row[kind.column])
        rows.append(
            (
                _shown(row[kind.column]),
                _against(pd.Series(row)),
                Cell(number(float(row["standardised"]), 2), float(row["standardised"]), _interval(pd.Series(row))),
                Cell(bare_p(float(row["q_value"])), float(row["q_value"])),
                *(_part_cell(parts[split].get(key)) for split in splits),
            )
        )
    return Table(
        (initial(kind.one), "Comparison", "Effect", "q", "Discovery", "Validation"),
        tuple(rows),
        numeric=_NUMERIC,
        sortable=True,
        filterable=len(rows) > 15,
        caption=(
            f"Every {kind.one} with q < {LEVEL:g} in all patients together; effects in standard deviations with their 95 % "
            "interval, beside them the effect and q-value in discovery and in validation patients alone. The CSV holds "
            "every test, "
            "of every cancer type too."
        ),
        folded=f"{kind.heading} that differ ({len(rows):,})",
        tables={kind.result: table},
    )


def _part_cell(row: Mapping[Hashable, Any] | None) -> Cell:
    if row is None:
        return Cell("–")
    return Cell(number(float(row["standardised"]), 2), float(row["standardised"]), f"q {bare_p(float(row['q_value']))}")


def _coverage(results: Mapping[str, pd.DataFrame]) -> Table:
    coverage = results["gene_set_coverage"]
    used = coverage[coverage["table"] == "used"].sort_values("share", kind="stable")
    left_out = int((used["reason"] != "").sum())
    rows = tuple(
        (
            _shown(row["name"]),
            row["kind"],
            Cell(f"{int(row['size']):,}", float(row["size"])),
            Cell(f"{int(row['found']):,}", float(row["found"])),
            Cell(f"{100 * float(row['share']):.0f} %", float(row["share"])),
            row["reason"],
        )
        for row in used.to_dict("records")
    )
    shown = ("gene_set_coverage", "expression_tables", "biology_files", "set_scores")
    files = {name: results[name] for name in shown if name in results}
    sets = f"{count(left_out, 'set')} of {len(used):,} {'was' if left_out == 1 else 'were'}" if left_out else "No set was"
    return Table(
        ("Set", "Kind", "Genes", "Found", "Share", "Left out because"),
        rows,
        numeric=_NUMERIC,
        sortable=True,
        filterable=len(rows) > 15,
        caption=f"Genes of each set that were measured in all patients used. {sets} left out for too few genes.",
        folded="Genes of each set that were measured",
        tables=files,
    )


def _undone(stored: Stored) -> list[Block]:
    """Comparisons that were not made, as the study noted it."""
    openings = ("Not compared in expression in ", "No gene set was compared in ", "No population was compared in ")
    points = [note for note in stored.notes if note.startswith(openings) or " was not tested against the subtypes: " in note]
    heading = "Comparisons that were not made"
    return [Text(tuple(gathered(points)), points=True, quiet=True, heading=heading)] if points else []


def _limits(stored: Stored, kinds: list[_Kind]) -> list[str]:
    points: list[str] = []
    if kinds:
        points += [
            "These comparisons explore: they say which sets go with a subtype in these patients, not why. Subtypes "
            "were found in "
            "images alone, so that expression is independent of how they were made; yet each subtype stands on one "
            "side of several "
            "comparisons, which are not independent of one another.",
            "They are adjusted for cancer type and table of expression, and for nothing else: stage, size, purity of "
            "the sample "
            "and treatment may lie behind a difference. A bulk sample is a mixture; a set may differ because the share "
            "of a cell "
            "type does.",
            "Only patients with expression are compared; they may differ from the others.",
        ]
        tables = stored.results.get("expression_tables")
        if tables is not None and (tables["patients"] > 0).sum() > 1:
            points.append(
                "Several tables of expression took part. Scores rest on the genes that all of them have, and the mean of each "
                "table is taken off within each cancer type, but not a difference in spread."
            )
    if "molecular" in stored.results and (stored.results["molecular"]["stratum"] != "all").any():
        points.append(
            "Cramer's V of all cancer types together is not adjusted for them: where both kinds of subtypes differ "
            "between cancer "
            "types, they go together. Read it within a cancer type."
        )
    return points


def _against(row: pd.Series) -> str:
    """A comparison in words."""
    second = "all other patients" if row["reference"] == "rest" else _subtypes(str(row["reference"]))
    return f"{_subtypes(str(row['group']))} against {second}"


def _subtypes(side: str) -> str:
    names = side.split("+")
    return f"subtype {names[0]}" if len(names) == 1 else f"subtypes {listed(names)}"


def _interval(row: pd.Series) -> str:
    return f"{number(float(row['standardised_lower']), 2)} to {number(float(row['standardised_upper']), 2)}"


def _shown(name: str) -> str:
    """Name of a set for reading."""
    shown = str(name).removeprefix("HALLMARK_").replace("_", " ").strip() or str(name)
    return f"{shown} (set)" if shown in _RESERVED else shown
