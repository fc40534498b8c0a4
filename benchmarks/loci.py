"""Loci a second: the engine of many loci beside `bm.fit` in a loop, and nutpie on one compiled PyMC model.

    python benchmarks/loci.py [--loci 200] [--family binomial] [--slow 10] [--data FILE]

The 200 simulated loci of the tests, 24 samples, `treatment * time + (1 | tank)` with 12 tanks: one locus is all that is
done from its counts to its row, draws, R-hat and effective sizes of every parameter included. Loci a second by the
clock on one process and on two, the processor's milliseconds for a locus, and the least and the median over the loci of
the least bulk effective size. Compilation, imports and the start of processes are not counted. `--slow` loci are enough
for those that take long:

- fit: `bm.fit`, importance sampling, 4 x 1000 draws; fit (NUTS): the same by nutpie on the integrated density;
- PyMC: nutpie, 4 x 500 draws after 300 steps, on one compiled model of all 17 parameters that takes the counts of each
  locus as new data.
"""

import multiprocessing
import time
import warnings
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import arviz_stats
import numpy as np
import nutpie
import pandas as pd
import pymc as pm

import bayesmix as bm
from bayesmix.loci.block import LociBlock
from bayesmix.loci.engine.fit_block import fit_block
from bayesmix.loci.engine.model import LociModel, loci_model
from bayesmix.loci.engine.settings import LociSettings
from bayesmix.parallel import one_blas_thread

FORMULA = "cbind(m, u) ~ treatment * time + (1 | tank)"
COVARIATES = ["treatment", "time", "tank"]
SIMULATED = Path(__file__).parents[1] / "tests" / "references" / "meth_sim.csv.gz"


@dataclass(frozen=True)
class Measured:
    """Seconds by the clock and of the processor, and the least bulk effective size of each locus."""

    wall: float
    cpu: float
    sizes: list[float]


def loci(data: pd.DataFrame) -> tuple[pd.DataFrame, LociBlock]:
    """The sample sheet, and all loci as one block."""
    sheet = data[COVARIATES].drop_duplicates().reset_index(drop=True)
    place = {row: number for number, row in enumerate(sheet.itertuples(index=False, name=None))}
    samples = np.array([place[row] for row in data[COVARIATES].itertuples(index=False, name=None)])
    names, counts = np.unique(data["locus"].to_numpy(), return_counts=True)
    starts = np.concatenate([[0], np.cumsum(counts)])
    columns = {name: data[name].to_numpy() for name in ("m", "u")}
    return sheet, LociBlock(tuple(map(str, names)), starts, samples, columns)


def engine(model: LociModel, block: LociBlock) -> Measured:
    begun, cpu = time.perf_counter(), time.process_time()
    table = fit_block(model, block).table
    sizes = [size for size in table["ess_bulk"].to_pylist() if size is not None]
    return Measured(time.perf_counter() - begun, time.process_time() - cpu, sizes)


def warmed(model: LociModel, block: LociBlock, start: float) -> Measured:
    """The same in a process of its own, from a time at which others begin too."""
    fit_block(model, block.part(0, 2))
    time.sleep(max(0.0, start - time.time()))
    return engine(model, block)


def on_two_processes(model: LociModel, block: LociBlock) -> Measured:
    """The halves of the block side by side; by the clock the longer one."""
    half, start = len(block) // 2, time.time() + 20
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        parts = [block.part(0, half), block.part(half, len(block))]
        done = pool.starmap(warmed, [(model, part, start) for part in parts])
    sizes = [size for part in done for size in part.sizes]
    return Measured(max(part.wall for part in done), sum(part.cpu for part in done), sizes)


def by_fit(data: pd.DataFrame, family: str, n_loci: int, **settings: object) -> Measured:
    frames = [rows for _, rows in data.groupby("locus")][:n_loci]
    sizes = []

    def each(rows: pd.DataFrame) -> None:
        fit = bm.fit(FORMULA, rows, family, seed=1, cores=1, progress=False, **settings)
        parameters = fit.diagnostics.parameters
        sizes.append(float(parameters.loc[parameters["kind"] != "group effect", "ess_bulk"].min()))

    return clocked(each, frames, sizes)


def by_pymc(data: pd.DataFrame, family: str, n_loci: int) -> Measured:
    """One model, compiled once by nutpie; the counts of each locus are its new data."""
    frames = [rows for _, rows in data.groupby("locus")][:n_loci]
    first = frames[0]
    treated, late = (first["treatment"] == "trt").to_numpy(float), (first["time"] == "t2").to_numpy(float)
    X, tank = np.column_stack([treated, late, treated * late]), pd.factorize(first["tank"])[0]
    with pm.Model() as model:
        methylated, total = pm.Data("methylated", first["m"].to_numpy()), pm.Data("total", first["n"].to_numpy())
        beta, sd = pm.Normal("beta", 0, 2.5, shape=3), pm.HalfNormal("sd", 1)
        eta = (
            pm.Normal("Intercept", 0, 2.5)
            + (X - X.mean(axis=0)) @ beta
            + sd * pm.Normal("z", shape=int(tank.max()) + 1)[tank]
        )
        p = pm.math.sigmoid(eta)
        if family == "binomial":
            pm.Binomial("y", n=total, p=p, observed=methylated)
        else:
            phi = pm.Gamma("phi", 2, 0.1)
            pm.BetaBinomial("y", n=total, alpha=p * phi, beta=(1 - p) * phi, observed=methylated)
    compiled = nutpie.compile_pymc_model(model)
    sizes: list[float] = []

    def each(rows: pd.DataFrame) -> None:
        given = compiled.with_data(methylated=rows["m"].to_numpy(), total=rows["n"].to_numpy())
        tree = nutpie.sample(given, draws=500, tune=300, chains=4, cores=1, seed=1, progress_bar=False)
        names = [name for name in ("Intercept", "beta", "sd", "phi") if name in tree["posterior"]]
        effective = arviz_stats.ess(tree["posterior"].to_dataset()[names])
        sizes.append(min(float(effective[name].min()) for name in names))

    return clocked(each, frames, sizes)


def clocked(each: Callable[[pd.DataFrame], None], frames: list[pd.DataFrame], sizes: list[float]) -> Measured:
    """Over all frames, after the first has been fitted for what compiles."""
    with one_blas_thread():
        each(frames[0])
        sizes.clear()
        begun, cpu = time.perf_counter(), time.process_time()
        for rows in frames:
            each(rows)
        return Measured(time.perf_counter() - begun, time.process_time() - cpu, sizes)


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--loci", type=int, default=200)
    parser.add_argument("--slow", type=int, default=10)
    parser.add_argument("--family", default="binomial")
    parser.add_argument("--data", default=str(SIMULATED))
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    data = pd.read_csv(chosen.data)
    data = data[data["locus"] <= chosen.loci]
    sheet, block = loci(data)
    plain = loci_model(FORMULA, sheet, example=block, family=chosen.family, settings=LociSettings(seed=1))
    rows = {}
    for name, model in {
        "engine, NUTS": plain,
        "engine, screening": replace(plain, settings=replace(plain.settings, sampler="importance")),
    }.items():
        fit_block(model, block.part(0, 2))
        rows[name, 1] = engine(model, block)
        rows[name, 2] = on_two_processes(model, block)
    rows["bm.fit", 1] = by_fit(data, chosen.family, chosen.slow)
    rows["bm.fit, NUTS", 1] = by_fit(data, chosen.family, chosen.slow, sampler="nutpie")
    rows["PyMC, nutpie", 1] = by_pymc(data, chosen.family, chosen.slow)
    table = [
        {
            "who": name,
            "processes": processes,
            "loci/s": len(measured.sizes) / measured.wall,
            "cpu ms": 1e3 * measured.cpu / len(measured.sizes),
            "least ESS": min(measured.sizes),
            "median ESS": float(np.median(measured.sizes)),
        }
        for (name, processes), measured in rows.items()
    ]
    print(f"{len(block)} loci, {chosen.family}")
    print(pd.DataFrame(table).round(1).to_string(index=False))


if __name__ == "__main__":
    main()
