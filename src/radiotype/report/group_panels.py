"""Panels of survival curves within subgroups, and by treatment within subtypes."""

from __future__ import annotations

from typing import Any

import pandas as pd

from radiotype.report.blocks import Block, FigureBlock, Row, Text
from radiotype.report.drawing import PAGE_PX, PALETTE, colours
from radiotype.report.figures_survival import TimeAxis, kaplan_meier_panel, numbers_at_risk, time_axis
from radiotype.report.stored import Stored
from radiotype.report.words import clipped, count, initial, listed, natural, number, p_value, plain

#: More panels than these are folded away.
MOST_OPEN = 4

_SIZE = ((PAGE_PX - 24) / 2, 290.0)

#: Colours of treatments: those first that a subtype seldom has.
_TINTS = tuple(PALETTE[at] for at in (6, 9, 7, 8, 5, 4, 3, 2, 1, 0))


def curves_in_subgroups(stored: Stored) -> list[Block]:
    """A panel for each subgroup, and who was not drawn; nothing where no curves were stored."""
    curves, tests = stored.results.get("subgroup_curves"), stored.results.get("subgroup_tests")
    if curves is None:
        return _left_out(stored, "subgroups")
    axis, tints = time_axis(float(curves["time_days"].max())), colours(stored.subtype_names)
    panels = curves[["variable", "level"]].drop_duplicates()
    folded = len(panels) > MOST_OPEN
    blocks: list[Block] = [_how("subgroup")]
    drawn = 0
    for variable, levels in panels.groupby("variable", sort=False)["level"]:
        figures = []
        for level in levels:
            drawn += 1
            rows = curves[(curves["variable"] == variable) & (curves["level"] == level)]
            ranks = None if tests is None else tests[(tests["variable"] == variable) & (tests["level"] == level)]
            name = f"subgroup_curves_{drawn:02d}"
            figures.append(_panel(rows, name, tints, axis, title=f"{plain(variable)}: {plain(level)}", tests=ranks))
        heading = f"Survival in subgroups by {plain(variable)}"
        blocks.append(Row(tuple(figures), heading="" if folded else heading, folded=heading if folded else ""))
    return [*blocks, *_left_out(stored, "subgroups")]


def curves_by_treatment(stored: Stored) -> list[Block]:
    """A panel for each subtype, with a curve for each treatment; nothing where no curves were stored."""
    curves, tests = stored.results.get("treatment_curves"), stored.results.get("treatment_logrank")
    if curves is None:
        return _left_out(stored, "treatment")
    axis = time_axis(float(curves["time_days"].max()))
    tints = {name: _TINTS[i % len(_TINTS)] for i, name in enumerate(natural(curves["treatment"]))}
    names = natural(curves["subtype"])
    figures = []
    for place, subtype in enumerate(names, start=1):
        rows = curves[curves["subtype"] == subtype]
        ranks = None if tests is None else tests[tests["subtype"] == subtype]
        name = f"treatment_curves_{place:02d}"
        figures.append(_panel(rows, name, tints, axis, title=f"Subtype {plain(subtype)}", tests=ranks, of="treatment"))
    heading, folded = "Survival by treatment in every subtype", len(names) > MOST_OPEN
    row = Row(tuple(figures), heading="" if folded else heading, folded=heading if folded else "")
    return [_how("subtype"), row, *_left_out(stored, "treatment")]


def _how(place: str) -> Text:
    note = (
        "Kaplan-Meier curves with pointwise 95 % bands, of the patients of the hazard ratios: those with follow-up and with "
        f"every covariate that was adjusted for. Each log-rank test is of all such patients of its {place}, drawn or not."
    )
    return Text((note,), quiet=True)


def _panel(
    rows: pd.DataFrame,
    name: str,
    tints: dict[str, str],
    axis: TimeAxis,
    *,
    title: str,
    tests: pd.DataFrame | None,
    of: str = "subtype",
) -> FigureBlock:
    """Curves of the subtypes, or of what another column names, with the stored log-rank test."""
    note = "no log-rank test could be made"
    if tests is not None and len(tests):
        test: Any = tests.iloc[0]
        note = (
            f"{count(int(test['n']), 'patient')}, {count(int(test['events']), 'event')} · log-rank χ² "
            f"{number(float(test['statistic']))} ({int(test['degrees_of_freedom'])} df), {p_value(float(test['p_value']))}"
        )
    curves, word = (rows, "Subtype") if of == "subtype" else (rows.drop(columns="subtype").rename(columns={of: "subtype"}), "")
    drawn = kaplan_meier_panel(
        curves, name, tints, axis, title=initial(clipped(title, 44)), note=note, size_px=_SIZE, word=word
    )
    at_risk = numbers_at_risk(curves, axis).rename(columns={"subtype": of})
    return FigureBlock(drawn.svg, "", {name: rows.reset_index(drop=True), f"{name}_at_risk": at_risk})


def _left_out(stored: Stored, question: str) -> list[Block]:
    """Groups of too few patients for a curve."""
    table = stored.results.get("curves_not_drawn")
    rows = None if table is None else table[table["question"] == question]
    if rows is None or not len(rows):
        return []
    points = []
    for (variable, level), groups in rows.groupby(["variable", "level"], sort=False):
        word = "subtype " if question == "subgroups" else ""
        few = [
            f"{word}{plain(name)} ({count(int(n), 'patient')})" for name, n in zip(groups["group"], groups["n"], strict=True)
        ]
        points.append(f"{initial(plain(variable))} {plain(level)}: {listed(few)}.")
    heading = f"Not drawn, with fewer than {count(int(rows['needed'].iloc[0]), 'patient')}"
    return [Text(tuple(points), points=True, heading=heading)]
