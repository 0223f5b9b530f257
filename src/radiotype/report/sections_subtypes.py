"""Sections on how the subtypes were found, how large they are and what sets them apart."""

from __future__ import annotations

import pandas as pd

from radiotype.core.feature import volume_feature
from radiotype.report.blocks import Block, Cell, Section, Table, Text, figure
from radiotype.report.cautions import MAX_AMBIGUOUS, RULE, STABILITY, cautions, fixed_k, no_subtypes
from radiotype.report.drawing import colours
from radiotype.report.figures_consensus import consensus_curves, consensus_matrices
from radiotype.report.figures_features import readable_features
from radiotype.report.figures_subtypes import (
    MAX_FEATURES,
    feature_heat_map,
    median_cells,
    scaled_medians,
    size_counts,
    subtype_sizes,
)
from radiotype.report.stored import Stored
from radiotype.report.words import count, feature_title, number_word, plain, share

#: The rule of `radiotype.studies.naming`, as a sentence.
NUMBERING = (
    "Subtypes are numbered by the median tumour volume, smallest first; of equal volumes by the contrast between tumour "
    "core and "
    "invasive margin, least first, then by irregularity, most regular first."
)


def consensus(stored: Stored) -> Section:
    """Consensus matrices and the curves by which K was chosen."""
    title = "How the subtypes were found"
    if stored.consensus is None:
        return Section("consensus", title, "No clustering was stored for this run.")
    found = stored.consensus
    fixed = fixed_k(stored)
    resamples = (
        f"{found['n_resamples']:,} resamples of {100 * found['item_fraction']:.0f} % of {count(int(found['n_cases']), 'case')}"
    )
    if no_subtypes(stored):
        sentence = f"No stable subtypes: K = {_range(found['ks'])} were tried, from {resamples}."
    elif fixed:
        sentence = f"The recipe asked for {found['k']} subtypes; they were found from {resamples}."
    else:
        sentence = f"{found['k']} subtypes were chosen among K = {_range(found['ks'])}, from {resamples}."
    choice = plain(found["choice"]) + ("" if fixed or found.get("null_tables") else f" {RULE}")
    ambiguous = found.get("pac", {}).get(str(found["k"]))
    if ambiguous is not None:
        choice += f" {100 * float(ambiguous):.0f} % of the pairs of cases are ambiguous at K = {found['k']}."
    blocks: list[Block] = [Text((choice, *cautions(stored)), heading="Number of subtypes")]
    if stored.matrices is not None:
        blocks.append(
            figure(
                consensus_matrices(stored),
                "consensus_matrices",
                "Each square is a pair of cases; the darker, the more often both fell into one cluster when drawn together. "
                "Clean dark blocks on a light ground mean stable subtypes. The bar above a matrix marks its clusters, above "
                "the one used in the colours of the subtypes.",
                heading="Consensus matrices",
            )
        )
    blocks.append(
        figure(
            consensus_curves(stored),
            "consensus_curves",
            "Left, the consensus CDF: the fraction of pairs of cases that fell together at most that often; a curve that is "
            "flat between 0 and 1 means that few pairs are undecided. Right: the area under each curve, its growth from one K "
            "to the next (at the smallest K the area itself), and the fraction of ambiguous pairs (PAC), which fell together "
            "neither almost never nor almost always (consensus between 0.1 and 0.9); lower is more stable, above "
            f"{100 * MAX_AMBIGUOUS:.0f} % is not." + (f" {STABILITY}" if found.get("null_tables") else ""),
            heading="Stability by number of subtypes",
        )
    )
    return Section("consensus", title, sentence, tuple(blocks))


def _range(ks: list[int]) -> str:
    return f"{min(ks)} to {max(ks)}" if len(ks) > 1 else str(ks[0])


def sizes(stored: Stored) -> Section:
    """Sizes of the subtypes, and the features that set them apart."""
    title = "The subtypes"
    if stored.subtypes is None or not len(stored.subtypes):
        why = (
            "No stable subtypes were found, so no case was given one."
            if no_subtypes(stored)
            else "No case was given a subtype in this run."
        )
        return Section("subtypes", title, why)
    names, total = stored.subtype_names, len(stored.subtypes)
    counts = stored.subtypes["subtype"].value_counts()
    largest, smallest = max(names, key=lambda name: counts[name]), min(names, key=lambda name: counts[name])
    sentence = (
        f"{count(total, 'case')} fall into {number_word(len(names))} subtypes of {int(counts[smallest]):,} "
        f"({share(int(counts[smallest]), total)}, subtype {smallest}) to {int(counts[largest]):,} cases "
        f"({share(int(counts[largest]), total)}, subtype {largest})."
    )
    blocks: list[Block] = [
        figure(
            subtype_sizes(stored),
            "subtype_sizes",
            "Fractions of the cases of each group, numbers of cases inside the bars. "
            + (f"{NUMBERING} " if _by_volume(stored) else "")
            + "A colour means the same subtype in every figure.",
            heading="Sizes",
        ),
        _size_table(stored),
    ]
    scaled = scaled_medians(stored)
    if len(scaled) and scaled["scaled"].notna().any():
        n_features = scaled.loc[scaled["scaled"].notna(), "feature"].nunique()
        which = (
            f"The {MAX_FEATURES} of {n_features} features whose medians differ most"
            if n_features > MAX_FEATURES
            else "Features"
        )
        blocks.append(
            figure(
                feature_heat_map(stored),
                "feature_heat_map",
                f"{which}: median of each subtype on the scale of the discovery cases, 0 the lower and 1 the upper limit of "
                "the scaling. Sizes are compared by their logarithm. These features formed the subtypes, so differences are "
                "expected; they describe the subtypes and prove nothing.",
                heading="What sets the subtypes apart",
            )
        )
    if stored.by_subtype is not None:
        blocks.append(_median_table(stored))
    return Section("subtypes", title, sentence, tuple(blocks))


def _by_volume(stored: Stored) -> bool:
    """Whether the study numbered its subtypes by volume: it does so when volume was measured."""
    return stored.recipe.get("design") == "imaging_subtypes" and volume_feature(one.name for one in stored.records) is not None


def _size_table(stored: Stored) -> Table:
    data = size_counts(stored)
    names, tints = stored.subtype_names, colours(stored.subtype_names)
    rows, before = [], ""
    for (group, level), part in data.groupby(["group", "level"], sort=False):
        cases = part.set_index("subtype")["cases"]
        total = int(cases.sum())
        shown = [f"{int(cases[name]):,} ({share(int(cases[name]), total)})" for name in names]
        rows.append(("" if group == before else str(group), str(level), f"{total:,}", *shown))
        before = str(group)
    return Table(
        ("", "Group", "Cases", *[f"Subtype {name}" for name in names]),
        tuple(rows),
        numeric=frozenset(("Cases", *[f"Subtype {name}" for name in tints])),
        caption="Cases, in brackets the share of the group.",
        folded="The same as a table",
        tables={"subtypes": stored.subtypes if stored.subtypes is not None else pd.DataFrame()},
    )


def _median_table(stored: Stored) -> Table:
    names = stored.subtype_names
    table = stored.by_subtype if stored.by_subtype is not None else pd.DataFrame(columns=["feature"])
    known = set(table["feature"])
    shown = [record for record in readable_features(stored.distinct, stored.features) if record.name in known]
    rows: tuple[tuple[str | Cell, ...], ...] = tuple(
        (feature_title(record), *median_cells(stored, record.name)) for record in shown
    )
    return Table(
        ("Feature", *[f"Subtype {name}" for name in names]),
        rows,
        numeric=frozenset(f"Subtype {name}" for name in names),
        heading="Medians in their own units",
        caption="Median, and below it the lower and upper quartile. All features stand in the CSV.",
        tables={"features_by_subtype": table},
    )
