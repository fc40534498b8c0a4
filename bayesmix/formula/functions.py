"""The functions that a formula may call, as one table, and those of other packages with what to write instead.

A function that learns from the data (`scale`, `poly`, the knots of `ns`) keeps what it learnt in a state,
so that new data are treated as the old ones were.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import DataError
from bayesmix.formula.splines import bs, ns


@dataclass(frozen=True)
class Function:
    """`compute(values, keywords, learnt)` returns values and what it learnt (None at first use).

    `keywords` are the further arguments that may be given, in order, with their defaults; all are constants, and one
    number or truth value each but for those of `several`. Those of `by_name_alone` are never given by their place.
    `compute` raises a DataError where they mean nothing.
    """

    meaning: str
    compute: Callable[[Floats, dict[str, Any], Any], tuple[Floats, Any]]
    keywords: dict[str, Any] = field(default_factory=dict)
    by_name_alone: frozenset[str] = frozenset()
    several: frozenset[str] = frozenset()


def _plain(
    function: Callable[[Floats], Floats],
) -> Callable[[Floats, dict[str, Any], Any], tuple[Floats, Any]]:
    def compute(values: Floats, _keywords: dict[str, Any], _learnt: Any) -> tuple[Floats, Any]:
        return function(values), None

    return compute


def _log(values: Floats, keywords: dict[str, Any], _learnt: Any) -> tuple[Floats, Any]:
    base = keywords["base"]
    return (np.log(values) if base is None else np.log(values) / np.log(base)), None


def _scale(values: Floats, keywords: dict[str, Any], learnt: Any) -> tuple[Floats, Any]:
    """As R: less the mean or the number `center`, then divided by the number `scale` or the root mean square.

    The root mean square of what is left has n - 1 below it, so that it is the sd where the mean was taken away.
    """
    if learnt is None:
        center, scale = keywords["center"], keywords["scale"]
        centre = (float(values.mean()) if center else 0.0) if isinstance(center, bool) else float(center)
        moment = np.sqrt(((values - centre) ** 2).sum() / max(len(values) - 1, 1))
        learnt = (centre, (float(moment) if scale else 1.0) if isinstance(scale, bool) else float(scale))
    centre, spread = learnt
    return (values - centre) / spread, learnt


def _center(values: Floats, _keywords: dict[str, Any], learnt: Any) -> tuple[Floats, Any]:
    learnt = float(values.mean()) if learnt is None else learnt
    return values - learnt, learnt


def _poly(values: Floats, keywords: dict[str, Any], learnt: Any) -> tuple[Floats, Any]:
    """Polynomials orthonormal on the data, by the three-term recurrence (Kennedy & Gentle 1980, pp. 343-344)."""
    degree = _degree(values, keywords["degree"]) if learnt is None else int(keywords["degree"])
    if keywords["raw"]:
        return np.column_stack([values**power for power in range(1, degree + 1)]), ()
    if learnt is None:
        learnt = _recurrence(values, degree)
    centres, squares = learnt
    columns = [np.ones_like(values), values - centres[0]]
    for power in range(1, degree):
        ratio = squares[power + 1] / squares[power]
        columns.append((values - centres[power]) * columns[power] - ratio * columns[power - 1])
    lengths = np.sqrt(squares[2:])
    return np.column_stack(columns[1:]) / lengths, learnt


def _degree(values: Floats, degree: Any) -> int:
    n_distinct = len(np.unique(values[np.isfinite(values)]))
    if not (float(degree).is_integer() and 1 <= degree < n_distinct):
        raise DataError(
            f"The degree of poly() is a whole number from 1 to {n_distinct - 1}, one less than the {n_distinct} "
            f"distinct values; got {degree:g}."
        )
    return int(degree)


def _summary(
    summarise: Callable[[Floats], Any],
) -> Callable[[Floats, dict[str, Any], Any], tuple[Floats, Any]]:
    """One number of the data of the fit, in every row; new data get that of the fit."""

    def compute(values: Floats, _keywords: dict[str, Any], learnt: Any) -> tuple[Floats, Any]:
        learnt = float(summarise(values)) if learnt is None else learnt
        return np.full(len(values), learnt), learnt

    return compute


def _sd(values: Floats) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else np.nan


def _recurrence(values: Floats, degree: int) -> tuple[Floats, Floats]:
    """Centres (degree,) and squared lengths (degree + 2,; 1 in front, then of power 0 to `degree`)."""
    previous, current = np.zeros_like(values), np.ones_like(values)
    centres, squares = [], [1.0, float(len(values))]
    for power in range(degree):
        centre = float((values * current**2).sum() / squares[-1])
        ratio = squares[-1] / squares[-2] if power else 0.0
        previous, current = current, (values - centre) * current - ratio * previous
        centres.append(centre)
        squares.append(float((current**2).sum()))
    return np.array(centres), np.array(squares)


FUNCTIONS: dict[str, Function] = {
    "log": Function("natural logarithm, or to a base: log(x, base = 10)", _log, {"base": None}),
    "log2": Function("logarithm to base 2", _plain(np.log2)),
    "log10": Function("logarithm to base 10", _plain(np.log10)),
    "log1p": Function("log(1 + x)", _plain(np.log1p)),
    "exp": Function("exponential", _plain(np.exp)),
    "sqrt": Function("square root", _plain(np.sqrt)),
    "abs": Function("absolute value", _plain(np.abs)),
    "sin": Function("sine, x in radians", _plain(np.sin)),
    "cos": Function("cosine, x in radians", _plain(np.cos)),
    "tan": Function("tangent, x in radians", _plain(np.tan)),
    "asin": Function("arc sine in radians: asin(sqrt(share))", _plain(np.arcsin)),
    "acos": Function("arc cosine in radians", _plain(np.arccos)),
    "atan": Function("arc tangent in radians", _plain(np.arctan)),
    "I": Function("result of arithmetic as it stands: I(x^2), I(x > 3)", _plain(lambda values: values)),
    "scale": Function(
        "column centred and divided by its sd (n - 1), or less a number and divided by one: scale(x, 3, 2)",
        _scale,
        {"center": True, "scale": True},
    ),
    "center": Function("column centred at its mean", _center),
    "poly": Function(
        "orthonormal polynomials of degree 1 to n: poly(x, 2)",
        _poly,
        {"degree": 1, "raw": False},
        by_name_alone=frozenset({"raw"}),
    ),
    "bs": Function(
        "B-splines: bs(x, df = 5), bs(x, knots = c(2, 4))",
        bs,
        {"df": None, "knots": None, "degree": 3, "intercept": False, "Boundary.knots": None},
        several=frozenset({"knots", "Boundary.knots"}),
    ),
    "ns": Function(
        "natural cubic splines: ns(x, df = 3), ns(x, knots = c(2, 4))",
        ns,
        {"df": None, "knots": None, "intercept": False, "Boundary.knots": None},
        several=frozenset({"knots", "Boundary.knots"}),
    ),
    "mean": Function("mean of the column, one number: I(x - mean(x))", _summary(np.mean)),
    "sd": Function("sd of the column (n - 1), one number", _summary(_sd)),
    "median": Function("median of the column, one number", _summary(np.median)),
    "min": Function("smallest value of the column, one number", _summary(np.min)),
    "max": Function("largest value of the column, one number", _summary(np.max)),
    "as.numeric": Function("column as a number", _plain(lambda values: values)),
    "ifelse": Function("one of two values a row: ifelse(x > 3, 1, 0)", _plain(lambda values: values)),
    "pmin": Function("the smallest of several numbers of a row: pmin(x, 5)", _plain(lambda values: values)),
    "pmax": Function("the largest of several numbers of a row: pmax(0, x - 3)", _plain(lambda values: values)),
}

ROW_EXTREMES: dict[str, Callable[[Floats, Floats], Floats]] = {"pmin": np.minimum, "pmax": np.maximum}
"""Functions of several numbers of a row."""

SPECIAL_FUNCTIONS = {
    "offset": "a term with coefficient 1",
    "p": "response: successes and trials, p(k, n)",
    "cbind": "response: successes and failures, cbind(k, n - k)",
    "trials": "response: k | trials(n)",
    "cens": "response: time | cens(censored), 1 where only a lower bound of the time is known",
}

_SMOOTH = "smooth terms are not supported; write poly(x, 3), or a spline, ns(x, df = 3)"
NOT_SUPPORTED = {
    "s": _SMOOTH,
    "te": _SMOOTH,
    "t2": _SMOOTH,
    "gp": _SMOOTH,
    "mm": "multi-membership terms are not supported; write one term for each membership column",
    "gr": "write the grouping factor alone: (1 | g)",
    "mo": "monotonic effects are not supported; use the column as a number or as a factor",
    "me": "measurement error is not supported; use the column itself",
    "mi": "imputation is not supported; rows with missing values are dropped",
    "ar": "autocorrelation is not supported; add a random term for the series: (1 | series)",
    "ar1": "autocorrelation is not supported; add a random term for the series: (1 | series)",
    "diag": "independent effects are written (x || g)",
    "us": "correlated effects are written (x | g)",
    "cs": "compound symmetry is written (1 | g) + (1 | g:f)",
    "dummy": 'a 0/1 column is written I(f == "level")',
    "weights": 'weights are an argument: fit(..., weights="w")',
    "se": "known standard errors are not supported; use weights=",
    "Surv": "a censored response is written time | cens(1 - status): 1 where R's status is 0, the event not seen",
    "trunc": "truncated responses are not supported",
    "resp_trials": "trials are written k | trials(n)",
    "c": 'constants stand inside of a function: I(f %in% c("a", "b")), cut(x, c(0, 5, 9))',
    "ave": 'means by group are a column of the data: data["m"] = data.groupby("g")["x"].transform("mean")',
    "interaction": "write a:b, or make a column of the combinations",
    "var": "write sd(x)^2 inside of I()",
    "droplevels": "levels that do not occur are none; use the column itself",
    "as.character": "write factor(x)",
    "as.integer": "write as.numeric(x)",
}
