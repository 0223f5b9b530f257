"""Section on declared contrasts of subtypes: curves of both sides, log-rank tests and hazard ratios."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from radiotype.report.blocks import Cell, FigureBlock, Row, Section, Table, Text
from radiotype.report.drawing import PAGE_PX, colours
from radiotype.report.figures_survival import kaplan_meier_panel, numbers_at_risk, time_axis
from radiotype.report.stored import Stored
from radiotype.report.words import count, number, p_value, scrubbed

_HALF = (PAGE_PX - 24) / 2
_OPENINGS = ("No contrast ", "No test of the contrast ", "No unadjusted hazard ratio of ", "No adjusted hazard ratio of ")


def contrasts(stored: Stored) -> list[Section]:
    """The section, or nothing where the recipe declares no contrast."""
    table, curves = stored.results.get("contrasts"), stored.results.get("contrast_curves")
    points = tuple(scrubbed(note) for note in stored.notes if note.startswith(_OPENINGS))
    missing = (Text(points, points=True, heading="What could not be tested"),) if points else ()
    if table is None or curves is None:
        sentence = "None of the declared contrasts of subtypes could be tested."
        return [Section("contrasts", "Declared contrasts", sentence, missing)] if missing else []
    first = table[table["model"] == "unadjusted"]
    declared = max(len(stored.recipe.get("contrasts") or ()), len(first))
    low = int((first["q_value"] < 0.05).sum())
    tested = "them" if declared == len(first) else f"the {len(first)} that could be tested"
    sentence = (
        f"{count(declared, 'contrast')} of subtypes {'was' if declared == 1 else 'were'} declared before anything was "
        f"measured; survival differs in {low or 'none'} of {tested} after correction for their number (q < 0.05)."
    )
    axis = time_axis(float(curves["time_days"].max()))
    panels = []
    for i, name in enumerate(dict.fromkeys(curves["contrast"]), start=1):
        rows = curves[curves["contrast"] == name]
        sides = list(dict.fromkeys(rows["subtype"]))
        test = first[first["contrast"] == name]
        note = "no test could be made"
        if len(test):
            one = test.iloc[0]
            patients = int(one["patients_first"] + one["patients_second"])
            note = (
                f"{count(patients, 'case')} · log-rank χ² {number(float(one['chi_square']))}, {p_value(float(one['p_value']))}"
            )
        panel, size = f"contrast_{i:02d}", (_HALF, 330.0)
        drawn = kaplan_meier_panel(rows, panel, _tints(sides, stored), axis, title=f"Subtype {name}", note=note, size_px=size)
        panels.append(FigureBlock(drawn.svg, "", {panel: drawn.data, f"{panel}_at_risk": numbers_at_risk(rows, axis)}))
    columns = ("Contrast", "Model", "Cases", "Events", "Log-rank p", "q", "Hazard ratio", "95 % interval", "p")
    caption = (
        "The hazard is that of the first side against the second; with several cancer types tests and models are stratified by "
        "them. q: Benjamini and Hochberg over the log-rank tests of all contrasts."
    )
    numeric = frozenset(columns[4:])
    rows_ = tuple(_row(row) for row in table.to_dict("records"))
    tests = Table(columns, rows_, caption=caption, numeric=numeric, tables={"contrasts": table})
    return [Section("contrasts", "Declared contrasts", sentence, (Row(tuple(panels)), tests, *missing))]


def _tints(sides: list[str], stored: Stored) -> dict[str, str]:
    """A subtype in its colour of all figures, merged ones in greys."""
    own = colours(stored.subtype_names)
    greys = iter(("#3d4f5f", "#8a98a5"))
    return {side: own[side] if side in own else next(greys) for side in sides}


def _row(row: Mapping[Any, Any]) -> tuple[str | Cell, ...]:
    ratio = number(float(row["hazard_ratio"]))
    adjusted = f"adjusted for {row['covariates']}" if row["covariates"] else row["model"]
    return (
        row["contrast"],
        adjusted,
        f"{row['patients_first']} v {row['patients_second']}",
        f"{row['events_first']} v {row['events_second']}",
        _p(row["p_value"]),
        _p(row["q_value"]),
        Cell(ratio, float(row["hazard_ratio"])),
        f"{number(float(row['lower']))} to {number(float(row['upper']))}" if row["lower"] == row["lower"] else "–",
        _p(row["p_value_hazard_ratio"]),
    )


def _p(value: float) -> Cell:
    return Cell(p_value(float(value)).removeprefix("p ").removeprefix("= "), float(value))
