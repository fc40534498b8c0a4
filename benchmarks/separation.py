"""How long `bm.separation` looks, of one data set and of many loci.

    python benchmarks/separation.py [--repeats 30] [--loci tests/references/meth_sim.csv.gz]

Milliseconds of the processor, the least of the repeats, for what `bm.fit` does of it: designs are built, nothing is
sampled. "separated" has a cell with one outcome, "ordinary" none; VerbAgg has 7,584 rows of which 240 differ in their
predictors; "numbers" has as many rows with eight normal predictors, all different, without and with a plane between
zeros and ones: there linear programming takes the time. With `--loci` the mean over all loci of a table with columns
locus, treatment, time, tank, m and u.
"""

import time
from argparse import ArgumentParser
from pathlib import Path

import numpy as np
import pandas as pd

import bayesmix as bm
from bayesmix.families.family import read_family
from bayesmix.formula.design import Design
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.modelling.separation import separation_of

METHYLATION = "cbind(methylated, unmethylated) ~ treatment * time + (1 | tank)"


def design_of(formula: str, data: pd.DataFrame, family: str) -> Design:
    """The arrays of a model."""
    return build_design(parse(formula), data, response=read_family(family).response)


def numbers(*, parted: bool) -> pd.DataFrame:
    """7,584 rows of eight normal predictors, zeros and ones by chance or by a plane."""
    rng = np.random.default_rng(1)
    data = pd.DataFrame(rng.normal(size=(7584, 8)), columns=[f"x{i}" for i in range(8)])
    ones = data["x0"] + data["x1"] > 0.3 if parted else rng.random(len(data)) < 0.5
    return data.assign(y=np.asarray(ones).astype(int))


def least(design: Design, family: str, repeats: int) -> float:
    """Milliseconds of the processor, the least of the repeats."""
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        separation_of(design, read_family(family))
        taken.append(time.process_time() - start)
    return 1e3 * min(taken)


def main() -> None:
    """Print the table."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--loci", type=Path)
    asked = parser.parse_args()
    reads = bm.load_data("methylation_simulated")
    of_numbers = "y ~ " + " + ".join(f"x{i}" for i in range(8))
    verbal = "r2 ~ Anger + Gender + btype + situ + (1 | id) + (1 | item)"
    works = {
        "24 rows, ordinary": (METHYLATION, reads[reads["locus"] == "145"], "binomial", asked.repeats),
        "24 rows, separated": (METHYLATION, reads[reads["locus"] == "72"], "binomial", asked.repeats),
        "VerbAgg": (verbal, bm.load_data("VerbAgg"), "bernoulli", asked.repeats),
        "numbers": (of_numbers, numbers(parted=False), "bernoulli", 3),
        "numbers, separated": (of_numbers, numbers(parted=True), "bernoulli", 1),
    }
    for name, (formula, data, family, repeats) in works.items():
        print(f"{name:20} {least(design_of(formula, data, family), family, repeats):9.2f} ms")
    if asked.loci:
        loci = pd.read_csv(asked.loci).groupby("locus")
        designs = [design_of("cbind(m, u) ~ treatment * time + (1 | tank)", rows, "binomial") for _, rows in loci]
        mean = np.mean([least(design, "binomial", 3) for design in designs])
        print(f"{f'{len(designs)} loci, mean':20} {mean:9.2f} ms")


if __name__ == "__main__":
    main()
