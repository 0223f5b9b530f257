"""Section on the subtypes beside the conventional radiomics model."""

from __future__ import annotations

from typing import Any

import pandas as pd

from radiotype.report.blocks import Block, Cell, Row, Section, Table, Text, figure
from radiotype.report.drawing import colours
from radiotype.report.figures_scores import SCORES, concordance_dots, score_by_volume
from radiotype.report.sections_molecular import bare_p
from radiotype.report.stored import Stored
from radiotype.report.words import count, initial, number, p_value, plain, scrubbed

Rows = tuple[tuple[str | Cell, ...], ...]

_NUMERIC = frozenset(
    ("Patients", "Events", "Subtypes", "Conventional", "Difference", "p", "Hazard ratio", "Coefficient", "rho")
)
_OPENINGS = (
    "There is no conventional", "Of the conventional", "The LASSO kept", "The subtypes were not compared", "No concordance in",
    "Scores were not compared in",
    "There are no validation patients", "No correlation of the score",
)  # fmt: skip
_OF_VOLUME = "without a measured tumour volume"


def conventional(stored: Stored) -> Section:
    """C of both scores in validation, the test of their difference, and both against volume."""
    title, results = "Subtypes against conventional radiomics", stored.results
    table, difference = results.get("risk_concordance"), results.get("risk_difference")
    missing = tuple(scrubbed(note) for note in stored.notes if note.startswith(_OPENINGS) or _OF_VOLUME in note)
    notes: list[Block] = [Text(missing, points=True, heading="What was left out")] if missing else []
    if table is None:
        return Section("conventional", title, "The subtypes could not be compared with a conventional model.", tuple(notes))
    split = "validation" if (table["split"] == "validation").any() else "discovery"
    blocks: list[Block] = [Text((_how(stored, split),), quiet=True)]
    shown = table[table["split"] == split]
    blocks.append(
        figure(concordance_dots(shown, "risk_concordance"), "risk_concordance_shown", "", heading=f"{initial(split)} patients")
    )
    scores, volumes = results.get("risk_scores"), results.get("risk_and_volume")
    own = None if scores is None else scores[scores["split"] == split]
    if own is not None and own["volume_mm3"].notna().any():
        drawn = [
            score_by_volume(own, score, _rank(volumes, score, "all", split), colours(stored.subtype_names)) for score in SCORES
        ]
        pictures = tuple(figure(one, f"{score}_by_volume", "") for one, score in zip(drawn, SCORES, strict=True))
        blocks.append(Row(pictures, heading="Score and tumour volume"))
    if difference is not None:
        blocks.append(_differences(table, difference))
    if volumes is not None:
        blocks.append(_volumes(volumes))
    model = results.get("conventional_model")
    if model is not None:
        blocks.append(_model(model, results.get("conventional_path")))
    empty = model is not None and not model["coefficient"].any()
    return Section("conventional", title, _sentence(difference, volumes, split, empty), (*blocks, *notes))


def _how(stored: Stored, split: str) -> str:
    asked: Any = (stored.recipe.get("evidence") or {}).get("comparator") or {}
    path = stored.results.get("conventional_path")
    chosen = (
        "" if path is None else f" ({count(int(path['n'].iloc[0]), 'patient')}, {count(int(path['events'].iloc[0]), 'event')})"
    )
    family = plain(asked.get("family"))
    text = (
        f"The conventional model is a LASSO-Cox model of the {family} features, learnt on the discovery "
        f"patients alone{chosen}, lambda by {asked.get('folds')}-fold cross-validation there; the score of a subtype is its "
        "log hazard among them. Pairs of patients are compared within their cancer type only."
    )
    if split == "discovery":
        text += (
            " Nothing could be compared in validation: these are the patients whom both scores were learnt on, and C flatters."
        )
    return text


def _rank(volumes: pd.DataFrame | None, score: str, stratum: str, split: str) -> pd.Series | None:
    if volumes is None:
        return None
    rows = volumes[(volumes["score"] == score) & (volumes["stratum"] == stratum) & (volumes["split"] == split)]
    return rows.iloc[0] if len(rows) else None


def _sentence(difference: pd.DataFrame | None, volumes: pd.DataFrame | None, split: str, empty: bool) -> str:
    rows = None if difference is None else difference[(difference["stratum"] == "all") & (difference["split"] == split)]
    if rows is None or not len(rows):
        return "How well both scores order the patients is shown; their difference could not be tested in all patients."
    row = rows.iloc[0]
    p = float(row["p_value"])
    gap = float(row["difference"])
    if p < 0.05:
        verdict = f"The {'subtypes' if gap > 0 else 'conventional scores'} order survival better"
    else:
        verdict = "Neither was shown to order survival better"
    own, other = float(row["subtypes"]), float(row["conventional"])
    text = (
        f"In {count(int(row['n']), split + ' patient')} ({count(int(row['events']), 'event')}) Harrell's C is "
        f"{own:.2f} for the subtypes and {other:.2f} for the conventional radiomics model"
        f"{', which kept no feature and orders nobody' if empty else ''}. "
        f"{verdict} (difference {number(gap, 2)}, 95 % interval {number(float(row['lower']), 2)} to "
        f"{number(float(row['upper']), 2)}, {p_value(p)})"
    )
    ranks = {score: _rank(volumes, score, "all", split) for score in SCORES}
    known = {score: float(rank["rho"]) for score, rank in ranks.items() if rank is not None}
    if len(known) == len(SCORES):
        text += (
            f". The conventional score goes with tumour volume by a rank correlation of {number(known['conventional'], 2)}, "
            f"that of the subtypes by {number(known['subtypes'], 2)}"
        )
    return text + "."


def _who(row: dict[Any, Any]) -> str:
    who = "all cancer types" if row["stratum"] == "all" else plain(row["stratum"])
    return f"{initial(who)}, {row['split']}"


def _differences(table: pd.DataFrame, difference: pd.DataFrame) -> Table:
    columns = ("Patients of", "Patients", "Events", "Subtypes", "Conventional", "Difference", "p")
    limits = {
        (row["stratum"], row["split"], row["score"]): f"{row['lower']:.2f} to {row['upper']:.2f}"
        for row in table.to_dict("records")
    }
    rows: Rows = tuple(
        (
            _who(row),
            *(Cell(f"{int(row[name]):,}", float(row[name])) for name in ("n", "events")),
            *(
                Cell(f"{row[name]:.3f}", float(row[name]), limits.get((row["stratum"], row["split"], name), ""))
                for name in SCORES
            ),
            Cell(
                number(float(row["difference"]), 2),
                float(row["difference"]),
                f"{number(row['lower'], 2)} to {number(row['upper'], 2)}",
            ),
            Cell(bare_p(float(row["p_value"])), float(row["p_value"])),
        )
        for row in difference.to_dict("records")
    )
    caption = (
        "Harrell's C with 95 % intervals, and the test of the difference (both scores are of the same patients). Rows of "
        "discovery are of the patients whom both scores were learnt on: they flatter, most of all the model of more features. "
        "p-values are not corrected for the number of rows."
    )
    files = {"risk_concordance": table, "risk_difference": difference}
    return Table(columns, rows, heading="Concordance", caption=caption, numeric=_NUMERIC, tables=files)


def _volumes(volumes: pd.DataFrame) -> Table:
    rows: Rows = tuple(
        (
            _who(row),
            SCORES[row["score"]][1],
            Cell(f"{int(row['n']):,}", float(row["n"])),
            Cell(number(float(row["rho"]), 2), float(row["rho"]), f"{number(row['lower'], 2)} to {number(row['upper'], 2)}"),
            Cell(bare_p(float(row["p_value"])), float(row["p_value"])),
        )
        for row in volumes.to_dict("records")
    )
    caption = "Spearman's rank correlation of each score with the volume of the tumour, with 95 % intervals."
    columns = ("Patients of", "Score", "Patients", "rho", "p")
    folded = "Scores and tumour volume, by cancer type"
    return Table(columns, rows, caption=caption, numeric=_NUMERIC, folded=folded, tables={"risk_and_volume": volumes})


def _model(model: pd.DataFrame, path: pd.DataFrame | None) -> Table:
    kept = model[model["coefficient"] != 0]
    kept = kept.reindex(
        kept["hazard_ratio_per_deviation"].map(lambda ratio: max(ratio, 1 / ratio)).sort_values(ascending=False).index
    )
    rows = tuple(
        (
            plain(row["feature"]) + (" (logarithm)" if row["logarithm"] else ""),
            Cell(number(float(row["coefficient"])), float(row["coefficient"])),
            Cell(number(float(row["hazard_ratio_per_deviation"])), float(row["hazard_ratio_per_deviation"])),
        )
        for row in kept.to_dict("records")
    )
    caption = (
        f"{count(len(kept), 'feature')} of {len(model):,} that the LASSO kept; the hazard ratio is per standard deviation in "
        "discovery. Their coefficients are shrunk, and have no intervals."
    )
    files = {"conventional_model": model} | ({} if path is None else {"conventional_path": path})
    columns = ("Feature", "Coefficient", "Hazard ratio")
    return Table(columns, rows, caption=caption, numeric=_NUMERIC, folded="The conventional model", tables=files)
