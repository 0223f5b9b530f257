"""Tests of subtypes beside R: CPU time of one call in one thread, and whether two clusters are those of R.

Run: python benchmarks/validation.py. Rscript is looked for on the path. The packages sigclust and clusterRepro are used where
they are installed; without sigclust, R's kmeans on simulated cohorts stands for it, which is most of its work.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
os.environ.update(THREADS)  # before NumPy loads; R inherits it

import numpy as np  # noqa: E402
from sklearn.cluster import KMeans  # noqa: E402

from radiotype import _native  # noqa: E402
from radiotype.subtypes import NearestCentroid, cluster_purity, in_group_proportion, sigclust, sigclust_tree  # noqa: E402

R_PROGRAM = r"""
folder <- commandArgs(trailingOnly = TRUE)[1]
read <- function(name) as.matrix(read.csv(file.path(folder, name), header = FALSE))
timed <- function(name, compute) {
  start <- proc.time(); value <- compute(); used <- sum((proc.time() - start)[1:2])
  cat(name, sprintf("%.17g", c(used, value)), sep = "\t"); cat("\n")
}
has <- function(name) suppressWarnings(requireNamespace(name, quietly = TRUE))
cohort <- read("cohort.csv"); variances <- scan(file.path(folder, "variances.csv"), quiet = TRUE)
set.seed(1)
if (has("sigclust")) timed("sigclust", function() {
  f <- sigclust::sigclust(cohort, nsim = 1000); c(mean(f@simcindex), sd(f@simcindex))
})
timed("kmeans", function() replicate(1000, {
  x <- matrix(rnorm(length(cohort)), nrow(cohort)) %*% diag(sqrt(variances))
  f <- kmeans(x, 2, iter.max = 100); sum(f$withinss) / f$totss
}))
many <- read("many.csv"); starts <- read("starts.csv") + 1; n <- nrow(many) / nrow(starts)
timed("same starts", function() sapply(1:nrow(starts), function(i) {
  x <- many[(n * (i - 1) + 1):(n * i), ]; f <- kmeans(x, x[starts[i, ], ], iter.max = 100); sum(f$withinss) / f$totss
}))
if (has("clusterRepro")) timed("clusterRepro", function() {
  clusterRepro::clusterRepro(t(read("centroids.csv")), t(read("second.csv")), 2000)$Actual.IGP[1]
})
"""


def cpu(compute: Callable[[], object]) -> tuple[float, object]:
    compute()
    start = time.process_time()
    value = compute()
    return time.process_time() - start, value


def r_rows(folder: Path) -> dict[str, tuple[float, list[float]]]:
    if shutil.which("Rscript") is None:
        return {}
    program = folder / "program.R"
    program.write_text(R_PROGRAM, encoding="utf-8")
    done = subprocess.run(["Rscript", str(program), str(folder)], stdout=subprocess.PIPE, text=True, check=True)
    rows = (line.split("\t") for line in done.stdout.splitlines())
    return {name: (float(used), [float(value) for value in values]) for name, used, *values in rows}


def main() -> None:
    random = np.random.default_rng(np.random.SeedSequence(7))
    cohort = random.normal(size=(100, 100)) * np.sqrt(10 / np.arange(1, 101))
    centroids, second = random.normal(size=(4, 200)), random.normal(size=(64, 200))
    large = random.normal(size=(1682, 10))
    test = sigclust(cohort, like_r=True)
    many, starts = random.normal(size=(200, 60, 12)), np.array([random.choice(60, 2, replace=False) for _ in range(200)])
    tables = {"cohort": cohort, "centroids": centroids, "second": second, "variances": test.null_eigenvalues}
    tables |= {"many": many.reshape(-1, 12), "starts": starts}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, table in tables.items():
            np.savetxt(folder / f"{file}.csv", table, delimiter=",", fmt="%.17g")
        in_r = r_rows(folder)

    ours = {
        "SigClust as R, 100 x 100, 1000 simulations": lambda: sigclust(cohort, like_r=True),
        "SigClust, the same with 10 starts": lambda: sigclust(cohort),
        "SigClust, 1682 x 10": lambda: sigclust(large),
        "IGP, 64 x 200, 4 centroids, 2000 sets": lambda: in_group_proportion(second, centroids, n_permutations=2000),
        "IGP, 1682 x 10, 10000 sets": lambda: in_group_proportion(large, large[:4]),
        "SigClust down the tree, 1682 x 10, 200 simulations": lambda: sigclust_tree(large),
        "purity, 1682 x 10, 4-means, 20 repeats": lambda: cluster_purity(
            large, KMeans(4, n_init=1), classifier=NearestCentroid("euclidean")
        ),
    }
    peers = {
        "SigClust as R, 100 x 100, 1000 simulations": ("sigclust", "kmeans"),
        "IGP, 64 x 200, 4 centroids, 2000 sets": ("clusterRepro",),
    }
    print("| task | CPU s | R | CPU s of R |\n|---|---|---|---|")
    for task, compute in ours.items():
        used, _ = cpu(compute)
        found = [peer for peer in peers.get(task, ()) if peer in in_r]
        peer = found[0] if found else "not installed" if task in peers else ""
        print(f"| {task} | {used:.2f} | {peer} | {f'{in_r[peer][0]:.2f}' if found else ''} |")
    if "same starts" in in_r:
        theirs = np.array(in_r["same starts"][1])
        own = np.array([index_from(values, start) for values, start in zip(many, starts, strict=True)])
        largest = np.abs(own - theirs).max()
        print(
            f"\ntwo clusters from the same starts as R's kmeans: largest difference of {len(own)} cluster indices {largest:.1e}"
        )


def index_from(values: np.ndarray, start: np.ndarray) -> float:
    n_cases, n_features = values.shape
    sides, workspace = np.empty((2, n_cases), np.uint8), np.empty(_native.two_means_workspace(n_cases, n_features))
    return float(_native.two_means(values, np.ones(n_features), start[None].astype(np.int64), sides, workspace))


if __name__ == "__main__":
    main()
