"""Sections on survival: curves by subtype, and Cox models."""

from __future__ import annotations

import numpy as np
import pandas as pd

from radiotype.report.blocks import Block, Cell, FigureBlock, Row, Section, Table, Text, figure
from radiotype.report.cautions import is_refined
from radiotype.report.drawing import PAGE_PX, colours
from radiotype.report.figures_cox import forest
from radiotype.report.figures_survival import TimeAxis, kaplan_meier_panel, numbers_at_risk, time_axis
from radiotype.report.stored import Stored
from radiotype.report.words import clipped, count, initial, listed, natural, number, number_word, p_value, plain, scrubbed

SPLITS = ("all", "discovery", "validation")
_NAMES = {"all": "all cases", "discovery": "discovery", "validation": "validation"}
_NUMERIC = frozenset(("Statistic", "df", "p", "Concordance"))
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
        asked = (
            "the outcome that the recipe names gave no curve" if stored.recipe.get("outcome") else "the recipe names no outcome"
        )
        return Section("survival", title, f"There are no survival curves: {asked}.")
    panels = _Panels(stored, time_axis(float(table["time_days"].max())))
    splits = [split for split in SPLITS if ((table["stratum"] == "all") & (table["split"] == split)).any()]
    types = [name for name in natural(table["stratum"]) if name != "all"]
    note = (
        "Kaplan-Meier curves with pointwise 95 % bands; vertical ticks mark cases whose follow-up ended without an event. "
        "Numbers at risk stand below the ticks of the time axis. The CSV files give every step in days."
    )
    blocks: list[Block] = [Text((note,), quiet=True)]
    if "all" in splits:
        blocks.append(Row((panels.draw("all", "all", PAGE_PX),), heading="All cases together"))
    apart = [panels.draw("all", split, _HALF) for split in splits if split != "all"]
    if apart:
        blocks.append(Row(tuple(apart), heading="Discovery and validation apart"))
    whole = [panels.draw(name, "all", _HALF) for name in types if panels.has(name, "all")]
    if whole:
        blocks.append(Row(tuple(whole), heading="By cancer type"))
    parts = [(name, split) for name in types for split in SPLITS[1:] if panels.has(name, split)]
    if parts:
        folded = "Discovery and validation apart, by cancer type"
        blocks.append(Row(tuple(panels.draw(name, split, _HALF) for name, split in parts), folded=folded))
    return Section("survival", title, survival_sentence(stored), tuple(blocks))


def survival_sentence(stored: Stored) -> str:
    """What the log-rank tests say: first in the validation cases, which are independent, then in the others."""
    tests = {split: logrank_of(stored, "all", split) for split in ("validation", "discovery", "all")}
    known = {split: test for split, test in tests.items() if test is not None}
    if not known:
        return "Survival curves by subtype are shown; no log-rank test was stored for all cases together."
    first, test = next(iter(known.items()))
    finding = "differs between" if float(test["p_value"]) < 0.05 else "was not shown to differ between"
    what = (
        f"the subtypes (log-rank {p_value(float(test['p_value']))}; {count(int(test['n']), 'case')}, "
        f"{count(int(test['events']), 'event')}"
    )
    if first == "validation":
        others = {"discovery": "in the discovery cases, on which the subtypes were found, ", "all": "in all cases together "}
        rest = [f"{words}{p_value(float(known[split]['p_value']))}" for split, words in others.items() if split in known]
        part = "took part only in the refinement of" if is_refined(stored) else "took no part in finding"
        sentence = f"In the validation cases, which {part} the subtypes, survival {finding} {what}"
        sentence += f"). {initial('; '.join(rest))}" if rest else ")"
    else:
        sentence = f"Survival {finding} {what})"
        if first == "discovery":
            sentence = f"In the discovery cases survival {finding} {what})"
    return sentence + _within_types(stored) + "."


def _within_types(stored: Stored) -> str:
    """In how many cancer types p is low, of those with a test, of all that have curves."""
    if stored.logrank is None or stored.kaplan_meier is None:
        return ""
    rows = stored.logrank[(stored.logrank["stratum"] != "all") & (stored.logrank["split"] == "all")]
    n_types = stored.kaplan_meier.loc[stored.kaplan_meier["stratum"] != "all", "stratum"].nunique()
    if not n_types:
        return ""
    if not len(rows):
        return f". In none of the {number_word(n_types)} cancer types could the subtypes be compared"
    low = int((rows["p_value"] < 0.05).sum())
    few = "none" if not low else number_word(low)
    if len(rows) == n_types:
        return f". Taken one by one, p is below 0.05 in {few} of the {number_word(n_types)} cancer types"
    return (
        f". Taken one by one, p is below 0.05 in {few} of the {number_word(len(rows))} cancer types that could be tested "
        f"(there are {number_word(n_types)})"
    )


class _Panels:
    """Draws one panel after the other, numbered, all on one time axis."""

    def __init__(self, stored: Stored, axis: TimeAxis) -> None:
        self.stored, self.axis, self.drawn = stored, axis, 0

    def _curves(self, stratum: str, split: str) -> pd.DataFrame:
        table = self.stored.kaplan_meier if self.stored.kaplan_meier is not None else pd.DataFrame()
        return table[(table["stratum"] == stratum) & (table["split"] == split)]

    def has(self, stratum: str, split: str) -> bool:
        return len(self._curves(stratum, split)) > 0

    def draw(self, stratum: str, split: str, width: float) -> FigureBlock:
        self.drawn += 1
        name = f"survival_{self.drawn:02d}"
        curves, test = self._curves(stratum, split), logrank_of(self.stored, stratum, split)
        if test is None:
            note = f"no log-rank test: {_why_no_test(self.stored, curves, stratum, split)}"
        else:
            note = (
                f"{count(int(test['n']), 'case')}, {count(int(test['events']), 'event')} · log-rank χ² "
                f"{number(float(test['chi_square']))} ({int(test['degrees_of_freedom'])} df), {p_value(float(test['p_value']))}"
            )
        title = initial(_NAMES[split]) if stratum == "all" else initial(clipped(stratum, 40))
        title += "" if stratum == "all" or split == "all" else f", {split}"
        size = (width, 400.0 if width > 600 else 330.0)
        tints = colours(self.stored.subtype_names)
        drawn = kaplan_meier_panel(curves, name, tints, self.axis, title=title, note=note, size_px=size)
        at_risk = numbers_at_risk(curves, self.axis)
        return FigureBlock(drawn.svg, "", {name: drawn.data, f"{name}_at_risk": at_risk})


def _why_no_test(stored: Stored, curves: pd.DataFrame, stratum: str, split: str) -> str:
    """The true reason: one subtype only, no event, or what the study noted."""
    if curves["subtype"].nunique() == 1:
        return f"all cases here are of subtype {clipped(str(curves['subtype'].iloc[0]), 12)}"
    if not int(curves["events"].sum()):
        return "no case had an event"
    opening = f"No log-rank test in {stratum} ({split}): "
    noted = [note.removeprefix(opening).rstrip(".") for note in stored.notes if note.startswith(opening)]
    return clipped(noted[0], 90) if noted else "none was stored"


def cox(stored: Stored) -> Section:
    """One forest plot per model, and the tests of the models."""
    title = "Hazard ratios"
    if stored.cox is None or not len(stored.cox):
        return Section("cox", title, "No Cox model was stored for this run.", tuple(_missing_models(stored)))
    table = stored.cox
    models = ["all", *[name for name in natural(table["model"]) if name != "all"]]
    blocks: list[Block] = []
    for i, model in enumerate([name for name in models if name in set(table["model"])], start=1):
        rows = table[table["model"] == model]
        heading = "All cases together" if model == "all" else initial(model)
        caption = f"{count(int(rows['n'].iloc[0]), 'case')}, {count(int(rows['events'].iloc[0]), 'event')}."
        if model == "all" and len(models) > 1:
            caption += " Stratified by cancer type: each type has its own baseline hazard."
        name = f"cox_{i:02d}"
        blocks.append(figure(forest(rows, name, colours(stored.subtype_names)), name, caption, heading=heading))
    blocks += _missing_models(stored)
    if stored.cox_tests is not None and len(stored.cox_tests):
        blocks += _tests(stored.cox_tests)
    over_time = stored.results.get("proportional_hazards")
    if over_time is None:
        return Section("cox", title, _cox_sentence(table), tuple(blocks))
    return Section("cox", title, _cox_sentence(table) + _changing(over_time), (*blocks, _over_time(over_time)))


def _changing(tests: pd.DataFrame) -> str:
    """A sentence on models in which the subtypes' hazard ratios change with time; empty without any."""
    found = tests[(tests["term"] == "subtype") & (tests["p_value"] < 0.05)]
    if not len(found):
        return ""
    models = listed(["all cases" if name == "all" else plain(name) for name in found["model"]])
    return (
        f" The subtypes' hazard ratios change with time in the model of {models} (p < 0.05): those shown are averages over the "
        "follow-up."
    )


def _over_time(tests: pd.DataFrame) -> Table:
    """The test of proportional hazards of every term, folded away."""
    rows = tuple(
        (
            "All cases" if row["model"] == "all" else initial(row["model"]),
            plain(row["term"]),
            Cell(number(float(row["chi_square"])), float(row["chi_square"])),
            str(int(row["degrees_of_freedom"])),
            Cell(p_value(float(row["p_value"])).removeprefix("p ").removeprefix("= "), float(row["p_value"])),
        )
        for row in tests.to_dict("records")
    )
    caption = (
        "Score test of Grambsch and Therneau, with one minus the Kaplan-Meier curve for time. A small p speaks against a "
        "hazard ratio that stays the same; p-values are not corrected for the number of terms."
    )
    columns, folded = ("Model", "Term", "Statistic", "df", "p"), "Do the hazard ratios stay the same over time?"
    return Table(columns, rows, caption=caption, numeric=_NUMERIC, folded=folded, tables={"proportional_hazards": tests})


def _cox_sentence(table: pd.DataFrame) -> str:
    first = table[table["model"] == ("all" if (table["model"] == "all").any() else table["model"].iloc[0])]
    terms = first[first["term"].str.startswith("subtype") & first["hazard_ratio"].notna()]
    if not len(terms):
        return f"{count(table['model'].nunique(), 'Cox model')} with {count(len(first), 'term')} each."
    top = terms.loc[np.log(terms["hazard_ratio"]).abs().idxmax()]
    where = "" if top["model"] == "all" else f" in {plain(top['model'])}"
    others = [term for term in first["term"] if not term.startswith("subtype")]
    return (
        f"{initial(top['term'])} {top['reference']}{where}: "
        f"hazard ratio {number(float(top['hazard_ratio']))} "
        f"(95 % interval {number(float(top['lower']))} to {number(float(top['upper']))}, {p_value(float(top['p_value']))}), "
        "the strongest contrast to the reference subtype"
        + (f"; the model holds {count(len(others), 'further term')}." if others else ".")
    )


def _missing_models(stored: Stored) -> list[Block]:
    """Which models there are not and why, as the study noted it."""
    opening = "No Cox model in "
    points = []
    for note in stored.notes:
        if note.startswith(opening):
            model, _, reason = note.removeprefix(opening).partition(": ")
            points.append(f"{'All cases together' if model == 'all' else initial(model)}: {scrubbed(reason)}")
    return [Text(tuple(points), points=True, heading="Models that could not be fitted")] if points else []


def _tests(tests: pd.DataFrame) -> list[Block]:
    """The likelihood-ratio test of each model; Wald and score folded away."""
    main = tests["test"] == "likelihood ratio"
    heading = "Is the model better than none?"
    caption = (
        "The likelihood-ratio test asks whether the terms of a model together tell anything about survival. Concordance: "
        "the fraction of pairs of cases whose order of events the model gets right; 0.5 is chance, 1 is perfect. It is "
        "measured on the cases the model was fitted to and therefore optimistic."
    )
    columns = ("Model", "Test", "Statistic", "df", "p", "Concordance")
    rows, files = _test_rows(tests[main], True), {"cox_tests": tests}
    shown: list[Block] = [Table(columns, rows, heading=heading, caption=caption, numeric=_NUMERIC, tables=files)]
    if (~main).any():
        folded = "Wald and score tests of the models"
        other = ("Model", "Test", "Statistic", "df", "p")
        note = "They ask the same question and usually agree; where they do not, trust the likelihood-ratio test."
        shown.append(Table(other, _test_rows(tests[~main], False), caption=note, numeric=_NUMERIC, folded=folded))
    return shown


def _test_rows(tests: pd.DataFrame, concordance: bool) -> tuple[tuple[str | Cell, ...], ...]:
    return tuple(
        (
            "All cases" if row["model"] == "all" else initial(row["model"]),
            row["test"],
            Cell(number(float(row["statistic"])), float(row["statistic"])),
            str(int(row["degrees_of_freedom"])),
            Cell(p_value(float(row["p_value"])).removeprefix("p ").removeprefix("= "), float(row["p_value"])),
            *([Cell(f"{float(row['concordance']):.3f}", float(row["concordance"]))] if concordance else []),
        )
        for row in tests.to_dict("records")
    )
