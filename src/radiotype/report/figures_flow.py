"""The cohort flow: how many regions, cases and patients reach each step."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from radiotype.errors import CODES
from radiotype.report.cautions import is_frozen
from radiotype.report.drawing import INK, NEUTRAL, PAGE_PX, RULE, SOFT, Drawn, draw, sheet
from radiotype.report.stored import Stored, outcome_known
from radiotype.report.words import clipped, count

#: Codes listed in the box of what was left out; the rest is summed up.
MAX_CODES = 6
#: Letters of a line within a box.
MAX_LINE = 42
#: The step that tells cancer types apart, and those that tell what is known of the cases of a group.
BY_TYPE = "by cancer type"
_KNOWN = ("with outcome", "with expression")
_HEIGHT = 76.0


@dataclass(frozen=True)
class _Box:
    left: float
    top: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return self.left + self.width / 2


def cohort_flow(stored: Stored) -> Drawn:
    """A drawn flow from the regions listed to the cases with an outcome, and its counts."""
    data = flow_counts(stored)
    left_out = _lines(data, "left out")
    unused = _lines(data, "not used")
    has_unused = bool(unused)
    side = [46 + 19 * len(left_out) if left_out else 0, 46 + 19 * len(unused) if has_unused else 0]
    tops = [8.0]
    tops.append(tops[0] + _HEIGHT + max(40.0, side[0] - 44))
    tops.append(tops[1] + _HEIGHT + max(36.0, side[1] + 4 if has_unused else 0))
    has_groups = bool((data["step"] == "clustered").any() or (data["step"] == "assigned").any())
    tops.append(tops[2] + _HEIGHT + 32)
    more_known = bool(data["step"].isin(_KNOWN).any())
    last = 1 if not has_groups else 3 if more_known else 2
    height = max(tops[last] + _HEIGHT, tops[1] + _HEIGHT + side[1])

    def paint(figure: Figure) -> None:
        axes = sheet(figure)
        listed = _Box(150, tops[0], 260, _HEIGHT)
        described = _Box(150, tops[1], 260, _HEIGHT)
        _box(axes, listed, "Regions listed", [_units(data, "listed"), _read(data)])
        _box(axes, described, "Described", [_units(data, "described"), _partial(data)])
        _down(axes, listed, described)
        out = _Box(570, (tops[0] + _HEIGHT + tops[1]) / 2 - side[0] / 2, 445, side[0])
        if left_out:
            _side(axes, out, "Left out", left_out, listed.middle)
        if has_unused:
            rest = _Box(570, (tops[1] + _HEIGHT + tops[2] - 16) / 2 - side[1] / 2, 445, side[1])
            _side(axes, rest, "Described, set aside", unused, described.middle)
        groups = [step for step in ("clustered", "assigned") if (data["step"] == step).any()]
        titles = _titles(stored)
        for i, step in enumerate(groups):
            left = 150 if len(groups) == 1 else 10 + 280 * i
            box = _Box(left, tops[2], 260, _HEIGHT)
            _box(axes, box, titles[step], [_units(data, step), *_by_type(data, step)])
            _down(axes, described, box)
            known = data[data["step"].isin(_KNOWN) & (data["group"] == step)]
            if len(known):
                below = _Box(left, tops[3], 260, _HEIGHT)
                title = "With outcome" if set(known["step"]) == {"with outcome"} else "Known of these"
                _box(axes, below, title, _known(known))
                _down(axes, box, below)

    label = "Flow of the cohort: " + "; ".join(
        f"{row.step} {row.cases} cases" for row in data.itertuples() if not row.code and row.step != BY_TYPE
    )
    return Drawn(data, draw("cohort flow", (PAGE_PX, height + 8), paint, label=label))


def flow_counts(stored: Stored) -> pd.DataFrame:
    """Counts of regions, cases and patients per step: step, group, code, regions, cases, patients.

    `code` is the code of what was left out, and the cancer type of the step "by cancer type".
    """
    regions = stored.regions
    described = regions[regions["status"].isin(["ok", "partial"])]
    unread = regions["status"].isin(["failed", "skipped"]) & regions["stage"].astype(str).str.startswith("read")
    rows = [_row("listed", regions), _row("read", regions[~unread]), _row("described", described)]
    rows.append(_row("described", described[described["status"] == "partial"], group="partial"))
    for status in ("failed", "skipped"):
        part = regions[regions["status"] == status]
        by_code = sorted(part.groupby("code", sort=True), key=lambda item: (-len(item[1]), item[0]))
        rows += [_row("left out", rest, group=status, code=str(code) or "–") for code, rest in by_code]
    if stored.subtypes is not None:
        subtypes = stored.subtypes
        unused = described[~described["case_id"].isin(subtypes["case_id"])]
        represented = unused["patient_id"].isin(subtypes["patient_id"])
        rows.append(_set_aside(described, unused[represented], subtypes))
        rows.append(_row("not used", unused[~represented], group="no complete description"))
        known, scores = outcome_known(stored), stored.results.get("set_scores")
        for how in ("clustered", "assigned"):
            members = subtypes[subtypes["how"] == how]
            rows.append(_row(how, members))
            if stored.has_cancer_types:
                rows += [_row(BY_TYPE, part, group=how, code=str(name)) for name, part in members.groupby("cancer_type")]
            if known is not None and len(members):
                rows.append(_row("with outcome", members[members["case_id"].isin(known)], group=how))
            if scores is not None and len(members):
                rows.append(_row("with expression", members[members["case_id"].isin(scores["case_id"])], group=how))
    table = pd.DataFrame(rows)
    keep = (table["regions"] > 0) | table["step"].isin(["listed", "read", "described", *_KNOWN])
    return table[keep & ~((table["group"] == "partial") & (table["cases"] == 0))].reset_index(drop=True)


def _row(step: str, part: pd.DataFrame, *, group: str = "", code: str = "") -> dict[str, object]:
    return {
        "step": step, "group": group, "code": code, "regions": len(part),
        "cases": part["case_id"].nunique(), "patients": part["patient_id"].nunique(),
    }  # fmt: skip


def _set_aside(described: pd.DataFrame, unused: pd.DataFrame, subtypes: pd.DataFrame) -> dict[str, object]:
    """Regions of patients for whom another region, of the same case or of another, was analysed."""
    of_patients = described[described["patient_id"].isin(subtypes["patient_id"])]
    several = of_patients.groupby("patient_id").size() > 1
    return {
        "step": "not used", "group": "another region stands for the patient", "code": "",
        "regions": max(len(of_patients) - len(subtypes), 0), "cases": unused["case_id"].nunique(),
        "patients": int(several.sum()),
    }  # fmt: skip


def _units(data: pd.DataFrame, step: str) -> str:
    row = data[(data["step"] == step) & ((data["group"] == "") | (step in _KNOWN))].iloc[0]
    parts = [count(int(row["cases"]), "case"), count(int(row["patients"]), "patient")]
    if step in ("listed", "described"):
        parts.insert(0, count(int(row["regions"]), "region"))
    return " · ".join(parts)


def _read(data: pd.DataFrame) -> str:
    n = int(data.loc[data["step"] == "read", "regions"].iloc[0])
    return f"{count(n, 'region')} read"


def _by_type(data: pd.DataFrame, step: str) -> list[str]:
    """Cases of each cancer type, the largest first, as far as the box is wide."""
    rows = data[(data["step"] == BY_TYPE) & (data["group"] == step)].sort_values("cases", ascending=False, kind="stable")
    parts = [f"{row['code']} {int(row['cases']):,}" for row in rows.to_dict("records")]
    return [clipped(" · ".join(parts), MAX_LINE)] if len(parts) > 1 else []


def _known(rows: pd.DataFrame) -> list[str]:
    """What is known of the cases of a group: outcome, expression."""
    if len(rows) == 1 and rows["step"].iloc[0] == "with outcome":
        return [_units(rows, "with outcome")]
    return [f"{row['step'].removeprefix('with ')}: {count(int(row['cases']), 'case')}" for row in rows.to_dict("records")]


def _titles(stored: Stored) -> dict[str, str]:
    """What the boxes of the groups are called."""
    titles = {"clustered": "Clustered (discovery)", "assigned": "Assigned (validation)"}
    if is_frozen(stored):
        return titles | {"assigned": "Assigned by the frozen model"}
    rows = stored.subtypes
    if rows is not None and (rows.loc[rows["how"] == "assigned", "split"] == "discovery").any():
        titles["assigned"] = "Assigned (validation and rest)"
    return titles


def _partial(data: pd.DataFrame) -> str:
    row = data[(data["step"] == "described") & (data["group"] == "partial")]
    return f"{int(row['regions'].iloc[0]):,} of the regions in part only" if len(row) else "no value missing"


def _lines(data: pd.DataFrame, step: str) -> list[str]:
    rows = data[data["step"] == step]
    if step == "not used":
        return [f"{count(row['regions'], 'region')}: {row['group']}" for row in rows.to_dict("records")]
    lines = [
        f"{count(row['regions'], 'region')} {row['group']}: {row['code']} {clipped(CODES.get(row['code'], ''), 44)}".rstrip()
        for row in rows[:MAX_CODES].to_dict("records")
    ]
    if len(rows) > MAX_CODES:
        rest = int(rows["regions"][MAX_CODES:].sum())
        lines.append(f"{count(rest, 'region')} for {count(len(rows) - MAX_CODES, 'other code')}")
    return lines


def _box(axes: Axes, box: _Box, title: str, lines: list[str], *, quiet: bool = False) -> None:
    axes.add_patch(
        FancyBboxPatch(
            (box.left, box.top),
            box.width,
            box.height,
            boxstyle="round,pad=0,rounding_size=5",
            facecolor="#ffffff" if quiet else "#f3f6f8",
            edgecolor=RULE if quiet else NEUTRAL,
            linewidth=0.9,
        )
    )
    left, align = (box.left + 16, "left") if quiet else (box.middle, "center")
    block = 21 + 19 * len(lines)
    top = box.top + (box.height - block) / 2 + 10
    axes.text(left, top, title, ha=align, va="center", fontsize=10, fontweight="bold", color=INK)
    for i, line in enumerate(lines):
        axes.text(left, top + 21 + 19 * i, line, ha=align, va="center", fontsize=9, color=SOFT)


def _side(axes: Axes, box: _Box, title: str, lines: list[str], spine: float) -> None:
    _box(axes, box, title, lines, quiet=True)
    _arrow(axes, (spine, box.top + box.height / 2), (box.left, box.top + box.height / 2))


def _down(axes: Axes, above: _Box, below: _Box) -> None:
    start, end = above.top + above.height, below.top
    if above.middle == below.middle:
        _arrow(axes, (above.middle, start), (below.middle, end))
        return
    bend = end - 15
    axes.plot([above.middle, above.middle, below.middle], [start, bend, bend], color=NEUTRAL, linewidth=0.9)
    _arrow(axes, (below.middle, bend), (below.middle, end))


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    style = {
        "arrowstyle": "-|>,head_width=0.22,head_length=0.4",
        "color": NEUTRAL,
        "linewidth": 0.9,
        "shrinkA": 0,
        "shrinkB": 0,
    }
    axes.annotate("", xy=end, xytext=start, arrowprops=style)
