"""Rows of measurements as tables in Markdown, beside their marks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pandas as pd
from shapes.masks import GOLDEN
from shapes.measured import NO_DETAIL, VARIANTS, rms

FEW_VOXELS = 100
LOW, HIGH = range(1, 9), range(9, 16)
WORST = 20

#: Largest change of an energy that counts as the same, by degree.
SAME = dict.fromkeys(LOW, 0.02) | dict.fromkeys(HIGH, 0.05)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")
    print()


def percent(share: float, digits: int = 1) -> str:
    return "-" if np.isnan(share) else f"{100 * share:.{digits}f} %"


def masks(rows: pd.DataFrame) -> None:
    """Each mark of the issue by collection, and the masks that miss it."""
    rows = rows.assign(finite=rows.get("finite", pd.Series(False, rows.index)).eq(True))
    fewer = rows["n_voxels"] < FEW_VOXELS
    rows["area"] = rows["finite"] & (rows["area_p1"] >= 0.5) & (rows["area_p99"] <= 2)
    rows["stairs"] = rows["finite"] & (rows["stairs_p1"] >= 0.5) & (rows["stairs_p99"] <= 2)
    rows["rms"] = rows["finite"] & ((rows["rms15_voxels"] <= 0.6) | (rows["rms15_of_radius"] <= 0.03))
    rows["whole"] = rows["finite"] & (fewer | (rows["degree"] == 15))
    groups = [*rows.groupby("collection", sort=False), ("**all**", rows)]
    header = [
        "collection",
        "masks",
        "finite",
        "of those >= 100 voxels",
        "flipped",
        "area 0.5-2",
        "with stairs",
        "settled",
        "RMS mark",
    ]
    header += ["RMS 15 / 20 / 25, voxels (median)", "95th percentile", "vertices", "sweeps", "CPU s", "95th percentile"]
    print(
        "## Masks\n\n"
        "finite: energies up to degree 15, a lower one below 100 voxels. area: 1st and 99th percentile of the area ratio of "
        "squares within 0.5 to 2,\nof the surface without the stairs of its voxels, and (with stairs) of the voxel surface as it "
        "is. settled: the map came to rest.\nRMS mark: at degree 15 at most 0.6 original voxels or 3 % of the mean radius. A mask "
        "without values misses every mark.\n"
    )
    table(header, ([name, *_summary(group)] for name, group in groups))
    marks = (
        ("finite, all masks", rows["finite"].mean(), 0.99),
        ("finite, masks of 100 voxels or more", rows.loc[~fewer, "whole"].mean(), 1.0),
        ("no flipped triangle, masks with values", (rows.loc[rows["finite"], "flipped"] == 0).mean(), 1.0),
        ("area ratio within 0.5 to 2, without stairs", rows["area"].mean(), 0.95),
        ("area ratio within 0.5 to 2, with stairs", rows["stairs"].mean(), 0.95),
        ("RMS at degree 15", rows["rms"].mean(), 0.90),
    )
    table(["mark", "reached", "asked", ""], ([n, percent(x), percent(y, 0), _verdict(x >= y)] for n, x, y in marks))
    refused = rows[rows["status"] != "ok"]
    print(f"Refused: {len(refused)}.\n")
    if len(refused):
        table(["collection", "mask", "voxels", "reason"], refused[["collection", "mask", "n_voxels", "status"]].to_numpy())
    _golden(rows)
    stretch = np.maximum(1 / rows["area_p1"] / 2, rows["area_p99"] / 2)
    over = np.minimum(rows["rms15_voxels"] / 0.6, rows["rms15_of_radius"] / 0.03)
    _worst("area ratio", rows[~rows["area"]], stretch)
    _worst("RMS at degree 15", rows[~rows["rms"]], over)
    _worst("a degree below 15 or no value with 100 voxels or more", rows[~rows["whole"]], rows["n_voxels"])


def _summary(group: pd.DataFrame) -> list[str]:
    large = group.loc[group["n_voxels"] >= FEW_VOXELS, "whole"]
    medians = " / ".join(f"{group[f'rms{degree}_voxels'].median():.2f}" for degree in (15, 20, 25))
    return [
        str(len(group)),
        percent(group["finite"].mean()),
        f"{percent(large.mean())} of {len(large)}",
        f"{group['flipped'].sum():.0f}",
        percent(group["area"].mean()),
        percent(group["stairs"].mean()),
        percent(group["settled"].eq(True).mean()),
        percent(group["rms"].mean()),
        medians,
        f"{group['rms15_voxels'].quantile(0.95):.2f}",
        f"{group['vertices'].median():,.0f}",
        f"{group['sweeps'].median():.0f}",
        f"{group['cpu_s'].mean():.2f}",
        f"{group['cpu_s'].quantile(0.95):.2f}",
    ]


def _verdict(reached: bool) -> str:
    return "reached" if reached else "**missed**"


def _golden(rows: pd.DataFrame) -> None:
    """The two tumours of the published example beside their own maps."""
    lines = []
    for golden in GOLDEN:
        ours = rows[rows["mask"] == golden.name].iloc[0]
        arrays = golden.arrays()
        voxel_mm = float(np.prod(arrays["spacing_mm"] * 4)) ** (1 / 3)
        shipped = [rms(arrays["sphere_final"], arrays["vertices_mm"], degree) / voxel_mm for degree in (15, 20, 25)]
        found = [ours[f"rms{degree}_voxels"] for degree in (15, 20, 25)]
        cells = [f"{a:.3f} / {b:.3f}" for a, b in zip(found, shipped, strict=True)]
        lines.append([golden.name, *cells, _verdict(found[0] <= shipped[0])])
    print("Published example, RMS in original voxels, ours / its own map:\n")
    table(["tumour", "degree 15", "20", "25", "no worse at 15"], lines)


def _worst(mark: str, missing: pd.DataFrame, badness: pd.Series) -> None:
    print(f"Missing the mark of {mark}: {len(missing)}" + (f", the worst {WORST}:\n" if len(missing) > WORST else ".\n"))
    if missing.empty:
        return
    worst = missing.loc[badness[missing.index].sort_values(ascending=False, na_position="first").index[:WORST]]
    header = ["collection", "mask", "voxels", "parts kept", "changed", "handles", "vertices", "area 1 / 99 %"]
    table(
        [*header, "RMS 15 / 20 / 25, voxels", "RMS 15, of radius"],
        (
            [
                one.collection,
                one.mask,
                one.n_voxels,
                percent(one.kept),
                percent(one.changed, 2),
                one.handles,
                f"{one.vertices:,.0f}",
                f"{one.area_p1:.2f} / {one.area_p99:.2f}",
                f"{one.rms15_voxels:.2f} / {one.rms20_voxels:.2f} / {one.rms25_voxels:.2f}",
                percent(one.rms15_of_radius),
            ]
            for one in worst.itertuples()
        ),
    )


def _by_degree(rows: pd.DataFrame, shares: Callable[[int, pd.Series], Sequence[str]], header: Sequence[str]) -> None:
    degrees = [degree for degree in SAME if f"l{degree}" in rows]
    table(["degree", *header], ([degree, *shares(degree, rows[f"l{degree}"])] for degree in degrees))


def independence(rows: pd.DataFrame) -> None:
    """Per degree the share of masks whose energy another start or split leaves as it is."""
    print(
        "## Map independence\n\nShare of masks whose energy changes by less than the mark with another start of the map, and "
        "with the other split of the\nsquares. Masks of few voxels count up to their degree; where a map fails, every degree "
        f"counts as changed. Energies below {NO_DETAIL:g}\nmean radii are rounding.\n"
    )
    rows = rows.copy()
    degrees = [degree for degree in SAME if f"l{degree}" in rows]
    columns = [f"l{degree}" for degree in degrees]
    rows.loc[rows["failed"], columns] = np.inf
    worst = rows.groupby(["collection", "mask"], sort=False)[columns].max()
    sensitive = []

    def shares(degree: int, all_: pd.Series) -> list[str]:
        mark, by_variant = SAME[degree], rows["variant"]
        single = [percent((all_[by_variant == variant].dropna() <= mark).mean()) for variant in VARIANTS]
        together = worst[f"l{degree}"].dropna()
        share = float((together <= mark).mean())
        if share < 0.9:
            sensitive.append(degree)
        return [percent(mark, 0), *single, percent(share), percent(together.median(), 2), percent(together.quantile(0.9), 2)]

    _by_degree(rows, shares, ["mark", *VARIANTS, "all three", "median of the largest change", "90th percentile"])
    within = pd.DataFrame({column: ~(worst[column] > SAME[int(column[1:])]) for column in columns})
    low, high = (within[[f"l{d}" for d in part if f"l{d}" in within]].all(axis=1) for part in (LOW, HIGH))
    by = low.index.get_level_values("collection")
    print("Share of masks with every degree within its mark:\n")
    groups = [*((name, by == name) for name in dict.fromkeys(by)), ("**all**", np.ones(len(by), dtype=bool))]
    table(
        ["collection", "masks", "1-8 within 2 %", "9-15 within 5 %", "both"],
        ([name, sum(at), *(percent(s[at].mean()) for s in (low, high, low & high))] for name, at in groups),
    )
    print(f"Asked: 90 % of the masks. Degrees below that on their own (`map_sensitive`): {sensitive or 'none'}.")
    print(f"1-8: {_verdict(low.mean() >= 0.9)}. 9-15: {_verdict(high.mean() >= 0.9)}.\n")


def exact_turns(rows: pd.DataFrame) -> None:
    print(
        "## Turns, mirrors, moves, orders\n\nLargest relative change over all masks; entropies and axis scales where the axes "
        "differ by more than 2 %. Asked: 1e-4, aim 1e-6.\n"
    )
    _failures(rows)
    done = rows[~rows["failed"]]
    lines = []
    for variant, group in done.groupby("variant", sort=False):
        found = [float(group[name].max()) for name in ("energies", "entropies", "axes")]
        count = f"{group['own_axes'].sum()} of {len(group)}"
        lines.append([variant, *(f"{x:.1e}" for x in found), count, _verdict(np.nanmax(found) <= 1e-4)])
    table(["what", "energies", "entropies", "axis scales", "masks with own axes", "1e-4"], lines)


def _failures(rows: pd.DataFrame) -> None:
    failed = rows[rows["failed"]]
    if len(failed):
        print(f"Without values, not among what follows: {len(failed)} ({', '.join(sorted(set(failed['mask'])))}).\n")


def arbitrary_turns(rows: pd.DataFrame) -> None:
    print(
        "## Arbitrary turns\n\nThe signed distance to the surface of the mask (between the centres of voxels, in mm) is read "
        "linearly at a grid of 0.5 mm,\nonce as it lies and at two turns by chance; positive is inside. Change of each energy "
        "between as it lies and turned. Asked: median at most 3 %.\n"
    )
    _failures(rows)
    too_large = rows["variant"] == "too large"
    print(
        f"Masks: {rows['mask'].nunique() - too_large.sum()}; left out as their box at 0.5 mm is too large: {too_large.sum()}.\n"
    )
    done = rows[~rows["failed"] & ~too_large]

    def medians(degree: int, changes: pd.Series) -> list[str]:
        median = float(changes.median())
        return [percent(median, 2), percent(changes.quantile(0.9), 2), _verdict(median <= 0.03)]

    _by_degree(done, medians, ["median", "90th percentile", "3 %"])
    every = done[[f"l{degree}" for degree in SAME if f"l{degree}" in done]].to_numpy()
    print(f"All degrees together: median {percent(float(np.nanmedian(every)), 2)}.\n")


def scales(rows: pd.DataFrame) -> None:
    print("## Scale\n\nLargest relative change of any feature without a unit, all masks. Asked: below 1 %.\n")
    _failures(rows)
    by_scale = rows[~rows["failed"]].groupby("variant", sort=False)["features"].max()
    table(["voxels", "largest change", "1 %"], ([name, f"{x:.1e}", _verdict(x < 0.01)] for name, x in by_scale.items()))
