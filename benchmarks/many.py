"""Gaussian responses a second: `bm.fit_many` beside `bm.fit`, `bm.reml` and lme4's `lmer` one by one.

    python benchmarks/many.py [--responses 20000] [--single 20] [--lmer 200] [--repeats 3]

`treatment + age + (1 | donor) + (1 | batch)`, 100 samples, 25 donors, 10 batches. Shares of the variance are drawn for
each response: donors Beta(0.8, 2), batches Beta(0.5, 6), the rest residual, at least 0.08; a tenth of the responses has
an effect of treatment. Medians of repeats, milliseconds a response by the clock. `fit_many` gives everything it tells,
Bayes factors and shares too, from the frame to the table; compilation is not counted, the start of processes is. Single
fits are of the first responses; `lmer` runs in Rscript where that is installed, and its start and the reading of data
are not counted.
"""

import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import bayesmix as bm

FORMULA = "~ treatment + age + (1 | donor) + (1 | batch)"
LMER = """
suppressMessages(library(lme4))
design <- read.csv("design.csv"); Y <- as.matrix(read.csv("Y.csv"))
control <- lmerControl(calc.derivs = FALSE)
one <- function(y) { design$y <- y; lmer(y FORMULA, design, control = control) }
invisible(suppressMessages(one(Y[, 1])))
begun <- proc.time()["elapsed"]
for (i in seq_len(ncol(Y))) suppressMessages(one(Y[, i]))
cat(1000 * (proc.time()["elapsed"] - begun) / ncol(Y))
"""


def study(n_responses: int, seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The responses, and the sample sheet."""
    rng, n, donors, batches = np.random.default_rng(seed), 100, 25, 10
    donor, batch = np.repeat(np.arange(donors), n // donors), rng.permutation(np.arange(n) % batches)
    treatment = np.tile([0, 1], n // 2)
    design = pd.DataFrame(
        {
            "treatment": np.where(treatment, "drug", "control"),
            "age": rng.normal(50, 10, donors)[donor],
            "donor": [f"d{level}" for level in donor],
            "batch": [f"b{level}" for level in batch],
        },
        index=[f"s{row}" for row in range(n)],
    )
    shares = np.column_stack([rng.beta(0.8, 2, n_responses), rng.beta(0.5, 6, n_responses)])
    sds = np.sqrt(np.column_stack([shares, np.maximum(1 - shares.sum(axis=1), 0.08)]))
    effect = np.where(rng.random(n_responses) < 0.1, rng.normal(0, 0.6, n_responses), 0.0)
    Y = rng.normal(size=(donors, n_responses))[donor] * sds[:, 0]
    Y += rng.normal(size=(batches, n_responses))[batch] * sds[:, 1]
    Y += rng.normal(size=(n, n_responses)) * sds[:, 2] + np.outer(treatment, effect)
    Y = rng.normal(6, 2, n_responses) + np.exp(rng.normal(-0.5, 0.5, n_responses)) * Y
    return pd.DataFrame(Y, index=design.index, columns=[f"g{number}" for number in range(n_responses)]), design


def median_time(work: Callable[[], object], repeats: int) -> float:
    """Seconds by the clock."""
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def lmer_time(Y: pd.DataFrame, design: pd.DataFrame) -> float:
    """Milliseconds a response by lme4; nan where it is not installed."""
    if shutil.which("Rscript") is None:
        return np.nan
    with tempfile.TemporaryDirectory() as folder:
        design.to_csv(Path(folder) / "design.csv", index=False)
        Y.to_csv(Path(folder) / "Y.csv", index=False)
        told = subprocess.run(
            ["Rscript", "-e", LMER.replace("FORMULA", FORMULA)],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    return float(told.stdout) if told.returncode == 0 else np.nan


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--responses", type=int, default=20_000)
    parser.add_argument("--single", type=int, default=20)
    parser.add_argument("--lmer", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    Y, design = study(asked.responses)
    few = Y.iloc[:, : asked.single]

    def one_by_one(fit: Callable[[pd.DataFrame], object]) -> float:
        fit(design.assign(y=few.iloc[:, 0]))
        seconds = median_time(lambda: [fit(design.assign(y=few[name])) for name in few], asked.repeats)
        return 1000 * seconds / few.shape[1]

    single = one_by_one(lambda data: bm.fit(f"y {FORMULA}", data, seed=1, progress=False))
    reml = one_by_one(lambda data: bm.reml(f"y {FORMULA}", data))
    lmer = lmer_time(Y.iloc[:, : asked.lmer], design)
    bm.fit_many(FORMULA, few, design, workers=1, progress=False)
    found: list[bm.Many] = []
    for workers in (1, 2):
        seconds = median_time(
            lambda w=workers: found.append(bm.fit_many(FORMULA, Y, design, workers=w, progress=False)), asked.repeats
        )
        each = 1000 * seconds / Y.shape[1]
        print(f"fit_many, {workers} process(es): {seconds:6.1f} s, {each:.2f} ms a response")
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    print(f"bm.fit alone {single:.0f} ms, {single / each:.0f} times as long; bm.reml {reml:.1f} ms, {reml / each:.1f}")
    print(f"lmer alone {lmer:.1f} ms, {lmer / each:.1f} times as long")
    table = found[-1].table
    print(f"shared: {(table['sampler'] == 'shared').mean():.4f} of {len(table):,}; largest process {peak:.0f} MiB")
    print(f"effective values: {table['effective'].quantile([0.01, 0.5]).round().tolist()} at 1 and 50 %")


if __name__ == "__main__":
    main()
