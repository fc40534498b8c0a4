"""Rows of counts as quadrature takes them: level by level, identical ones counted once.

Of every distinct row three numbers stand for the data. With successes and failures of identical rows added up they are

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
from scipy.special import gammaln

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CODES = {
    ("binomial", "logit"): 0,
    ("binomial", "probit"): 1,
    ("binomial", "cloglog"): 2,
    ("poisson", "log"): 3,
    ("negative_binomial", "log"): 4,
    ("beta_binomial", "logit"): 5,
    ("beta_binomial", "probit"): 6,
    ("beta_binomial", "cloglog"): 7,
}
"""Families and links by name; Bernoulli is binomial with one trial."""


@dataclass(frozen=True)
class CountRows:
    """Distinct rows, the levels one after the other.

    `code` of family and link; `X` (n_rows, p), `offset` (n_rows,), `first`, `second`, `count` (n_rows,) as the table
    above has them; `starts` (n_levels + 1,), where each level begins; `guess` and `information` (n_levels,), of each
    level the linear predictor that its counts alone suggest and what they tell of it; `log_constant`, what the log
    density adds that depends on no parameter.
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
    family: str,
    link: str,
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
    y, trials
        Successes and trials (None: one each), or counts, shape (n_obs,).
    X, offset
        Shapes (n_obs, p) and (n_obs,).
    index
        The level of each row, shape (n_obs,); None: no group effects, and `n_levels` is 0.
    """
    name = "binomial" if family == "bernoulli" else family
    trials = np.ones(len(y)) if trials is None else trials
    level = np.zeros(len(y)) if index is None else np.asarray(index, dtype=float)
    second = trials - y if name in ("binomial", "beta_binomial") else np.zeros(len(y))
    apart = np.column_stack([level, offset, X])
    if name in ("negative_binomial", "beta_binomial"):
        apart = np.column_stack([apart, y, second])
    _, example, where, repeats = np.unique(apart, axis=0, return_index=True, return_inverse=True, return_counts=True)
    where = where.ravel()
    count = repeats.astype(float)
    if name in ("binomial", "poisson"):
        y_of, second_of = np.bincount(where, weights=y), np.bincount(where, weights=second)
        if name == "poisson":
            second_of = count
    else:
        y_of, second_of = y[example], second[example]
    starts = np.searchsorted(level[example], np.arange(n_levels + 1)).astype(np.int64)
    code = CODES[name, link]
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
        log_constant=_log_constant(name, y, trials),
    )


def of_all_rows(rows: CountRows) -> tuple[float, float]:
    """The linear predictor that all counts together suggest, and their information."""
    whole = np.array([0, len(rows.first)], dtype=np.int64)
    guess, information = _guesses(rows.code, rows.first, rows.second, rows.count, whole)
    return float(guess[0]), float(information[0])


def _guesses(code: int, first: Floats, second: Floats, count: Floats, starts: Integers) -> tuple[Floats, Floats]:
    """The empirical logit (log for counts) of each level, on the scale of the link, and its information.

    Only the search for a level's mode begins there, so that a rough conversion between links will do.
    """
    level = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    n_levels = len(starts) - 1
    if code in (3, 4):
        times = np.ones_like(first) if code == 3 else count
        total = np.bincount(level, weights=first * times, minlength=n_levels) + 0.5
        rows = np.bincount(level, weights=second if code == 3 else count, minlength=n_levels) + 0.5
        return np.log(total / rows), total
    times = count if code > 4 else np.ones_like(count)
    successes = np.bincount(level, weights=first * times, minlength=n_levels) + 0.5
    failures = np.bincount(level, weights=second * times, minlength=n_levels) + 0.5
    logit, information = np.log(successes / failures), 1 / (1 / successes + 1 / failures)
    if code in (1, 6):
        return logit / 1.7, information * 1.7**2
    if code in (2, 7):
        return np.log(np.log1p(successes / failures)), successes
    return logit, information


def _log_constant(family: str, y: Floats, trials: Floats) -> float:
    if family in ("poisson", "negative_binomial"):
        return -float(gammaln(y + 1).sum())
    return float((gammaln(trials + 1) - gammaln(y + 1) - gammaln(trials - y + 1)).sum())
