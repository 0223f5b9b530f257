"""Pictures of cases: three planes with the contour that was measured, and the regions that margin features compare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from radiotype.core.reasons import WITH_CARE
from radiotype.report.blocks import Gallery, Picture
from radiotype.report.drawing import colours, draw, place
from radiotype.report.figures_margins import region_colours, region_legend
from radiotype.report.stored import KEY, Stored
from radiotype.report.words import clipped, count, natural, number
from radiotype.run.store import RunFolder

#: Pictures in the report, and how many of them are kept for regions with a flag.
MAX_PICTURES = 24
MAX_FLAGGED = 6

#: A flag that more than this fraction of the regions carries says nothing about one of them.
_COMMON = 0.5
#: A fraction of dropped voxels above this is worth a look.
DROPPED = 0.1
#: A fraction of voxels above this that the shape described has more or less than the one drawn.
UNLIKE = 0.01
#: What a value of a flag of the shape says.
_SPHARM = {
    "spharm_axes_degenerate 1": WITH_CARE["axes_degenerate"],
    "spharm_map_settled 0": WITH_CARE["map_sensitive"],
}

#: What the left edge and the top edge of each plane show, in the order in which planes are stored for a reader.
_PLANES = {"axial": ("R", "A"), "coronal": ("R", "S"), "sagittal": ("A", "S")}
#: How much of a pixel is the colour of its region; the rest is the scan.
REGION_OPACITY = 0.6

#: Swatch of a region without a subtype.
_NO_SUBTYPE = "#c4cbd1"
#: What the caption says of the fourth picture.
_REGIONS = (
    "The fourth picture is the axial one with the regions that the margin features compared, each pixel as the nearest voxel "
    "that was measured; a wider parenchymal margin contains the narrower. "
)
#: What it says of a parenchyma that was found.
_FOUND = "The dotted line is the organ tissue that was found automatically; the parenchymal margins lie within it. "
_PARENCHYMA = "#7fd1ff"
_BOX_PX = 158.0
_GAP_PX = 6.0
_LETTER: dict[str, Any] = {
    "color": "#ffffff",
    "fontsize": 7,
    "bbox": {"boxstyle": "round,pad=0.15", "facecolor": "#000000", "edgecolor": "none", "alpha": 0.5},
}


def flag_words(features: pd.DataFrame) -> dict[tuple[str, ...], str]:
    """Per region with something to look at, what that is: missing features or quality flags that most regions do not have.

    Flags that count voxels are no flags; a fraction of dropped voxels counts above a tenth. Of the shape by spherical harmonics
    only what makes it another shape than the one drawn.
    """
    raised = [{name for name, value in row.items() if _is_raised(name, float(value))} for row in features["flags"]]
    common = {name for name in set().union(*raised) if sum(name in row for row in raised) > _COMMON * len(raised)}
    words = {}
    for key, status, flags, names in zip(
        features[KEY].itertuples(index=False, name=None), features["status"], features["flags"], raised, strict=True
    ):
        found = (
            ["worth a look: some features have no value (the section on failed and partial cases says why)"]
            if status == "partial"
            else []
        )
        found += [_flag(name, float(flags[name])) for name in sorted(names - common)]
        if found:
            words[key] = "; ".join(found)
    return words


def _is_raised(name: str, value: float) -> bool:
    if name.startswith("spharm_"):
        unlike = {"spharm_kept_fraction": 1 - value, "spharm_changed_fraction": value}.get(name, 0.0)
        return unlike > UNLIKE or f"{name} {value:g}" in _SPHARM
    return bool(value) and "voxels" not in name and ("dropped" not in name or value > DROPPED)


def _flag(name: str, value: float) -> str:
    if name == "spharm_kept_fraction":
        return f"worth a look: {100 * (1 - value):.0f} % of the voxels lie apart, and shape features leave them out"
    if name == "spharm_changed_fraction":
        return (
            f"worth a look: {100 * value:.0f} % of the voxels had to be filled or left out, since a shape without holes and "
            "handles is described"
        )
    if f"{name} {value:g}" in _SPHARM:
        return f"worth a look: {_SPHARM[f'{name} {value:g}']}"
    if name == "parenchyma_not_restricted":
        return (
            "no organ mask was given, so the parenchymal margins may reach into other organs: no fault of the picture, but "
            "read the features of these margins with care"
        )
    if name == "parenchyma_doubtful":
        return (
            "worth a look: the organ tissue was found automatically, and something speaks against it (cases.parquet says "
            "what); the parenchymal margins lie within the dotted line"
        )
    if name.startswith("margin_dropped_"):
        region = name.removeprefix("margin_dropped_").replace("_", " ").replace("mm", " mm")
        return (
            f"worth a look: {100 * value:.0f} % of the voxels of the region {region} are darker or brighter than the features "
            "can count, so its margin features may mislead"
        )
    text = name.replace("_", " ")
    return f"worth a look: {text if value == 1 else f'{text} {number(value, 2)}'}"


def chosen_pictures(stored: Stored) -> pd.DataFrame:
    """Which pictures are shown: regions with flags first, then the first of each subtype in turn, by case id.

    At most one region per patient: the one that stands for the patient, otherwise one with a flag, otherwise the first by key.

    Returns
    -------
    data frame
        Columns of the key, file, subtype, cancer_type, modality, flag and why, ordered by subtype and case id.
    """
    if stored.overlays is None:
        return pd.DataFrame(columns=[*KEY, "file", "subtype", "cancer_type", "modality", "flag", "why"])
    flags = flag_words(stored.features) if len(stored.features) else {}
    known = {tuple(row[name] for name in KEY): row for row in stored.regions.to_dict("records")}
    table = stored.overlays.copy()
    for name in ("subtype", "cancer_type", "modality"):
        table[name] = [known.get(key, {}).get(name, "") for key in table[KEY].itertuples(index=False, name=None)]
    table["flag"] = [flags.get(key, "") for key in table[KEY].itertuples(index=False, name=None)]
    table["rank"] = np.where(table["subtype"] != "", 0, np.where(table["flag"] != "", 1, 2))
    table = table.sort_values(["rank", *KEY[1:]], kind="stable").drop_duplicates("patient_id").drop(columns="rank")
    table = table.sort_values(KEY[1:], kind="stable").reset_index(drop=True)
    why: dict[int, str] = dict.fromkeys(table.index[table["flag"] != ""][:MAX_FLAGGED].tolist(), "flagged")
    queues = [[i for i in table.index[table["subtype"] == name].tolist() if i not in why] for name in natural(table["subtype"])]
    while len(why) < MAX_PICTURES and any(queues):
        for queue in queues:
            if queue and len(why) < MAX_PICTURES:
                why[queue.pop(0)] = "first of its subtype"
    place_of = {name: i for i, name in enumerate(natural(table["subtype"]))}
    shown = table.loc[sorted(why)].assign(why=[why[i] for i in sorted(why)])
    return shown.sort_values("subtype", key=lambda column: column.map(place_of), kind="stable").reset_index(drop=True)


def gallery(stored: Stored, folder: RunFolder) -> Gallery:
    """The chosen pictures with their captions."""
    shown = chosen_pictures(stored)
    tints = colours(stored.subtype_names)
    volumes = _volumes(stored)
    several = {name: stored.regions[name].nunique() > 1 for name in ("scan", "roi")}
    pictures = []
    with_regions = with_parenchyma = False
    for i, row in enumerate(shown.to_dict("records")):
        key = tuple(row[name] for name in KEY)
        tint = tints.get(row["subtype"], _NO_SUBTYPE)
        arrays = folder.read_arrays(f"overlays/{row['file']}")
        kind = row["cancer_type"] if stored.has_cancer_types else ""
        scan = row["scan"] if several["scan"] and row["scan"] != row["modality"] else ""
        roi = row["roi"] if several["roi"] else ""
        parts = (kind, row["modality"], clipped(scan, 30), clipped(roi, 30), volumes.get(key, ""))
        where = " · ".join(part for part in parts if part)
        with_regions |= "regions_axial" in arrays
        with_parenchyma |= "parenchyma_axial" in arrays
        svg = three_planes(arrays, f"case {i + 1}", tint, label=f"Case {row['case_id']} in three planes with its contour")
        swatch = tint if stored.subtype_names else ""
        pictures.append(Picture(svg, clipped(row["case_id"], 48), row["subtype"], swatch, where, row["flag"]))
    shown.insert(0, "picture", np.arange(1, len(shown) + 1))
    shown["volume"] = [volumes.get(tuple(row[name] for name in KEY), "") for row in shown.to_dict("records")]
    total = 0 if stored.overlays is None else len(stored.overlays)
    flagged = int((shown["why"] == "flagged").sum())
    colour, others = "", "the first"
    if stored.subtype_names:
        colour = ", in the colour of the subtype, grey when the region took no part in finding or assigning subtypes"
        others = "the first of each subtype in turn"
    caption = (
        f"Axial, coronal and sagittal plane in which the region is largest; the outline is the mask that was measured{colour}; "
        f"the bar is 20 mm; letters say which side of the patient an edge shows. {_REGIONS if with_regions else ''}"
        f"{_FOUND if with_parenchyma else ''}"
        f"Shown are {count(len(shown), 'region')} of {total:,}, at most one per patient"
        + (f": {flagged} with a remark, then {others} by case id" if total > len(shown) else "")
        + ". The rest lie in the folder overlays/ of the run as NPZ arrays (index.parquet says which is which)."
    )
    legend = region_legend(stored) if with_regions else ()
    return Gallery(tuple(pictures), caption, {"case_pictures": shown}, legend)


def _volumes(stored: Stored) -> dict[tuple[str, ...], str]:
    """Volume of each region in words; cm³ where the record is in mm³."""
    for record in stored.records:
        if "volume" in record.name and record.unit == "mm3":
            return {
                tuple(row[name] for name in KEY): f"{number(row[record.name] / 1000)} cm³"
                for row in stored.features[[*KEY, record.name]].to_dict("records")
                if np.isfinite(row[record.name])
            }
    return {}


def three_planes(arrays: Mapping[str, npt.NDArray[Any]], name: str, tint: str, *, label: str) -> str:
    """Three planes at one scale, each with the contour of its mask; a fourth picture shows the regions in the axial one.

    Parameters
    ----------
    arrays : mapping
        `image_<plane>` (rows, columns) uint8, `mask_<plane>` bool, `spacing_<plane>` (2,) mm per row and column;
        `regions_axial` and `region_names` where there are any; `parenchyma_<plane>` bool where it was found.
    name : str
        Name of the drawing.
    tint : str
        Colour of the contour.
    label : str
        What it shows.

    Returns
    -------
    str
        An `svg` element.
    """
    planes = [plane for plane in _PLANES if f"image_{plane}" in arrays]
    tiles = [*planes, *(["regions"] if "regions_axial" in arrays else [])]
    across = len(planes) if tiles == planes else 2
    sizes = {plane: np.array(arrays[f"image_{plane}"].shape) * arrays[f"spacing_{plane}"] for plane in planes}
    extent = max((float(size.max()) for size in sizes.values()), default=1.0)

    def paint(figure: Figure) -> None:
        for i, tile in enumerate(tiles):
            axes = place(figure, i % across * (_BOX_PX + _GAP_PX), i // across * (_BOX_PX + _GAP_PX), _BOX_PX, _BOX_PX)
            axes.set_facecolor("#000000")
            plane = "axial" if tile == "regions" else tile
            image, spacing_mm = arrays[f"image_{plane}"], arrays[f"spacing_{plane}"]
            if tile == "regions":
                _image(axes, coloured(image, arrays["regions_axial"], len(arrays["region_names"])), spacing_mm)
            else:
                _image(axes, image, spacing_mm)
                if f"parenchyma_{plane}" in arrays:
                    _dotted(axes, arrays[f"parenchyma_{plane}"], spacing_mm)
                _contour(axes, arrays[f"mask_{plane}"], spacing_mm, tint)
            middle = sizes[plane] / 2
            axes.set_xlim(middle[1] - extent / 2, middle[1] + extent / 2)
            axes.set_ylim(middle[0] + extent / 2, middle[0] - extent / 2)
            axes.set(xticks=[], yticks=[])
            for spine in axes.spines.values():
                spine.set_visible(False)
            side, top = _PLANES[plane]
            for x, y, letter in ((0.04, 0.5, side), (0.5, 0.95, top)):
                axes.text(x, y, letter, transform=axes.transAxes, va="center", ha="center", **_LETTER)
            if i == len(planes) - 1:
                _bar(axes, extent)

    width, height = (n * (_BOX_PX + _GAP_PX) - _GAP_PX for n in (max(across, 1), -(-len(tiles) // max(across, 1)) or 1))
    return draw(name, (width, height), paint, label=label).replace("image-rendering:crisp-edges;image-rendering:pixelated", "")


def coloured(image: npt.NDArray[Any], labels: npt.NDArray[Any], n_regions: int) -> npt.NDArray[np.uint8]:
    """A picture with every region tinted in its colour, (rows, columns, 3); labels run from 1, 0 stays as it is."""
    tints = np.array([(0.0, 0.0, 0.0), *(to_rgb(colour) for colour in region_colours(n_regions - 2))]) * 255
    share = np.where(labels > 0, REGION_OPACITY, 0.0)[..., None]
    return np.rint(image[..., None] * (1 - share) + tints[labels] * share).astype(np.uint8)


def _image(axes: Axes, image: npt.NDArray[Any], spacing_mm: npt.NDArray[Any]) -> None:
    height, width = (n * float(step) for n, step in zip(image.shape[:2], spacing_mm, strict=True))
    axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="none", extent=(0, width, height, 0), aspect="auto")


def _contour(axes: Axes, mask: npt.NDArray[Any], spacing_mm: npt.NDArray[Any], tint: str) -> None:
    rows, columns = mask.shape
    padded = np.pad(np.asarray(mask, dtype=float), 1)
    x = (np.arange(columns + 2) - 0.5) * float(spacing_mm[1])
    y = (np.arange(rows + 2) - 0.5) * float(spacing_mm[0])
    if padded.any():
        axes.contour(x, y, padded, levels=[0.5], colors=["#000000"], linewidths=2.6, alpha=0.45)
        axes.contour(x, y, padded, levels=[0.5], colors=[tint], linewidths=1.5)


def _dotted(axes: Axes, tissue: npt.NDArray[Any], spacing_mm: npt.NDArray[Any]) -> None:
    """The outline of the organ tissue; the end of the picture is no outline."""
    rows, columns = tissue.shape
    x = (np.arange(columns) + 0.5) * float(spacing_mm[1])
    y = (np.arange(rows) + 0.5) * float(spacing_mm[0])
    if tissue.any() and not tissue.all() and min(tissue.shape) > 1:
        axes.contour(x, y, tissue.astype(float), levels=[0.5], colors=[_PARENCHYMA], linewidths=1.1, linestyles="dotted")


def _bar(axes: Axes, extent: float) -> None:
    length = 20.0 / extent
    ends = ([0.95 - length, 0.95], [0.05, 0.05])
    for color, width in (("#000000", 4.0), ("#ffffff", 2.0)):
        axes.plot(*ends, transform=axes.transAxes, color=color, linewidth=width, solid_capstyle="butt")
