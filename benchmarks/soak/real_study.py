"""Real tumours of lung, sarcoma, brain and breast through features, agreement and two whole studies.

Run: python benchmarks/soak/real_study.py [folder]; some 15 minutes of one core. In the folder the runs and their reports are
kept, and a second call measures only what has changed. Needs the shared data folder (RADIOTYPE_SHARED, or ../shared): lung
nodules of LIDC-IDRI drawn by four readers (masks without scans), sarcomas on CT, MR and PET, and the cases that have a scan.
Prints a summary and writes it to benchmarks/results/real_study.md. Fails if a region has neither features nor a reason.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import pandas as pd
import readers
import real_cases

from radiotype import stats, studies
from radiotype.core import Cohort, FeatureTable
from radiotype.core.reasons import MISSING
from radiotype.errors import CODES
from radiotype.features import FeatureSettings
from radiotype.genomics import gene_set_scores
from radiotype.io import read_cohort
from radiotype.report.headline import key_result, warnings
from radiotype.report.stored import load
from radiotype.run.outcome import Extraction
from radiotype.run.run import open_run
from radiotype.run.store import RunFolder
from radiotype.stats import Findings, icc
from radiotype.studies import reader_agreement
from radiotype.studies.feature_families import FAMILIES, family_of
from radiotype.studies.image_settings import ImageSettings, ParenchymaSettings
from radiotype.studies.images import prepared
from radiotype.studies.selection import SIZE_UNITS, logarithm_of_sizes
from radiotype.studies.stability import agreement_between, one_way
from radiotype.subtypes import RobustScaler01

DATA = real_cases.SHARED / "data" / "imaging"
RESULTS = Path(__file__).resolve().parents[1] / "results" / "real_study.md"
SHAPE = FeatureSettings(families=("spharm", "morphology"))
ALL = FeatureSettings(families=("spharm", "morphology", "margin"))
GRIDS = {"CT": "CT", "MR_T1": "MR", "PET": "PT"}
CANCERS = {"STS": "sarcoma", "brain": "brain", "UPENN": "brain", "breast": "breast", "UCSF": "breast"}
SCORES = ("spiculation", "lobulation")
LOW, HIGH = range(2, 6), range(9, 16)
LEAST = 0.75

SUBTYPES = {"k_range": [2, 6], "n_resamples": 1000}
STUDIES = {
    "masks": {
        "title": "Shapes of real tumours",
        "features": {"families": list(SHAPE.families)},
        "robustness": {"n_patients": 30, "least_icc": 0.5},
    },
    "scans": {
        "title": "Real scans",
        "features": {"families": ["spharm", "margin"]},
        "images": {"harmonise": {"spacing_mm": 1.0, "intensity": "z_score"}},
        "parenchyma": {"find": "auto", "organ": "organ"},
        "robustness": {"n_patients": 20},
    },
}


def cancer(case: str) -> str:
    """Of a case by its name; what is not named here is lung."""
    return next((kind for name, kind in CANCERS.items() if case.startswith(name)), "lung")


def organ(kind: str) -> str:
    """What is found automatically around a tumour of this kind; nothing around a sarcoma."""
    return "" if kind == "sarcoma" else kind


def scans() -> pd.DataFrame:
    """Every region that has a scan."""
    rows = pd.DataFrame(real_cases.manifest_rows(DATA))
    return rows.assign(cancer=rows["case_id"].map(cancer), organ=rows["case_id"].map(cancer).map(organ))


def sarcomas() -> pd.DataFrame:
    """One contour on the grids of CT, MR and PET; `drawn` where there is a scan too, else the mask stands for it."""
    rows = [
        {"case_id": folder.name, "scan": f"{name}_image", "modality": modality, "image": folder / f"{name}_mask.nii.gz",
         "mask": folder / f"{name}_mask.nii.gz", "has_scan": (folder / f"{name}_image.nii.gz").exists(), "cancer": "sarcoma"}
        for folder in sorted((DATA / "ibsi_validation_sts51" / "nifti").iterdir()) for name, modality in GRIDS.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def one_each(rows: pd.DataFrame) -> pd.DataFrame:
    """One scan and one region per patient; sarcomas alternate between CT and MR; every third patient is validation."""
    wanted = ~rows["scan"].isin(["dce_phase0", "dce_phase2", "ser_map_ucsf"]) & (rows["roi"] != "node")
    wanted &= rows["reader"].isin(["", "1"])
    sarcoma = rows["cancer"] == "sarcoma"
    place = rows["case_id"].map({case: n for n, case in enumerate(sorted(set(rows.loc[sarcoma, "case_id"])))})
    wanted &= ~sarcoma | (rows["modality"] == place.map(lambda n: ("CT", "MR")[int(n) % 2], na_action="ignore"))
    rows = rows[wanted].assign(scan="", reader="", roi="tumour", label="any")
    number = rows.groupby("cancer")["patient_id"].transform(lambda one: pd.factorize(one)[0])
    return rows.assign(split=np.where(number % 3 == 2, "validation", "discovery"))


def of_studies(nodules: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The manifests of both studies. That of masks holds the first reader's of every nodule, and tumours with a scan."""
    seen = scans()
    seen = seen.assign(patient_id=seen["case_id"])
    masks = [readers.DATA / "masks" / f"{nodule}_r1.nii.gz" for nodule in nodules["nodule"]]
    lung = pd.DataFrame({"case_id": nodules["nodule"], "patient_id": nodules["patient_id"], "image": masks, "mask": masks})
    drawn = sarcomas().assign(patient_id=lambda rows: rows["case_id"])
    others = seen[seen["cancer"].isin(["brain", "breast"])]
    every = pd.concat([lung.assign(cancer="lung", modality="CT"), drawn, others], ignore_index=True).fillna("")
    return {"masks": one_each(every.drop(columns=["has_scan", "organ"])), "scans": one_each(seen)}


def described(cohort: Cohort, settings: FeatureSettings, folder: Path) -> Extraction:
    """Features of every region, in a run of their own."""
    with open_run(folder, "extract") as run:
        return run.measure(cohort, settings)


def listed(rows: pd.DataFrame, path: Path) -> Cohort:
    """The cohort of a manifest, which is written first; around tumours with an organ it is found automatically."""
    rows.to_csv(path, index=False)
    cohort = read_cohort(path)
    if "organ" not in rows:
        return cohort
    return prepared(cohort, ImageSettings(), ParenchymaSettings(find="auto", organ="organ"), path)


def ends(parts: dict[str, Extraction]) -> tuple[list[str], int]:
    """How many regions of each part were described, the codes of the others, and how many have no reason."""
    lines, unexplained = ["| | regions | described | in part | failed | codes |", "|---|---|---|---|---|---|"], 0
    for name, one in parts.items():
        states = Counter(outcome.status for outcome in one.outcomes)
        codes: Counter[str] = Counter()
        for outcome in one.outcomes:
            if outcome.status == "ok":
                continue
            missing = () if outcome.features is None else outcome.features.values.items()
            reasons = {outcome.features.reasons.get(feature, "") for feature, value in missing if value != value}
            found = {outcome.code} - {""} or reasons
            codes.update(found)
            unexplained += not found or bool(found & {"", "RT000"})
        told = ", ".join(f"{code}, {CODES.get(code) or MISSING.get(code, '?')} ({n})" for code, n in codes.most_common()) or "-"
        cells = [name, len(one.outcomes), *(states[state] for state in ("ok", "partial", "failed")), told]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return lines, unexplained


def logged(table: FeatureTable) -> FeatureTable:
    """The same with sizes by their logarithm, as they are clustered."""
    sizes = frozenset(record.name for record in table.records if record.unit in SIZE_UNITS)
    return replace(table, values=logarithm_of_sizes(table.values, sizes))


def agreement_of_grids(table: FeatureTable, one: str, other: str) -> Findings[stats.IntraclassCorrelation]:
    """ICC(2,1) of every feature between two grids, or two scans, of the same tumours."""
    own = logged(table).distinct()
    sarcoma = own.keys["case_id"].str.startswith("STS")
    here = [(sarcoma & (own.keys["scan"] == f"{scan}_image")).to_numpy() for scan in (one, other)]
    return agreement_between([own.values[rows].set_axis(own.keys.loc[rows, "case_id"]) for rows in here], icc)


def by_family(found: dict[str, Findings[stats.IntraclassCorrelation]], table: FeatureTable) -> list[str]:
    """Agreement of each family of features, in columns; families as in a study's report."""
    families = pd.Series({record.name: family_of(record)[0] or "other" for record in table.records})
    lines = ["| family | features | " + " | ".join(f"{name}: median (range) | above {LEAST}" for name in found) + " |"]
    lines.append("|" + "---|" * (2 + 2 * len(found)))
    frames = {name: one.to_frame() for name, one in found.items()}
    for family in (*FAMILIES, "other"):
        cells, n = [], 0
        for frame in frames.values():
            rows = frame[frame.index.map(families) == family]
            values, n = rows["effect"].dropna(), max(n, len(rows))
            cells.append(f"{values.median():.2f} ({values.min():.2f} to {values.max():.2f})" if len(values) else "-")
            cells.append(f"{int((rows['lower'] > LEAST).sum())}" if len(values) else "-")
        if n:
            lines.append(f"| {family} | {n} | {' | '.join(cells)} |")
    return lines


def relation_to_scores(nodules: pd.DataFrame, table: FeatureTable) -> list[str]:
    """Spearman of shape, averaged over the readers of a nodule, with the mean of their scores."""
    table = logged(table).distinct()
    means = table.values.groupby(table.keys["case_id"].to_numpy()).mean().loc[nodules["nodule"]].dropna(axis=1)
    scaled = pd.DataFrame(RobustScaler01().fit(means.to_numpy()).transform(means.to_numpy()), means.index, means.columns)
    sets: dict[str, list[str]] = {}
    for record in table.records:
        name, sign = family_of(record)
        if record.family == "spharm" and name in ("regularity", "symmetry") and record.name in means:
            sets.setdefault(name, []).append(record.name)
            if sign < 0:
                scaled[record.name] = 1 - scaled[record.name]
    families = gene_set_scores(scaled, sets, method="mean").to_frame()

    def together(kind: str, degrees: range) -> pd.Series:
        return means[[f"spharm_{kind}_l{degree}" for degree in degrees if f"spharm_{kind}_l{degree}" in means]].mean(axis=1)

    measures = {f"{name} (score of the family, {len(own)} features)": families[name].to_numpy() for name, own in sets.items()}
    for kind in ("energy", "entropy"):
        for words, degrees in (("low", LOW), ("high", HIGH)):
            name = f"{kind}, {words} degrees ({degrees[0]} to {degrees[-1]})"
            measures[name] = together(kind, degrees).to_numpy()
    measures |= {"sphericity": means["sphericity"].to_numpy(), "volume": means["volume_mm3"].to_numpy()}
    rows = {}
    for score in SCORES:
        readings = nodules[[f"{score}_r{reader}" for reader in readers.READERS]].to_numpy(dtype=float).mean(axis=1)
        for name, values in measures.items():
            rows[name, score] = stats.spearman(values, readings)
    found = pd.DataFrame(
        [(f"{one.effect:.2f} ({one.lower:.2f} to {one.upper:.2f})", one.n) for one in rows.values()],
        columns=["value", "n"], index=pd.MultiIndex.from_tuples(rows, names=["of", "score"]),
    )  # fmt: skip
    return readers.of_scores(found)


def volumes(nodules: pd.DataFrame, table: FeatureTable) -> list[str]:
    """ICC(2,1) of log volume: as tabulated beside the masks, and as measured on them."""
    stated = icc(np.log(nodules[[f"volume_mm3_r{reader}" for reader in readers.READERS]].to_numpy(dtype=float)))
    measured = reader_agreement(logged(table))["volume_mm3"]
    return [
        f"log volume, {words}: {one.measure} {one.effect:.3f} ({one.lower:.3f} to {one.upper:.3f}), {one.n} nodules"
        for words, one in (("as tabulated beside the masks", stated), ("measured on the masks", measured))
    ]


def study(name: str, manifest: pd.DataFrame, folder: Path) -> tuple[Extraction, list[str]]:
    """One whole study, and what it found."""
    path = folder / f"study-{name}.csv"
    manifest.to_csv(path, index=False)
    recipe = {"manifest": str(path), "cancer_type": "cancer", "subtypes": SUBTYPES} | STUDIES[name]
    result = studies.run(recipe, folder / f"study-{name}")
    seen = load(RunFolder(result.folder))
    patients = manifest.drop_duplicates("patient_id")
    kinds = patients.groupby(["cancer", "modality"]).size()
    least, most = SUBTYPES["k_range"]
    told = [
        f"{len(patients)} patients, {(patients['split'] == 'discovery').sum()} of them discovery: "
        + ", ".join(f"{n} {kind} on {modality}" for (kind, modality), n in kinds.items()) + ".",
        f"K = {seen.consensus['k']} of {least} to {most}. {key_result(seen)}", *warnings(seen),
    ]  # fmt: skip
    apart = seen.results.get("comparability", pd.DataFrame(columns=["grouping", "epsilon_squared"]))
    for grouping, rows in apart.groupby("grouping"):
        explained = f"{100 * rows['epsilon_squared'].median():.0f} %"
        told.append(f"By {grouping}: {explained} or more of the variance of the ranks of half of the features.")
    stable = seen.results["robustness"]
    told.append(
        f"Contours moved by 1 mm: median ICC {stable['icc'].median():.2f} of {len(stable)} features, "
        f"{(~stable['clustered']).sum()} not clustered."
    )
    for row in seen.results.get("subtype_associations", pd.DataFrame()).to_dict("records"):
        if row["split"] == "all":
            value = f"{row['cramers_v']:.2f} ({row['lower']:.2f} to {row['upper']:.2f})"
            told.append(f"Subtype by {row['group']}: Cramer's V {value}, {row['n']} patients.")
    for row in seen.results.get("in_group_proportions", pd.DataFrame()).to_dict("records"):
        told.append(
            f"Subtype {row['subtype']}, {row['comparison']}, fitted in {row['fitted_in']}, tested in {row['tested_in']}: "
            f"in-group proportion {row['in_group_proportion']:.2f}, p = {row['p_value']:.3f} ({row['patients']} patients)."
        )
    return result.extraction, told


def main() -> None:
    if not DATA.is_dir():
        print("skipped: the shared data folder is absent; set RADIOTYPE_SHARED")
        return
    nodules = pd.read_csv(readers.DATA / "nodules.csv").query("ok == 1").sort_values("nodule")
    drawn = sarcomas()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else scratch).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        lung = described(readers.cohort(folder, nodules, readers.READERS), SHAPE, folder / "readers")
        masks = described(listed(drawn, folder / "sarcomas.csv"), SHAPE, folder / "sarcomas")
        seen = described(listed(scans(), folder / "scans.csv"), ALL, folder / "scans")
        found = {name: study(name, manifest, folder) for name, manifest in of_studies(nodules).items()}
    parts = {"lung nodules, four readers (masks alone)": lung, "sarcomas on CT, MR and PET (masks alone)": masks}
    parts |= {"every region with a scan": seen} | {f"study of {name}": one for name, (one, _) in found.items()}
    states, unexplained = ends(parts)
    agreement = {
        "four readers": reader_agreement(logged(lung.table), agreement=one_way),
        "CT and MR": agreement_of_grids(masks.table, "CT", "MR_T1"),
        "CT and PET": agreement_of_grids(masks.table, "CT", "PET"),
    }
    margins = {"CT and MR, with their scans": agreement_of_grids(seen.table, "CT", "MR_T1")}
    n = {name: max(one.n for one in of.findings.values()) for name, of in (agreement | margins).items()}
    report = [
        "# Real tumours",
        "",
        "`make soak SUITE=real_study`: LIDC-IDRI, the sarcomas of the IBSI, and the cases with scans beside the project.",
        "",
        "## How the regions ended",
        "",
        *states,
        "",
        f"{unexplained} regions without features and without a reason.",
        "",
        "## Agreement",
        "",
        *(f"- {one}" for one in volumes(nodules, lung.table)),
        "",
        "Distinct features by family, sizes by their logarithm; how many have a lower 95 % limit above the number.",
        f"Readers: one-way ICC of {n['four readers']} nodules, since readers differ by nodule. Grids: ICC(2,1) of",
        f"{n['CT and MR']} sarcomas; **one** contour lies on each grid, so this tells what voxels do to features, not",
        "what another look at the MR would.",
        "",
        *by_family(agreement, lung.table),
        "",
        f"The {n['CT and MR, with their scans']} sarcomas with scans: what lies within and around one contour on CT and on MR.",
        "",
        *by_family(margins, seen.table),
        "",
        "## What the readers saw",
        "",
        "Spearman's rho (95 % interval) of shape, averaged over the readers of a nodule, with the mean of their scores.",
        "",
        *relation_to_scores(nodules, lung.table),
        "",
    ]
    for name, (_, told) in found.items():
        report += [f"## Study of {name}", "", *(f"- {one}" for one in told), ""]
    RESULTS.write_text("\n".join(report), encoding="utf-8")
    print("\n".join(report))
    raise SystemExit("regions without a reason" if unexplained else 0)


if __name__ == "__main__":
    main()
