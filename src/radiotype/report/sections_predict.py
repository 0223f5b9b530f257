"""Sections on new patients: subtype and probabilities, nearest training tumours, and what lies outside the model's domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt
import pandas as pd

from radiotype.report.blocks import Block, Cell, Gallery, Picture, Section, Table, Text
from radiotype.report.cautions import is_refined
from radiotype.report.drawing import colours
from radiotype.report.overlays import three_planes
from radiotype.report.stored import KEY, Stored
from radiotype.report.words import clipped, count, listed, natural, number, plain
from radiotype.run.store import RunFolder

#: Cases that are shown with pictures; those outside the domain first.
MAX_SHOWN = 24

_GREY = "#c4cbd1"
_PICTURES = "results/neighbour_pictures.npz"


def is_prediction(stored: Stored) -> bool:
    """Whether the run assigned new cases, and did no study."""
    return stored.run.get("command") == "predict" and "predictions" in stored.results


def key_result(stored: Stored) -> str:
    """What became of the cases, in a sentence or two."""
    table = stored.results["predictions"]
    outside = int(table["outside_domain"].sum())
    if len(table) == 1:
        row = table.iloc[0]
        if not row["subtype"]:
            return f"No subtype: {plain(row['reason'])}."
        sure = f" with probability {row['probability']:.2f}" if row["probability"] == row["probability"] else ""
        verdict = (
            "It lies outside the domain of the model, so this means little."
            if outside
            else "It lies within the model's domain."
        )
        return f"Subtype {row['subtype']}{sure}. {verdict}"
    sizes = [f"{int((table['subtype'] == name).sum())} of subtype {name}" for name in natural(table["subtype"]) if name]
    return f"{count(len(table), 'region')}: {listed(sizes) or 'none with a subtype'}. {_domain(outside, len(table))}"


def sections(stored: Stored, folder: RunFolder) -> list[Section]:
    """The page of `radiotype predict`."""
    return [assignments(stored), beside_training(stored, folder), model_used(stored)]


def assignments(stored: Stored) -> Section:
    """Every region with its subtype and probabilities."""
    table = stored.results["predictions"]
    names = [name.removeprefix("probability_") for name in table.columns if name.startswith("probability_")]
    varying = [name for name in ("visit", "scan", "roi") if table[name].nunique() > 1]
    rows = tuple(
        (
            clipped(row["case_id"], 48),
            *([clipped(" · ".join(row[name] for name in varying if row[name]), 40) or "–"] if varying else []),
            row["subtype"] or "–",
            *(Cell(_share(row[f"probability_{name}"]), _sort(row[f"probability_{name}"])) for name in names),
            row["nearest_centroid"] or "–",
            Cell(_ratio(row["distance"]), _sort(row["distance"])),
            Cell("outside" if row["outside_domain"] else "inside", note="; ".join(_said(row))),
        )
        for row in table.to_dict("records")
    )
    columns = ("Case", *(["Region"] if varying else []), "Subtype", *(f"P({name})" for name in names))
    columns = (*columns, "Nearest centroid", "Distance", "Domain")
    caption = (
        "P: probability of each subtype by boosted trees, set right by training patients whom the trees had not seen; empty "
        "where the subtype is that of the nearest centroid. Distance: how far a case lies from the training cases, 1 is the "
        "limit within which 99 % of them lie."
    )
    numeric = frozenset((*(f"P({name})" for name in names), "Distance"))
    outside = int(table["outside_domain"].sum())
    block = Table(
        columns, rows, caption=caption, numeric=numeric, sortable=len(rows) > 1, filterable=len(rows) > 20,
        tables={"predictions": table},
    )  # fmt: skip
    return Section("assignments", "Subtypes", _domain(outside, len(table)), (block,))


def beside_training(stored: Stored, folder: RunFolder) -> Section:
    """Pictures of cases beside the training tumours that they are least unlike."""
    title = "Beside the nearest training tumours"
    table, near = stored.results["predictions"], stored.results.get("neighbours")
    if near is None:
        why = "The model came without its training tumours (the file model.tumours beside it), so there is nothing to compare."
        return Section("neighbours", title, why, tuple(_galleries(stored, folder, table, pd.DataFrame())))
    sentence = (
        "Each case and the training tumours whose codes are least unlike its own, nearest first. Looking alike is no proof: "
        "ask whether the case belongs among them."
    )
    return Section("neighbours", title, sentence, tuple(_galleries(stored, folder, table, near)))


def model_used(stored: Stored) -> Section:
    """Which model it was, and its card."""
    told = stored.results["model_used"]
    card = tuple(told.loc[told["what"] == "card", "value"])
    rows = tuple((what, clipped(value, 80)) for what, value in told.loc[told["what"] != "card", ["what", "value"]].to_numpy())
    blocks: tuple[Block, ...] = (Text(card, points=True, heading="Its card"), Table(("What", "Value"), rows, folded="The file"))
    return Section("model", "The model", "Nothing about the model was changed by the cases above.", blocks)


def frozen(stored: Stored) -> Section:
    """How the patients of a second cohort came to the subtypes of an earlier study."""
    table = stored.results["predictions"]
    outside = int(table["outside_domain"].sum())
    sentence = (
        "No subtype was found here: every patient was assigned by the frozen model of an earlier study. "
        f"{_domain(outside, len(table)).replace('case', 'patient')}"
    )
    both = table[(table["subtype"] != "") & (table["nearest_centroid"] != "")]
    agree = int((both["subtype"] == both["nearest_centroid"]).sum())
    known = table["probability"].dropna()
    points = [f"The nearest centroid gives {agree:,} of {count(len(both), 'patient')} the same subtype."] if len(both) else []
    if len(known):
        points.append(
            f"Median probability of the assigned subtype: {known.median():.2f}; below 0.5 in {int((known < 0.5).sum())}."
        )
    n = int((table["n_filled"] > 0).sum())
    if n:
        points.append(f"{count(n, 'patient')} had missing features, which were set to the medians of the training patients.")
    card = tuple(stored.results["model_used"].query("what == 'card'")["value"])
    blocks: list[Block] = [
        Text(tuple(points), points=True),
        Text(card, points=True, heading="Card of the model"),
        assignments(stored).blocks[0],
    ]
    return Section("frozen", "Subtypes of the frozen model", sentence, tuple(blocks))


_BEFORE_REFINEMENT = (
    "Its subtypes are those of the discovery patients before the refinement, and so are their numbers; the table “Before and "
    "after refinement” says which refined subtypes they became."
)


def model_made(stored: Stored) -> list[Section]:
    """The model that a study wrote; nothing where it wrote none."""
    steps, confusion = stored.results.get("model_steps"), stored.results.get("model_confusion")
    if steps is None:
        return []
    n, width = int(steps["patients"].iloc[0]), int(steps["features"].iloc[0])
    sentence = f"model.radiotype assigns new patients; it was learnt from {count(n, 'discovery patient')} alone."
    before = "refinement" in stored.results
    blocks: list[Block] = [
        Text(
            (
                f"Steps, on {count(width, 'feature')}: {listed([str(kind) for kind in steps['kind']])}. The nearest centroid "
                "is the rule of this study; boosted trees add probabilities. `radiotype predict` also says which cases lie "
                "outside the training domain.",
                *([_BEFORE_REFINEMENT] if before else []),
            )
        )
    ]
    if confusion is not None:
        names = natural(confusion["subtype"])
        cells = {(row["subtype"], row["predicted"]): int(row["patients"]) for row in confusion.to_dict("records")}
        rows = tuple((f"Subtype {name}", *(str(cells[name, other]) for other in names)) for name in names)
        own = "the subtype they had before the refinement" if is_refined(stored) else "the subtype of the study"
        right = sum(cells[name, name] for name in names)
        caption = (
            f"Discovery patients by {own} (rows) and the one that trees predict which never saw them "
            f"(columns): {right:,} of {sum(cells.values()):,} agree. Grown by {confusion['learner'].iloc[0]}."
        )
        columns = ("", *names)
        data = {"model_confusion": confusion}
        blocks.append(Table(columns, rows, caption=caption, numeric=frozenset(names), tables=data))
    return [Section("model", "The model for new patients", sentence, tuple(blocks))]


def _galleries(stored: Stored, folder: RunFolder, table: pd.DataFrame, near: pd.DataFrame) -> list[Block]:
    files: dict[tuple[str, ...], str] = {}
    if stored.overlays is not None:
        files = dict(zip(stored.overlays[KEY].itertuples(index=False, name=None), stored.overlays["file"], strict=True))
    training = folder.read_arrays(_PICTURES) if folder.has(_PICTURES) else {}
    tints = colours(natural([*table["subtype"], *(near["subtype"] if len(near) else ())]))
    ordered = table.sort_values("outside_domain", ascending=False, kind="stable")
    blocks: list[Block] = []
    for i, row in enumerate(ordered.head(MAX_SHOWN).to_dict("records")):
        key = tuple(row[name] for name in KEY)
        own = near[(near[KEY] == list(key)).all(axis=1)] if len(near) else near
        pictures = []
        if files.get(key):
            tint = tints.get(row["subtype"], _GREY)
            svg = _axial(folder.read_arrays(f"overlays/{files[key]}"), f"new {i}", tint, f"Case {row['case_id']}")
            flag = "outside the domain of the model" if row["outside_domain"] else ""
            pictures.append(Picture(svg, clipped(row["case_id"], 48), row["subtype"], tint, "this case", flag))
        for one in own.to_dict("records"):
            arrays = {plane: training[f"{one['tumour']}_{plane}"] for plane in _PLANE if f"{one['tumour']}_{plane}" in training}
            if arrays:
                label, tint = f"Training tumour {one['tumour']}", tints.get(one["subtype"], _GREY)
                svg = _axial(arrays, f"near {i} {one['rank']}", tint, label)
                pictures.append(Picture(svg, label, one["subtype"], tint, f"distance {number(float(one['distance']))}", ""))
        if pictures:
            caption = "Axial plane in which the region is largest, with its outline; the bar is 20 mm." if i == 0 else ""
            data = {"neighbours": near} if i == 0 and len(near) else {}
            blocks.append(Gallery(tuple(pictures), caption, data, heading=clipped(row["case_id"], 48)))
    if len(table) > MAX_SHOWN:
        left = f"Shown are {MAX_SHOWN} of {len(table):,} regions, those outside the domain first; neighbours.csv has them all."
        blocks.append(Text((left,), quiet=True))
    return blocks


_PLANE = ("image_axial", "mask_axial", "spacing_axial")


def _axial(arrays: Mapping[str, npt.NDArray[Any]], name: str, tint: str, label: str) -> str:
    return three_planes({plane: arrays[plane] for plane in _PLANE}, name, tint, label=f"{label}, axial plane with its contour")


def _said(row: Mapping[Any, Any]) -> list[str]:
    return [plain(row[name]) for name in ("reason", "remarks") if row[name]]


def _domain(outside: int, n: int) -> str:
    if not outside:
        return f"{'The case lies' if n == 1 else 'All cases lie'} within the domain of the model."
    which = "The case lies" if n == 1 else f"{outside} of {n} {'lies' if outside == 1 else 'lie'}"
    return f"{which} outside the domain of the model; a subtype there means little."


def _share(value: float) -> str:
    return "–" if value != value else f"{value:.2f}"


def _ratio(value: float) -> str:
    return "–" if value != value else number(float(value), 2)


def _sort(value: float) -> float | None:
    return None if value != value else float(value)
