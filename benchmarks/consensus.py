"""Consensus clustering beside R's ConsensusClusterPlus: PAM, Pearson distance, 10 features, K = 2 to 10, 80 % of the cases.

Run: python benchmarks/consensus.py [--resamples 10000] [--r-resamples 20] [--cases 1006 1682]
R (Rscript with the package ConsensusClusterPlus) runs few resamples and is extrapolated; with the same seed the consensus of
those must be the same. Partitions found through single precision are compared with those of double precision on every resample
and K. CPU and wall seconds; memory is the largest this process held.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from radiotype.core.watching import unwatched
from radiotype.subtypes import ConsensusClustering
from radiotype.subtypes.distances import case_distances
from radiotype.subtypes.medoids import PamPartitions
from radiotype.subtypes.resampling import Draw

ALL_K = range(2, 11)
SEED = 20261121

R_SCRIPT = """
suppressMessages(library(ConsensusClusterPlus))
arguments <- commandArgs(trailingOnly = TRUE)
values <- t(as.matrix(read.csv(arguments[1], header = FALSE)))
run <- function(resamples) ConsensusClusterPlus:::ccRun(d = values, maxK = 10, repCount = resamples, pItem = 0.8, pFeature = 1,
  clusterAlg = "pam", distance = "pearson", verbose = FALSE, corUse = "everything")
set.seed(as.integer(arguments[4])); one <- system.time(run(1))
set.seed(as.integer(arguments[4])); all <- system.time(found <- run(as.integer(arguments[3])))
cat(sum(one[1:2]), sum(all[1:2]), "\\n")
for (k in 2:10) writeBin(as.vector(found[[k]]), paste0(arguments[2], "/", k), 8)
"""


def table(n_cases: int) -> np.ndarray:
    """Four Gaussian groups in ten features."""
    random = np.random.default_rng(n_cases)
    return 2 * random.normal(size=(4, 10))[random.integers(0, 4, n_cases)] + random.normal(size=(n_cases, 10))


def clustering(n_resamples: int, *, like_r: bool = False) -> ConsensusClustering:
    return ConsensusClustering(ALL_K, n_resamples=n_resamples, seed=SEED, seed_like_r=like_r, choose="area")


def in_r(values: np.ndarray, n_resamples: int) -> tuple[float, bool]:
    """CPU seconds of R per resample, and whether its consensus is ours to the last bit."""
    with tempfile.TemporaryDirectory() as folder:
        script, data = Path(folder, "run.R"), Path(folder, "values.csv")
        script.write_text(R_SCRIPT, encoding="utf-8")
        np.savetxt(data, values, delimiter=",", fmt="%.17g")
        command = ["Rscript", str(script), str(data), folder, str(n_resamples), str(SEED)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        read = {k: np.fromfile(Path(folder, str(k))).reshape(len(values), -1) for k in ALL_K}
    first, last = float(said[-2]), float(said[-1])
    counts = clustering(n_resamples, like_r=True)._consensus(values, list(ALL_K), n_resamples, SEED, unwatched)
    same = all(_below(counts[k], read[k]) for k in ALL_K)
    return (last - first) / (n_resamples - 1), same


def _below(ours: np.ndarray, theirs: np.ndarray) -> bool:
    """R's consensus is 0 where a pair was never drawn, as ours; its diagonal is not kept."""
    rows, columns = np.tril_indices(len(ours), -1)
    return bool((ours[rows, columns] == theirs[rows, columns]).all())


def mismatches(values: np.ndarray, n_resamples: int) -> tuple[int, int]:
    """Partitions that differ between single and double precision, of how many."""
    n_items = int(0.8 * len(values))
    distances = case_distances(values)
    single, double = (PamPartitions(distances, ALL_K, n_items, single=one) for one in (True, False))
    different = 0
    for subset in Draw(len(values), n_items, 1, 1).subsets(n_resamples, seed=SEED):
        different += int((single(subset.items) != double(subset.items)).any(axis=1).sum())
    return different, n_resamples * len(ALL_K)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resamples", type=int, default=10_000)
    parser.add_argument("--r-resamples", type=int, default=20)
    parser.add_argument("--compared", type=int, help="resamples compared in both precisions; all when left out")
    parser.add_argument("--cases", type=int, nargs="+", default=[1006, 1682])
    given = parser.parse_args()
    print("| cases | CPU s | wall s | memory, MB | R, CPU s (extrapolated) | ratio | equal to R | partitions that differ |")
    print("|---|---|---|---|---|---|---|---|")
    for n_cases in given.cases:
        values = table(n_cases)
        cpu, wall = time.process_time(), time.perf_counter()
        clustering(given.resamples).fit(values)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        different, compared = mismatches(values, given.compared or given.resamples)
        beside = "| no R here | | "
        if shutil.which("Rscript"):
            per_resample, same = in_r(values, given.r_resamples)
            in_all = per_resample * given.resamples
            beside = f"| {in_all:,.0f} (of {given.r_resamples}) | {in_all / cpu:,.0f} | {'yes' if same else 'NO'} "
        print(f"| {n_cases:,} | {cpu:.0f} | {wall:.0f} | {memory:.0f} {beside}| {different} of {compared:,} |", flush=True)


if __name__ == "__main__":
    main()
