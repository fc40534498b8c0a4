"""How often a Gaussian fit with default settings ends well, by which way, and in what time: 30 models, many seeds.

    python benchmarks/verdicts.py [--seeds 20] [--first 0] [--model six rows] [--limits]

One line a model: variance parameters, fits without a problem, how many took importance sampling from the first values,
from two or three rounds of them, or NUTS (of which with longer chains), CPU seconds of the median and of the slowest
fit, and what problems there were. With `--limits` also how the printed 2.5 % and 97.5 % limits of sds and correlations
vary about those of 4 x 25,000 draws of NUTS: `z`, root of the mean square over seeds of the distance in the errors that
the effective size of the tail promises (about 1 where it is kept), and its greatest mean over seeds.
"""

import time
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

import bayesmix as bm

LIMITS = (0.025, 0.975)
LONG = {"sampler": "nutpie", "draws": 25_000, "tune": 1000, "target_accept": 0.95, "seed": 9, "progress": False}


@dataclass(frozen=True)
class Work:
    formula: str
    data: Callable[[], pd.DataFrame]


@dataclass(frozen=True)
class Run:
    """One fit: its `way`, problems found, CPU seconds, limits (n, 2), and the effective size of their tails (n,)."""

    way: str
    problems: tuple[str, ...]
    cpu: float
    limits: pd.DataFrame


def bundled(name: str) -> Callable[[], pd.DataFrame]:
    return partial(bm.load_data, name)


def phases() -> pd.DataFrame:
    """sleepstudy with the days as a factor of three levels."""
    data = bm.load_data("sleepstudy")
    return data.assign(phase=np.select([data["Days"] < 2, data["Days"] < 6], ["base", "early"], "late"))


def growth(children: int = 27, seed: int = 11) -> pd.DataFrame:
    """Children at ages 8 to 14: intercepts lie at birth, far from the data."""
    rng = np.random.default_rng(seed)
    age, child = np.tile([8.0, 10, 12, 14], children), np.repeat(np.arange(children), 4)
    effects = rng.normal(size=(children, 2)) * [1.8, 0.18]
    y = 17 + 0.66 * age + effects[child, 0] + effects[child, 1] * (age - 11) + 1.3 * rng.normal(size=len(age))
    return pd.DataFrame({"y": y, "age": age, "child": child})


def slopes(sds: tuple[float, ...], groups: int, rows: int, seed: int) -> pd.DataFrame:
    """Numeric predictors x, z, w, of which the first few have slopes that differ between groups."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame(rng.normal(size=(rows, 3)), columns=["x", "z", "w"]).assign(g=np.arange(rows) % groups)
    columns = np.column_stack([np.ones(rows), data[["x", "z", "w"]]])[:, : len(sds)]
    effects = rng.normal(size=(groups, len(sds))) * sds
    data["y"] = (columns * effects[data["g"]]).sum(axis=1) + rng.normal(size=rows)
    return data.assign(h=rng.integers(0, 9, rows))


def factors(levels: int, groups: int, rows: int, seed: int) -> pd.DataFrame:
    """Slopes of a factor that differ between groups."""
    rng = np.random.default_rng(seed)
    g, f = np.arange(rows) // int(np.ceil(rows / groups)), np.arange(rows) % levels
    effects = rng.normal(size=(groups, levels)) * 0.5
    y = 0.7 * rng.normal(size=groups)[g] + np.where(f > 0, effects[g, f], 0) + 0.7 * rng.normal(size=rows)
    return pd.DataFrame({"y": y, "f": np.array(list("abcd"))[f], "g": g})


def variety_trial(seed: int = 16) -> pd.DataFrame:
    """35 entries in two years, not each in both, two blocks a year."""
    rng = np.random.default_rng(seed)
    chosen = [(year, entry) for year in range(2) for entry in range(35) if not (entry < 12 and entry % 2 == year)]
    year, entry = np.repeat(np.array(chosen), 2, axis=0).T
    data = pd.DataFrame({"year": year, "entry": entry, "block": 2 * year + np.arange(len(year)) % 2})
    cell = entry + 35 * year
    y = 45 - 19 * year + 4.6 * rng.normal(size=35)[entry] + 7.5 * rng.normal(size=70)[cell]
    y += 3.2 * rng.normal(size=4)[data["block"]] + 11.4 * rng.normal(size=len(year))
    return data.assign(y=y).astype({"year": "str", "entry": "str", "block": "str"})


def six_rows() -> pd.DataFrame:
    return pd.DataFrame({"y": [-2.711, -1.889, 0.825, 0.578, -0.786, -0.783], "g": [0, 0, 1, 1, 2, 2]})


def noise(seed: int, groups: int = 15, rows: int = 40) -> pd.DataFrame:
    """Nothing but noise: every sd may be 0."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"y": rng.normal(size=rows), "x": rng.normal(size=rows), "g": rng.integers(0, groups, rows)})
    return data.assign(h=rng.integers(0, 6, rows))


WORKS = {
    "sleepstudy": Work("Reaction ~ Days + (Days | Subject)", bundled("sleepstudy")),
    "sleepstudy ||": Work("Reaction ~ Days + (Days || Subject)", bundled("sleepstudy")),
    "sleepstudy phases": Work("Reaction ~ phase + (phase | Subject)", phases),
    "Dyestuff": Work("Yield ~ 1 + (1 | Batch)", bundled("Dyestuff")),
    "Dyestuff2": Work("Yield ~ 1 + (1 | Batch)", bundled("Dyestuff2")),
    "Penicillin": Work("diameter ~ 1 + (1 | plate) + (1 | sample)", bundled("Penicillin")),
    "Pastes": Work("strength ~ 1 + (1 | batch/cask)", bundled("Pastes")),
    "cake": Work("angle ~ recipe * temperature + (1 | recipe:replicate)", bundled("cake")),
    "cake recipes": Work("angle ~ temp + (recipe | replicate)", bundled("cake")),
    "irrigation": Work("yield ~ irrigation * variety + (1 | field)", bundled("irrigation")),
    "kfert": Work("yield ~ K2O_lbac + (1 | rep)", bundled("kfert")),
    "cochran_bib": Work("yield ~ gen + (1 | loc)", bundled("cochran_bib")),
    "dragons": Work("intelligence ~ wingspan * scales + (wingspan | mountain)", bundled("dragons_simulated")),
    "dragons complex": Work(
        "intelligence ~ wingspan * scales + (wingspan * scales | mountain)", bundled("dragons_simulated")
    ),
    "growth": Work("y ~ age + (age | child)", growth),
    "growth, 10": Work("y ~ age + (age | child)", partial(growth, 10, 3)),
    "variety trial": Work("y ~ year + (1 | block) + (1 | entry) + (1 | entry:year)", variety_trial),
    "two slopes": Work("y ~ x + z + (x + z | g)", partial(slopes, (0.6, 0.4, 0.15), 12, 120, 5)),
    "three slopes": Work("y ~ x + z + w + (x + z + w | g)", partial(slopes, (0.6, 0.4, 0.15, 0.5), 20, 240, 7)),
    "factor, 3": Work("y ~ f + (f | g)", partial(factors, 3, 12, 51, 3)),
    "factor, 4": Work("y ~ f + (f | g)", partial(factors, 4, 15, 120, 4)),
    "crossed slopes": Work("y ~ x + (x | g) + (x | h)", partial(slopes, (0.6, 0.3), 12, 150, 6)),
    "2 groups": Work("y ~ x + (1 | g)", partial(slopes, (0.6,), 2, 20, 1)),
    "3 groups": Work("y ~ x + (1 | g)", partial(slopes, (0.6,), 3, 24, 2)),
    "4 groups, slope": Work("y ~ x + (x | g)", partial(slopes, (0.6, 0.3), 4, 40, 3)),
    "6 groups, slope": Work("y ~ x + (x | g)", partial(slopes, (0.6, 0.3), 6, 48, 4)),
    "six rows": Work("y ~ 1 + (1 | g)", six_rows),
    "noise": Work("y ~ x + (x | g)", partial(noise, 22)),
    "noise, crossed": Work("y ~ x + (x | g) + (x | h)", partial(noise, 22)),
    "noise, two slopes": Work("y ~ x + z + (x + z | g)", partial(slopes, (0.0, 0.0, 0.0), 8, 64, 8)),
}


def draws_of(fit: bm.Fit) -> dict[str, np.ndarray]:
    """Draws of sds and correlations, chain after chain."""
    draws = fit.posterior["posterior"]
    found = {}
    for name in (str(one) for one in draws.data_vars if str(one).startswith(("sd_", "corr_", "sigma"))):
        values = draws[name].transpose("chain", "draw", ...).to_numpy()
        values = values.reshape(values.shape[0] * values.shape[1], -1)
        found |= {f"{name}[{i}]": column for i, column in enumerate(values.T) if np.ptp(column) > 0}
    return found


def run(work: Work, data: pd.DataFrame, seed: int) -> Run:
    started = time.process_time()
    fit = bm.fit(work.formula, data, seed=seed, progress=False)
    cpu = time.process_time() - started
    problems = bm.diagnose(fit, sensitivity=False).query("severity == 'problem'")
    draws = draws_of(fit)
    limits = pd.DataFrame({name: np.quantile(values, LIMITS) for name, values in draws.items()}).T
    return Run(way(fit), tuple(problems["check"]), cpu, limits.assign(tail=tails(fit, list(draws))))


def tails(fit: bm.Fit, names: list[str]) -> np.ndarray:
    """Effective sizes of the tail, by the order of the draws."""
    figures = fit.diagnostics.parameters.query("kind in ('sd', 'correlation', 'auxiliary') and sd > 0")
    sizes = figures["ess_tail"].to_numpy()
    if len(sizes) != len(names):
        raise ValueError(f"{len(sizes)} effective sizes for {len(names)} parameters: {names}")
    return sizes


def way(fit: bm.Fit) -> str:
    weights = fit.diagnostics.importance
    if weights is None:
        return "long NUTS" if fit.sampling.thin > 1 else "NUTS"
    return "first" if weights.n_values <= 8000 else "more"


def against(runs: list[Run], work: Work, data: pd.DataFrame) -> tuple[float, float, str]:
    """z of the limits over seeds and all parameters; the greatest mean z of a limit, and whose it is."""
    known = draws_of(bm.fit(work.formula, data, **LONG))
    worst, whose, squares = 0.0, "", []
    for name, values in known.items():
        chains = values.reshape(4, -1)
        for end, p in enumerate(LIMITS):
            limit = np.quantile(values, p)
            # Of the long run: shares of its four chains below their common limit.
            own = max(float((chains < limit).mean(axis=1).std(ddof=1)) / 2, 1e-9)
            z, errors = [], []
            for one in runs:
                found, size = one.limits.loc[name, end], one.limits.loc[name, "tail"]
                errors.append(np.hypot(np.sqrt(p * (1 - p) / size), own))
                z.append(((values < found).mean() - p) / errors[-1])
            squares.append(np.mean(np.square(z)))
            of_mean = np.mean(z) / np.sqrt(1 / len(z) + np.mean((own / np.array(errors)) ** 2))
            if abs(of_mean) > abs(worst):
                worst, whose = float(of_mean), f"{name} {p:.1%}"
    return float(np.sqrt(np.mean(squares))), worst, f"{whose}, worst z {np.sqrt(np.max(squares)):.2f}"


def main() -> None:
    parser = ArgumentParser()
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--model", action="append", choices=WORKS)
    parser.add_argument("--limits", action="store_true")
    asked = parser.parse_args()
    for name in asked.model or WORKS:
        data = WORKS[name].data()
        runs = [run(WORKS[name], data, seed) for seed in range(asked.first, asked.first + asked.seeds)]
        ways = pd.Series([one.way for one in runs]).value_counts().to_dict()
        problems = pd.Series([one for found in runs for one in found.problems], dtype=object).value_counts().to_dict()
        well = sum(not one.problems for one in runs)
        cpu = np.array([one.cpu for one in runs])
        told = f"{name:20s} {len(runs[0].limits):3d} {well:3d} of {len(runs)}  {np.median(cpu):6.2f} {cpu.max():6.2f} s"
        print(f"{told}  {ways} {problems or ''}", end="", flush=True)
        if asked.limits:
            z, of_mean, whose = against(runs, WORKS[name], data)
            print(f"  z {z:.2f}, mean {of_mean:+.1f} ({whose})", end="")
        print(flush=True)


if __name__ == "__main__":
    main()
