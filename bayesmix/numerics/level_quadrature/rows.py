"""Rows of counts for the quadrature: level by level, with identical rows merged.

Three numbers of every distinct row stand for the data. With successes and failures of identical rows added up they are

=================  =====================  ========  =====================
family             first                  second    count
=================  =====================  ========  =====================
binomial           successes              failures  rows (not used)
poisson            sum of the counts      rows      rows (not used)
negative binomial  count                  0         rows with this count
beta-binomial      successes              failures  rows with both alike
=================  =====================  ========  =====================
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesmix.arrays import Floats, Integers
from bayesmix.numerics import row_codes as codes
from bayesmix.numerics.laplace.likelihood import log_of_choices, log_of_factorials

_PROBIT = (codes.BINOMIAL_PROBIT, codes.BETA_BINOMIAL_PROBIT)
_CLOGLOG = (codes.BINOMIAL_CLOGLOG, codes.BETA_BINOMIAL_CLOGLOG)
_COUNTS = (codes.POISSON_LOG, codes.NEGATIVE_BINOMIAL_LOG)


@dataclass(frozen=True)
class CountRows:
    """Distinct rows, the levels one after the other.

    `code` of family and link; `X` (n_rows, p), `offset` (n_rows,); `first`, `second`, `count` (n_rows,) of the table
    above; `starts` (n_levels + 1,), where each level begins; for each level the linear predictor that its counts alone
    suggest, `guess`, and their `information` on it (n_levels,); `log_constant`, the terms of the log density without
    parameters.
    """

    code: int
    X: Floats
    offset: Floats
    first: Floats
    second: Floats
    count: Floats
    starts: Integers
    guess: Floats
    information: Floats
    log_constant: float


def count_rows(
    *,
    code: int,
    y: Floats,
    trials: Floats | None,
    X: Floats,
    offset: Floats,
    index: NDArray[np.integer] | None,
    n_levels: int,
) -> CountRows:
    """Collect the rows of a model.

    Parameters
    ----------
    code
        Of the distribution and its link, one of `numerics.row_codes`.
    y, trials
        Successes and trials (None: one each), or counts, shape (n_obs,).
    X, offset
        Shapes (n_obs, p) and (n_obs,).
    index
        The level of each row, shape (n_obs,); None: no group effects, and `n_levels` is 0.
    """
    trials = np.ones(len(y)) if trials is None else trials
    level = np.zeros(len(y)) if index is None else np.asarray(index, dtype=float)
    second = np.zeros(len(y)) if code in _COUNTS else trials - y
    apart = np.column_stack([level, offset, X])
    if code >= codes.NEGATIVE_BINOMIAL_LOG:
        apart = np.column_stack([apart, y, second])
    _, example, where, repeats = np.unique(apart, axis=0, return_index=True, return_inverse=True, return_counts=True)
    where = where.ravel()
    count = repeats.astype(float)
    if code < codes.NEGATIVE_BINOMIAL_LOG:
        y_of, second_of = np.bincount(where, weights=y), np.bincount(where, weights=second)
        if code == codes.POISSON_LOG:
            second_of = count
    else:
        y_of, second_of = y[example], second[example]
    starts = np.searchsorted(level[example], np.arange(n_levels + 1)).astype(np.int64)
    guess, information = _guesses(code, y_of, second_of, count, starts)
    return CountRows(
        code=code,
        X=np.ascontiguousarray(X[example]),
        offset=np.ascontiguousarray(offset[example]),
        first=y_of,
        second=second_of,
        count=count,
        starts=starts,
        guess=guess,
        information=information,
        log_constant=log_of_factorials(y) if code in _COUNTS else log_of_choices(y, trials),
    )


def of_all_rows(rows: CountRows) -> tuple[float, float]:
    """The linear predictor that all counts together suggest, and their information."""
    whole = np.array([0, len(rows.first)], dtype=np.int64)
    guess, information = _guesses(rows.code, rows.first, rows.second, rows.count, whole)
    return float(guess[0]), float(information[0])


def _guesses(code: int, first: Floats, second: Floats, count: Floats, starts: Integers) -> tuple[Floats, Floats]:
    """The empirical logit (log for counts) of each level, on the scale of the link, and its information.

    As only the search for a level's mode begins there, a rough conversion between links is enough.
    """
    level = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    n_levels = len(starts) - 1
    if code in _COUNTS:
        times = np.ones_like(first) if code == codes.POISSON_LOG else count
        total = np.bincount(level, weights=first * times, minlength=n_levels) + 0.5
        rows = np.bincount(level, weights=second if code == codes.POISSON_LOG else count, minlength=n_levels) + 0.5
        return np.log(total / rows), total
    times = count if code > codes.NEGATIVE_BINOMIAL_LOG else np.ones_like(count)
    successes = np.bincount(level, weights=first * times, minlength=n_levels) + 0.5
    failures = np.bincount(level, weights=second * times, minlength=n_levels) + 0.5
    logit, information = np.log(successes / failures), 1 / (1 / successes + 1 / failures)
    if code in _PROBIT:
        return logit / 1.7, information * 1.7**2
    if code in _CLOGLOG:
        return np.log(np.log1p(successes / failures)), successes
    return logit, information


_NODES = 20
_PER_LEVEL = 20e-9
# a logit's row has one logarithm at a node; rows of a Poisson level share their nodes
_PER_ROW = {codes.BINOMIAL_LOGIT: 8e-9, codes.POISSON_LOG: 0.0}
_PER_ROW_OF_OTHERS = 60e-9


def value_cost(rows: CountRows) -> float:
    """Seconds of one value of the log posterior on one core, roughly."""
    per_row = _PER_ROW.get(rows.code, _PER_ROW_OF_OTHERS)
    n_rows, n_levels = len(rows.first), len(rows.starts) - 1
    return 1e-6 + n_rows * (20e-9 + max(_NODES if n_levels else 1, 1) * per_row) + n_levels * _NODES * _PER_LEVEL
