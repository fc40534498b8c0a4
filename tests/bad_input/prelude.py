"""What the lines of inputs are written in: data, fits that a process makes once, and short names."""

import contextlib
import datetime as datetime
import decimal as decimal
import fractions as fractions
import gzip as gzip
import io
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

import bayesmix as bm
from bayesmix.cli.main import main
from bayesmix.errors import BayesmixError as BayesmixError
from bayesmix.errors import FormulaError as FormulaError
from bayesmix.families.family import Family as Family
from bayesmix.families.family import read_family
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.priors.default_priors import column_sds, default_priors
from bayesmix.priors.prior import Prior as Prior
from bayesmix.priors.settled import settle_priors
from bayesmix.report.analysis.analysis import run_card
from bayesmix.report.analysis.card import read_card
from bayesmix.study.card import read_study
from bayesmix.study.plan import plan_study

nan, inf = float("nan"), float("inf")
pa_list = pd.ArrowDtype(pa.list_(pa.int64()))
pa_dictionary = pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))


class BrokenError(Exception):
    """A line ended without an error, but not as it should have."""


def _data() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    n = 72
    g, h = np.repeat(np.arange(12), 6), np.tile(np.arange(6), 12)
    x, z = rng.normal(size=n), rng.normal(size=n)
    effects, slopes = rng.normal(size=12), rng.normal(0, 0.5, 12)
    return pd.DataFrame(
        {
            "y": 2 + x + effects[g] + slopes[g] * x + rng.normal(size=n),
            "x": x,
            "z": z,
            "f": rng.choice(["a", "b", "c"], n),
            "g": [f"g{i}" for i in g],
            "h": [f"h{i}" for i in h],
            "k": rng.binomial(6, 1 / (1 + np.exp(-effects[g])), n),
            "n": np.full(n, 6),
            "c": rng.poisson(np.exp(1 + 0.3 * effects[g]), n),
            "b": rng.integers(0, 2, n),
            "w": rng.uniform(0.5, 2, n),
        }
    )


d = _data()
EACH = {"draws": 20, "seed": 1, "progress": False}
MODELS = {
    "gaussian": lambda: bm.fit("y ~ x + f + (x | g)", d, **EACH),
    "crossed": lambda: bm.fit("y ~ x + (1 | g) + (1 | h)", d, **EACH),
    "nogroup": lambda: bm.fit("y ~ x", d, **EACH),
    "binomial": lambda: bm.fit("cbind(k, n - k) ~ x + (1 | g)", d, "binomial", **EACH),
    "poisson": lambda: bm.fit("c ~ x + (1 | g)", d, "poisson", **EACH),
    "reml": lambda: bm.reml("y ~ x + f + (x | g)", d),
    "lm": lambda: bm.lm("y ~ x + f", d),
    "laplace": lambda: bm.laplace("cbind(k, n - k) ~ x + (1 | g)", d, "binomial"),
    "screened": lambda: bm.fit_loci(
        *("cbind(k, n - k) ~ x + (1 | g)", d, "binomial"), by="h", sampler="importance", workers=1, progress=False
    ),
}


@cache
def fitted(model: str) -> Any:
    """A fit that is made once in a process."""
    return MODELS[model]()


def with_(**columns: Any) -> pd.DataFrame:
    """The data with other columns in place of their own."""
    return d.assign(**columns)


def cell(column: str, value: Any, row: int = 3) -> pd.DataFrame:
    """The data with one odd cell in a column of objects."""
    values = list(d[column])
    values[row] = value
    return with_(**{column: objects(values)})


def objects(values: list[Any]) -> pd.Series:
    """A column of any objects as they are."""
    held = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        held[row] = value
    return pd.Series(held, dtype=object)


def level(column: str, name: str, of: str | None = None) -> pd.DataFrame:
    """The data with another name of one level of a factor, or with an ending to the names of all."""
    values = list(d[column])
    changed = [value + name for value in values] if of is None else [name if value == of else value for value in values]
    return with_(**{column: objects(changed)})


def named(column: str, name: Any) -> pd.DataFrame:
    """The data with another name of a column."""
    columns = [name if one == column else one for one in d.columns]
    return d.set_axis(pd.Index(columns, dtype=object), axis=1)


def go(formula: Any = "y ~ x + (1 | g)", data: Any = d, family: Any = "gaussian", **more: Any) -> Any:
    """A short fit that is looked at."""
    return look(bm.fit(formula, data, family, **{**EACH, **more}))


def reml(formula: Any = "y ~ x + (1 | g)", data: Any = d, **more: Any) -> Any:
    return look(bm.reml(formula, data, **more))


def lm(formula: Any = "y ~ x", data: Any = d, **more: Any) -> Any:
    return look(bm.lm(formula, data, **more))


def design(formula: Any, data: Any = d, response: str = "real", **more: Any) -> Any:
    return build_design(parse(formula), data, response=response, **more)


def settle(priors: Any, formula: str = "y ~ x + f + (x | g)", family: str = "gaussian") -> Any:
    """The priors of a model, without a fit."""
    chosen = read_family(family)
    made = design(formula, response=chosen.response)
    return {name: str(prior) for name, prior in _settled(made, chosen, priors).items()}


def _settled(made: Any, family: Family, priors: Any) -> dict[str, Prior]:
    return settle_priors(default_priors(made, family), priors, column_sds(made, family))


def look(fit: Any) -> Any:
    """The tables that every fit has, and its printed summary."""
    str(fit), bm.fixef(fit), bm.tidy(fit), bm.glance(fit)
    if not isinstance(fit, bm.LmFit):
        bm.varcorr(fit), bm.ranef(fit)
    return fit


def drawn(fit: Any, *pictures: str) -> Any:
    """A fit with its tables and its page, and some of its pictures with all their labels."""
    look(fit)
    fit._repr_html_(), str(bm.compare_reml(fit))
    for picture in pictures:
        made = getattr(bm, picture)(fit)
        getattr(made, "figure", made).savefig(io.BytesIO(), dpi=30)
    return fit


def kept(fit: Any) -> Any:
    """A fit that was stored and is read again: the same tables."""
    with folder() as where:
        bm.save(fit, where / "fit.nc")
        found = bm.load(where / "fit.nc")
    if not bm.tidy(found, effects=["fixed", "ran_vals"]).equals(bm.tidy(fit, effects=["fixed", "ran_vals"])):
        raise BrokenError("a stored fit has other tables")
    return look(found)


@contextlib.contextmanager
def folder() -> Any:
    """A folder that lives as long as it is used, and is the current one."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as where:
        os.chdir(where)
        try:
            yield Path(where)
        finally:
            os.chdir(before)


_KEPT = tempfile.TemporaryDirectory()


@cache
def methylation_sheet() -> pd.DataFrame:
    """A sheet of two samples with a file of each, which last as long as the process."""
    paths = [Path(_KEPT.name) / name for name in ("a.cov", "b.cov")]
    for path in paths:
        path.write_text("chr1\t5\t5\t50\t1\t1\nchr1\t7\t7\t50\t2\t2\n")
    return pd.DataFrame({"sample": ["a", "b"], "file": paths})


def table(content: bytes, name: str = "t.csv", formula: str | None = None) -> Any:
    """A table read from a file with this content."""
    with folder() as where:
        (where / name).write_bytes(content)
        data = bm.read_table(where / name)
        return data if formula is None else lm(formula, data)


def card(content: str | bytes, run: bool = False) -> Any:
    """A card with this content, read, or run without pictures."""
    with folder() as where:
        (where / "card.toml").write_bytes(
            content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        )
        d.to_csv(where / "d.csv", index=False)
        if not run:
            return read_card(where / "card.toml")
        return run_card(where / "card.toml", where / "out", progress=False, show=lambda _: None)


def study(content: str) -> Any:
    """What a card of many loci with this content would fit."""
    with folder() as where:
        (where / "card.toml").write_bytes(content.encode("utf-8", "surrogatepass"))
        bm.load_data("methylation_simulated").to_csv(where / "counts.csv", index=False)
        return plan_study(read_study(where / "card.toml"))


def shell(*arguments: str) -> str:
    """What the command line wrote, in this process; its refusal as an error."""
    out, err = io.StringIO(), io.StringIO()
    with folder() as where:
        d.to_csv(where / "d.csv", index=False)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(list(arguments))
    said = err.getvalue()
    if "Traceback" in said or code not in (0, 2):
        raise BrokenError(f"exit code {code}: {said[-300:]}")
    if code == 2:
        lines = said.strip().split("\n")
        # One line, of a formula three; notes of what is being done may stand before it.
        if len(lines) > 5 or len(said) > 2200:
            raise BrokenError(f"{len(lines)} lines, {len(said)} characters: {said[:200]}")
        raise BayesmixError(lines[0])
    return out.getvalue()


@cache
def stored(model: str = "gaussian") -> bytes:
    """A stored fit."""
    with folder() as where:
        bm.save(fitted(model), where / "fit.nc")
        return (where / "fit.nc").read_bytes()


def damaged(content: bytes) -> Any:
    """What a stored fit with this content gives: the tables of the original, or a refusal."""
    with folder() as where:
        (where / "fit.nc").write_bytes(content)
        found = bm.load(where / "fit.nc")
    before = fitted("gaussian")
    same = bm.fixef(found).equals(bm.fixef(before)) and bm.varcorr(found).equals(bm.varcorr(before))
    if not (same and bm.ranef(found).equals(bm.ranef(before)) and found.data.equals(before.data)):
        raise BrokenError("a damaged file loads with other numbers")
    return look(found)


def flipped(content: bytes, *bits: int) -> bytes:
    """The content with single bits the other way."""
    out = bytearray(content)
    for bit in bits:
        out[bit // 8 % len(out)] ^= 1 << bit % 8
    return bytes(out)


def zeroed(content: bytes, start: int, length: int) -> bytes:
    start %= len(content)
    return content[:start] + bytes(min(length, len(content) - start)) + content[start + length :]
