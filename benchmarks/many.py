"""Gaussian responses a second: `bm.fit_many` beside `bm.fit`, `bm.reml` and lme4's `lmer` one by one.

    python benchmarks/many.py [--responses 20000] [--single 20] [--lmer 200] [--repeats 3]

`treatment + age + (1 | donor) + (1 | batch)`, 100 samples, 25 donors, 10 batches. Shares of the variance are drawn for
each response: donors Beta(0.8, 2), batches Beta(0.5, 6), the rest residual, at least 0.08; a tenth of the responses has
an effect of treatment. Medians of repeats, seconds by the clock and of the processors. `fit_many` gives everything it
tells, Bayes factors and shares too, from the frame to the table; compilation is not counted, the start of processes is.
Single fits are of the first responses; `lmer` runs in Rscript where that is installed, and its start and the reading of
data are not counted.
"""

import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
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
begun <- proc.time()["user.self"]
for (i in seq_len(ncol(Y))) suppressMessages(one(Y[, i]))
cat(1000 * (proc.time()["user.self"] - begun) / ncol(Y))
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


@dataclass(frozen=True)
class Timed:
    """Seconds by the clock, and of the processors by this process."""

    wall: float
    cpu: float


def timed(work: Callable[[], object], repeats: int) -> Timed:
    """Medians of repeats."""
    walls, cpus = [], []
    for _ in range(repeats):
        begun, used = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - begun)
        cpus.append(time.process_time() - used)
    return Timed(statistics.median(walls), statistics.median(cpus))


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
        took = timed(lambda: [fit(design.assign(y=few[name])) for name in few], asked.repeats)
        return 1000 * took.cpu / few.shape[1]

    bm.fit_many(FORMULA, few, design, workers=1, progress=False)
    found: list[bm.Many] = []
    each = 0.0
    for workers in (2, 1):
        took = timed(
            lambda w=workers: found.append(bm.fit_many(FORMULA, Y, design, workers=w, progress=False)), asked.repeats
        )
        each = 1000 * took.cpu / Y.shape[1]
        print(
            f"fit_many, {workers} process(es): {took.wall:.1f} s; this process {took.cpu:.1f} s of a processor",
            flush=True,
        )
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    table = found[-1].table
    print(f"shared: {(table['sampler'] == 'shared').mean():.4f} of {len(table):,}; largest process {peak:.0f} MiB")
    print(f"effective values: {table['effective'].quantile([0.01, 0.5]).round().tolist()} at 1 and 50 %", flush=True)
    single = one_by_one(lambda data: bm.fit(f"y {FORMULA}", data, seed=1, cores=1, progress=False))
    reml = one_by_one(lambda data: bm.reml(f"y {FORMULA}", data))
    lmer = lmer_time(Y.iloc[:, : asked.lmer], design)
    for name, took_alone in (("bm.fit", single), ("bm.reml", reml), ("lmer", lmer)):
        print(f"{name} alone: {took_alone:.1f} ms of a processor, {took_alone / each:.1f} times as much")


if __name__ == "__main__":
    main()
