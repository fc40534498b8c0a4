"""What bad input gets: one line that names the thing, gives both numbers and the remedy; nothing is fitted."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from bayesmix import errors
from bayesmix.modelling.fit import fit


def table() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    n = 40
    return pd.DataFrame(
        {
            "y": rng.normal(10, 2, n),
            "x": rng.normal(size=n),
            "f": rng.choice(list("abc"), n),
            "g": np.repeat(np.arange(8), 5),
            "one": "same",
            "row": np.arange(n),
            "level": np.repeat(rng.normal(size=8), 5),
            "k": rng.integers(0, 6, n),
            "n": 6,
            "constant": 3.0,
            "text": rng.choice(["yes", "no", "maybe"], n),
            "day": pd.date_range("2026-01-01", periods=n),
            "w": rng.uniform(0.5, 2, n),
        }
    )


def changed(**columns):
    return table().assign(**columns)


def holes(column, count):
    data = table()
    data[column] = data[column].astype(float)
    data.loc[: count - 1, column] = np.nan
    return data


def at(column, position, value):
    data = table()
    data[column] = data[column].astype(float)
    data.loc[position, column] = value
    return data


GAUSSIAN = "y ~ x + (1 | g)"
COUNTS = "cbind(k, n - k) ~ x + (1 | g)"

# formula, data, further arguments, error, words of the message
CASES = {
    "misspelt column": ("y ~ xx + (1 | g)", table(), {}, "UnknownColumnError", ["'xx'", "Did you mean 'x'?"]),
    "misspelt group": ("y ~ x + (1 | G)", table(), {}, "UnknownColumnError", ["'G'", "Did you mean 'g'?"]),
    "misspelt response": ("Y ~ x", table(), {}, "UnknownColumnError", ["'Y'", "'y'"]),
    "no data frame": (GAUSSIAN, 5, {}, "DataError", ["frame", "int"]),
    "empty data": (GAUSSIAN, table().iloc[:0], {}, "DataError", ["empty", "0 rows"]),
    "all missing": (GAUSSIAN, changed(x=np.nan), {}, "DataError", ["All 40 rows", "x 40"]),
    "missing refused": (GAUSSIAN, holes("x", 3), {"na": "error"}, "DataError", ["3 of 40", "x 3", 'na="drop"']),
    "unknown na": (GAUSSIAN, table(), {"na": "fill"}, "DataError", ["'fill'", 'na="drop"']),
    "infinite covariate": (GAUSSIAN, at("x", 4, np.inf), {}, "DataError", ["x is not finite in 1 of 40", "row 4"]),
    "infinite response": (GAUSSIAN, at("y", 5, -np.inf), {}, "DataError", ["y is not finite in 1 of 40", "row 5"]),
    "log of a negative": ("y ~ log(x)", at("x", 0, -1), {}, "DataError", ["log(x) is not finite", "x = -1"]),
    "text response": ("text ~ x", table(), {}, "DataError", ["'text'", "is text", "number"]),
    "date response": ("day ~ x", table(), {}, "DataError", ["'day'", "is a date"]),
    "date covariate": ("y ~ day", table(), {}, "FormulaError", ["'day' is a date"]),
    "constant response": ("constant ~ x", table(), {}, "DataError", ["constant is 3 in all 40 rows"]),
    "constant covariate": (
        "y ~ constant",
        table(),
        {"priors": {"constant": "Flat()"}},
        "PriorError",
        ["nothing of constant (constant is 3 in all 40 rows)", "Flat()"],
    ),
    "group with one level": ("y ~ x + (1 | one)", table(), {}, "DesignError", ["'one' has 1 level (same)"]),
    "factor with one level": ("y ~ one", table(), {}, "DataError", ["'one' has 1 level"]),
    "levels as rows": ("y ~ x + (1 | row)", table(), {}, "DesignError", ["40 levels for 40 observations"]),
    "slope within no group": ("y ~ level + (level | g)", table(), {}, "DesignError", ["'level' does not vary", "8"]),
    "rank-deficient": (
        "y ~ x + I(2 * x) + I(x + 1)",
        table(),
        {"priors": {"x": "Flat()", "I(x + 1)": "Flat()"}},
        "PriorError",
        ["x, I(x + 1) apart", "linear function"],
    ),
    "an empty cell": (
        "y ~ f * h",
        changed(f=["a", "b"] * 20, h=["u", "u", "v", "u"] * 10),
        {"priors": {"f[b]:h[v]": "Flat()"}},
        "PriorError",
        ["f[b]:h[v] (never observed)", "proper prior"],
    ),
    "more coefficients than rows": ("y ~ factor(row) * x", table(), {}, "DesignError", ["80 coefficients for 40"]),
    "more effects than rows": ("y ~ x + (x * f | g)", table(), {}, "DesignError", ["48 random effects", "40 obs"]),
    "unknown family": (GAUSSIAN, table(), {"family": "gausian"}, "FamilyError", ["'gausian'", "'gaussian'"]),
    "unknown link": (COUNTS, table(), {"family": "binomial(logti)"}, "FamilyError", ["'logti'", "'logit'"]),
    "family of another type": (GAUSSIAN, table(), {"family": 3}, "FamilyError", ["int"]),
    "trials for a gaussian": (COUNTS, table(), {}, "FamilyError", ["binomial"]),
    "counts above trials": ("p(n, k) ~ x", table(), {"family": "binomial"}, "DataError", ["more successes", " of "]),
    "counts above trials, cbind": (
        "cbind(n, k - n) ~ x",
        changed(k=2),
        {"family": "binomial"},
        "DataError",
        ["failures are negative", "more successes than trials"],
    ),
    "share without trials": ("w ~ x", table(), {"family": "binomial"}, "DataError", ["neither 0 nor 1", "cbind"]),
    "three levels for bernoulli": ("text ~ x", table(), {"family": "bernoulli"}, "DataError", ["3 levels", "2 are"]),
    "negative counts": ("I(k - 9) ~ x", table(), {"family": "poisson"}, "DataError", ["whole numbers from 0", "40"]),
    "broken counts": ("w ~ x", table(), {"family": "poisson"}, "DataError", ["whole numbers from 0"]),
    "negative weights": (GAUSSIAN, at("w", 1, -2.0), {"weights": "w"}, "DataError", ["negative in 1 of 40", "-2"]),
    "zero weights": (GAUSSIAN, at("w", 1, 0.0), {"weights": "w"}, "DataError", ["zero in 1 of 40"]),
    "weights not there": (GAUSSIAN, table(), {"weights": "ww"}, "UnknownColumnError", ["'ww'", "'w'"]),
    "weights for counts": ("k ~ x", table(), {"family": "poisson", "weights": "w"}, "FamilyError", ["poisson", "w"]),
    "response as predictor": ("y ~ x + y", table(), {}, "DesignError", ["'y'", "predictor too"]),
    "unknown function": ("y ~ lgo(x)", table(), {}, "FormulaError", ["'lgo'", "Did you mean 'log'?"]),
    "own function fails": (
        "y ~ mine(x)",
        table(),
        {"functions": {"mine": lambda x: x / undefined}},  # noqa: F821
        "FormulaError",
        ["mine() failed", "NameError"],
    ),
    "own function of the wrong length": (
        "y ~ mine(x)",
        table(),
        {"functions": {"mine": lambda x: x[:3]}},
        "FormulaError",
        ["shape (3,)", "40 rows"],
    ),
    "formula of another type": (3, table(), {}, "ArgumentError", ["comes first", "int"]),
    "data before the formula": (table(), "y ~ x", {}, "ArgumentError", ["comes first", "DataFrame"]),
    "code in a formula": ("y ~ __import__('os').system('ls')", table(), {}, "FormulaError", ["__import__"]),
    "attribute in a formula": ("y ~ x.__class__", table(), {}, "UnknownColumnError", ["x.__class__"]),
    "unknown prior name": (
        GAUSSIAN,
        table(),
        {"priors": {"sd_g__Interept": "HalfNormal(1)"}},
        "PriorError",
        ["sd_g__Interept", "Did you mean 'sd_g__Intercept'", "sigma"],
    ),
    "prior of another kind": (GAUSSIAN, table(), {"priors": {"sigma": "Normal(0, 1)"}}, "PriorError", ["sigma"]),
    "prior that is code": (GAUSSIAN, table(), {"priors": {"x": "Normal(0, exit())"}}, "PriorError", ["exit()"]),
    "unknown method": (GAUSSIAN, table(), {"method": "gibbs"}, "ArgumentError", ["'gibbs'", "joint"]),
    "unknown sampler": (GAUSSIAN, table(), {"sampler": "nutpi"}, "ArgumentError", ["'nutpi'", "'nutpie'"]),
    "no chains": (GAUSSIAN, table(), {"chains": 0}, "ArgumentError", ["chains", "0"]),
    "draws of another type": (GAUSSIAN, table(), {"draws": 1e3}, "ArgumentError", ["draws", "1000.0"]),
    "negative seed": (GAUSSIAN, table(), {"seed": -1}, "ArgumentError", ["seed", "-1"]),
    "cores as text": (GAUSSIAN, table(), {"cores": "2"}, "ArgumentError", ["cores", "'2'"]),
    "acceptance as text": (GAUSSIAN, table(), {"target_accept": "high"}, "ArgumentError", ["target_accept", "'high'"]),
    "seed too large": (GAUSSIAN, table(), {"seed": 2**32}, "ArgumentError", ["seed", "4294967295"]),
    "priors as text": (GAUSSIAN, table(), {"priors": "Normal(0, 1)"}, "PriorError", ["does not say whose prior"]),
    "functions as a list": (GAUSSIAN, table(), {"functions": [len]}, "DataError", ["mapping", "list"]),
    "reserved name": ("y ~ sigma", changed(sigma=table()["x"]), {}, "DesignError", ["called 'sigma'", "'sigma_'"]),
    "reserved response": ("mu ~ x", changed(mu=table()["y"]), {}, "DesignError", ["called 'mu'"]),
    "no parameter": ("k ~ 0 + offset(x)", table(), {"family": "poisson"}, "DesignError", ["no parameter"]),
    "nothing to estimate but sigma": ("y ~ 0", table(), {}, "DesignError", ["neither", "y ~ 1"]),
    "one row": ("k ~ 1", table().head(1), {"family": "poisson"}, "DesignError", ["1 row"]),
    "levels written alike": (
        "y ~ (1 | g)",
        changed(g=[1, "1"] * 20),
        {},
        "DataError",
        ["'g'", "written alike (1)"],
    ),
    "combinations written alike": (
        "y ~ (1 | a:c)",
        changed(a=["p:q", "p"] * 20, c=["r", "q:r"] * 20),
        {},
        "DataError",
        ["a:c", "'p:q:r'"],
    ),
    "several columns in an offset": ("y ~ offset(poly(x, 2))", table(), {}, "DataError", ["2 columns"]),
    "several columns in a function": ("y ~ scale(poly(x, 2))", table(), {}, "FormulaError", ["has 2", "its own"]),
    "parentheses without end": ("y ~ " + "(" * 3000 + "x" + ")" * 3000, table(), {}, "FormulaError", ["too deeply"]),
    "acceptance above one": (GAUSSIAN, table(), {"target_accept": 1.2}, "ArgumentError", ["target_accept", "1.2"]),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_gets_one_line(case):
    formula, data, arguments, error, words = CASES[case]
    with pytest.raises(getattr(errors, error)) as caught:
        fit(formula, data, progress=False, **arguments)
    message = str(caught.value)
    for word in words:
        assert word in message
    assert len(message.splitlines()) == (3 if error == "FormulaError" else 1)
    assert type(caught.value).__name__ == error


def test_bad_input_is_refused_before_pymc_is_imported():
    program = (
        "import sys, pandas as pd, bayesmix as bm\n"
        "try:\n    bm.fit('y ~ z', pd.DataFrame({'y': [1.0, 2], 'x': [1, 2]}))\n"
        "except bm.BayesmixError:\n    print(sorted({'pymc', 'bambi', 'nutpie', 'pytensor'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
