"""Whether all numbers are the same as before, to the last bit: some 50 small models and the cards of `models/`.

    python benchmarks/same_numbers.py store FILE [--only TEXT]
    python benchmarks/same_numbers.py compare FILE [--only TEXT]

`store` fits every model of `small_models.py` with a fixed seed, asks it its questions, runs the cards as `bayesmix run`
does, and keeps of every array the digest of its bytes with the numbers themselves (all of a short one, a few of a long
one), and of all that is printed the text without seconds. `compare` does all that again, prints what differs and by
how much, and ends with 1 where anything does. `--only` takes the models whose names have the text in them.

The same bits are the same on one machine with the same versions of the libraries: store the file there.
"""

import json
import os
import re
import sys
import tempfile
import time
import warnings
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import fields, is_dataclass
from hashlib import sha256
from pathlib import Path
from traceback import format_exception_only
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from small_models import MODELS, Model
from threadpoolctl import threadpool_limits

import bayesmix as bm
from bayesmix.report.analysis.analysis import run_card

CARDS = sorted((Path(__file__).parents[1] / "models").glob("*.toml"))
MOST_NUMBERS = 200  # of an array, kept as they are
TIMED = re.compile(r"(?:\d[\d.,]*|\?)\s+(?:s|ms|min|seconds|minutes)\b")
UNKEPT = {"finished", "command", "seconds", "versions", "platform", "path"}  # of session.json
NO_RESULTS = {"design", "data", "products", "seconds", "family", "fit"}  # fields of records
SHORT_AUDIT = {"draws": 150, "tune": 200, "chains": 2, "seed": 3, "progress": False}

QUESTIONS: Mapping[str, Callable[[Any, str], Any]] = {
    "anova": lambda fit, ddf: bm.anova(fit, ddf=ddf or "satterthwaite"),
    "audit": lambda fit, _: bm.audit(fit, **SHORT_AUDIT),
    "augment": lambda fit, _: bm.augment(fit),
    "auxiliary": lambda fit, _: bm.auxiliary(fit),
    "coef": lambda fit, _: bm.coef(fit) if fit.design.random else None,
    "diagnose": lambda fit, _: bm.diagnose(fit),
    "drop": lambda fit, term: bm.bayes_factor(fit, drop=term),
    "equivalence": lambda fit, _: bm.equivalence(fit),
    "evidence": lambda fit, _: bm.log_marginal(fit),
    "fitted": lambda fit, _: bm.fitted(fit),
    "fixef": lambda fit, ddf: bm.fixef(fit, **({"ddf": ddf} if ddf else {})),
    "glance": lambda fit, _: bm.glance(fit),
    "inclusion": lambda fit, _: bm.inclusion(fit),
    "likelihood": lambda fit, _: bm.log_likelihood(fit),
    "loo": lambda fit, group: bm.loo(fit, by=group or None),
    "lrt": lambda fit, formula: bm.lrt(smaller(fit, formula), fit),
    "overdispersion": lambda fit, _: bm.overdispersion(fit, seed=4),
    "overview": lambda fit, _: bm.summary(fit),
    "power": lambda fit, _: bm.sensitivity(fit),
    "ppc": lambda fit, _: bm.ppc(fit, seed=5),
    "predict": lambda fit, _: bm.posterior_predict(fit, draws=60, groups="new", seed=6),
    "rand": lambda fit, _: bm.rand(fit),
    "ranef": lambda fit, _: bm.ranef(fit) if fit.design.random else None,
    "reml": lambda fit, _: bm.compare_reml(fit),
    "residuals": lambda fit, _: bm.residuals(fit),
    "scales": lambda fit, term: bm.prior_sensitivity(fit, term),
    "separation": lambda fit, _: bm.separation(fit),
    "shrinkage": lambda fit, group: bm.shrinkage(fit, group),
    "tidy": lambda fit, _: bm.tidy(fit),
    "varcorr": lambda fit, _: bm.varcorr(fit),
    "vcov": lambda fit, _: bm.vcov(fit),
}
"""By name, the first word of a question; what follows is its argument."""


def smaller(fit: Any, formula: str) -> Any:
    """A smaller model of the rows of `fit`, by the same method."""
    if isinstance(fit, bm.RemlFit):
        return bm.reml(formula, fit.data)
    return bm.laplace(formula, fit.data, fit.family)


def answers(model: Model) -> Iterator[tuple[str, Any]]:
    """The fit and what it answers; a refusal is an answer, too."""
    fit = model.fit()
    yield "fit", fit
    for question in model.questions:
        name, _, argument = question.partition(" ")
        try:
            yield question, QUESTIONS[name](fit, argument)
        except bm.BayesmixError as error:
            yield question, f"{type(error).__name__}: {error}"


def results_of(card: Path) -> Iterator[tuple[str, Any]]:
    """The text files that `bayesmix run` leaves, and which files there are."""
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(sys.stderr):
        run_card(card, Path(folder) / "results", progress=False)
        files = sorted((Path(folder) / "results").iterdir())
        yield "files", [file.name for file in files]
        for file in files:
            if file.name == "session.json":
                yield file.name, {k: v for k, v in json.loads(file.read_text()).items() if k not in UNKEPT}
            elif file.suffix == ".csv":
                yield file.name, pd.read_csv(file, float_precision="round_trip")
            elif file.suffix in (".txt", ".toml"):
                yield file.name, file.read_text().replace(folder, "")


def quantities(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """All that a result is made of, by its place in it: arrays digested, texts by line."""
    if isinstance(value, xr.DataTree):
        for group in sorted(value.children):
            for name in sorted(map(str, value[group].data_vars)):
                yield f"{path}.{group}[{name}]", digested(value[group][name].to_numpy())
    elif isinstance(value, xr.DataArray):
        yield path, digested(value.to_numpy())
    elif isinstance(value, pd.DataFrame):
        value = value.drop(columns="seconds", errors="ignore")
        yield f"{path} columns", [str(column) for column in value.columns]
        yield f"{path} rows", [str(label) for label in value.index]
        for position, column in enumerate(value.columns):
            yield f"{path}[{column}]", digested(value.iloc[:, position].to_numpy())
        yield f"{path} printed", masked(str(value))
    elif is_dataclass(value):
        for item in fields(value):
            if item.name == "priors":
                yield f"{path}.priors", [f"{name} ~ {prior}" for name, prior in value.priors.items()]
            elif item.name not in NO_RESULTS:
                yield from quantities(getattr(value, item.name), f"{path}.{item.name}")
        if hasattr(value, "_repr_html_"):
            yield f"{path} printed", masked(str(value))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key != "seconds":
                yield from quantities(item, f"{path}[{key}]")
    elif isinstance(value, str):
        yield path, masked(value)
    elif isinstance(value, list | tuple):
        for position, item in enumerate(value):
            yield from quantities(item, f"{path}[{position}]")
    elif isinstance(value, np.ndarray | np.generic | float | int):
        yield path, digested(np.asarray(value))
    else:
        yield path, masked(str(value))


def digested(values: np.ndarray) -> Any:
    """Of numbers the digest of their bytes, their shape, and themselves or, of many, what sums them up."""
    if values.dtype == object or values.dtype.kind not in "fiub":
        return [str(value) for value in values.ravel()]
    numbers = np.asarray(values, dtype=float).ravel()
    if len(numbers) > MOST_NUMBERS:
        finite = numbers[np.isfinite(numbers)]
        few = [*numbers[:5], *numbers[-5:], len(finite), *(f(finite) for f in (np.sum, np.min, np.max) if len(finite))]
        numbers = np.array(few, dtype=float)
    bytes_of = np.ascontiguousarray(values).tobytes()
    return {"sha256": sha256(bytes_of).hexdigest(), "shape": list(values.shape), "numbers": numbers.tolist()}


def masked(text: str) -> list[str]:
    """By line; a paragraph with seconds in it in one, as these decide where its lines end."""
    paragraphs = text.split("\n\n")
    timed = [TIMED.search(paragraph) is not None for paragraph in paragraphs]
    plain = [TIMED.sub("? s", " ".join(p.split())) if t else p for p, t in zip(paragraphs, timed, strict=True)]
    return "\n\n".join(plain).splitlines()


def everything(only: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """By model or card all quantities; seconds go to stderr."""
    works: dict[str, Callable[[], Iterator[tuple[str, Any]]]] = {m.name: lambda m=m: answers(m) for m in MODELS}
    works |= {f"card {card.stem}": lambda card=card: results_of(card) for card in CARDS}
    for name, work in works.items():
        if only not in name:
            continue
        started, kept = time.process_time(), {}
        try:
            for path, value in work():
                kept |= dict(quantities(value, path))
        except Exception as error:  # of one model: the others are compared all the same
            kept["broke off"] = "".join(format_exception_only(error)).splitlines()
        print(f"{name}: {len(kept)} quantities, {time.process_time() - started:.1f} CPU s", file=sys.stderr, flush=True)
        yield name, kept


def difference(before: Any, now: Any) -> str:
    """In words, with the largest relative difference of numbers; empty where there is none."""
    if json.dumps(before) == json.dumps(now):
        return ""
    if isinstance(before, list) and isinstance(now, list):
        before, now = masked("\n".join(before)), masked("\n".join(now))
        if before == now:
            return ""
    if not (isinstance(before, dict) and isinstance(now, dict)):
        lines = [f"\n    - {line}" for line in as_lines(before) if line not in as_lines(now)]
        return "".join([*lines, *(f"\n    + {line}" for line in as_lines(now) if line not in as_lines(before))]) or (
            "the lines have another order"
        )
    if before["shape"] != now["shape"]:
        return f"shape {before['shape']}, now {now['shape']}"
    one, two = np.array(before["numbers"]), np.array(now["numbers"])
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.abs(two - one) / np.maximum(np.abs(one), np.abs(two))
    moved = [f"{r:.2g}" for r in [np.nanmax(np.where(one == two, 0, relative), initial=0)] if r > 0]
    return f"relative difference up to {moved[0]}" if moved else "other bits, the kept numbers are equal"


def as_lines(value: Any) -> list[str]:
    return [str(line) for line in value] if isinstance(value, list) else [json.dumps(value)[:100]]


def compare(kept: dict[str, dict[str, Any]], only: str) -> int:
    """Print what differs; the number of quantities that do."""
    n_compared = n_different = 0
    for name, now in everything(only):
        before = kept.get(name, {})
        for path in [*before, *(path for path in now if path not in before)]:
            told = difference(before.get(path), now.get(path))
            n_compared, n_different = n_compared + 1, n_different + bool(told)
            if told:
                print(f"{name}: {path}: {told}", flush=True)
    print(f"{n_compared} quantities, {n_different} differ")
    return n_different


def main() -> int:
    parser = ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("action", choices=["store", "compare"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    os.environ["COLUMNS"] = "120"
    print(f"bayesmix of {Path(bm.__file__).parent}", file=sys.stderr)
    with threadpool_limits(1), pd.option_context("display.width", 120, "display.max_rows", 60):
        if given.action == "compare":
            return int(compare(json.loads(given.file.read_text()), given.only) > 0)
        given.file.write_text(json.dumps(dict(everything(given.only)), indent=0))
    return 0


if __name__ == "__main__":
    sys.exit(main())
