"""Tests and intervals of contrasts of estimates, which allow for their number."""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.inference.means.contrast_rows import ContrastRows, Family
from bayesmix.inference.means.linear_functions import Estimated, LinearFunctions
from bayesmix.numerics.multiplicity import (
    ContrastFamily,
    adjusted_p,
    critical_values,
    interval_method,
    p_errors,
    p_method,
)

_OF_MEANS = "tukey"
_WITH_RANK = "scheffe"


@dataclass(frozen=True)
class ContrastTests:
    """Of K contrasts the statistic `t` (z where degrees of freedom are infinite), adjusted `p`, and `lower`, `upper`.

    All are (K,), of the link scale. `notes` say how the number of contrasts was allowed for, a sentence each.
    """

    t: Floats
    p: Floats
    lower: Floats
    upper: Floats
    notes: tuple[str, ...]


def contrast_tests(
    estimated: Estimated, linear: LinearFunctions, contrasts: ContrastRows, *, adjust: str, prob: float
) -> ContrastTests:
    """Tests of the contrasts, family by family."""
    with np.errstate(divide="ignore", invalid="ignore"):  # a contrast of nothing has an error of 0
        t = np.where(estimated.se > 0, estimated.estimate / estimated.se, np.nan)
    p, half, errors, used = np.full(len(t), np.nan), np.full(len(t), np.nan), [0.0], []
    for family in contrasts.families:
        if not len(family.rows):
            continue
        one = _contrast_family(estimated, linear, family, t)
        method = p_method(adjust, size=one.size, pairwise=contrasts.is_pairwise)
        p[family.rows] = adjusted_p(one, method)
        half[family.rows] = critical_values(one, method, prob) * estimated.se[family.rows]
        errors += [float(error) for error in p_errors(one, method) if np.isfinite(error)]
        used.append((method, one))
    return ContrastTests(
        t=t,
        p=p,
        lower=estimated.estimate - half,
        upper=estimated.estimate + half,
        notes=tuple(_notes(adjust, used, max(errors))),
    )


def _contrast_family(estimated: Estimated, linear: LinearFunctions, family: Family, t: Floats) -> ContrastFamily:
    rows = family.rows
    weights = estimated.weights[rows]
    covariance = weights @ estimated.parameter_covariance @ weights.T
    se = estimated.se[rows]
    known = np.isfinite(t[rows])
    with np.errstate(divide="ignore", invalid="ignore"):  # of contrasts that cannot be estimated
        correlation = covariance / np.outer(se, se)
    return ContrastFamily(
        t=t[rows],
        df=estimated.df[rows],
        correlation=correlation,
        n_compared=family.n_compared,
        rank=int(np.linalg.matrix_rank(linear.rows[rows][known])) if known.any() else 0,
        size=len(rows),
    )


def _notes(adjust: str, used: list[tuple[str, ContrastFamily]], error: float) -> list[str]:
    """How p values and intervals allow for the number of contrasts; nothing where they do not."""
    methods = {method for method, _ in used} - {"none"}
    if not methods:
        return []
    method = methods.pop()
    families = [one for name, one in used if name == method]
    by = interval_method(method)
    notes = [f"p is adjusted by the {method} method for {_of(method, families)}."]
    how = "in the same way" if by == method else f"by the {by} method"
    notes.append(f"Intervals are adjusted {how}.")
    if adjust == _OF_MEANS and method != adjust:
        notes.append(f"Tukey's method is for all differences of one set of means; {method} stands in.")
    if error:
        notes.append(f"The {method} method integrates numerically: p is good to {error:.1g}.")
    return notes


def _of(method: str, families: list[ContrastFamily]) -> str:
    if method == _OF_MEANS:
        return f"{_span([one.n_compared for one in families])} estimates" + _each(families)
    rank = f" of rank {_span([one.rank for one in families])}" if method == _WITH_RANK else ""
    return f"{_span([one.size for one in families])} contrasts{rank}" + _each(families)


def _span(numbers: list[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"


def _each(families: list[ContrastFamily]) -> str:
    return " in each family" if len(families) > 1 else ""
