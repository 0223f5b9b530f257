"""Genomics beside R and Python peers: CPU time of one thread, its ratio, and the largest difference.

Run: python benchmarks/genomics.py [part ...]; parts: ssgsea gsea errors (all when left out).
Peers: R with GSVA (Debian: r-bioc-gsva) and, where it is installed, fgsea; gseapy in an environment of its own:
  python -m venv benchmarks/.venv-gseapy; benchmarks/.venv-gseapy/bin/pip install gseapy
A peer that is absent is named and left out. Every program reads the same numbers, and times one call after loading and reading.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import combinations
from math import comb
from pathlib import Path

THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
os.environ.update(THREADS)  # before NumPy loads; the peers inherit it

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from radiotype import _native, genomics  # noqa: E402

HERE = Path(__file__).resolve().parent
GSEAPY = HERE / ".venv-gseapy/bin/python"
SEED, N_GENES, N_SAMPLES, N_SETS, N_RANKED, N_TESTED = 20261121, 20_000, 300, 50, 12_000, 200
GENES = [f"G{i}" for i in range(N_GENES)]


def sets(number: int, n_genes: int) -> dict[str, list[str]]:
    """Random sets of 15 to 200 genes."""
    random = np.random.default_rng([SEED, number])
    return {
        f"S{at}": [GENES[i] for i in random.choice(n_genes, random.integers(15, 201), replace=False)] for at in range(number)
    }


def ours(call: Callable[[], object]) -> tuple[float, float, object]:
    """CPU and wall seconds of the fastest of three calls, after one that is not timed."""
    call()
    best = (np.inf, np.inf)
    for _ in range(3):
        cpu, wall = time.process_time(), time.perf_counter()
        found = call()
        best = min(best, (time.process_time() - cpu, time.perf_counter() - wall))
    return *best, found


def run(command: list[str], program: str, folder: Path) -> tuple[float, dict[str, np.ndarray]] | None:
    """CPU seconds that a peer prints in its last line, and the arrays it wrote as NAME.bin; None if it is absent."""
    suffix = ".R" if command[0] == "Rscript" else ".py"
    (folder / f"peer{suffix}").write_text(program, encoding="utf-8")
    for old in folder.glob("out_*.bin"):
        old.unlink()
    done = subprocess.run([*command, str(folder / f"peer{suffix}"), str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command[0]}: {done.stderr[-2000:]}")
    return float(done.stdout.split()[-1]), {file.stem[4:]: np.fromfile(file) for file in folder.glob("out_*.bin")}


def there(package: str) -> bool:
    """Whether an R package, or gseapy, can be used."""
    if package == "gseapy":
        return GSEAPY.exists() and subprocess.run([GSEAPY, "-c", "import gseapy"], capture_output=True).returncode == 0
    probe = ["Rscript", "-e", f"stopifnot(requireNamespace('{package}'))"]
    return bool(shutil.which("Rscript")) and subprocess.run(probe, capture_output=True).returncode == 0


R_START = """
folder <- commandArgs(TRUE)[1]
out <- function(name, x) {
  f <- file(file.path(folder, paste0('out_', name, '.bin')), 'wb'); writeBin(as.double(x), f); close(f)
}
lines <- strsplit(readLines(file.path(folder, 'sets.gmt')), '\\t'); sets <- lapply(lines, function(x) x[-(1:2)])
names(sets) <- sapply(lines, `[`, 1)
cpu <- function(expression) { start <- sum(proc.time()[1:2]); force(expression); sum(proc.time()[1:2]) - start }
"""
PYTHON_START = """
import sys, time, warnings
from pathlib import Path
import numpy as np, pandas as pd, gseapy
warnings.simplefilter("ignore")
folder = Path(sys.argv[1])
sets = {line.split("\\t")[0]: line.split("\\t")[2:] for line in (folder / "sets.gmt").read_text().splitlines()}
"""
R_SSGSEA = (
    R_START
    + f"""
suppressMessages(library(GSVA))
x <- matrix(readBin(file.path(folder, 'values.bin'), 'double', {N_GENES * N_SAMPLES}), {N_GENES})
rownames(x) <- paste0('G', seq_len({N_GENES}) - 1); colnames(x) <- paste0('P', seq_len({N_SAMPLES}))
took <- cpu(s <- gsva(x, sets, method = 'ssgsea', ssgsea.norm = FALSE, min.sz = 1, verbose = FALSE, parallel.sz = 1))
out('scores', s[names(sets), ]); cat(took, '\\n')
"""
)
PYTHON_SSGSEA = (
    PYTHON_START
    + f"""
values = np.fromfile(folder / "values.bin").reshape({N_SAMPLES}, {N_GENES})
table = pd.DataFrame(values.T, index=[f"G{{i}}" for i in range({N_GENES})], columns=[f"P{{i}}" for i in range({N_SAMPLES})])
start = time.process_time()
found = gseapy.ssgsea(data=table, gene_sets=sets, outdir=None, min_size=1, max_size=20000, sample_norm_method="rank", threads=1)
took = time.process_time() - start
wide = found.res2d.pivot(index="Name", columns="Term", values="ES").loc[table.columns, list(sets)]
wide.to_numpy(dtype=float).tofile(folder / "out_scores.bin")
print(took)
"""
)
R_GSEA = (
    R_START
    + """
suppressMessages(library(fgsea))
r <- read.csv(file.path(folder, 'ranking.csv')); ranking <- setNames(r$value, r$name); set.seed(1)
took <- cpu(f <- fgseaMultilevel(sets, ranking, eps = 0, nproc = 1))
f <- f[match(names(sets), f$pathway), ]; out('ES', f$ES); out('NES', f$NES); out('p', f$pval); cat(took, '\\n')
"""
)
PYTHON_GSEA = (
    PYTHON_START
    + """
ranking = pd.read_csv(folder / "ranking.csv").set_index("name")["value"]
start = time.process_time()
settings = dict(outdir=None, min_size=1, max_size=20000, permutation_num=PERMUTATIONS, threads=1, seed=1)
found = gseapy.prerank(rnk=ranking, gene_sets=sets, **settings)
took = time.process_time() - start
table = found.res2d.set_index("Term").loc[list(sets)]
for name, column in (("ES", "ES"), ("NES", "NES"), ("p", "NOM p-val")):
    table[column].to_numpy(dtype=float).tofile(folder / f"out_{name}.bin")
print(took)
"""
)


def write_sets(folder: Path, chosen: dict[str, list[str]]) -> None:
    lines = ["\t".join([name, "", *members]) for name, members in chosen.items()]
    (folder / "sets.gmt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def ssgsea(folder: Path) -> None:
    values = np.random.default_rng([SEED, 0]).normal(7, 2, size=(N_SAMPLES, N_GENES))
    chosen = sets(N_SETS, N_GENES)
    table = pd.DataFrame(values, columns=GENES)
    values.tofile(folder / "values.bin")
    write_sets(folder, chosen)
    cpu, wall, found = ours(lambda: genomics.ssgsea(table, chosen, n_jobs=1))
    _, both, _ = ours(lambda: genomics.ssgsea(table, chosen))
    print(f"\n## ssGSEA: {N_GENES:,} genes, {N_SAMPLES} samples, {N_SETS} sets\n")
    print("| program | CPU s | times ours | largest difference of raw scores |\n|---|---|---|---|")
    print(f"| radiotype | {cpu:.2f} | 1 | |")
    for name, package, command, program in (
        ("R GSVA", "GSVA", ["Rscript"], R_SSGSEA),
        ("gseapy", "gseapy", [str(GSEAPY)], PYTHON_SSGSEA),
    ):
        if not there(package):
            print(f"| {name} | absent | | |")
            continue
        took, out = run(command, program, folder)
        apart = np.abs(out["scores"].reshape(N_SAMPLES, N_SETS) - found.values).max()
        print(f"| {name} | {took:.1f} | {took / cpu:.0f} | {apart:.1e} |", flush=True)
    print(f"\nWall seconds of ours: {wall:.2f} in one thread, {both:.2f} in {len(os.sched_getaffinity(0))}.")
    cpu, _, _ = ours(lambda: genomics.FunctionalSpectra(chosen, n_jobs=1).fit(table).transform(table))
    print(f"Functional spectra of the same table: {cpu:.2f} CPU s.")


def gsea(folder: Path) -> None:
    random = np.random.default_rng([SEED, 1])
    values, chosen = random.normal(size=N_RANKED), sets(N_TESTED, N_RANKED)
    for at, members in enumerate(list(chosen.values())[:40]):  # 40 sets are shifted, by more and more
        values[[int(name[1:]) for name in members]] += (at + 1) / 40 * (-1) ** at
    ranking = pd.Series(values, index=GENES[:N_RANKED])
    ranking.rename_axis("name").rename("value").to_csv(folder / "ranking.csv", float_format="%.17g")
    write_sets(folder, chosen)
    cpu, wall, found = ours(lambda: genomics.gsea(ranking, chosen, n_jobs=1))
    _, both, _ = ours(lambda: genomics.gsea(ranking, chosen))
    print(f"\n## Preranked GSEA: {N_RANKED:,} genes, {N_TESTED} sets, of which 40 are shifted\n")
    print(
        "| program | CPU s | times ours | smallest p | largest difference of ES | of NES, relative |\n|---|---|---|---|---|---|"
    )
    print(f"| radiotype | {cpu:.2f} | 1 | {found.p_values.min():.1e} | | |")
    for name, package, command, program in (
        ("R fgsea, multilevel, eps = 0", "fgsea", ["Rscript"], R_GSEA),
        ("gseapy, 1,000 permutations", "gseapy", [str(GSEAPY)], PYTHON_GSEA.replace("PERMUTATIONS", "1000")),
        ("gseapy, 10,000 permutations", "gseapy", [str(GSEAPY)], PYTHON_GSEA.replace("PERMUTATIONS", "10000")),
    ):
        if not there(package):
            print(f"| {name} | absent | | | | |")
            continue
        took, out = run(command, program, folder)
        apart, relative = np.abs(out["ES"] - found.enrichment).max(), np.abs(out["NES"] / found.normalised - 1).max()
        print(f"| {name} | {took:.1f} | {took / cpu:.0f} | {out['p'].min():.1e} | {apart:.1e} | {relative:.3f} |", flush=True)
    print(f"\nWall seconds of ours: {wall:.2f} in one thread, {both:.2f} in {len(os.sched_getaffinity(0))}.")


def errors(folder: Path) -> None:
    """p-values whose truth is known, because every set was counted or the set is the most extreme of all; over seeds."""
    values = np.sort(np.random.default_rng([SEED, 2]).normal(size=30) * 2)[::-1]
    small, every = pd.Series(values, index=GENES[:30]), list(combinations(range(30), 4))
    scores = np.array([genomics.running_sum(small, [GENES[at] for at in one]).enrichment for one in every])
    above = np.sort(scores[scores > 0])[::-1]
    cases = []
    for place in (1000, 100, 20, 3, 0):
        chosen = every[int(np.argsort(-scores)[place])]
        cases.append((small, [GENES[at] for at in chosen], np.mean(above >= above[place] - 1e-12)))
    for n, k in ((200, 10), (2000, 5), (2000, 12)):
        cases.append((pd.Series(np.linspace(5, -4, n), index=GENES[:n]), GENES[:k], 2 / comb(n, k)))
    print("\n## How good the p-values of GSEA are, over 40 seeds\n")
    print("| names, members | exact p | mean of log2 p less the exact | deviation over seeds | mean `log2_error` |")
    print("|---|---|---|---|---|")
    for ranking, members, exact in cases:
        found = [genomics.gsea(ranking, {"s": members}, least_members=4, seed=seed) for seed in range(40)]
        logs, claimed = np.log2([one.p_values[0] for one in found]), np.mean([one.log2_error[0] for one in found])
        row = (f"{logs.mean() - np.log2(exact):.2f}", f"{logs.std(ddof=1):.2f}", f"{claimed:.2f}")
        print(f"| {len(ranking)}, {len(members)} | {exact:.1e} | {' | '.join(row)} |", flush=True)


PARTS = {"ssgsea": ssgsea, "gsea": gsea, "errors": errors}


def main() -> None:
    wanted = sys.argv[1:] or list(PARTS)
    unknown = sorted(set(wanted) - set(PARTS))
    if unknown:
        raise SystemExit(f"no part {json.dumps(unknown)}; parts: {', '.join(PARTS)}")
    print(f"Printed by benchmarks/genomics.py (seed {SEED}), SIMD level {_native.simd_level()}.")
    for part in wanted:
        with tempfile.TemporaryDirectory() as folder:
            PARTS[part](Path(folder))


if __name__ == "__main__":
    main()
