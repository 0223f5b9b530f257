"""The section that asks whether the subtypes hold."""

from __future__ import annotations

import pandas as pd

from radiotype.report.blocks import Block, Cell, FigureBlock, Row, Section, Table, Text, figure
from radiotype.report.cautions import no_subtypes
from radiotype.report.figures_consensus_panels import consensus_panels, panels
from radiotype.report.figures_validity import MAX_BARS, code_correlations, proportion_bars, shares
from radiotype.report.stored import Stored
from radiotype.report.words import count, initial, listed, natural, number, number_word, p_value

TITLE = "Do the subtypes hold?"

#: Below this corrected p-value a proportion is called higher than chance.
LEVEL = 0.05


def validity(stored: Stored) -> Section:
    """In-group proportions, the validation cases clustered on their own, purity, and what subtypes go together with."""
    blocks: list[Block] = [
        *_proportions(stored),
        *_matrices(stored),
        *_own_clusters(stored),
        *_agreement(stored),
        *_purity(stored),
        *_associations(stored),
        *_refinement(stored),
        *_codes(stored),
    ]
    notes = stored.results.get("validation_notes")
    if notes is not None:
        blocks.append(Text(tuple(notes["note"]), points=True, heading="What was not asked, and why"))
    return Section("validity", TITLE, _sentence(stored), tuple(blocks))


def _sentence(stored: Stored) -> str:
    if no_subtypes(stored):
        return "No stable subtypes were found, so there are none that could hold."
    table = _validation_rows(stored)
    purity = stored.results.get("cluster_purity_by_subtype")
    if table is None or not len(table):
        if purity is None:
            return "This run stored nothing on whether its subtypes hold in other cases."
        own = float(purity.loc[purity["subtype"] == "all", "mean"].iloc[0])
        return (
            "The subtypes were not tested in validation cases; in repeated five-fold division of the discovery cases "
            f"{_percent(own)} of those left out fell into their own subtype."
        )
    known = table[table["in_group_proportion"].notna()]
    if not len(known):
        return "No validation case could be compared."
    low, high = float(known["in_group_proportion"].min()), float(known["in_group_proportion"].max())
    above = int((known["q_value"] < LEVEL).sum())
    which = "all" if above == len(table) else "none" if not above else number_word(above)
    return (
        f"In {count(int(table['n_tested'].iloc[0]), 'validation case')} the subtypes have in-group proportions of "
        f"{_percent(low)} to {_percent(high)}; in {which} of the {number_word(len(table))} this is more than in cohorts "
        f"without groups (corrected p below {LEVEL:g})."
    )


def _validation_rows(stored: Stored) -> pd.DataFrame | None:
    table = stored.results.get("in_group_proportions")
    return None if table is None else table[table["comparison"] == "validation"]


def _percent(part: float) -> str:
    return f"{100 * part:.0f} %"


def _proportions(stored: Stored) -> list[Block]:
    table = stored.results.get("in_group_proportions")
    if table is None:
        return []
    cut = f" The first {MAX_BARS} are drawn; all stand in the CSV." if len(table) > MAX_BARS else ""
    caption = (
        "Each case takes the subtype whose centroid, learnt left of the arrow, is nearest; the bar is the share of its cases "
        "whose nearest other case took the same subtype (in-group proportion). p asks whether that is more than in simulated "
        "cohorts of one Gaussian with the same mean and covariance, around the same centroids; it is corrected for the "
        "subtypes of one comparison (Benjamini-Hochberg). A high proportion alone proves nothing: a large subtype has one by "
        "chance. Across modalities and cancer types everything was fitted anew in the group left of the arrow, whatever the "
        f"split, and its subtypes bear the numbers of those they share most cases with.{cut} The p-value against permuted "
        "centroids, as published, stands in the CSV; it is often small although there are no groups."
    )
    drawn = proportion_bars(table, stored.subtype_names)
    return [figure(drawn, "in_group_proportions", caption, heading="In-group proportions")]


def _matrices(stored: Stored) -> list[Block]:
    shown = panels(stored)
    if not shown:
        return []
    kinds = list(dict.fromkeys(panel.comparison for panel in shown))
    groups = listed([kind for kind in ("modality", "cancer type") if kind in kinds])
    anew = f" For a {groups}, whatever the split, scaling and codes were learnt anew as well." if groups else ""
    own = " Validation cases keep those of discovery." if "validation" in kinds and groups else ""
    whole = " Last, all cases clustered together (refinement)." if "refinement" in kinds else ""
    caption = (
        f"Each group was clustered on its own, into as many clusters.{anew}{own}{whole} A square is a pair of cases, the "
        "darker, the more often both fell into one cluster when drawn together; large matrices show means of neighbouring "
        "cases. The bar has the colour of the subtype that a cluster stands for, grey for none. Blocks alone prove nothing: a "
        "given number of clusters draws them into any cases. Look at the share of ambiguous pairs (consensus between 0.1 and "
        "0.9), and below at who falls into which cluster."
    )
    drawn = consensus_panels(shown, stored.subtype_names)
    return [figure(drawn, "validation_consensus", caption, heading="Consensus matrices side by side")]


def _own_clusters(stored: Stored) -> list[Block]:
    table, agreement = stored.results.get("validation_contingency"), stored.results.get("agreement")
    if table is None or agreement is None:
        return []
    names = natural(table["assigned"])
    rows = tuple(
        (f"Subtype {name}", *(f"{n:,}" for n in counts), f"{sum(counts):,}")
        for name, counts in _crossed(table, "assigned", "own_cluster", names, names)
    )
    found = agreement[agreement["comparison"] == "validation"].iloc[0]
    columns = ("Assigned by discovery", *[f"Own cluster {name}" for name in names], "All")
    caption = (
        f"The {count(int(found['patients']), 'validation case')} were clustered on their own, with the same settings and the "
        "same number of clusters, and each cluster bears the number of the subtype whose centroid is nearest (one to one). "
        f"{_percent(float(found['same_subtype']))} lie on the diagonal; adjusted Rand index "
        f"{number(float(found['adjusted_rand']))} (1 is equal, 0 is chance). {_percent(float(found['ambiguous_pairs']))} of "
        "the pairs of validation cases are ambiguous."
    )
    files = {name: stored.results[name] for name in _STORED_OF_OWN if name in stored.results}
    heading = "Validation cases clustered on their own"
    return [Table(columns, rows, numeric=frozenset(columns[1:]), caption=caption, heading=heading, tables=files)]


_STORED_OF_OWN = ("validation_contingency", "validation_clusters", "validation_labels")


def _crossed(table: pd.DataFrame, down: str, across: str, rows: list[str], columns: list[str]) -> list[tuple[str, list[int]]]:
    """The numbers of cases of each row, in the order of the columns."""
    counts: dict[tuple[str, str], int] = {}
    for one in table.to_dict("records"):
        key = (str(one[down]), str(one[across]))
        counts[key] = counts.get(key, 0) + int(one["patients"])
    return [(row, [counts.get((row, column), 0) for column in columns]) for row in rows]


def _agreement(stored: Stored) -> list[Block]:
    table = stored.results.get("agreement")
    if table is None:
        return []
    rows = tuple(
        (
            initial(str(row["fitted_in"])),
            initial(str(row["tested_in"])),
            f"{int(row['patients']):,}",
            Cell(number(float(row["adjusted_rand"])), float(row["adjusted_rand"])),
            str(row["against"]),
        )
        for row in table.to_dict("records")
    )
    columns = ("Subtypes found in", "Compared in", "Cases", "Adjusted Rand index", "with")
    caption = "Agreement of two partitions of the same cases: 1 is equal, 0 is chance."
    return [
        Table(
            columns,
            rows,
            numeric=frozenset(("Cases", "Adjusted Rand index")),
            caption=caption,
            folded="Agreement of partitions, every comparison",
            tables={"agreement": table},
        )
    ]


def _purity(stored: Stored) -> list[Block]:
    table, by = stored.results.get("cluster_purity"), stored.results.get("cluster_purity_by_subtype")
    if table is None or by is None:
        return []
    whole = by[by["subtype"] == "all"].iloc[0]
    rows = tuple(
        (
            f"Subtype {row['subtype']}",
            Cell(_percent(row["mean"]), row["mean"]),
            f"{_percent(row['lowest_2_5_percent'])} to {_percent(row['highest_2_5_percent'])}",
        )
        for row in by[by["subtype"] != "all"].to_dict("records")
    )
    caption = (
        f"The {count(int(table['patients'].iloc[0]), 'discovery case')} were divided {count(len(table), 'time')} into "
        f"{int(table['folds'].iloc[0])} parts; each part was left out, the others clustered, and the part assigned to the "
        f"nearest centroid. Of all cases {_percent(float(whole['mean']))} fell into their own subtype "
        f"({_percent(float(whole['lowest_2_5_percent']))} to {_percent(float(whole['highest_2_5_percent']))} in 95 % of the "
        "repeats). Above, of the cases assigned to a subtype, the share that belongs there. High purity says that the "
        "subtypes do not hang on single cases, not that there are groups."
    )
    columns = ("", "Purity", "In single repeats")
    tables = {"cluster_purity": table, "cluster_purity_by_subtype": by}
    heading = "Without a fifth of the cases"
    return [Table(columns, rows, numeric=frozenset(columns[1:]), caption=caption, heading=heading, tables=tables)]


def _associations(stored: Stored) -> list[Block]:
    table = stored.results.get("subtype_associations")
    if table is None:
        return []
    splits = {"all": "all cases"}
    rows = tuple(
        (
            initial(row["group"]),
            splits.get(row["split"], row["split"]),
            f"{int(row['n']):,}",
            Cell(f"{row['cramers_v']:.2f}", row["cramers_v"], f"{row['lower']:.2f} to {row['upper']:.2f}"),
            Cell(p_value(float(row["p_value"])).removeprefix("p ").removeprefix("= "), float(row["p_value"])),
        )
        for row in table.to_dict("records")
    )
    few = int((table["smallest_expected"] < 5).sum())
    caution = (
        f" In {number_word(few)} of these tables a cell is expected to hold fewer than 5 cases, so that p is rough."
        if few
        else ""
    )
    caption = (
        "Cramer's V of subtype and group, with its 95 % interval below and the p-value of the chi-square test: 0 when the "
        f"subtypes are spread alike over the groups, 1 when the group tells the subtype.{caution}"
    )
    columns = ("Group", "Cases of", "Cases", "Cramer's V", "p")
    return [
        Table(
            columns,
            rows,
            numeric=frozenset(columns[2:]),
            caption=caption,
            heading="Are the subtypes those of a cancer type or a modality?",
            tables={"subtype_associations": table},
        )
    ]


def _refinement(stored: Stored) -> list[Block]:
    table = stored.results.get("refinement")
    if table is None:
        return []
    names = natural(table["after"])
    rows = tuple(
        (f"Subtype {before}", *(shares(n, sum(counts)) for n in counts), f"{sum(counts):,}")
        for before, counts in _crossed(table, "before", "after", natural(table["before"]), names)
    )
    columns = ("Before", *[f"Refined {name}" for name in names], "All")
    caption = (
        "All cases were clustered together in the end; the report uses these refined subtypes. No case is independent of "
        "them, so what is said above of the validation cases concerns the subtypes before."
    )
    return [
        Table(
            columns,
            rows,
            numeric=frozenset(columns[1:]),
            caption=caption,
            heading="Before and after refinement",
            tables={"refinement": table},
        )
    ]


def _codes(stored: Stored) -> list[Block]:
    losses, correlations = stored.results.get("encoder_losses"), stored.results.get("code_correlations")
    if losses is None:
        return []
    rows = tuple(
        (
            initial(row["split"]),
            f"{int(row['n']):,}",
            number(float(row["loss"])),
            number(float(row["loss_of_mean"])),
            _percent(float(row["explained"])),
        )
        for row in losses.to_dict("records")
    )
    caption = (
        "The features were condensed to codes, learnt on the discovery cases, before cases were compared. Loss: mean of half "
        "the squared distance of a case and its reconstruction from the codes, features from 0 to 1; beside it the loss of "
        "taking every feature at its discovery mean, and the share of that which the codes explain. A much higher loss in "
        "validation would mean that the codes fit the discovery cases alone."
    )
    files = {name: stored.results[name] for name in ("encoder_losses", "encoder_descent") if name in stored.results}
    columns = ("Cases", "Number", "Loss", "Loss of the mean", "Explained")
    blocks: list[Block] = [
        Table(columns, rows, numeric=frozenset(columns[1:]), caption=caption, heading="Codes of the encoder", tables=files)
    ]
    if correlations is not None:
        splits = [split for split in ("discovery", "validation") if (correlations["split"] == split).any()]
        drawn = tuple(
            FigureBlock(
                code_correlations(correlations, split).svg,
                "Codes that correlate strongly count the same thing twice.",
                {f"code_correlations_{split}": correlations[correlations["split"] == split]},
            )
            for split in splits
            if correlations.loc[correlations["split"] == split, "correlation"].notna().any()
        )
        blocks.append(Row(drawn, heading="Correlation of the codes"))
    return blocks
