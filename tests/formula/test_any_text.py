"""Any text as a formula, on any data: read, or refused in one line; nothing else is raised, and nothing hangs."""

import random
import time

import numpy as np
import pandas as pd
import pytest

from bayesmix.errors import BayesmixError, FormulaError
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse

N = 60
RNG = np.random.default_rng(9)
DATA = pd.DataFrame(
    {
        "y": RNG.normal(size=N),
        "x": np.where(np.arange(N) == 3, np.nan, RNG.normal(size=N)),
        "w": RNG.uniform(1, 2, N),
        "z": RNG.integers(0, 5, N),
        "f": list("abc") * (N // 3),
        "b": [True, False] * (N // 2),
        "a b": RNG.normal(size=N),
        "d": pd.date_range("2020", periods=N),
        "g": np.repeat(list("pqrstu"), N // 6),
        "o": pd.Categorical(RNG.choice(["lo", "mid", "hi"], N), ordered=True),
        "k": RNG.integers(0, 4, N),
        "n": 5,
    }
)
KINDS = ("real", "real", "real", "binary", "proportion", "count", "ordinal", "positive", "share")
TOKENS = [
    *("x", "z", "f", "g", "y", "`a b`", "0", "1", "2", "1e400", "3.5", "1e308", "TRUE", "FALSE", "base", "raw", "x="),
    *("+", "-", "*", "/", "^", "**", ":", "|", "||", "(", ")", "~", ",", "=", "==", "<", ">", "<=", "!=", "%in%", "."),
    *("log(", "I(", "poly(", "scale(", "factor(", "offset(", "C(", "cbind(", "p(", "trials(", "center(", "s("),
    *("'b'", '"a"', "`", "'", "\n", "\t", "\x1b", "\ud800", "é", "²", "(1|g)", "(x||g)", "%", "{", "["),
]
FUNCTIONS = [
    *("log", "log2", "log10", "log1p", "exp", "sqrt", "abs", "sin", "cos", "tan", "I", "scale", "center", "poly"),
    *("as.numeric", "factor", "as.factor", "C", "half"),
]
NUMBERS = ("0", "1", "2", "3", "0.5", "-1", "1e308", "1e-300", "TRUE", "FALSE", "1e10")


def soup(rng: random.Random) -> str:
    between = rng.choice(["", " "])
    return rng.choice(["y ~ ", "y~", ""]) + between.join(rng.choice(TOKENS) for _ in range(rng.randint(1, 14)))


def arithmetic(rng: random.Random, depth: int) -> str:
    kind = rng.random()
    if depth == 0 or kind < 0.3:
        return rng.choice(["x", "z", "w", "f", "b", "`a b`", "d", '"b"', rng.choice(NUMBERS)])
    if kind < 0.6:
        return f"{arithmetic(rng, depth - 1)} {rng.choice('+-*/^><')} {arithmetic(rng, depth - 1)}"
    if kind < 0.65:
        return f"{rng.choice('xfb')} {rng.choice(['==', '!=', '<='])} {rng.choice(['"b"', '"q"', '2', 'z'])}"
    if kind < 0.75:
        return rng.choice(["-{}", "({})"]).format(arithmetic(rng, depth - 1))
    return call(rng, depth - 1)


def call(rng: random.Random, depth: int) -> str:
    arguments = [arithmetic(rng, depth), *(rng.choice(NUMBERS) for _ in range(rng.choice([0, 0, 0, 1, 2])))]
    names = rng.sample(["base", "center", "scale", "degree", "raw", "levels"], rng.choice([0, 0, 0, 1, 2]))
    return f"{rng.choice(FUNCTIONS)}({', '.join([*arguments, *(f'{n} = {rng.choice(NUMBERS)}' for n in names)])})"


def term(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.4:
        return rng.choice(["x", "z", "f", "b", "`a b`", "w", "d", "o"])
    if kind < 0.75:
        return call(rng, 2)
    if kind < 0.85:
        return f"offset({arithmetic(rng, 1)})"
    return f"{term(rng)}{rng.choice(':*/')}{term(rng)}"


def sentence(rng: random.Random) -> str:
    response = rng.choice(["y"] * 6 + ["log(w)", "cbind(k, n - k)", "k | trials(n)", "f", "o", "b", call(rng, 1)])
    right = " + ".join(term(rng) for _ in range(rng.choice([1, 1, 2, 3])))
    if rng.random() < 0.5:
        effects = rng.choice(["1", "x", f"0 + {term(rng)}", term(rng)])
        right += f" + ({effects} {rng.choice(['|', '||'])} {rng.choice(['g', 'g:f', 'g/f', 'z', 'o', 'factor(g)'])})"
    return f"{response} ~ {right}"


def outcome(text: str, kind: str) -> str:
    try:
        design = build_design(parse(text, ["half"]), DATA, response=kind, functions={"half": lambda v: v / 2})
    except BayesmixError as error:
        return said(error, text)
    assert np.isfinite(design.fixed.matrix).all(), text
    return "design"


def said(error: BayesmixError, text: str) -> str:
    lines = str(error).splitlines()
    assert len(lines) == (3 if isinstance(error, FormulaError) else 1), text
    assert all(line.isprintable() for line in lines), text
    assert max(map(len, lines)) < 2000, text
    return type(error).__name__


@pytest.mark.parametrize(("made", "count"), [(soup, 5000), (sentence, 700)])
def test_any_text_is_read_or_refused(made, count):
    rng = random.Random(10)
    outcomes = set()
    for _ in range(count):
        text, kind = made(rng), rng.choice(KINDS)
        start = time.perf_counter()
        outcomes.add(outcome(text, kind))
        assert time.perf_counter() - start < 5, text
    assert {"design", "FormulaError", "DataError"} <= outcomes


@pytest.mark.slow
@pytest.mark.parametrize(("made", "count"), [(soup, 40_000), (sentence, 6_000)])
def test_any_of_many_texts_is_read_or_refused(made, count):
    rng = random.Random(11)
    for _ in range(count):
        outcome(made(rng), rng.choice(KINDS))
