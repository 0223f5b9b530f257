"""Statistics beside R (survival, limma, glmnet, sva) and lifelines: CPU time of one call, its ratio, the largest difference.

Run: python benchmarks/statistics.py [PYTHON]. PYTHON is an interpreter that has lifelines (default: this one). Rscript is
looked for on the path (Debian: r-base-core, r-cran-survival, r-cran-glmnet, r-cran-statmod, r-bioc-limma, r-bioc-sva). A peer
that is absent is named and left out. results/statistics.md has what it printed. One data set of 686 simulated cases with ties,
censoring and 8 covariates; 300 cases of 20,000 features in two groups; 500 cases and 1,000 covariates for the cross-validated
path of a Cox LASSO, first row. Every program reads the same numbers from the same file.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
os.environ.update(THREADS)  # before NumPy loads; the peers inherit it

import numpy as np  # noqa: E402

import radiotype  # noqa: E402
from radiotype import stats  # noqa: E402

N_CASES, N_COVARIATES, N_FOLDS, N_REPEATS = 686, 8, 5, 100
COVARIATES = [f"x{j + 1}" for j in range(N_COVARIATES)]
ROWS = {  # name of the row: calls timed by us and R, and by lifelines
    "Kaplan-Meier: log-log limits": (50, 5),
    "log-rank: 3 groups": (50, 5),
    "log-rank: strata": (50, 0),
    "log-rank: pairs, BH": (50, 5),
    "restricted mean": (50, 0),
    "Cox: Efron": (50, 5),
    "Cox: Breslow": (50, 0),
    "Cox: strata": (50, 5),
    "Cox: clustered errors": (50, 5),
    "nested models": (50, 5),
    "proportional hazards: score": (50, 0),
    "C with its error": (50, 5),
    "Uno's C with its error": (50, 0),
    "cross-validated C: 500 fits": (1, 0),
    "cross-validated C: 25 fits": (5, 1),
    "moderated: 20,000 x 300": (2, 0),
    "moderated: trend, robust": (2, 0),
    "SAM: 20,000 x 300, 100 orders": (1, 0),
    "cross-validated LASSO path": (1, 0),
}
N_EXPRESSED, N_PROFILES = 20_000, 300
N_WIDE, N_WIDE_COVARIATES, N_WIDE_FOLDS = 500, 1000, 10

R_PROGRAM = r"""
suppressMessages(library(survival))
arguments <- commandArgs(trailingOnly = TRUE)
d <- read.csv(file.path(arguments[1], "cases.csv")); folds <- as.matrix(read.csv(file.path(arguments[1], "folds.csv")))
x <- as.matrix(d[, grep("^x", names(d))]); y <- Surv(d$time, d$event)
row <- function(name, calls, compute) {
  compute(); start <- proc.time(); for (i in 1:calls) value <- compute(); used <- sum((proc.time() - start)[1:2])
  cat(name, sprintf("%.17g", c(used / calls, value)), sep = "\t"); cat("\n")
}
control <- coxph.control(eps = 1e-12, toler.chol = 1e-14)
fit <- function(ties = "efron", ...) coxph(y ~ x, ties = ties, control = control, ...)
both <- function(f) c(coef(f), sqrt(diag(vcov(f))))
index <- function(f) c(f$concordance, sqrt(f$var))
cross <- function(repeats) mean(sapply(repeats, function(r) {
  risk <- numeric(nrow(d))
  for (k in 1:5) {
    train <- folds[, r] != k
    one <- coxph.fit(x[train, ], y[train, ], NULL, NULL, NULL, coxph.control(), NULL, "efron", NULL)
    risk[!train] <- round(x[!train, ] %*% one$coefficients, 10)
  }
  concordance(y ~ risk + strata(folds[, r]), reverse = TRUE)$concordance
}))
row("Kaplan-Meier: log-log limits", 50, function() {
  f <- survfit(y ~ 1, conf.type = "log-log")
  c(sum(f$surv), sum(f$upper, na.rm = TRUE))
})
row("log-rank: 3 groups", 50, function() survdiff(y ~ group, d)$chisq)
row("log-rank: strata", 50, function() survdiff(y ~ group + strata(site), d)$chisq)
row("log-rank: pairs, BH", 50, function() p.adjust(sapply(list(c(1, 2), c(1, 3), c(2, 3)), function(p)
  pchisq(survdiff(Surv(time, event) ~ group, d[d$group %in% p, ])$chisq, 1, lower.tail = FALSE)), "BH"))
row("restricted mean", 50, function() summary(survfit(y ~ 1), rmean = 30)$table[c("rmean", "se(rmean)")])
row("Cox: Efron", 50, function() both(fit()))
row("Cox: Breslow", 50, function() both(fit("breslow")))
row("Cox: strata", 50, function() both(coxph(y ~ x + strata(site), d, control = control)))
row("Cox: clustered errors", 50, function() sqrt(diag(vcov(fit(cluster = d$patient)))))
row("nested models", 50, function() anova(coxph(y ~ x[, 1:7]), coxph(y ~ x))$Chisq[2])
row("proportional hazards: score", 50, function() cox.zph(fit(), "km", terms = FALSE)$table[, 1])
row("C with its error", 50, function() index(concordance(y ~ d$x1, reverse = TRUE)))
row("Uno's C with its error", 50, function() index(concordance(y ~ d$x1, reverse = TRUE, timewt = "n/G2")))
row("cross-validated C: 500 fits", 1, function() cross(1:100))
row("cross-validated C: 25 fits", 5, function() cross(1:5))
if (requireNamespace("limma", quietly = TRUE)) {
  e <- matrix(readBin(file.path(arguments[1], "expression.bin"), "double", 20000 * 300), 20000)
  design <- cbind(one = 1, group = rep(0:1, 150))
  moderated <- function(...) {
    f <- limma::eBayes(limma::lmFit(e, design), ...)
    t <- limma::topTable(f, "group", number = Inf, sort.by = "none")
    c(mean(abs(t$t)), mean(t$B), mean(t$adj.P.Val), median(f$df.prior), median(f$s2.prior))
  }
  row("moderated: 20,000 x 300", 1, function() moderated())
  row("moderated: trend, robust", 1, function() moderated(trend = TRUE, robust = TRUE))
}
if (requireNamespace("glmnet", quietly = TRUE)) {
  w <- as.matrix(read.csv(file.path(arguments[1], "wide.csv")))
  start <- proc.time()
  f <- glmnet::cv.glmnet(w[, -(1:3)], Surv(w[, 1], w[, 2]), family = "cox", foldid = w[, 3])
  used <- sum((proc.time() - start)[1:2])
  cat("cross-validated LASSO path", sprintf("%.17g", c(used, f$lambda.min, f$lambda.1se)), sep = "\t")
  cat("\n")
}
"""

COMBAT_PROGRAM = r"""
suppressMessages(library(sva))
arguments <- commandArgs(trailingOnly = TRUE)
x <- matrix(readBin(file.path(arguments[1], "combat.bin"), "double", 20000 * 300), 20000)
batch <- rep(c("a", "b", "c"), each = 100)
start <- proc.time(); y <- suppressMessages(ComBat(x, batch)); used <- sum((proc.time() - start)[1:2])
cat("ComBat", sprintf("%.17g", c(used, y[1:100, 1], y[1:100, 300])), sep = "\t"); cat("\n")
"""

LIFELINES_PROGRAM = r"""
import sys, time, warnings
from pathlib import Path
warnings.simplefilter("ignore")
import numpy as np, pandas as pd, lifelines
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test, pairwise_logrank_test
from lifelines.utils import concordance_index
d = pd.read_csv(Path(sys.argv[1]) / "cases.csv"); folds = pd.read_csv(Path(sys.argv[1]) / "folds.csv").to_numpy()
x = [name for name in d if name.startswith("x")]
def fit(columns, table=d, **settings):
    return CoxPHFitter().fit(table[[*columns, "time", "event"]], "time", "event", **settings)
def km():
    f = KaplanMeierFitter().fit(d.time, d.event)
    begun = d.event.groupby(d.time).sum().cumsum().to_numpy() > 0  # before the first event there is no limit
    return [f.survival_function_.to_numpy()[1:].sum(), f.confidence_interval_.to_numpy()[1:, 1][begun].sum()]
def strata():
    f = CoxPHFitter().fit(d[[*x, "time", "event", "site"]], "time", "event", strata=["site"])
    return [*f.params_, *f.standard_errors_]
def clustered():
    return CoxPHFitter().fit(d[[*x, "time", "event", "patient"]], "time", "event", cluster_col="patient").standard_errors_
def both(f): return [*f.params_, *f.standard_errors_]
def cross():
    found = []
    for r in range(5):
        num = den = 0
        for k in range(1, 6):
            test = folds[:, r] == k
            f = fit(x, d[~test])
            risk = (d.loc[test, x].to_numpy() @ f.params_.to_numpy()).round(10)
            own = d[test]
            when, died = own.time.to_numpy(), own.event.to_numpy() == 1
            pairs = ((when > when[:, None]) | ((when == when[:, None]) & ~died))[died].sum()
            num += concordance_index(own.time, -risk, own.event) * pairs; den += pairs
        found.append(num / den)
    return [np.mean(found)]
def bh(p):
    p = np.asarray(p); o = np.argsort(p)[::-1]; q = np.empty(p.size)
    q[o] = np.minimum.accumulate(p[o] * p.size / np.arange(p.size, 0, -1)); return q
rows = {
    "Kaplan-Meier: log-log limits": (5, km),
    "log-rank: 3 groups": (5, lambda: [multivariate_logrank_test(d.time, d.group, d.event).test_statistic]),
    "log-rank: pairs, BH": (5, lambda: bh(pairwise_logrank_test(d.time, d.group, d.event).p_value)),
    "Cox: Efron": (5, lambda: both(fit(x))),
    "Cox: strata": (5, strata),
    "Cox: clustered errors": (5, clustered),
    "nested models": (5, lambda: [2 * (fit(x).log_likelihood_ - fit(x[:7]).log_likelihood_)]),
    "C with its error": (5, lambda: [concordance_index(d.time, -d.x1, d.event)]),
    "cross-validated C: 25 fits": (1, cross),
}
print("version", lifelines.__version__, sep="\t")
for name, (calls, compute) in rows.items():
    if calls > 1: compute()
    start = time.process_time()
    for _ in range(calls): value = compute()
    print(name, (time.process_time() - start) / calls, *(repr(float(v)) for v in value), sep="\t")
"""


def cases() -> dict[str, np.ndarray]:
    random = np.random.default_rng(np.random.SeedSequence(686))
    x = random.normal(size=(N_CASES, N_COVARIATES))
    x[:, 1] = np.exp(x[:, 1])  # a long tail, as counts of nodes have
    latent = random.exponential(30 * np.exp(-0.5 * x[:, 0] - 0.2 * x[:, 1]))
    end = random.uniform(5, 60, N_CASES)
    site, group = random.integers(0, 4, N_CASES), random.integers(1, 4, N_CASES)
    columns = {"time": np.ceil(np.minimum(latent, end)), "event": (latent <= end).astype(int), "site": site, "group": group}
    return columns | {"patient": np.arange(N_CASES) // 2} | dict(zip(COVARIATES, x.T, strict=True))


def wide() -> np.ndarray:
    """Time, event, fold and covariates, shape (n_cases, 3 + n_covariates); ten covariates matter."""
    from radiotype.stats.cross_validation import deal_folds

    random = np.random.default_rng(np.random.SeedSequence(1000))
    x = random.normal(size=(N_WIDE, N_WIDE_COVARIATES))
    latent, end = random.exponential(np.exp(-0.4 * x[:, :10].sum(axis=1))), random.exponential(2, N_WIDE)
    event = latent <= end
    return np.column_stack([np.minimum(latent, end), event, deal_folds(event, N_WIDE_FOLDS, random) + 1, x])


def folds(event: np.ndarray) -> np.ndarray:
    """The folds that `cross_validated_concordance` deals with seed 0, shape (n_cases, n_repeats), from 1."""
    from radiotype.stats.cross_validation import deal_folds

    generators = (np.random.default_rng(np.random.SeedSequence(0, spawn_key=(r,))) for r in range(N_REPEATS))
    return np.column_stack([deal_folds(event > 0, N_FOLDS, random) for random in generators]) + 1


def expression() -> np.ndarray:
    """Log expression of two groups in turn, 300 cases of 20,000 features whose variances differ."""
    random = np.random.default_rng(np.random.SeedSequence(20_000))
    values = random.normal(size=(N_PROFILES, N_EXPRESSED)) * np.sqrt(4 / random.chisquare(4, N_EXPRESSED))
    values[1::2, :1000] += 0.5
    return values + random.uniform(4, 12, N_EXPRESSED)


def ours(d: dict[str, np.ndarray]) -> dict[str, Callable[[], list[float]]]:
    profiles = expression()
    groups = np.arange(N_PROFILES) % 2
    design = np.column_stack([np.ones(N_PROFILES), groups])
    y, x = (d["time"], d["event"]), np.column_stack([d[name] for name in COVARIATES])

    def both(fit: stats.CoxFit) -> list[float]:
        return [*fit.coefficients, *fit.standard_errors]

    def curve() -> list[float]:
        found = stats.kaplan_meier(*y)
        return [found.survival.sum(), np.nansum(found.upper)]

    def area() -> list[float]:
        found = stats.restricted_mean(*y, horizon=30)
        return [found.mean, found.standard_error]

    def pairs() -> list[float]:
        found = stats.pairwise_logrank(*y, d["group"])
        return [found[name].q_value for name in ("2 v 1", "3 v 1", "3 v 2")]

    def zph() -> list[float]:
        found = stats.proportional_hazards(*y, x)
        return [*found.chi_square, found.overall.statistic]

    def moderated(**settings: bool) -> list[float]:
        found = stats.moderated_tests(profiles, design, {"group": {"x2": 1}}, **settings)
        means = [np.mean(array) for array in (np.abs(found.t), found.log_odds, found.q_values)]
        return [*means, np.median(found.prior_df), np.median(found.prior_variances)]

    def index() -> list[float]:
        found = stats.concordance(*y, d["x1"])
        return [found.c_index, found.standard_error]

    def uno() -> list[float]:
        found = stats.uno_concordance(*y, d["x1"])
        return [found.effect, found.standard_error]

    table = wide()

    def lasso() -> list[float]:
        found = stats.cross_validated_lasso(stats.CoxLasso(), table[:, 3:], table[:, 0], table[:, 1], folds=table[:, 2])
        return [found.lambda_min, found.lambda_1se]

    return {
        "cross-validated LASSO path": lasso,
        "Kaplan-Meier: log-log limits": curve,
        "log-rank: 3 groups": lambda: [stats.logrank(*y, d["group"]).chi_square],
        "log-rank: strata": lambda: [stats.logrank(*y, d["group"], strata=d["site"]).chi_square],
        "log-rank: pairs, BH": pairs,
        "restricted mean": area,
        "Cox: Efron": lambda: both(stats.cox(*y, x)),
        "Cox: Breslow": lambda: both(stats.cox(*y, x, ties="breslow")),
        "Cox: strata": lambda: both(stats.cox(*y, x, strata=d["site"])),
        "Cox: clustered errors": lambda: [*stats.cox(*y, x, cluster=d["patient"]).standard_errors],
        "nested models": lambda: [stats.nested_test(stats.cox(*y, x[:, :7]), stats.cox(*y, x)).test.statistic],
        "proportional hazards: score": zph,
        "C with its error": index,
        "Uno's C with its error": uno,
        "cross-validated C: 500 fits": lambda: [stats.cross_validated_concordance(*y, x, n_repeats=N_REPEATS).effect],
        "cross-validated C: 25 fits": lambda: [stats.cross_validated_concordance(*y, x, n_repeats=5).effect],
        "moderated: 20,000 x 300": moderated,
        "moderated: trend, robust": lambda: moderated(trend=True, robust=True),
        "SAM: 20,000 x 300, 100 orders": lambda: [stats.sam(profiles, groups, n_permutations=100).s0],
    }


def timed(call: Callable[[], list[float]], calls: int) -> tuple[float, list[float]]:
    call()
    start = time.process_time()
    for _ in range(calls):
        value = call()
    return (time.process_time() - start) / calls, [float(one) for one in value]


def peer(command: list[str], folder: Path) -> dict[str, tuple[float, list[float]]]:
    run = subprocess.run([*command, str(folder)], capture_output=True, text=True, check=True)
    lines = [line.split("\t") for line in run.stdout.splitlines() if "\t" in line]
    return {
        name: (float(values[0]), [float(one) for one in values[1:]]) for name, *values in lines if name in {*ROWS, "ComBat"}
    }


def combat(folder: Path) -> None:
    """One line: fit and transform of 20,000 features of 300 cases in 3 batches."""
    random, batch = np.random.default_rng(np.random.SeedSequence(300)), np.repeat(["a", "b", "c"], 100)
    scale, shift = random.uniform(0.5, 2, (3, 20_000)), random.normal(size=(3, 20_000))
    table = random.normal(size=(300, 20_000)) * np.repeat(scale, 100, axis=0) + np.repeat(shift, 100, axis=0)
    seconds, found = timed(lambda: stats.ComBat().fit(table, batch).transform(table, batch)[[0, 299], :100].ravel().tolist(), 3)
    line = f"\nComBat: 20,000 features, 300 cases, 3 batches: {seconds * 1e3:.0f} ms"
    probe = ["Rscript", "-e", "stopifnot(requireNamespace('sva'))"]
    if shutil.which("Rscript") and subprocess.run(probe, capture_output=True).returncode == 0:
        table.tofile(folder / "combat.bin")
        (folder / "combat.R").write_text(COMBAT_PROGRAM, encoding="utf-8")
        theirs, values = peer(["Rscript", str(folder / "combat.R")], folder)["ComBat"]
        gap = max(abs(a - b) for a, b in zip(found, values, strict=True))
        print(f"{line}; R sva {theirs * 1e3:.0f} ms, {theirs / seconds:.1f} times, differs {gap:.1e}")
    else:
        print(f"{line}; R sva absent, left out")


def main() -> None:
    python = sys.argv[1] if len(sys.argv) > 1 else sys.executable
    with tempfile.TemporaryDirectory() as name:
        folder, data = Path(name), cases()
        for file, header, rows in (
            ("cases.csv", list(data), zip(*(column.tolist() for column in data.values()), strict=True)),
            ("folds.csv", [f"r{r}" for r in range(N_REPEATS)], folds(data["event"]).tolist()),
        ):
            with (folder / file).open("w", newline="", encoding="utf-8") as handle:
                csv.writer(handle).writerows([header, *rows])
        expression().tofile(folder / "expression.bin")
        np.savetxt(
            folder / "wide.csv",
            wide(),
            "%.17g",
            ",",
            header=",".join(f"w{j}" for j in range(N_WIDE_COVARIATES + 3)),
            comments="",
        )
        (folder / "peer.R").write_text(R_PROGRAM, encoding="utf-8")
        (folder / "peer.py").write_text(LIFELINES_PROGRAM, encoding="utf-8")
        results = {"radiotype": {row: timed(call, ROWS[row][0]) for row, call in ours(data).items()}}
        peers = {
            "R": (["Rscript", str(folder / "peer.R")], ["Rscript", "-e", "stopifnot(requireNamespace('survival'))"]),
            "lifelines": ([python, str(folder / "peer.py")], [python, "-c", "import lifelines"]),
        }
        for who, (command, probe) in peers.items():
            there = shutil.which(command[0]) and subprocess.run(probe, capture_output=True).returncode == 0
            print(f"{who}: {'installed' if there else 'absent, left out'}")
            results[who] = peer(command, folder) if there else {}
    print(f"radiotype {radiotype.__version__}; {N_CASES} cases, {N_COVARIATES} covariates")
    print("CPU ms of one call in one thread; times: of ours; differs: largest difference of any number\n")
    print(f"{'':32s}{'radiotype':>10s}" + "".join(f"{who:>14s}{'times':>8s}{'differs':>10s}" for who in list(results)[1:]))
    for row, (seconds, values) in results["radiotype"].items():
        line = f"{row:32s}{seconds * 1e3:10.2f}"
        for who in list(results)[1:]:
            if row in results[who]:
                theirs, found = results[who][row]
                if who == "R" and len(found) != len(values):
                    raise SystemExit(f"{row}: R wrote {len(found)} numbers, we have {len(values)}")
                gap = max(abs(a - b) for a, b in zip(values, found, strict=False))  # lifelines has no error of C
                line += f"{theirs * 1e3:14.2f}{theirs / seconds:8.1f}{gap:10.1e}"
            else:
                line += f"{'-':>14s}{'-':>8s}{'-':>10s}"
        print(line)
    with tempfile.TemporaryDirectory() as name:
        combat(Path(name))


if __name__ == "__main__":
    main()
