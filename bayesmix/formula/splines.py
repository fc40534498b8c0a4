"""Spline bases as R's package splines has them: `bs`, B-splines, and `ns`, natural cubic splines.

Knots between the borders are quantiles of the data where only a number of columns is asked for. Beyond the borders a
B-spline goes on as the polynomial of its last piece, a natural one as a straight line. Source: Hastie (1992), ch. 7 of
Statistical Models in S; de Boor (1978), A Practical Guide to Splines.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import DataError

_CUBIC = 3
MOST_COLUMNS = 200


@dataclass(frozen=True)
class Knots:
    """`inner` (n_knots,) between the two `borders`; of piecewise polynomials of a `degree`."""

    inner: Floats
    borders: Floats
    degree: int


def bs(values: Floats, keywords: dict[str, Any], learnt: Knots | None) -> tuple[Floats, Knots]:
    """``bs(x, df, knots, degree, intercept, Boundary.knots)``: the columns (n_obs, df), and the knots."""
    degree, intercept = _whole(keywords["degree"], "degree", 1, 20), bool(keywords["intercept"])
    knots = learnt or _knots(values, keywords, degree, least=degree + intercept, called="bs")
    columns = _b_splines(knots, values)
    return (columns if intercept else columns[:, 1:]), knots


def ns(values: Floats, keywords: dict[str, Any], learnt: Knots | None) -> tuple[Floats, Knots]:
    """``ns(x, df, knots, intercept, Boundary.knots)``: the columns (n_obs, df), and the knots.

    Cubic splines whose second derivative is 0 at both borders: orthogonal to the two rows that say so.
    """
    intercept = bool(keywords["intercept"])
    knots = learnt or _knots(values, keywords, _CUBIC, least=1 + intercept, called="ns")
    inside = np.clip(values, *knots.borders)
    slopes = _b_splines(knots, inside, derivative=1)
    columns = _b_splines(knots, inside) + slopes * (values - inside)[:, None]
    curvature = _b_splines(knots, knots.borders, derivative=2)
    if not intercept:
        columns, curvature = columns[:, 1:], curvature[:, 1:]
    directions = np.linalg.qr(curvature.T, mode="complete")[0]
    return columns @ directions[:, 2:], knots


def _b_splines(knots: Knots, values: Floats, derivative: int = 0) -> Floats:
    """All B-splines of the knots at the values, (n, n_knots + degree + 1), or their derivatives."""
    from scipy.interpolate import BSpline

    ends = [np.repeat(border, knots.degree + 1) for border in knots.borders]
    all_knots = np.concatenate([ends[0], knots.inner, ends[1]])
    splines = BSpline(all_knots, np.eye(len(all_knots) - knots.degree - 1), knots.degree)
    return np.asarray(splines(values, nu=derivative))


def _knots(values: Floats, keywords: dict[str, Any], degree: int, *, least: int, called: str) -> Knots:
    """The knots that are given, or as many as `df` columns need: at equally spaced quantiles of the data."""
    if not np.isfinite(values).all():
        raise DataError(f"{called}() is of numbers; there are values that are not finite")
    borders = _borders(values, keywords["Boundary.knots"], called)
    df, given = keywords["df"], keywords["knots"]
    if given is not None:
        inner = np.sort(_numbers(given, "knots", called))
        if len(np.unique(inner)) < len(inner) or inner[0] <= borders[0] or inner[-1] >= borders[1]:
            raise DataError(
                f"the knots of {called}() are different numbers between the borders {borders[0]:g} and {borders[1]:g}"
            )
        return Knots(inner, borders, degree)
    n_inner = 0 if df is None else _whole(df, "df", least, MOST_COLUMNS) - least
    inside = values[(values >= borders[0]) & (values <= borders[1])]
    if not len(inside):
        raise DataError(f"no value lies between the borders of {called}(), {borders[0]:g} and {borders[1]:g}")
    inner = np.quantile(inside, np.linspace(0, 1, n_inner + 2)[1:-1])
    if len(np.unique(np.append(inner, borders))) < n_inner + 2:
        raise DataError(
            f"{called}() with df = {df:g} has knots that coincide, since many values are alike; take fewer, or write "
            "knots = c(...)"
        )
    return Knots(inner, borders, degree)


def _borders(values: Floats, given: Any, called: str) -> Floats:
    if given is None:
        borders = np.array([values.min(), values.max()])
    else:
        borders = np.sort(_numbers(given, "Boundary.knots", called))
    if len(borders) != 2 or borders[0] >= borders[1]:
        raise DataError(f"{called}() has two different borders; got {', '.join(f'{border:g}' for border in borders)}")
    return borders


def _numbers(given: Any, argument: str, called: str) -> Floats:
    listed = given if isinstance(given, list) else [given]
    if not all(isinstance(one, float) and np.isfinite(one) for one in listed):
        raise DataError(f"{argument} of {called}() are numbers, c(2, 4)")
    return np.array(listed)


def _whole(value: Any, argument: str, least: int, most: int) -> int:
    if not isinstance(value, int | float) or not float(value).is_integer() or not least <= value <= most:
        raise DataError(f"{argument} is a whole number from {least} to {most}; got {value}")
    return int(value)
