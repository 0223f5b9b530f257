"""Section on what the subtypes mean: families of features, single features, and the medoid tumour of each subtype."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from radiotype.report.blocks import Block, Cell, FigureBlock, Row, Section, Table, Text, figure
from radiotype.report.cautions import is_refined, no_subtypes
from radiotype.report.drawing import PAGE_PX, Drawn, colours
from radiotype.report.figures_family_scores import family_pairs
from radiotype.report.figures_radar import LEAST_AXES, radar
from radiotype.report.figures_solids import Lane, Solid, solid_table
from radiotype.report.figures_volcano import volcano
from radiotype.report.notes import gathered
from radiotype.report.sections_molecular import bare_p
from radiotype.report.stored import Stored
from radiotype.report.words import clipped, count, feature_name, feature_title, initial, listed, natural, number
from radiotype.run.store import RunFolder

TITLE = "What the subtypes mean"

#: A difference is found if its q-value lies below this; it is named in the sentence if it has this size or more.
LEVEL, WORTH_NAMING = 0.05, 0.5
#: Features of one subtype in the table, those with the largest differences.
MAX_FEATURES = 12

_HALF = (PAGE_PX - 24) / 2
_NUMERIC = frozenset(("Difference", "q", "Spread", "Validation", "Without the family", "ssGSEA"))
_WARNING = (
    "These features formed the subtypes. That they differ in the same patients is how the subtypes were made: there q-values "
    "rank features and prove nothing. New patients alone do not change this, for whoever is assigned by a feature differs in "
    "it, also where there are no subtypes. The column “Without the family” is the test: validation patients assigned by the "
    "discovery patients’ means of all features but those of the family compared. A difference there says that this family "
    "goes with the others, as in kinds of tumours; features that go together in all tumours, such as size and shape, will "
    "show it as well."
)


def meaning(stored: Stored, folder: RunFolder) -> Section:
    """What the run stored of features, families and medoids; a sentence where there is nothing."""
    results = stored.results
    if no_subtypes(stored):
        return Section("meaning", TITLE, "No stable subtypes were found, so there is nothing that they could mean.")
    blocks: list[Block] = []
    families, features = results.get("family_differences"), results.get("feature_differences")
    if families is not None or features is not None:
        blocks.append(Text((_WARNING,), heading="How to read this"))
    if families is not None:
        blocks += _families(stored, families)
    if features is not None:
        blocks += _features(stored, features)
    if "medoids" in results:
        blocks += _medoids(stored, folder)
    notes = [note for name in ("meaning_notes", "medoid_notes") if name in results for note in results[name]["note"]]
    if notes:
        blocks.append(Text(tuple(gathered(notes)), points=True, quiet=True, heading="What was not compared or drawn"))
    sentence = _sentence(stored, families) if families is not None else ""
    if not sentence:
        sentence = "Families of features could not be compared." if blocks else "This run stored nothing on this."
    return Section("meaning", TITLE, sentence, tuple(blocks))


def _part(table: pd.DataFrame, split: str = "all", by: str = "all features") -> pd.DataFrame:
    return table[(table["stratum"] == "all") & (table["split"] == split) & (table["assigned_by"] == by)]


def _sentence(stored: Stored, table: pd.DataFrame) -> str:
    """The families that set each subtype apart."""
    rows = _part(table[table["score"] == "mean"])
    if not rows["q_value"].notna().any():
        return ""
    rows = rows[(rows["q_value"] < LEVEL) & (rows["standardised"].abs() >= WORTH_NAMING)]
    parts = []
    for name in stored.subtype_names:
        own = rows[rows["group"] == name].to_dict("records")
        words = [f"{'more' if row['standardised'] > 0 else 'less'} {row['family']}" for row in own]
        if words:
            parts.append(f"subtype {name} has {listed(words)}")
    if not parts:
        size = f"{WORTH_NAMING:g} standard deviations or more"
        return f"In no family of features is a subtype found to differ by {size} from all other patients."
    return f"{initial('; '.join(parts))}, each against all other patients."


def _families(stored: Stored, table: pd.DataFrame) -> list[Block]:
    blocks: list[Block] = []
    scores = stored.results.get("family_scores")
    if scores is not None:
        means = scores[scores["score"] == "mean"]
        if means["family"].nunique() >= LEAST_AXES:
            caption = (
                "Mean of the features of a family on the scale of the discovery patients, 0 in the middle and 1 at the rim, "
                "each turned so that more means larger, more symmetric, more regular, more different across the margin. "
                "Line: median of the subtype; band: its quartiles; dashed: median of all patients."
            )
            blocks.append(figure(radar(means, stored.subtype_names), "family_radar", caption, heading="Families of features"))
        blocks += _pairs(stored, means)
    known = stored.results.get("feature_families")
    whole = _part(table)
    means, ranked = whole[whole["score"] == "mean"], _by_key(whole[whole["score"] == "ssgsea"], "family")
    held = _part(table[table["score"] == "mean"], "validation", "other families")
    others = _by_key(held, "family")
    validation = _by_key(_part(table[table["score"] == "mean"], "validation"), "family")
    rows = []
    for row in means.to_dict("records"):
        key = (str(row["group"]), str(row["family"]))
        rows.append(
            (
                f"Subtype {row['group']}",
                initial(str(row["family"])),
                _effect(row, interval=True),
                Cell(bare_p(float(row["q_value"])), float(row["q_value"])),
                _effect(validation.get(key)),
                _effect(others.get(key)),
                _effect(ranked.get(key)),
            )
        )
    files = {name: stored.results[name] for name in ("family_differences", "family_scores") if name in stored.results}
    files |= {} if known is None else {"feature_families": known}
    caption = (
        "Each subtype against all other patients, in standard deviations within subtypes with 95 % interval, adjusted for "
        "cancer type; q-values (Benjamini-Hochberg) are corrected over the families of one comparison. ssGSEA is the score "
        "of the publication: how far a family stands above the other features of the same patient, so that a family can seem "
        "lower because another is higher. Which feature belongs to which family is a choice (feature_families.csv)."
    )
    columns = ("Subtype", "Family", "Difference", "q", "Validation", "Without the family", "ssGSEA")
    blocks.append(Table(columns, tuple(rows), numeric=_NUMERIC, caption=caption, tables=files, sortable=True))
    left = stored.results.get("family_left_out")
    if left is not None:
        points = [
            f"Without {row['family']} ({count(int(row['features']), 'feature')}), {row['kept']:,} of "
            f"{count(int(row['patients']), 'validation patient')} keep their subtype."
            for row in left.to_dict("records")
        ]
        blocks.append(Text(tuple(points), points=True))
    return blocks


def _pairs(stored: Stored, means: pd.DataFrame) -> list[Block]:
    if means["family"].nunique() < 2:
        return []
    drawn = family_pairs(means, stored.subtype_names)
    n, shown = len(drawn.data), int(drawn.data["drawn"].sum())
    thinned = f" {shown:,} of {n:,} cases are drawn, evenly from every subtype; all stand in the CSV." if shown < n else ""
    both = drawn.data["split"].nunique() > 1
    splits = " discovery cases filled, validation cases open," if both else ""
    caption = (
        f"The same means, every two families against each other:{splits} each case in the colour of its subtype.{thinned} "
        "Subtypes were cut out of these features, so they lie apart here by construction; whether there is a gap between "
        "them is what to look for."
    )
    return [figure(drawn, "family_pairs", caption, heading="Cases by families of features")]


def _by_key(table: pd.DataFrame, column: str) -> dict[tuple[str, str], dict[Any, Any]]:
    return {(str(row["group"]), str(row[column])): row for row in table.to_dict("records")}


def _effect(row: Mapping[Any, Any] | None, *, interval: bool = False) -> Cell:
    if row is None or not np.isfinite(row["standardised"]):
        return Cell("–")
    size = float(row["standardised"])
    note = f"q {bare_p(float(row['q_value']))}"
    if interval:
        note = f"{number(float(row['standardised_lower']), 2)} to {number(float(row['standardised_upper']), 2)}"
    return Cell(number(size, 2), size, note)


def _features(stored: Stored, table: pd.DataFrame) -> list[Block]:
    """A volcano per subtype, and the features that differ most."""
    names = _names(stored, table)
    whole = _part(table)
    volcanoes = []
    for i, name in enumerate(natural(whole["group"]), start=1):
        own = whole[whole["group"] == name]
        if not (own["standardised"].notna() & own["p_value"].notna()).any():
            continue
        drawn = volcano(
            own.set_index(own["feature"].map(names)).rename(columns={"effect": "raw", "standardised": "effect"}),
            title=f"Subtype {name} against all other patients",
            threshold=LEVEL,
            effect_name="Difference, standard deviations within subtypes",
            sides=(f"lower in {name}", f"higher in {name}"),
            name=f"feature volcano {i}",
            size_px=(_HALF, 380),
            n_labels=8,
        )
        n = own.iloc[0]
        sizes = f"{int(n['n_group']):,} against {count(int(n['n_reference']), 'patient')}."
        volcanoes.append(FigureBlock(drawn.svg, sizes, {f"feature_volcano_{i:02d}": drawn.data}))
    blocks: list[Block] = [Row(tuple(volcanoes), heading="Features that differ")] if volcanoes else []
    return [*blocks, _feature_table(table, whole, names)]


def _names(stored: Stored, table: pd.DataFrame) -> dict[str, str]:
    """Features in words, no two alike."""
    records = {record.name: record for record in stored.records}
    names = {str(name): str(name) for name in table["feature"].unique()}
    for words in (feature_title, feature_name):
        said = pd.Series({name: words(records[name]) for name in names if name in records}, dtype=object)
        names |= {str(name): str(word) for name, word in said[~said.duplicated(keep=False)].items()}
    return names


def _feature_table(table: pd.DataFrame, whole: pd.DataFrame, names: Mapping[str, str]) -> Table:
    validation = _by_key(_part(table, "validation"), "feature")
    others = _by_key(_part(table, "validation", "other families"), "feature")
    found = whole[(whole["q_value"] < LEVEL) & (whole["q_value_unequal"] < LEVEL)]
    size = found["standardised"].abs()
    top = (
        found.assign(size=size)
        .sort_values("size", ascending=False, kind="stable")
        .groupby("group", sort=False)
        .head(MAX_FEATURES)
    )
    rows = []
    for row in top.sort_values(["group", "size"], ascending=[True, False], kind="stable").to_dict("records"):
        key = (str(row["group"]), str(row["feature"]))
        spread = float(row["deviation_group"]) / float(row["deviation_reference"]) if row["deviation_reference"] > 0 else np.nan
        rows.append(
            (
                f"Subtype {row['group']}",
                clipped(names[row["feature"]], 48),
                _effect(row, interval=True),
                Cell(
                    bare_p(float(row["q_value"])),
                    float(row["q_value"]),
                    f"own variances {bare_p(float(row['q_value_unequal']))}",
                ),
                Cell(number(spread, 2), spread),
                _effect(validation.get(key)),
                _effect(others.get(key)),
            )
        )
    only = int(((whole["q_value"] < LEVEL) & (whole["q_value_unequal"] >= LEVEL)).sum())
    untested = int(((whole["q_value"] < LEVEL) & whole["q_value_unequal"].isna()).sum())
    caption = (
        f"Of each subtype the {MAX_FEATURES} largest differences to all other patients that are found (q < {LEVEL:g}) both "
        "with one variance for all subtypes and with a variance for each; sizes by their logarithm, adjusted for cancer "
        "type. Spread: standard deviation within the subtype over that within the others; far from 1, trust the q-value with "
        f"own variances. {count(only, 'difference')} of {len(whole):,} {'is' if only == 1 else 'are'} found only with one "
        f"variance for all{f', and {untested:,} could not be tested with a variance for each' if untested else ''}. The CSV "
        "holds every feature, in every cancer type and split."
    )
    columns = ("Subtype", "Feature", "Difference", "q", "Spread", "Validation", "Without the family")
    folded = f"The largest differences ({len(rows):,})"
    return Table(
        columns,
        tuple(rows),
        numeric=_NUMERIC,
        caption=caption,
        sortable=True,
        folded=folded,
        tables={"feature_differences": table},
    )


def _medoids(stored: Stored, folder: RunFolder) -> list[Block]:
    """The medoid tumour of each subtype and its reconstructions."""
    table, errors = stored.results["medoids"], stored.results.get("medoid_reconstructions")
    if not folder.has("results/medoids.npz"):
        return []
    arrays = folder.read_arrays("results/medoids.npz")
    degrees = sorted(set(errors["degree"])) if errors is not None else []
    tints = colours(stored.subtype_names)
    lanes = []
    for row in table.to_dict("records"):
        name = str(row["subtype"])
        solids = [_solid(arrays, f"vertices_mm_{name}", f"faces_{name}", "")]
        for degree in degrees:
            own = errors[(errors["subtype"] == name) & (errors["degree"] == degree)] if errors is not None else pd.DataFrame()
            note = f"{number(float(own['rms_mm'].iloc[0]), 2)} mm off" if len(own) else ""
            solids.append(_solid(arrays, f"reconstruction_mm_{name}_{degree}", "sphere_faces", note))
        volume = f"\n{number(float(row['volume_mm3']) / 1000)} cm³" if np.isfinite(row["volume_mm3"]) else ""
        details = f"case {clipped(str(row['case_id']), 14)}{volume}"
        lanes.append(Lane(f"Subtype {name}", details, tints.get(name, "#5b7083"), solids))
    heads = ["As drawn", *[f"Degree {degree}" for degree in degrees]]
    svg = solid_table(lanes, heads, name="medoid tumours", label="The medoid tumour of each subtype in three dimensions")
    caption = (
        "The discovery patient of each subtype that is least unlike the others of it in what was clustered: one real tumour, "
        "not an average. Left the surface of its mask, then what spherical harmonics up to a degree keep of it, with the "
        "root mean square distance from that surface. Seen from the front of the patient, a little from the patient’s left "
        "and above; each row at a scale of its own. Only the largest part of a mask is put together from harmonics."
    )
    if is_refined(stored):
        caption += " Subtypes here are those before all patients were clustered again: a medoid may have another number since."
    data = table if errors is None else table.merge(errors, on="subtype", how="left", suffixes=("", "_of_reconstruction"))
    return [figure(Drawn(data, svg), "medoids", caption, heading="Medoid tumours")]


def _solid(arrays: Mapping[str, npt.NDArray[Any]], vertices: str, faces: str, note: str) -> Solid | None:
    if vertices not in arrays:
        return None
    return Solid(np.asarray(arrays[vertices], dtype=np.float64), arrays[faces], note)
