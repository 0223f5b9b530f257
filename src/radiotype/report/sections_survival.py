"""Sections on survival: curves by subtype, and Cox models."""

from __future__ import annotations

import numpy as np
import pandas as pd

from radiotype.report.blocks import Block, Cell, FigureBlock, Row, Section, Table, Text, figure
from radiotype.report.drawing import PAGE_PX, colours
from radiotype.report.figures_cox import forest
from radiotype.report.figures_survival import kaplan_meier_panel, numbers_at_risk, time_axis
from radiotype.report.stored import Stored
from radiotype.report.words import count, natural, number, number_word, p_value

SPLITS = ("all", "discovery", "validation")
_NAMES = {"all": "all cases", "discovery": "discovery", "validation": "validation"}
_HALF = (PAGE_PX - 24) / 2


def logrank_of(stored: Stored, stratum: str, split: str) -> pd.Series | None:
    """The stored log-rank test of one stratum and split."""
    if stored.logrank is None:
        return None
    rows = stored.logrank[(stored.logrank["stratum"] == stratum) & (stored.logrank["split"] == split)]
    return rows.iloc[0] if len(rows) else None


def survival(stored: Stored) -> Section:
    """Kaplan-Meier curves: overall first, then every cancer type."""
    table, title = stored.kaplan_meier, "Survival by subtype"
    if table is None or not len(table):
        asked = "the outcome that the recipe names gave no curve" if stored.recipe.get("outcome") else "the recipe names no outcome"
        return Section("survival", title, f"There are no survival curves: {asked}.")
    strata = ["all", *[name for name in natural(table["stratum"]) if name != "all"]]
    blocks: list[Block] = []
    number_of = 0
    for stratum in [name for name in strata if name in set(table["stratum"])]:
        splits = [split for split in SPLITS if ((table["stratum"] == stratum) & (table["split"] == split)).any()]
        figures: list[FigureBlock] = []
        for split in splits:
            number_of += 1
            wide = stratum == "all" and split == splits[0] and len(splits) != 2
            figures.append(_panel(stored, stratum, split, f"survival_{number_of:02d}", PAGE_PX if wide else _HALF))
        heading = "All cancer types together" if stratum == "all" else stratum
        if stratum == "all" and len(splits) != 2:
            blocks.append(Row((figures[0],), heading=heading if len(strata) > 1 else ""))
            figures, heading = figures[1:], ""
        if figures:
            blocks.append(Row(tuple(figures), heading=heading))
    blocks.insert(
        0,
        Text(
            (
                "Kaplan-Meier curves with pointwise 95 % bands; vertical ticks mark cases whose follow-up ended without an event. "
                "Numbers at risk stand below the ticks of the time axis. The CSV files give every step in days.",
            ),
            quiet=True,
        ),
    )
    return Section("survival", title, survival_sentence(stored), tuple(blocks))


def survival_sentence(stored: Stored) -> str:
    """What the log-rank tests say, in one sentence."""
    test = logrank_of(stored, "all", "all")
    if test is None:
        return "Survival curves by subtype are shown; no log-rank test was stored for all cases together."
    finding = "differs between" if float(test["p_value"]) < 0.05 else "was not shown to differ between"
    sentence = (
        f"Survival {finding} the subtypes (log-rank {p_value(float(test['p_value']))}; "
        f"{count(int(test['n']), 'case')}, {count(int(test['events']), 'event')}"
    )
    parts = {split: logrank_of(stored, "all", split) for split in ("discovery", "validation")}
    known = [f"{split} {p_value(float(row['p_value']))}" for split, row in parts.items() if row is not None]
    sentence += f"; {', '.join(known)})" if known else ")"
    rows = stored.logrank
    if rows is not None:
        inner = rows[(rows["stratum"] != "all") & (rows["split"] == "all")]
        if len(inner):
            low = int((inner["p_value"] < 0.05).sum())
            sentence += f"; within {number_word(low)} of {number_word(len(inner))} cancer types p is below 0.05"
    return sentence + "."


def _panel(stored: Stored, stratum: str, split: str, name: str, width: float) -> FigureBlock:
    table = stored.kaplan_meier if stored.kaplan_meier is not None else pd.DataFrame()
    curves = table[(table["stratum"] == stratum) & (table["split"] == split)]
    test = logrank_of(stored, stratum, split)
    note = "no log-rank test: too few cases or events" if test is None else (
        f"{count(int(test['n']), 'case')}, {count(int(test['events']), 'event')} · log-rank χ² {number(float(test['chi_square']))} "
        f"({int(test['degrees_of_freedom'])} df), {p_value(float(test['p_value']))}"
    )  # fmt: skip
    title = _NAMES[split][:1].upper() + _NAMES[split][1:]
    size = (width, 400.0 if width > 600 else 330.0)
    drawn = kaplan_meier_panel(curves, name, colours(stored.subtype_names), title=title, note=note, size_px=size)
    at_risk = numbers_at_risk(curves, time_axis(float(curves["time_days"].max())))
    return FigureBlock(drawn.svg, "", {name: drawn.data, f"{name}_at_risk": at_risk})


def cox(stored: Stored) -> Section:
    """One forest plot per model, and the tests of the models."""
    title = "Hazard ratios"
    if stored.cox is None or not len(stored.cox):
        return Section("cox", title, "No Cox model was stored for this run.")
    table = stored.cox
    models = ["all", *[name for name in natural(table["model"]) if name != "all"]]
    blocks: list[Block] = []
    for i, model in enumerate([name for name in models if name in set(table["model"])], start=1):
        rows = table[table["model"] == model]
        heading = "All cancer types together" if model == "all" else model
        caption = f"{count(int(rows['n'].iloc[0]), 'case')}, {count(int(rows['events'].iloc[0]), 'event')}."
        if model == "all" and len(models) > 1:
            caption += " Stratified by cancer type: each type has its own baseline hazard."
        name = f"cox_{i:02d}"
        blocks.append(figure(forest(rows, name, colours(stored.subtype_names)), name, caption, heading=heading))
    if stored.cox_tests is not None and len(stored.cox_tests):
        blocks.append(_tests(stored.cox_tests))
    return Section("cox", title, _cox_sentence(table), tuple(blocks))


def _cox_sentence(table: pd.DataFrame) -> str:
    first = table[table["model"] == ("all" if (table["model"] == "all").any() else table["model"].iloc[0])]
    terms = first[first["term"].str.startswith("subtype") & first["hazard_ratio"].notna()]
    if not len(terms):
        return f"{count(table['model'].nunique(), 'Cox model')} with {count(len(first), 'term')} each."
    top = terms.loc[np.log(terms["hazard_ratio"]).abs().idxmax()]
    others = [term for term in first["term"] if not term.startswith("subtype")]
    return (
        f"{top['term'][:1].upper() + top['term'][1:]} {top['reference']}: hazard ratio {number(float(top['hazard_ratio']))} "
        f"(95 % interval {number(float(top['lower']))} to {number(float(top['upper']))}, {p_value(float(top['p_value']))}), the "
        "largest difference between subtypes"
        + (f"; the model holds {count(len(others), 'further term')}." if others else ".")
    )


def _tests(tests: pd.DataFrame) -> Table:
    rows = tuple(
        (
            "All cancer types" if row["model"] == "all" else row["model"],
            row["test"],
            Cell(number(float(row["statistic"])), float(row["statistic"])),
            str(int(row["degrees_of_freedom"])),
            Cell(p_value(float(row["p_value"])).removeprefix("p ").removeprefix("= "), float(row["p_value"])),
            Cell(f"{float(row['concordance']):.3f}", float(row["concordance"])),
        )
        for row in tests.to_dict("records")
    )
    return Table(
        ("Model", "Test", "Statistic", "df", "p", "Concordance"),
        rows,
        heading="Tests of the models",
        caption="Concordance: fraction of comparable pairs whose order the model gets right; 0.5 is chance. It is measured on the "
        "cases the model was fitted to and therefore optimistic.",
        numeric=frozenset(("Statistic", "df", "p", "Concordance")),
        tables={"cox_tests": tests},
    )
