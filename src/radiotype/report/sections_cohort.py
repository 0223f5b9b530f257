"""Sections on who was studied and what was measured."""

from __future__ import annotations

import pandas as pd

from radiotype.report.blocks import Block, Section, Table, Text, figure
from radiotype.report.cautions import is_frozen, no_subtypes
from radiotype.report.figures_features import feature_distributions, lanes, readable_features
from radiotype.report.figures_flow import cohort_flow, flow_counts
from radiotype.report.figures_margins import margin_drawing
from radiotype.report.stored import KEY, Stored
from radiotype.report.words import count, feature_name, listed, natural, share, unit


def cohort(stored: Stored) -> Section:
    """The flow of the cohort and who is in it."""
    regions = stored.regions
    if not len(regions):
        return Section("cohort", "Cohort", "The run stored no list of cases.")
    left_out = int((~regions["status"].isin(["ok", "partial"])).sum())
    sentence = f"Of {count(len(regions), 'region')} in {count(regions['patient_id'].nunique(), 'patient')}, "
    sentence += f"{len(regions) - left_out:,} were described and {left_out:,} left out"
    flow = flow_counts(stored)
    steps = {how: int(flow.loc[flow["step"] == how, "cases"].sum()) for how in ("clustered", "assigned")}
    if steps["clustered"]:
        sentence += f"; {count(steps['clustered'], 'case')} formed the subtypes"
        sentence += f" and {steps['assigned']:,} were assigned to them" if steps["assigned"] else ""
    blocks: list[Block] = [
        figure(
            cohort_flow(stored),
            "cohort_flow",
            f"From the regions listed in the manifest to the cases analysed. A region is one mask at one visit.{_rule(stored)}",
            heading="Flow of the cohort",
        ),
        _composition(stored),
    ]
    return Section("cohort", "Cohort", sentence + ".", tuple(blocks))


def _rule(stored: Stored) -> str:
    """Who is validation, in a sentence; empty where nobody is."""
    if is_frozen(stored) or stored.subtypes is None or not (stored.subtypes["split"] == "validation").any():
        return ""
    if stored.recipe.get("split") != "largest_cohort":
        return " The manifest declares who is validation."
    of = " of each cancer type" if stored.has_cancer_types else ""
    return f" The largest cohort{of} is validation."


def _composition(stored: Stored) -> Table:
    """Counts by cancer type, modality and split."""
    regions = stored.regions
    described = regions["status"].isin(["ok", "partial"])
    how = {} if stored.subtypes is None else dict(zip(stored.subtypes["case_id"], stored.subtypes["how"], strict=True))
    used = pd.Series([how.get(case, "") for case in regions["case_id"]], index=regions.index, dtype=object)
    used_as = () if no_subtypes(stored) else ("clustered", "assigned")
    groups = [("Cancer type", "cancer_type")] if stored.has_cancer_types else []
    groups += [("Modality", "modality"), ("Split", "split")]
    rows = []
    for title, column in groups:
        for level in natural(regions[column]):
            part = regions[column] == level
            counted = {
                "group": title,
                "level": level or "not split",
                "patients": regions.loc[part, "patient_id"].nunique(),
                "cases": regions.loc[part, "case_id"].nunique(),
                "regions": int(part.sum()),
                "described": int((part & described).sum()),
                "left_out": int((part & ~described).sum()),
            }
            for name in used_as:
                counted[name] = regions.loc[part & (used == name), "case_id"].nunique()
            rows.append(counted)
    data = pd.DataFrame(rows)
    cells = tuple(
        tuple("" if i and name == "group" and rows[i - 1]["group"] == value else _text(value) for name, value in row.items())
        for i, row in enumerate(rows)
    )
    counts = ("Patients", "Cases", "Regions", "Described", "Left out", *(name.capitalize() for name in used_as))
    return Table(
        ("", "Group", *counts),
        cells,
        heading="Who is in the cohort",
        caption=f"{'Clustered and assigned count cases; described' if used_as else 'Described'} and left out count regions.",
        numeric=frozenset(counts),
        tables={"cohort": data},
    )


def _text(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def features(stored: Stored) -> Section:
    """Distributions of a readable choice of features; the whole table as CSV."""
    if not len(stored.features) or not stored.records:
        return Section("features", "Features", "No region was described, so there are no features to show.")
    shown = readable_features(stored.distinct, stored.features)
    families = natural(record.family for record in stored.records)
    groups = [name for name, _ in lanes(stored)]
    sentence = (
        f"{count(len(stored.distinct), 'distinct feature')} of {count(len(families), 'family', 'families')} "
        f"({listed(families)}) "
        f"describe {count(len(stored.features), 'region')}; {len(shown)} of them are shown by "
        + ("cancer type and modality" if stored.has_cancer_types else "modality")
        + (f" in {len(groups)} groups." if len(groups) > 1 else ".")
    )
    caption = (
        "Each point is one region. Box: median and quartiles; whiskers: 5th to 95th percentile. Axes of sizes that span more "
        "than a factor of 30 are logarithmic."
    )
    values = stored.features[[*KEY, "cancer_type", "modality", "split", "subtype", *[record.name for record in stored.records]]]
    dictionary = pd.DataFrame(
        [
            {"feature": record.name, "family": record.family, "unit": record.unit, "meaning": record.meaning,
             "lowest": record.low, "highest": record.high, "ibsi": record.ibsi, "reference": record.reference,
             "duplicate_of": record.duplicate_of}
            for record in stored.records
        ]
    )  # fmt: skip
    meanings = Table(
        ("Feature", "Unit", "What it measures", "IBSI"),
        tuple((feature_name(record), unit(record.unit) or "–", record.meaning, record.ibsi or "–") for record in shown),
        folded="What the features shown measure",
        caption="The table of all features of all regions, and what every feature means, stand in the CSV files.",
        tables={"features_all": values, "feature_names": dictionary},
    )
    shown_block = figure(feature_distributions(stored, shown), "feature_distributions", caption)
    drawn = margin_drawing(stored)
    blocks: list[Block] = [shown_block, *([drawn] if drawn else []), meanings]
    gaps = stored.features[[record.name for record in stored.records]].isna().any(axis=1)
    if gaps.any():
        n = int(gaps.sum())
        text = f"{count(n, 'region')} ({share(n, len(gaps))}) {'lacks' if n == 1 else 'lack'} at least one feature value."
        blocks.append(Text((text,), quiet=True))
    return Section("features", "Features", sentence, tuple(blocks))
