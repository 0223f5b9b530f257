"""Cut-point, association, agreement and ROC tests beside R and the best Python peer: CPU time and largest difference.

Run: python benchmarks/association.py. R needs the packages maxstat, survival, psych, pROC and vcd; the Python peers are
pingouin, scikit-learn and statsmodels. What is absent is left out, and said so. Time is process CPU, per test, in one thread.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

os.environ.update({"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"})  # before NumPy loads

import numpy as np
import pandas as pd

from radiotype import stats

N_CASES, N_FEATURES, N_NODULES, N_READERS = 400, 50, 160, 4
Values = np.ndarray


@dataclass(frozen=True)
class Task:
    """One method on every feature: each function returns the numbers to compare, feature by feature."""

    name: str
    ours: Callable[[int], list[float]]
    r: str
    peer_name: str = ""
    peer: Callable[[int], list[float]] | None = None
    n_features: int = N_FEATURES


def cohort() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Features, outcomes and readings that all have some effect; written to CSV for R, and read back."""
    random = np.random.default_rng(np.random.SeedSequence(17))
    features = pd.DataFrame(random.normal(size=(N_CASES, N_FEATURES)).round(3)).add_prefix("f")
    risk = features["f0"] * 0.4
    latent, end = random.exponential(np.exp(-risk) * 24), random.uniform(6, 60, N_CASES)
    outcome = pd.DataFrame({"time": np.minimum(latent, end).round(2), "event": (latent <= end).astype(int)})
    outcome["group"] = pd.cut(risk + random.normal(size=N_CASES), [-9, -0.5, 0.5, 9], labels=False)
    outcome["truth"] = (risk + random.normal(size=N_CASES) > 0).astype(int)
    nodule = random.normal(size=(N_NODULES, 1)) * 2
    readings = pd.DataFrame(nodule + random.normal(size=(N_NODULES, N_READERS * N_FEATURES)) * random.uniform(0.2, 2))
    return features, outcome, readings.round(4).add_prefix("r")


def tasks(features: pd.DataFrame, outcome: pd.DataFrame, readings: pd.DataFrame) -> list[Task]:
    x = features.to_numpy().T
    time_, event, group, truth = (outcome[name].to_numpy() for name in ("time", "event", "group", "truth"))
    rated = readings.to_numpy().reshape(N_NODULES, N_FEATURES, N_READERS)
    p_values = stats.adjust_p_values(np.linspace(0, 1, 5000) ** 3, correction="none")
    pingouin = pingouin_peers(x, group, truth, rated) if find_spec("pingouin") else {}

    def cut(j: int, method: str) -> list[float]:
        found = stats.maximal_cutpoint(x[j], time_, event, p_method=method)
        return [found.p_value] if method == "permutation" else [found.cutpoint, found.statistic, found.p_value]

    def table(j: int) -> list[float]:
        found = stats.cramers_v(np.digitize(x[j], [-0.6, 0.6]), group)
        return [found.effect, found.p_value]

    def one(found: stats.Finding) -> list[float]:
        return [found.effect, found.lower, found.upper]

    def sklearn(j: int) -> list[float]:
        from sklearn.metrics import roc_auc_score

        return [float(roc_auc_score(truth, x[j]))]

    def statsmodels(_: int) -> list[float]:
        from statsmodels.stats.multitest import multipletests

        return list(multipletests(p_values, method="fdr_bh")[1])

    r_cut = "m <- maxstat.test(Surv(time, event) ~ x, data = data.frame(outcome, x = x[, j]), smethod = 'LogRank', pmethod = "
    return [
        Task(
            "cut-point, Lausen 1992", lambda j: cut(j, "lausen-1992"), r_cut + "'Lau92'); c(m$estimate, m$statistic, m$p.value)"
        ),
        Task(
            "cut-point, 9999 permutations",
            lambda j: cut(j, "permutation"),
            r_cut + "'condMC', B = 9999); m$p.value",
            n_features=5,
        ),
        Task(
            "Cramer's V and chi-square",
            table,
            "t <- table(findInterval(x[, j], c(-0.6, 0.6)), group); c(assocstats(t)$cramer, chisq.test(t)$p.value)",
            "pingouin",
            pingouin.get("table"),
        ),
        Task(
            "Kruskal-Wallis",
            lambda j: [(found := stats.kruskal_wallis(x[j], group)).statistic, found.p_value],
            "k <- kruskal.test(x[, j], group); c(k$statistic, k$p.value)",
            "pingouin",
            pingouin.get("kruskal"),
        ),
        Task(
            "Wilcoxon rank sum",
            lambda j: [(found := stats.wilcoxon(x[j], truth)).statistic, found.p_value],
            "w <- wilcox.test(x[truth == 1, j], x[truth == 0, j]); c(w$statistic, w$p.value)",
            "pingouin",
            pingouin.get("wilcoxon"),
        ),
        Task(
            "Spearman",
            lambda j: [(found := stats.spearman(x[j], time_)).effect, found.p_value],
            "s <- cor.test(x[, j], outcome$time, method = 'spearman', exact = FALSE); c(s$estimate, s$p.value)",
            "pingouin",
            spearman_peer(x, time_) if pingouin else None,
        ),
        Task(
            "ICC(2,1) with interval",
            lambda j: one(stats.icc(rated[:, j])),
            "i <- ICC(rated[[j]], lmer = FALSE)$results[2, ]; c(i$ICC, i$`lower bound`, i$`upper bound`)",
            "pingouin (all six forms)",
            pingouin.get("icc"),
        ),
        Task(
            "ROC area, DeLong interval",
            lambda j: one(stats.roc_area(truth, x[j])),
            "c(ci.auc(roc(truth, x[, j], quiet = TRUE, direction = '<')))[c(2, 1, 3)]",
            "scikit-learn (area alone)",
            sklearn if find_spec("sklearn") else None,
        ),
        Task(
            "two ROC areas, DeLong test",
            lambda j: [stats.roc_area_difference(truth, x[j], x[j - 1]).p_value],
            "a <- roc(truth, x[, j], quiet = TRUE, direction = '<'); o <- if (j == 1) ncol(x) else j - 1;"
            "b <- roc(truth, x[, o], quiet = TRUE, direction = '<'); roc.test(a, b, method = 'delong', paired = TRUE)$p.value",
        ),
        Task(
            "Benjamini-Hochberg, 5000 tests",
            lambda _: list(stats.adjust_p_values(p_values)),
            "p.adjust(p, 'BH')",
            "statsmodels",
            statsmodels if find_spec("statsmodels") else None,
            n_features=3,
        ),
    ]


def pingouin_peers(x: Values, group: Values, truth: Values, rated: Values) -> dict[str, Callable[[int], list[float]]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pingouin

    def table(j: int) -> list[float]:
        data = pd.DataFrame({"cut": np.digitize(x[j], [-0.6, 0.6]), "group": group})
        row = pingouin.chi2_independence(data, "cut", "group", correction=False)[2].iloc[0]
        return [row["cramer"], row["pval"]]

    def kruskal(j: int) -> list[float]:
        row = pingouin.kruskal(pd.DataFrame({"x": x[j], "group": group}), dv="x", between="group").iloc[0]
        return [row["H"], row.get("p_unc", row.get("p-unc"))]

    def wilcoxon(j: int) -> list[float]:
        row = pingouin.mwu(x[j][truth == 1], x[j][truth == 0]).iloc[0]
        return [row.get("U_val", row.get("U-val")), row.get("p_val", row.get("p-val"))]

    def icc(j: int) -> list[float]:
        long = pd.DataFrame(rated[:, j]).reset_index().melt(id_vars="index")
        row = pingouin.intraclass_corr(long, targets="index", raters="variable", ratings="value").iloc[1]
        return [row["ICC"], *row[next(name for name in row.index if name.startswith("CI95"))]]

    return {"table": table, "kruskal": kruskal, "wilcoxon": wilcoxon, "icc": icc}


def spearman_peer(x: Values, time_: Values) -> Callable[[int], list[float]]:
    def call(j: int) -> list[float]:
        import pingouin

        row = pingouin.corr(x[j], time_, method="spearman").iloc[0]
        return [row["r"], row.get("p_val", row.get("p-val"))]

    return call


def timed(call: Callable[[int], list[float]], n_features: int) -> tuple[float, Values]:
    """CPU seconds per feature, after one that is not timed, and all numbers in one row."""
    call(0)
    start = time.process_time()
    values = [call(j) for j in range(n_features)]
    return (time.process_time() - start) / n_features, np.concatenate(values)


def timed_in_r(script: Path, listed: list[Task]) -> dict[str, tuple[float, Values]]:
    lines = [
        "set.seed(1); suppressMessages({library(survival); library(maxstat); library(psych); library(pROC); library(vcd)})",
        "x <- as.matrix(read.csv('features.csv')); outcome <- read.csv('outcome.csv'); readings <- read.csv('readings.csv')",
        "group <- outcome$group; truth <- outcome$truth; p <- seq(0, 1, length.out = 5000)^3",
        f"rated <- lapply(seq_len(ncol(x)), function(j) readings[, {N_READERS} * (j - 1) + seq_len({N_READERS})])",
        "run <- function(f, n) { suppressWarnings({f(1); start <- sum(proc.time()[1:2]);"
        "v <- unlist(lapply(seq_len(n), f)); took <- sum(proc.time()[1:2]) - start});"
        "cat(sprintf('%.17g', c(took / n, v)), '\\n') }",
        *(f"run(function(j) {{ {task.r} }}, {task.n_features})" for task in listed),
    ]
    script.write_text("\n".join(lines), encoding="utf-8")
    ran = subprocess.run(["Rscript", script.name], cwd=script.parent, capture_output=True, text=True, check=False)
    if ran.returncode:
        print(f"R: {ran.stderr.strip().splitlines()[-2:]}; its column is left out")
        return {}
    rows = [np.array(line.split(), dtype=float) for line in ran.stdout.splitlines()]
    return {task.name: (float(row[0]), row[1:]) for task, row in zip(listed, rows, strict=True)}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        names = ("features", "outcome", "readings")
        for name, table in zip(names, cohort(), strict=True):
            table.to_csv(Path(folder, f"{name}.csv"), index=False)
        listed = tasks(*(pd.read_csv(Path(folder, f"{name}.csv")) for name in names))
        in_r = timed_in_r(Path(folder, "tests.R"), listed) if shutil.which("Rscript") else {}
    print(f"R:            {'used' if in_r else 'absent'}")
    for package in ("pingouin", "sklearn", "statsmodels"):
        print(f"{package + ':':14s}{'used' if find_spec(package) else 'absent'}")
    print(f"\n{N_CASES} cases, {N_FEATURES} features; {N_NODULES} nodules, {N_READERS} readers")
    print("CPU ms per test; times: of ours; differs: largest difference of any number (two draws, for permutations)\n")
    print(f"{'':32s}{'ours':>9s}{'R':>9s}{'times':>8s}{'differs':>10s}{'peer':>9s}{'times':>8s}{'differs':>10s}")
    for task in listed:
        seconds, values = timed(task.ours, task.n_features)
        line = f"{task.name:32s}{seconds * 1e3:9.3f}"
        peer = timed(task.peer, task.n_features) if task.peer else None
        for other in (in_r.get(task.name), peer):
            if other is None:
                line += f"{'-':>9s}{'-':>8s}{'-':>10s}"
                continue
            n_shared = other[1].size // task.n_features
            difference = np.abs(values.reshape(task.n_features, -1)[:, :n_shared].ravel() - other[1]).max()
            line += f"{other[0] * 1e3:9.3f}{other[0] / seconds:8.1f}{difference:10.1e}"
        print(line + (f"  {task.peer_name}" if task.peer else ""))


if __name__ == "__main__":
    main()
