"""Models for counts beside Bambi with nutpie: seconds to compile and to sample, and effective draws for them.

    python benchmarks/glmm.py [--repeats 3]

Each line is a fresh process, the two in turn, medians over `--repeats`; 2 x 1000 draws after 1000 tuning steps.
`compile`: from the data to the first gradient, libraries loaded and, for bayesmix, its kernels on disk. `sample`: to
the last draw; of bayesmix all attempts that its ladder made, and its CPU seconds have R-hat and effective sizes of all
parameters too. Effective size: the smallest bulk one over coefficients, standard deviations and all group effects;
`R-hat` the greatest.
"""

import json
import statistics
import subprocess
import sys
import time
from argparse import ArgumentParser
from dataclasses import asdict, dataclass

import bambi
import numpy as np
import nutpie
import pandas as pd
import xarray as xr

import bayesmix as bm
from bayesmix.families.family import read_family
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.modelling.convergence import convergence
from bayesmix.modelling.joint.coordinates import centred_terms, rough_fit_of
from bayesmix.modelling.joint.density import kernel_buffer
from bayesmix.modelling.joint.draws import draw_joint, functions
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.settings import SamplerSettings
from bayesmix.priors.default_priors import default_priors

WORK = {
    "VerbAgg": ("r2 ~ Anger + Gender + btype + situ + (1 | id) + (1 | item)", "bernoulli"),
    "grouseticks": ("TICKS ~ YEAR + cHEIGHT + (1 | BROOD) + (1 | INDEX) + (1 | LOCATION)", "poisson"),
    "cbpp": ("incidence | trials(size) ~ period + (1 | herd)", "binomial"),
}
IN_BAMBI = {"cbpp": "p(incidence, size) ~ period + (1 | herd)"}
GROUPS = ("id", "item", "BROOD", "INDEX", "LOCATION", "herd")
HOW = {"draws": 1000, "tune": 1000, "chains": 2}


@dataclass(frozen=True)
class Speed:
    """`ess`, the smallest; `rhat`, the greatest; seconds to compile and to sample, CPU seconds to sample; attempts."""

    ess: float
    rhat: float
    compile: float
    wall: float
    cpu: float
    attempts: int


def of_bayesmix(name: str) -> Speed:
    formula, family_name = WORK[name]
    family = read_family(family_name)
    design = build_design(parse(formula), bm.load_data(name), response=family.response)
    started = time.perf_counter()
    priors = default_priors(design, family)
    rough = rough_fit_of(MixedModel(design, family, priors))
    kernel_buffer(MixedModel(design, family, priors), centred=centred_terms(rough, len(design.random)), rough=rough)
    functions()
    compiled, cpu = time.perf_counter() - started, time.process_time()
    settings = SamplerSettings(
        "nutpie", draws=HOW["draws"], chains=HOW["chains"], cores=HOW["chains"], seed=1, progress=False
    )
    found = draw_joint(MixedModel(design, family, priors), settings)
    used = time.process_time() - cpu
    ladder = found.diagnostics.ladder
    return Speed(
        *figures(found.posterior["posterior"].to_dataset()), compiled, ladder["seconds"].sum(), used, len(ladder)
    )


def of_bambi(name: str) -> Speed:
    formula, family = WORK[name]
    data = bm.load_data(name)
    data = data.assign(**{group: data[group].astype(str) for group in GROUPS if group in data})
    if name == "VerbAgg":
        data["r2"] = (data["r2"] == "Y").astype(int)
    started = time.perf_counter()
    model = bambi.Model(IN_BAMBI.get(name, formula), data, family=family)
    model.build()
    compiled = nutpie.compile_pymc_model(model.backend.model)
    compiling, wall, cpu = time.perf_counter() - started, time.perf_counter(), time.process_time()
    tree = nutpie.sample(compiled, seed=1, progress_bar=False, save_warmup=False, **HOW)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    drawn = tree["posterior"].to_dataset()
    kept = [variable for variable in drawn if not variable.endswith("_offset") and variable not in ("p", "mu")]
    return Speed(*figures(drawn[kept]), compiling, wall, cpu, 1)


OF = {"bayesmix": of_bayesmix, "Bambi": of_bambi}


def figures(drawn: xr.Dataset) -> tuple[float, float]:
    """Smallest bulk effective size and greatest R-hat of all numbers."""
    values = [drawn[name].transpose(..., "chain", "draw").to_numpy() for name in drawn]
    found = convergence(np.concatenate([value.reshape(-1, *value.shape[-2:]) for value in values]))
    return float(np.nanmin(found.ess_bulk)), float(np.nanmax(found.rhat))


def in_a_process(name: str, of: str) -> Speed:
    command = [sys.executable, "-W", "ignore", __file__, "--one", name, of]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Speed(**json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--one", nargs=2, metavar=("NAME", "OF"))
    given = parser.parse_args()
    if given.one:
        name, of = given.one
        print(json.dumps(asdict(OF[of](name))))
        return
    rows = []
    for name in WORK:
        speeds: dict[str, list[Speed]] = {of: [] for of in OF}
        for _ in range(given.repeats):
            for of in OF:
                speeds[of].append(in_a_process(name, of))
        median = {
            of: Speed(*(statistics.median(getattr(run, field) for run in runs) for field in asdict(runs[0])))
            for of, runs in speeds.items()
        }
        rows += [line(name, of, speed, median["Bambi"]) for of, speed in median.items()]
    print(pd.DataFrame(rows).to_string(index=False))


def line(name: str, of: str, speed: Speed, peer: Speed) -> dict[str, str]:
    """One line of the table; ratios are to Bambi."""
    return {
        "model": name,
        "": of,
        "compile s": f"{speed.compile:.2f}",
        "attempts": f"{speed.attempts:g}",
        "sample s": f"{speed.wall:.2f}",
        "CPU s": f"{speed.cpu:.2f}",
        "R-hat": f"{speed.rhat:.3f}",
        "min ESS": f"{speed.ess:.0f}",
        "ESS/s": f"{speed.ess / speed.wall:.1f}",
        "ratio": f"{speed.ess / speed.wall / (peer.ess / peer.wall):.1f}",
        "ESS/CPU s": f"{speed.ess / speed.cpu:.1f}",
        "CPU ratio": f"{speed.ess / speed.cpu / (peer.ess / peer.cpu):.1f}",
    }


if __name__ == "__main__":
    main()
