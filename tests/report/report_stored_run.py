"""A run folder as a study stores it, made up: 60 cases, 3 cancer types, 2 modalities, 4 subtypes, and hostile text."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from radiotype.core import FeatureRecord
from radiotype.run.store import RunFolder, npz, picture_name

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    '=HYPERLINK("http://evil.example/","x")',
    "$x^2$ & $\\frac{1}{0}$",
    "a\x00b\x07\u202ec",
    "</style><script>alert(3)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "腫瘍 é ß",
)
TYPES = ("breast", "glioblastoma", "lung")
K = 4
DISTANCES = ("bhattacharyya", "intersection", "chi_square", "correlation")


def records() -> list[FeatureRecord]:
    shape = [
        ("volume_mm3", "mm3", "voxels times voxel volume"), ("surface_area_mm2", "mm2", "area of the mesh"),
        ("surface_to_volume_ratio_per_mm", "/mm", "area by volume; higher is less compact"),
        ("sphericity", "1", "1 is a ball"), ("elongation", "1", "1 is not elongated"), ("flatness", "1", "1 is not flat"),
        ("maximum_3d_diameter_mm", "mm", "largest distance between mesh vertices"),
    ]  # fmt: skip
    found = [
        FeatureRecord(name, "morphology", meaning, unit, low=0.0, high=1.0 if unit == "1" else np.inf, ibsi="RNU0",
                      reference="Zwanenburg et al., Radiology 295 (2020) 328-338")
        for name, unit, meaning in shape
    ]  # fmt: skip
    pairs = [("core", "invasive"), *((a, f"parenchymal_{d}mm") for a in ("core", "invasive") for d in (5, 10))]
    for inner, outer in pairs:
        for distance in DISTANCES:
            detail: dict[str, str | float] = {"inner": inner, "outer": outer, "distance": distance}
            name = f"margin_{inner}_vs_{outer}_{distance}"
            found.append(FeatureRecord(name, "margin", f"{distance} of {inner} and {outer}", low=0, high=1, detail=detail))
    return found


def write_run(
    path: Path, n: int = 60, *, hostile: bool = True, split: bool = True, types: tuple[str, ...] = TYPES
) -> RunFolder:
    """Store a plausible run in `path`; the same arguments give the same run."""
    rng = np.random.default_rng(1)
    folder = RunFolder.create(path)
    cases = _cases(n, rng, hostile=hostile, split=split, types=types)
    folder.write_text("recipe.resolved.yaml", yaml.safe_dump(_recipe(), sort_keys=False))
    folder.write_json("run.json", {"format_version": 1, "command": "run", "started": "2025-03-09T10:11:12+00:00",
                                   "seconds": 61.5, "n_regions": n, "n_failed": 7, "state": "done"})  # fmt: skip
    folder.write_json(
        "provenance.json",
        {"format_version": 1, "versions": {"radiotype": "0.1.0", "python": "3.11.2", "numpy": "2.4.6"},
         "settings": {}, "algorithm_versions": {"morphology": 1, "margin": 1}},
    )  # fmt: skip
    folder.write_json("features.json", {"schema_version": 1, "features": [record.to_dict() for record in records()]})
    folder.write_table("cases.parquet", cases[list(_CASE_COLUMNS)])
    clinical = cases[["case_id", "patient_id", "modality", "split", "cancer_type", "os_days", "os_event", "age"]]
    folder.write_table("clinical.parquet", clinical.astype(str))
    features = _features(cases, rng)
    folder.write_table("features.parquet", features)
    members = _members(cases)
    folder.write_table("results/subtypes.parquet", members)
    _write_consensus(folder, members, rng)
    _write_levels(folder, features, members)
    _write_survival(folder, cases, members, types)
    _write_pictures(folder, cases, rng)
    folder.write_json(
        "results/notes.json", ["2 patients without follow-up were left out of the survival analysis.", HOSTILE[0], HOSTILE[6]]
    )
    return folder


_CASE_COLUMNS = ("patient_id", "case_id", "visit", "scan", "roi", "modality", "status", "stage", "code", "reason", "hint")
_FAILURES = (
    (
        "failed",
        "read image",
        "RT202",
        "the file /data/secret/lung/scan.nii.gz cannot be read",
        "check C:\\data\\x\\y.nii again",
    ),
    ("failed", "read mask", "RT203", "the mask lies on another grid than the scan", "allow resampling in the recipe"),
    ("failed", "features", "RT204", HOSTILE[0], HOSTILE[1]),
    ("skipped", "read mask", "RT205", "the mask has no label 7", "name another label"),
)


def _recipe() -> dict[str, object]:
    return {
        "recipe_version": 1, "design": "imaging_subtypes", "title": "Subtypes of three cancers",
        "manifest": "/data/secret/list.csv",
        "features": {"families": ["morphology", "margin"],
                     "margin": {"definition": "paper", "distances_mm": [5.0, 10.0], "n_bins": 100, "spacing_mm": 1.0}},
        "masks": {"resample": "refuse"}, "cancer_type": "cancer_type", "outcome": {"time": "os_days", "event": "os_event"},
        "covariates": ["age"], "seed": 3,
        "subtypes": {"k": "auto", "k_range": [2, 6], "n_resamples": 1000, "item_fraction": 0.8, "metric": "pearson"},
    }  # fmt: skip


def _cases(n: int, rng: np.random.Generator, *, hostile: bool, split: bool, types: tuple[str, ...]) -> pd.DataFrame:
    rows = []
    for i in range(n):
        name = HOSTILE[i] if hostile and i < len(HOSTILE) else f"case-{i:04d}"
        kind = types[i % 3]
        subtype = int(rng.integers(K)) if rng.random() < 0.7 else i % 3
        time = rng.exponential((1500, 1100, 700, 350)[subtype])
        follow = rng.uniform(300, 1900)
        rows.append(
            {"patient_id": f"P-{name}", "case_id": name, "visit": "baseline", "scan": "scan", "roi": "tumour",
             "modality": "CT" if i % 3 == 2 or i % 5 == 0 else "MR", "status": "ok", "stage": "", "code": "", "reason": "",
             "hint": "", "cancer_type": kind,
             "split": ("validation" if i % 3 == 2 or i % 7 == 1 else "discovery") if split else "",
             "subtype": str(subtype + 1), "time": float(np.ceil(min(time, follow))), "event": int(time <= follow),
             "age": str(int(rng.normal(62, 9)))}
        )  # fmt: skip
    cases = pd.DataFrame(rows)
    for j, failure in enumerate(_FAILURES):
        for i in (3 + j, 20 + 5 * j) if j < 3 else (8,):
            cases.loc[i, ["status", "stage", "code", "reason", "hint"]] = list(failure)
    for i in (11, 12, 31):
        cases.loc[i, "status"] = "partial"
    cases["os_days"] = [f"{time:.0f}" for time in cases["time"]]
    cases["os_event"] = cases["event"].astype(str)
    cases.loc[[14, 15], ["os_days", "os_event"]] = ""
    return cases


def _features(cases: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    part = cases[cases["status"].isin(["ok", "partial"])].reset_index(drop=True)
    names = [record.name for record in records()]
    level = part["subtype"].astype(int).to_numpy()
    table = part[["patient_id", "case_id", "visit", "scan", "roi", "status"]].copy()
    volume = np.exp(rng.normal(7.5 + 0.9 * level, 0.8))
    table["volume_mm3"] = volume
    table["surface_area_mm2"] = 6.2 * volume ** (2 / 3) * rng.uniform(1.0, 1.5, len(part))
    table["surface_to_volume_ratio_per_mm"] = table["surface_area_mm2"] / volume
    table["maximum_3d_diameter_mm"] = 1.5 * volume ** (1 / 3)
    for name in names:
        if name not in table:
            effect = (hash_of(name) % 7 - 3) / 25
            table[name] = np.clip(0.5 + effect * (level - 2.5) + rng.normal(0, 0.1, len(part)), 0.001, 0.999)
    reasons: list[dict[str, str]] = [
        {name: "parenchyma_not_restricted" for name in names if "parenchymal" in name}
        if kind == part["cancer_type"].iloc[0]
        else {}
        for kind in part["cancer_type"]
    ]
    flags = [
        {"margin_voxels_core": 812.0, "margin_dropped_core": 0.3 if i == 25 else 0.0, "parenchyma_not_restricted": 1.0}
        for i in range(len(part))
    ]
    for i in np.flatnonzero(part["status"] == "partial"):
        for name in names[-3:]:
            table.loc[i, name] = np.nan
            reasons[i][name] = "empty_region"
    table = table[["patient_id", "case_id", "visit", "scan", "roi", "status", *names]]
    return table.assign(reasons=[json.dumps(row) for row in reasons], flags=[json.dumps(row) for row in flags])


def hash_of(name: str) -> int:
    return sum(ord(letter) * (i + 1) for i, letter in enumerate(name))


def _members(cases: pd.DataFrame) -> pd.DataFrame:
    part = cases[cases["status"] == "ok"]
    split = part["split"].replace("", "discovery")
    return pd.DataFrame(
        {"case_id": part["case_id"], "patient_id": part["patient_id"], "split": split, "cancer_type": part["cancer_type"],
         "modality": part["modality"], "subtype": part["subtype"],
         "how": np.where(split == "discovery", "clustered", "assigned")}
    ).reset_index(drop=True)  # fmt: skip


def _write_consensus(folder: RunFolder, members: pd.DataFrame, rng: np.random.Generator) -> None:
    inside = members[members["how"] == "clustered"]
    labels = inside["subtype"].astype(int).to_numpy() - 1
    n = len(labels)
    arrays: dict[str, np.ndarray] = {"case_id": inside["case_id"].to_numpy().astype(str)}
    cdf, area, pac = {}, {}, {}
    for k in range(2, 7):
        at = (
            labels % k
            if k < K
            else np.where((labels == 0) & (np.arange(n) % (k - K + 1) > 0), K - 1 + np.arange(n) % (k - K + 1), labels)
        )
        same = at[:, None] == at[None, :]
        noise = rng.beta(1.2, 6 if k == K else 2.2, size=(n, n))
        noise = (noise + noise.T) / 2
        matrix = np.where(same, 1 - noise, noise)
        np.fill_diagonal(matrix, 1)
        arrays[f"consensus_{k}"], arrays[f"labels_{k}"] = matrix, at
        curve = (matrix[np.tril_indices(n, -1)][:, None] <= np.arange(1, 101) / 100).mean(axis=0)
        cdf[str(k)], area[str(k)], pac[str(k)] = curve.tolist(), float(curve.mean()), float(curve[89] - curve[9])
    growth = {k: area[k] if k == "2" else (area[k] - area[str(int(k) - 1)]) / area[str(int(k) - 1)] for k in area}
    folder.write_arrays("results/consensus.npz", arrays)
    choice = "4 is the largest number of subtypes for which the area under the CDF still grew by at least 10 %."
    folder.write_json(
        "results/consensus.json",
        {"k": K, "ks": list(range(2, 7)), "area": area, "relative_change": growth, "pac": pac, "cdf": cdf, "n_cases": n,
         "n_resamples": 1000, "item_fraction": 0.8, "metric": "pearson", "choice": choice, "seed": 3},
    )  # fmt: skip


def _write_levels(folder: RunFolder, features: pd.DataFrame, members: pd.DataFrame) -> None:
    names = [record.name for record in records()]
    values = features.set_index("case_id").loc[members["case_id"], names].reset_index(drop=True)
    sizes = [name for name in names if name.endswith(("_mm", "_mm2", "_mm3"))]
    scale = values.assign(**{name: np.log(values[name]) for name in sizes})
    folder.write_table("results/scaling.parquet", pd.DataFrame(
        {"feature": names, "low": scale.quantile(0.05).to_numpy(), "high": scale.quantile(0.95).to_numpy()}))  # fmt: skip
    long = values.assign(subtype=members["subtype"]).melt("subtype", var_name="feature")
    grouped = long.groupby(["subtype", "feature"])["value"]
    quartiles = grouped.quantile([0.25, 0.5, 0.75]).unstack()
    quartiles.columns = ["lower_quartile", "median", "upper_quartile"]
    folder.write_table(
        "results/features_by_subtype.parquet", grouped.size().rename("n").to_frame().join(quartiles).reset_index()
    )


def curve(time: np.ndarray, event: np.ndarray) -> pd.DataFrame:
    """Kaplan-Meier rows with Greenwood log-log limits, for these tests only."""
    rows = [{"time_days": 0.0, "at_risk": len(time), "events": 0, "censored": 0, "survival": 1.0, "lower": 1.0, "upper": 1.0}]
    survival, total = 1.0, 0.0
    for moment in np.unique(time):
        risk, dead = int((time >= moment).sum()), int(((time == moment) & (event == 1)).sum())
        survival *= 1 - dead / risk
        total += dead / (risk * (risk - dead)) if risk > dead else 0.0
        lower = upper = np.nan
        if 0 < survival < 1:
            theta = 1.96 * np.sqrt(total) / np.log(survival)
            lower, upper = survival ** np.exp(-theta), survival ** np.exp(theta)
        rows.append({"time_days": float(moment), "at_risk": risk, "events": dead,
                     "censored": int(((time == moment) & (event == 0)).sum()), "survival": survival,
                     "lower": min(lower, upper), "upper": max(lower, upper)})  # fmt: skip
    return pd.DataFrame(rows)


def _write_survival(folder: RunFolder, cases: pd.DataFrame, members: pd.DataFrame, types: tuple[str, ...]) -> None:
    table = members.merge(cases[["case_id", "time", "event", "os_days"]], on="case_id")
    table = table[table["os_days"] != ""]
    curves, tests, models, model_tests = [], [], [], []
    for stratum in ("all", *types):
        inside = table if stratum == "all" else table[table["cancer_type"] == stratum]
        for split in ("all", "discovery", "validation"):
            part = inside if split == "all" else inside[inside["split"] == split]
            if split != "all" and len(part) in (0, len(inside)):
                continue
            for subtype, group in part.groupby("subtype"):
                steps = curve(group["time"].to_numpy(), group["event"].to_numpy())
                curves.append(steps.assign(stratum=stratum, split=split, subtype=subtype))
            p = {"all": 0.00021, "discovery": 0.0042, "validation": 0.061}[split] * (1 if stratum == "all" else 11)
            tests.append({"stratum": stratum, "split": split, "n": len(part), "events": int(part["event"].sum()),
                          "chi_square": 14.21, "degrees_of_freedom": 3, "p_value": p})  # fmt: skip
        terms = [("subtype 2", 1.31, 0.4), ("subtype 3", 2.05, 0.35), ("subtype 4", 4.1, 0.5), ("age", 1.02, 0.01)]
        for term, ratio, error in terms:
            far = np.inf if stratum == types[2] and term == "subtype 4" else np.exp(np.log(ratio) + 1.96 * error)
            models.append({"model": stratum, "term": term, "reference": "" if term == "age" else "against subtype 1",
                           "n": len(inside), "events": int(inside["event"].sum()), "hazard_ratio": ratio,
                           "lower": np.exp(np.log(ratio) - 1.96 * error), "upper": far, "z": np.log(ratio) / error,
                           "p_value": 0.0004 if ratio > 2 else 0.23})  # fmt: skip
        for name in ("likelihood ratio", "Wald", "score"):
            model_tests.append({"model": stratum, "n": len(inside), "events": int(inside["event"].sum()),
                                "test": name, "statistic": 17.3, "degrees_of_freedom": 4,
                                "p_value": 0.0017, "concordance": 0.683})  # fmt: skip
    folder.write_table("results/kaplan_meier.parquet", pd.concat(curves, ignore_index=True))
    folder.write_table("results/logrank.parquet", pd.DataFrame(tests))
    folder.write_table("results/cox.parquet", pd.DataFrame(models))
    folder.write_table("results/cox_tests.parquet", pd.DataFrame(model_tests))


def _write_pictures(folder: RunFolder, cases: pd.DataFrame, rng: np.random.Generator) -> None:
    part = cases[cases["status"].isin(["ok", "partial"])]
    rows = []
    for key in part[["patient_id", "case_id", "visit", "scan", "roi"]].to_dict("records"):
        data = npz(phantom(rng))
        name = picture_name(data)
        folder.write(f"overlays/{name}", lambda file, data=data: file.write(data))
        rows.append(key | {"file": name})
    folder.write_table("overlays/index.parquet", pd.DataFrame(rows))


def phantom(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Three planes through an ellipsoid in noise, 3 mm slices."""
    half = rng.uniform(9, 22, 3)
    arrays: dict[str, np.ndarray] = {}
    for plane, (across, down), spacing in (
        ("axial", (0, 1), (1.0, 1.0)), ("coronal", (0, 2), (3.0, 1.0)), ("sagittal", (1, 2), (3.0, 1.0)),
    ):  # fmt: skip
        shape = (round((2 * half[down] + 50) / spacing[0]), round((2 * half[across] + 50) / spacing[1]))
        y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
        y, x = (y - (shape[0] - 1) / 2) * spacing[0], (x - (shape[1] - 1) / 2) * spacing[1]
        wave = 1 + 0.12 * np.sin(5 * np.arctan2(y, x))
        inside = (x / half[across]) ** 2 + (y / half[down]) ** 2 < wave**2
        grey = np.clip(np.where(inside, 165, 60) + rng.normal(0, 14, shape), 0, 255)
        arrays[f"image_{plane}"] = grey.astype(np.uint8)
        arrays[f"mask_{plane}"] = inside
        arrays[f"spacing_{plane}"] = np.array(spacing)
        depth = np.hypot(x / half[across], y / half[down]) / wave
        arrays[f"regions_{plane}"] = np.select([depth < 0.5, depth < 1, depth < 1.4, depth < 1.8], [1, 2, 3, 4], 0).astype("u1")
    arrays["region_names"] = np.array(["core", "invasive", "parenchymal_5mm", "parenchymal_10mm"])
    return arrays
