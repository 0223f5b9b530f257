"""Agreement of every shape feature over four readers and over deformed masks; its relation to what the readers saw.

Usage: python benchmarks/readers.py [JOBS]
Needs the shared data folder (RADIOTYPE_SHARED, or ../shared): masks of 162 lung nodules (LIDC-IDRI), four readers each;
there are no images, so only features of the mask are measured. Some 10 minutes in one process, less with JOBS processes. Writes
benchmarks/results/shape_readers.csv (every feature) and .md, and figure and table of docs/how-to/feature-stability.md.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import ndimage

from radiotype import stats
from radiotype.core import Cohort, FeatureTable, Mask
from radiotype.features import FeatureSettings, family
from radiotype.imaging.perturb import SMOOTHNESS_MM, deform
from radiotype.io import read_cohort, read_mask
from radiotype.run import Workers
from radiotype.run.engine import describe_cohort
from radiotype.studies import feature_stability, reader_agreement
from radiotype.studies.stability import one_way

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("RADIOTYPE_SHARED", ROOT.parent / "shared")) / "data" / "imaging" / "lidc_pylidc_multirater"
RESULTS, PAGE = ROOT / "benchmarks" / "results" / "shape_readers", ROOT / "docs" / "how-to" / "feature-stability.md"
BEGIN, END = "<!-- written by benchmarks/readers.py -->", "<!-- end of what it wrote -->"

SETTINGS = FeatureSettings(families=("spharm", "morphology"))
READERS = (1, 2, 3, 4)
AMOUNT_MM, N_DEFORMED, SEED = 1.0, 1, 0
HIGH_DEGREES = range(9, 16)
APART_MM = (0, 1, 2, 3, 4, 6, 8, 12)


def cohort(folder: Path, nodules: pd.DataFrame, readers: tuple[int, ...]) -> Cohort:
    """A case per nodule, a region per reader; where there is no image, the first mask stands for it."""
    masks = DATA / "masks"
    rows = [
        {"patient_id": one.patient_id, "case_id": one.nodule, "scan": "CT", "modality": "OT", "reader": reader,
         "image": masks / f"{one.nodule}_r1.nii.gz", "mask": masks / f"{one.nodule}_r{reader}.nii.gz"}
        for one in nodules.itertuples() for reader in readers
    ]  # fmt: skip
    manifest = folder / f"manifest-{len(readers)}.csv"
    pd.DataFrame(rows).to_csv(manifest, index=False)
    return read_cohort(manifest)


def distinct() -> dict[str, str]:
    """The group of each feature that repeats no other."""
    records = [one for name in SETTINGS.families for one in family(name).records(SETTINGS)]
    return {one.name: group(one) for one in records if "duplicate_of" not in one.detail}


def group(record) -> str:
    if record.family == "morphology":
        return "morphology"
    kind = record.name.split("_")[1]
    return kind if kind in ("energy", "entropy", "magnitude") else "size and axes"


def joined(readers: stats.Findings, moved: stats.Findings) -> pd.DataFrame:
    """One row per distinct feature: agreement of the readers and over deformation, with limits and numbers of nodules."""
    table = pd.DataFrame({"group": distinct()})
    for name, found in (("readers", readers), ("deformed", moved)):
        one = found.to_frame().reindex(table.index)
        table[[f"{name}_icc", f"{name}_lower", f"{name}_upper", f"{name}_n"]] = one[["effect", "lower", "upper", "n"]]
    table["degree"] = table.index.str.extract(r"_l(\d+)(?:_|$)")[0].to_numpy(dtype=float)
    return table


def surfaces_apart(nodules: pd.DataFrame) -> dict[str, np.ndarray]:
    """Root mean square distance of two surfaces, mm, and how far apart it takes the same sign (APART_MM)."""
    random = np.random.default_rng(SEED)
    pairs: dict[str, list[tuple[Mask, Mask]]] = {"two readers": [], "deformed": []}
    for number, name in enumerate(nodules["nodule"]):
        masks = [read_mask(DATA / "masks" / f"{name}_r{reader}.nii.gz") for reader in READERS]
        pairs["two readers"] += combinations(masks, 2)
        pairs["deformed"].append((masks[0], deform(masks[0], amount_mm=AMOUNT_MM, seed=number)))
    found = {}
    for kind, several in pairs.items():
        distances, products, counts = [], np.zeros(len(APART_MM) - 1), np.zeros(len(APART_MM) - 1)
        for one, other in several:
            place, off = offsets(one, other)
            distances.append(np.sqrt(np.mean(off**2)))
            some = random.choice(len(off), min(len(off), 300), replace=False)
            apart = np.linalg.norm(place[some, None] - place[some], axis=2)
            product = np.outer(off[some], off[some]) / max(np.mean(off[some] ** 2), 1e-9)
            for n, (low, high) in enumerate(pairwise(APART_MM)):
                within = (apart > low) & (apart <= high)
                products[n] += product[within].sum()
                counts[n] += within.sum()
        found[kind] = np.array([*np.percentile(distances, [25, 50, 75]), *products / counts])
    return found


def offsets(one: Mask, other: Mask) -> tuple[np.ndarray, np.ndarray]:
    """Middles of the faces of one surface, mm, and their signed distances from the other surface."""
    region, target = np.pad(one.data, 8), np.pad(other.data, 8)
    spacing = np.array(one.grid.spacing_mm)
    outside, inside = (ndimage.distance_transform_edt(mask, sampling=spacing) for mask in (~target, target))
    signed = outside - inside
    places, values = [], []
    for axis in range(3):
        low = np.argwhere(np.diff(region, axis=axis))
        high = low.copy()
        high[:, axis] += 1
        places.append((low + high) / 2 * spacing)
        values.append((signed[tuple(low.T)] + signed[tuple(high.T)]) / 2)
    return np.concatenate(places), np.concatenate(values)


def scores(nodules: pd.DataFrame, table: FeatureTable) -> pd.DataFrame:
    """Spearman of the readers' mean scores with features of their masks, averaged over the readers."""
    by_case = table.values.groupby(table.keys["case_id"].to_numpy()).mean().loc[nodules["nodule"]]
    energies = [f"spharm_energy_l{degree}" for degree in HIGH_DEGREES]
    high = np.sqrt((table.values[energies] ** 2).sum(axis=1, skipna=False)).groupby(table.keys["case_id"].to_numpy()).mean()
    measures = {
        f"energy, degrees {HIGH_DEGREES[0]} to {HIGH_DEGREES[-1]} together": high.loc[nodules["nodule"]],
        **{f"energy, degree {degree}": by_case[f"spharm_energy_l{degree}"] for degree in (2, 3, 5, 8, 12, 15)},
        "sphericity": by_case["sphericity"],
        "volume": by_case["volume_mm3"],
    }
    rows = {}
    for score in ("spiculation", "lobulation"):
        readings = nodules[[f"{score}_r{reader}" for reader in READERS]].to_numpy(dtype=float)
        rows["(the scores themselves: ICC of one reader)", score] = one_way(pd.DataFrame(readings))
        for name, values in measures.items():
            there = values.notna().to_numpy()
            rows[name, score] = stats.spearman(values[there].to_numpy(), readings.mean(axis=1)[there])
    return pd.DataFrame.from_dict(
        {key: [f"{one.effect:.2f} ({one.lower:.2f} to {one.upper:.2f})", one.n] for key, one in rows.items()},
        orient="index", columns=["value", "n"],
    ).set_axis(pd.MultiIndex.from_tuples(rows, names=["of", "score"]))  # fmt: skip


def with_limits(row: pd.Series, kind: str) -> str:
    return f"{row[f'{kind}_icc']:.2f} ({row[f'{kind}_lower']:.2f} to {row[f'{kind}_upper']:.2f})"


def middle(rows: pd.DataFrame, kind: str) -> str:
    values = rows[f"{kind}_icc"].dropna()
    return f"{values.median():.2f} ({values.min():.2f} .. {values.max():.2f})"


def by_degree(table: pd.DataFrame) -> list[str]:
    lines = ["| degree | nodules | energy: readers | deformed | entropy: readers | deformed | magnitudes: readers | deformed |"]
    lines.append("|" + "---|" * 8)
    for degree in sorted(table["degree"].dropna().unique()):
        of = dict(list(table[table["degree"] == degree].groupby("group")))
        energy, entropy, sizes = of["energy"].iloc[0], of["entropy"].iloc[0], of["magnitude"]
        cells = [f"{degree:.0f}", f"{energy['readers_n']:.0f}"]
        cells += [with_limits(one, kind) for one in (energy, entropy) for kind in ("readers", "deformed")]
        cells += [middle(sizes, kind) for kind in ("readers", "deformed")]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def singly(table: pd.DataFrame) -> list[str]:
    lines = ["| feature | readers | deformed |", "|---|---|---|"]
    for name, row in table[table["degree"].isna()].iterrows():
        lines.append(f"| `{name}` | {with_limits(row, 'readers')} | {with_limits(row, 'deformed')} |")
    return lines


def by_group(table: pd.DataFrame) -> list[str]:
    lines = ["| group | features | readers: median (range) | lower limit > 0.75 | deformed | lower limit > 0.75 |"]
    lines.append("|" + "---|" * 6)
    for name, rows in [*table.groupby("group", sort=False), ("all", table)]:
        cells = [name, str(len(rows))]
        for kind in ("readers", "deformed"):
            cells += [middle(rows, kind), str((rows[f"{kind}_lower"] > 0.75).sum())]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def of_scores(found: pd.DataFrame) -> list[str]:
    lines = ["| | nodules | spiculation | lobulation |", "|---|---|---|---|"]
    for name, rows in found.groupby(level="of", sort=False):
        values = rows.droplevel("of")["value"]
        lines.append(f"| {name} | {rows['n'].iloc[0]} | {values['spiculation']} | {values['lobulation']} |")
    return lines


def of_surfaces(found: dict[str, np.ndarray]) -> list[str]:
    steps = [f"{low} to {high} mm" for low, high in pairwise(APART_MM)]
    lines = [f"| | distance of the surfaces, mm: median (quartiles) | {' | '.join(steps)} |", "|" + "---|" * (2 + len(steps))]
    for name, (first, half, third, *agree) in found.items():
        lines.append(f"| {name} | {half:.2f} ({first:.2f} to {third:.2f}) | {' | '.join(f'{one:.2f}' for one in agree)} |")
    return lines


def draw(table: pd.DataFrame, path: Path) -> None:
    """Agreement by degree, and of every feature without one."""
    import matplotlib
    from matplotlib.figure import Figure

    colours = {"readers": ("#0072b2", "o", "four readers"), "deformed": ("#d55e00", "D", f"deformed by {AMOUNT_MM:g} mm")}
    style = {"svg.fonttype": "none", "svg.hashsalt": path.name, "font.size": 9, "font.family": "sans-serif"}
    with matplotlib.rc_context(style | {"axes.spines.top": False, "axes.spines.right": False, "axes.titlelocation": "left"}):
        figure = Figure(figsize=(9.6, 8.2), layout="constrained")
        above, below = figure.subfigures(2, 1, height_ratios=[1, 1.45])
        panels = dict(zip(("energy", "entropy", "magnitude"), above.subplots(1, 3, sharey=True), strict=True))
        words = {"energy": "Energies", "entropy": "Entropies", "magnitude": "Magnitudes (median, range)"}
        for kind, title in words.items():
            axes, rows = panels[kind], table[table["group"] == kind]
            for side, (name, (colour, marker, label)) in zip((-0.12, 0.12), colours.items(), strict=True):
                x = np.array(sorted(rows["degree"].unique()))
                if kind == "magnitude":
                    value, low, high = (rows.groupby("degree")[f"{name}_icc"].agg(how) for how in ("median", "min", "max"))
                else:
                    value, low, high = (rows[f"{name}_{part}"] for part in ("icc", "lower", "upper"))
                axes.vlines(x + side, low, high, color=colour, alpha=0.45, linewidth=2)
                axes.plot(x + side, value, color=colour, marker=marker, markersize=3.5, linewidth=1, label=label)
            axes.set(
                title=title,
                xlabel="degree",
                ylim=(min(0, table["readers_icc"].min() - 0.05), 1.02),
                xticks=[1, 3, 5, 7, 9, 11, 13, 15],
            )
            axes.grid(axis="y", color="#e8ebee")
            axes.axhline(0.75, color="#5d6975", linewidth=0.8, linestyle=(0, (4, 3)))
        panels["energy"].set_ylabel("intraclass correlation")
        panels["energy"].legend(frameon=False, loc="lower left")
        axes, rows = below.subplots(), table[table["degree"].isna()].iloc[::-1]
        y = np.arange(len(rows))
        for side, (name, (colour, marker, _)) in zip((0.14, -0.14), colours.items(), strict=True):
            axes.hlines(y + side, rows[f"{name}_lower"], rows[f"{name}_upper"], color=colour, alpha=0.45, linewidth=2)
            axes.plot(rows[f"{name}_icc"], y + side, color=colour, marker=marker, markersize=3.5, linestyle="none")
        axes.set_yticks(y, [name.replace("_", " ") for name in rows.index])
        low = min(rows["readers_lower"].min(), rows["deformed_lower"].min())
        axes.set(
            title="Size and simple shape (95 % limits)", xlabel="intraclass correlation", xlim=(min(0.5, low - 0.02), 1.005)
        )
        axes.set_ylim(-0.7, len(rows) - 0.3)
        axes.grid(axis="x", color="#e8ebee")
        axes.axvline(0.75, color="#5d6975", linewidth=0.8, linestyle=(0, (4, 3)))
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


def main() -> None:
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    nodules = pd.read_csv(DATA / "nodules.csv").query("ok == 1").sort_values("nodule")
    start, used = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as name:
        everyone = describe_cohort(cohort(Path(name), nodules, READERS), SETTINGS, executor=Workers(jobs).executor())
        moved = feature_stability(
            cohort(Path(name), nodules, READERS[:1]), SETTINGS,
            amount_mm=AMOUNT_MM, n_deformed=N_DEFORMED, seed=SEED, workers=Workers(jobs),
        )  # fmt: skip
    seconds, cpu = time.perf_counter() - start, time.process_time() - used
    table = joined(reader_agreement(everyone.table, agreement=one_way), moved)  # nodules differ in their readers
    surfaces, relation = surfaces_apart(nodules), scores(nodules, everyone.table)
    gaps = [
        (one.key.case_id, one.key.roi, one.code or "some features have no value")
        for one in everyone.outcomes
        if one.status != "ok"
    ]
    n_refused = everyone.table.values["spharm_energy_l1"].isna().sum() + everyone.n_failed
    setting = (
        f"{len(nodules)} lung nodules of LIDC-IDRI, four readers each, one-way ICC of a single reading with 95 % limits; "
        f"and the masks of reader 1 beside the same, deformed by {AMOUNT_MM:g} mm (smooth over {SMOOTHNESS_MM:g} mm, "
        f"seed {SEED}). {len(table)} features that repeat no other."
    )
    refused = f"Masks without a spherical map: {n_refused} of {len(everyone.outcomes)}."
    versions = ", ".join(f"{one} {family(one).algorithm_version}" for one in SETTINGS.families)
    groups, degrees, rest, seen = by_group(table), by_degree(table), singly(table), of_scores(relation)
    apart = of_surfaces(surfaces)
    report = [
        "# Shape features over readers and deformed masks",
        "",
        "`python benchmarks/readers.py`",
        "",
        setting,
        "",
        refused,
    ]
    report += [f"Algorithm versions: {versions}.", *(f"{case} {roi}: {code}" for case, roi, code in gaps)]
    report += ["", "## By group", "", *groups, "", "## By degree", "", *degrees, "", "## Size and simple shape", "", *rest]
    report += ["", "## What the readers saw: Spearman's rho with their mean score", "", *seen]
    report += ["", "## How far surfaces lie apart, and how that agrees between places so far from each other", "", *apart, ""]
    RESULTS.with_suffix(".md").write_text("\n".join(report), encoding="utf-8")
    table.drop(columns="degree").round(4).to_csv(RESULTS.with_suffix(".csv"), index_label="feature", lineterminator="\n")
    draw(table, PAGE.with_suffix(".svg"))
    page = PAGE.read_text(encoding="utf-8")
    before, after = page[: page.index(BEGIN)], page[page.index(END) :]
    written = [BEGIN, "", setting + " " + refused, "", *groups, "", *degrees, "", *seen, "", *apart, ""]
    PAGE.write_text(before + "\n".join(written) + "\n" + after, encoding="utf-8")
    print("\n".join(report))
    print(f"{seconds:.0f} s of wall time, {cpu:.0f} s of CPU time in this process, to describe the masks")


if __name__ == "__main__":
    main()
