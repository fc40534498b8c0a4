"""Counts with one random intercept beside nutpie on the PyMC model and beside Bambi with nutpie.

    python benchmarks/boundary_counts.py [--loci 10]

Loci of 24 samples in 12 tanks as in a methylation study, every other one with a cell of which no read is methylated;
`cbind(m, u) ~ treatment * time + (1 | tank)`. All three take the same data, draws and priors, in one
process. CPU time is that of the draws alone; what the PyMC models take to be built and compiled, for every locus anew,
stands apart. Effective size: the smallest bulk one of coefficients and sd. On a busy machine only ratios
mean something.
"""

from argparse import ArgumentParser
from dataclasses import dataclass
from time import process_time

import arviz_stats
import bambi
import numpy as np
import nutpie
import pandas as pd
import xarray as xr

from bayesmix.families.family import read_family
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.pymc_model.bambi_bridge import build_model
from bayesmix.modelling.quadrature.integrated import integrated_counts
from bayesmix.modelling.samplers.draw import sample_integrated
from bayesmix.modelling.settings import SamplerSettings
from bayesmix.priors.default_priors import default_priors

FORMULA = "cbind(m, u) ~ treatment * time + (1 | tank)"
FAMILY = read_family("binomial")


@dataclass(frozen=True)
class Speed:
    """`ess`, the smallest; `cpu` seconds of the draws, `compiled` of building and compiling the model before."""

    ess: float
    cpu: float
    compiled: float


def locus(seed: int) -> pd.DataFrame:
    """24 samples; of every second locus no read of one cell is methylated."""
    rng = np.random.default_rng(seed)
    tank = np.repeat(np.arange(12), 2)
    rows = pd.DataFrame({"tank": [f"k{one:02d}" for one in tank], "time": ["t1", "t2"] * 12})
    rows["treatment"] = np.where(tank < 6, "ctl", "trt")
    eta = rng.normal(-0.5, 1) + rng.normal(0, 0.5, 12)[tank]
    eta = eta + (rows["treatment"] == "trt") * rng.normal() + (rows["time"] == "t2") * rng.normal()
    rows["n"] = rng.integers(8, 40, len(rows))
    rows["m"] = rng.binomial(rows["n"], 1 / (1 + np.exp(-eta)))
    if seed % 2:
        rows.loc[(rows["treatment"] == "trt") & (rows["time"] == "t2"), "m"] = 0
    return rows.assign(u=rows["n"] - rows["m"])


def of_bayesmix(data: pd.DataFrame) -> Speed:
    design = build_design(parse(FORMULA), data, response=FAMILY.response)
    begun = process_time()
    settings = SamplerSettings("importance", draws=1000, chains=4, cores=1, seed=1, progress=False)
    model = MixedModel(design, FAMILY, default_priors(design, FAMILY))
    tree, _ = sample_integrated(lambda: integrated_counts(model), settings)
    return Speed(smallest_ess(tree), process_time() - begun, 0.0)


def of_pymc(data: pd.DataFrame) -> Speed:
    """nutpie on bayesmix's own PyMC model, the joint path."""
    design = build_design(parse(FORMULA), data, response=FAMILY.response)
    begun = process_time()
    model = build_model(design, FAMILY, default_priors(design, FAMILY)).model
    return sampled(model, begun)


def of_bambi(data: pd.DataFrame) -> Speed:
    begun = process_time()
    priors = {name: bambi.Prior("Normal", mu=0, sigma=2.5) for name in ("Intercept", "treatment", "time")}
    priors["treatment:time"] = bambi.Prior("Normal", mu=0, sigma=2.5)
    priors["1|tank"] = bambi.Prior("Normal", mu=0, sigma=bambi.Prior("HalfNormal", sigma=1))
    model = bambi.Model("p(m, n) ~ treatment * time + (1 | tank)", data, family="binomial", priors=priors)
    model.build()
    return sampled(model.backend.model, begun)


def sampled(model, begun: float) -> Speed:
    compiled = nutpie.compile_pymc_model(model)
    built = process_time()
    tree = nutpie.sample(
        compiled, draws=1000, tune=1000, chains=4, cores=1, seed=1, progress_bar=False, save_warmup=False
    )
    return Speed(smallest_ess(tree), process_time() - built, built - begun)


def smallest_ess(tree: xr.DataTree) -> float:
    """Of coefficients and sd."""
    posterior = tree["posterior"].to_dataset()
    found = []
    for name in posterior:
        if "1|tank" in name and not name.endswith("sigma"):
            continue
        values = posterior[name].to_numpy()
        found += [float(arviz_stats.ess(part)) for part in np.moveaxis(values.reshape(*values.shape[:2], -1), -1, 0)]
    return min(found)


OF = {"bayesmix": of_bayesmix, "nutpie on the PyMC model": of_pymc, "Bambi and nutpie": of_bambi}


def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--loci", type=int, default=10)
    given = parser.parse_args()
    of_bayesmix(locus(0))  # kernels are read from disk
    found = {name: [] for name in OF}
    for seed in range(1, given.loci + 1):
        for name, run in OF.items():
            found[name].append(run(locus(seed)))
    own = None
    title = f"medians over {given.loci} loci"
    print(f"{title:26}{'min ESS':>9}{'CPU ms':>9}{'ESS/CPU s':>11}{'ratio':>8}{'compile, CPU ms':>17}")
    for name, speeds in found.items():
        ess, cpu, compiled = (
            np.median([getattr(one, field) for one in speeds]) for field in ("ess", "cpu", "compiled")
        )
        rate = ess / cpu
        own = own or rate
        print(f"{name:26}{ess:>9.0f}{1e3 * cpu:>9.1f}{rate:>11.0f}{own / rate:>8.1f}{1e3 * compiled:>17.0f}")


if __name__ == "__main__":
    main()
