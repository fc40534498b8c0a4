"""Predictions of new rows: seconds and memory, beside Bambi's `predict` from the same posterior.

    python benchmarks/prediction.py [--levels 10000]

First rows of `sleepstudy`'s subjects at new days, by bm.predict and by the Bambi model of the same fit; then a row for
every level of a large factor, of which bm.predict holds some at a time.
"""

import time
import tracemalloc
from argparse import ArgumentParser
from collections.abc import Callable

import numpy as np
import pandas as pd

import bayesmix as bm


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Processor seconds, the least of three, and the greatest memory in MiB."""
    seconds = []
    for _ in range(3):
        started = time.process_time()
        work()
        seconds.append(time.process_time() - started)
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return min(seconds), peak / 2**20


def beside_bambi(n_rows: int) -> None:
    data = bm.load_data("sleepstudy")
    fit = bm.fit("Reaction ~ Days + (Days | Subject)", data, seed=1, progress=False)
    rng = np.random.default_rng(1)
    rows = pd.DataFrame({"Days": rng.uniform(0, 12, n_rows), "Subject": rng.choice(data["Subject"].unique(), n_rows)})
    model = bm.bambi_model(fit)
    for name, work in {
        "bm.predict": lambda: bm.predict(fit, rows),
        "Bambi": lambda: model.predict(fit.posterior, data=rows, inplace=False),
    }.items():
        seconds, memory = measured(work)
        print(f"{n_rows:>7} rows  {name:12} {seconds:8.2f} s {memory:8.0f} MiB")


def every_level(n_levels: int) -> None:
    rng, g = np.random.default_rng(1), np.repeat(np.arange(n_levels), 2)
    y = rng.normal(size=n_levels)[g] + rng.normal(size=len(g))
    fit = bm.fit("y ~ 1 + (1 | g)", pd.DataFrame({"y": y, "g": g}), seed=1, progress=False)
    rows = pd.DataFrame({"g": np.arange(n_levels)})
    for groups in ("fitted", "new"):
        seconds, memory = measured(lambda groups=groups: bm.predict(fit, rows, groups=groups))
        print(f"{n_levels:>7} levels  {groups:10} {seconds:8.2f} s {memory:8.0f} MiB")


if __name__ == "__main__":
    read = ArgumentParser(description=__doc__.splitlines()[0])
    read.add_argument("--levels", type=int, default=10_000, help="of the large factor")
    asked = read.parse_args()
    for rows in (100, 2000):
        beside_bambi(rows)
    every_level(asked.levels)
