"""Sections on single cases: pictures, and what went wrong."""

from __future__ import annotations

import re
from collections import Counter

import pandas as pd

from radiotype.core.reasons import MISSING
from radiotype.errors import CODES
from radiotype.report.blocks import Cell, Section, Table, Text
from radiotype.report.overlays import DROPPED, gallery
from radiotype.report.stored import KEY, Stored
from radiotype.report.words import clipped, count, listed, scrubbed
from radiotype.run.store import RunFolder

#: Rows of the table of failed cases; the rest stands in its CSV.
MAX_ROWS = 1000

#: Kinds of remarks that are named.
MAX_REMARKS = 8


def pictures(stored: Stored, folder: RunFolder) -> Section:
    """Overlay pictures of a choice of cases."""
    title = "Pictures of cases"
    if stored.overlays is None or not len(stored.overlays):
        return Section("pictures", title, "The run stored no pictures.")
    shown = gallery(stored, folder)
    sentence = (
        f"{count(len(shown.pictures), 'region')} of {len(stored.overlays):,} in three planes: check here that the outlines lie "
        "on the tumours."
    )
    return Section("pictures", title, sentence, (shown,))


def problems(stored: Stored) -> Section:
    """Failed, skipped and partial regions with code, reason and hint."""
    title = "Failed and partial cases"
    if not len(stored.regions):
        return Section("problems", title, "The run stored no list of cases.")
    table, points = problem_rows(stored), care(stored)
    with_care = (Text(tuple(points), points=True, heading="Described, to be read with care"),) if points else ()
    if not len(table):
        sentence = f"Every one of the {count(len(stored.regions), 'region')} was described"
        return Section("problems", title, f"{sentence}{', but see below.' if with_care else ' in full.'}", with_care)
    counts = Counter(table["status"])
    states = listed([f"{counts[state]:,} {state}" for state in ("failed", "skipped", "partial") if counts[state]])
    common = Counter(table.loc[table["status"] != "partial", "code"]).most_common(1)
    sentence = f"Of {count(len(stored.regions), 'region')}, {states}"
    if common and common[0][1] > 1:
        code, n = common[0]
        sentence += f"; the most frequent code is {code or 'none'} ({CODES.get(code, 'not in the catalogue')}, {n:,} times)"
    varying = [name for name in ("visit", "scan", "roi") if stored.regions[name].nunique() > 1]
    rows = tuple(
        (
            clipped(row["case_id"], 48),
            *([clipped(" · ".join(row[name] for name in varying if row[name]), 40) or "–"] if varying else []),
            row["status"],
            row["stage"] or "–",
            row["code"].replace("_", " ") or "–",
            clipped(row["reason"], 400) or "–",
            clipped(row["hint"], 300) or "–",
        )
        for row in table[:MAX_ROWS].to_dict("records")
    )
    caption = "Click a heading to sort."
    if len(table) > MAX_ROWS:
        caption += f" The first {MAX_ROWS:,} of {len(table):,} rows; the CSV holds all."
    shown = Table(
        ("Case", *([", ".join(varying).capitalize()] if varying else []), "Status", "Stage", "Code", "Reason", "What to do"),
        rows,
        caption=caption,
        short=frozenset(("Status", "Stage", "Code")),
        sortable=True,
        filterable=True,
        tables={"problem_cases": table},
    )
    codes = Counter(table["code"])
    by_code = Table(
        ("Code", "Meaning", "Regions"),
        tuple(
            (code.replace("_", " ") or "–", CODES.get(code, _meaning(code)), Cell(f"{n:,}", n))
            for code, n in sorted(codes.items())
        ),
        numeric=frozenset(("Regions",)),
        heading="By code",
    )
    return Section("problems", title, sentence + ".", (by_code, shown, *with_care))


def care(stored: Stored) -> list[str]:
    """What to keep in mind of regions that were described: how many, and whether to worry."""
    features = stored.features
    open_margin, cut = 0, 0
    for reasons, flags in zip(features["reasons"], features["flags"], strict=True):
        open_margin += bool(flags.get("parenchyma_not_restricted")) or "parenchyma_not_restricted" in reasons.values()
        cut += any("dropped" in name and value is not None and float(value) > DROPPED for name, value in flags.items())
    points = []
    if open_margin:
        points.append(
            f"{count(open_margin, 'region')} of {len(features):,} without an organ mask (code parenchyma_not_restricted): "
            "the parenchymal margins end only where the body ends and may hold other organs. Features of shape are not touched."
        )
    if cut:
        points.append(
            f"{count(cut, 'region')} of {len(features):,} with more than {100 * DROPPED:.0f} % of the voxels of the core or of "
            "a margin outside the range of the histogram: look at these scans (metal, air, wrong units); their margin features "
            "may mislead."
        )
    return points + _remarks(stored)


def _remarks(stored: Stored) -> list[str]:
    """What reading the regions had to decide, by kind."""
    if "remarks" not in stored.regions:
        return []
    described = stored.regions.loc[stored.regions["status"] != "failed", "remarks"]
    kinds = Counter(
        kind for cell in described for kind in {re.sub(r"[\d.,]+", "n", part) for part in str(cell).split("; ") if part}
    )
    return [
        f"{count(n, 'region')} of {len(described):,} with the remark “{scrubbed(kind)}” (the column remarks of cases.parquet "
        "holds the numbers)."
        for kind, n in kinds.most_common(MAX_REMARKS)
    ]


def _meaning(code: str) -> str:
    return "an error that was not foreseen" if code == "RT000" else MISSING.get(code, "some features have no value")


def problem_rows(stored: Stored) -> pd.DataFrame:
    """Regions that are not ok: key, modality, status, stage, code, reason, hint. Paths are cut down to file names."""
    columns = [*KEY, "modality", "status", "stage", "code", "reason", "hint"]
    table = stored.regions.loc[stored.regions["status"] != "ok", columns].copy()
    gaps = _gaps(stored)
    for i, row in table.iterrows():
        key = tuple(row[name] for name in KEY)
        if row["status"] == "partial" and key in gaps:
            code, reason = gaps[key]
            table.loc[i, "code"] = row["code"] or code
            table.loc[i, "reason"] = row["reason"] or reason
            table.loc[i, "stage"] = row["stage"] or "features"
    for column in ("reason", "hint"):
        table[column] = [scrubbed(text) for text in table[column]]
    order = {"failed": 0, "skipped": 1, "partial": 2}
    table["order"] = table["status"].map(order).fillna(3)
    return table.sort_values(["order", *KEY[1:]], kind="stable").drop(columns="order").reset_index(drop=True)


def _gaps(stored: Stored) -> dict[tuple[str, ...], tuple[str, str]]:
    """Per partial region the most frequent reason code of its missing values, and a sentence."""
    names = [record.name for record in stored.distinct]
    partial = stored.features[stored.features["status"] == "partial"]
    found = {}
    for row in partial.to_dict("records"):
        missing = [name for name in names if pd.isna(row[name])]
        reasons = Counter(str(row["reasons"].get(name, "no reason given")) for name in missing)
        if not reasons:
            continue
        several = len(reasons) > 1
        words = listed([f"{f'{n} ' if several else ''}{reason.replace('_', ' ')}" for reason, n in reasons.most_common()])
        found[tuple(row[name] for name in KEY)] = (
            reasons.most_common(1)[0][0],
            f"{count(len(missing), 'feature')} without a value ({words})",
        )
    return found
