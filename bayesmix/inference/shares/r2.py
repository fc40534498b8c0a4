"""Which share of the variance does the model explain?"""

from functools import singledispatch

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats, Positions
from bayesmix.errors import ArgumentError
from bayesmix.formula.design import Design
from bayesmix.inference.shared.arguments import one_of, probability
from bayesmix.inference.shared.draws import n_draws_of
from bayesmix.inference.shared.question import table
from bayesmix.inference.shared.row_model import row_model
from bayesmix.inference.shared.summarise import VALUES_AT_ONCE
from bayesmix.inference.shares.parts import VarianceParts, variance_parts
from bayesmix.inference.shares.summary import share_table
from bayesmix.modelling.blocks import stretches
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit, no_answer
from bayesmix.numerics.row_distribution.latent_variance import APPROXIMATIONS

KINDS = ("marginal", "conditional", "bayes")


@table
def r2(
    fit: Fit | RemlFit | LaplaceFit | LmFit, *, prob: float = 0.95, approximation: str = "lognormal"
) -> pd.DataFrame:
    """The share of the variance that a model explains: by its fixed part, and with its group effects.

    Parameters
    ----------
    fit
        A fitted model.
    prob
        Probability of the interval (posterior).
    approximation
        As for `icc`.

    Returns
    -------
    pandas.DataFrame
        Indexed by `kind`. ``"marginal"`` and ``"conditional"``: the variance of the fixed part, and of fixed part and
        group effects, over that of all on the scale of the linear predictor. Posteriors have ``"bayes"`` too: the
        variance over the rows of the expected response over the sum of this and of the mean variance of the response
        given the expectation, on the response's scale with the groups' own effects. Posterior: `mean`, `median`, `sd`,
        `lower` and `upper` (equal-tailed interval of probability `prob`), `ess_bulk`, and a `note` in a row that has no
        number. REML and Laplace: `estimate`. lm: ``"ordinary"`` and ``"adjusted"`` in place of these kinds.

    Raises
    ------
    ArgumentError
        A fit has not converged; `prob` or `approximation` is wrong.

    Notes
    -----
    `icc` says what the residual variance is, and what is done with random slopes; a group with a level for each row
    counts as residual. ``"bayes"`` needs no such variance and is defined for every family whose response is a number.

    References
    ----------
    Nakagawa, Johnson & Schielzeth (2017), doi:10.1098/rsif.2017.0213; Johnson (2014), doi:10.1111/2041-210X.12225;
    Gelman, Goodrich, Gabry & Vehtari (2019), doi:10.1080/00031305.2018.1549100

    Examples
    --------
    >>> bm.r2(fit)["mean"].round(1).to_dict()
    {'marginal': 0.3, 'conditional': 0.8, 'bayes': 0.8}
    """
    approximation = one_of(approximation, APPROXIMATIONS, argument="approximation")
    return _r2(fit, prob=probability(prob), approximation=approximation)


@singledispatch
def _r2(fit: object, *, prob: float, approximation: str) -> pd.DataFrame:
    raise no_answer(_r2, fit, question="r2")


@_r2.register
def _of_posterior(fit: Fit, *, prob: float, approximation: str) -> pd.DataFrame:
    rows, notes = np.full((3, n_draws_of(fit)), np.nan), ["", "", ""]
    try:
        parts = variance_parts(fit, question="r2", approximation=approximation)
        rows[:2] = _explained(parts)
    except ArgumentError:
        notes[0] = notes[1] = f"{fit.family} has no variance on the scale of its linear predictor."
    if fit.design.response.categories:
        notes[2] = "Categories are no numbers: their variance is not defined."
    else:
        rows[2] = bayesian_r2(fit)
    shares = share_table(fit, rows, prob).set_axis(_index(KINDS))
    return shares.assign(note=notes) if any(notes) else shares


@_r2.register
def _of_mixed_estimates(fit: RemlFit | LaplaceFit, *, prob: float, approximation: str) -> pd.DataFrame:
    parts = variance_parts(fit, question="r2", approximation=approximation)
    return share_table(fit, _explained(parts), prob).set_axis(_index(KINDS[:2]))


@_r2.register
def _of_least_squares(fit: LmFit, *, prob: float, approximation: str) -> pd.DataFrame:
    values = [fit.r_squared, fit.adj_r_squared]
    return pd.DataFrame({"estimate": values}, index=_index(("ordinary", "adjusted")))


def _index(kinds: tuple[str, ...]) -> pd.Index:
    return pd.Index(kinds, name="kind", dtype=object)


def _explained(parts: VarianceParts) -> Floats:
    """Marginal and conditional shares, (2, n_draws)."""
    return np.stack([parts.sum_of("fixed"), parts.sum_of("fixed", "groups")]) / parts.total


def bayesian_r2(fit: Fit) -> Floats:
    """Gelman et al.'s share in each draw, (n_draws,), a stretch of rows at a time.

    The variance over rows (divisor n - 1) is put together from those of stretches (Chan, Golub & LeVeque 1983,
    doi:10.1080/00031305.1983.10483115).
    """
    model, order = row_model(fit), _by_largest_group(fit.design)
    n, mean, squares, residual = 0, np.zeros(model.n_draws), np.zeros(model.n_draws), np.zeros(model.n_draws)
    for part in stretches(model.n_obs, VALUES_AT_ONCE // model.n_draws):
        rows = order[part]
        moments = model.moments(rows, model.predictor(rows))
        expected = np.broadcast_to(moments.mean, (len(rows), model.n_draws))
        of_rows, n_rows = expected.mean(axis=0), len(expected)
        away = of_rows - mean
        squares += ((expected - of_rows) ** 2).sum(axis=0) + away**2 * n * n_rows / (n + n_rows)
        mean += away * n_rows / (n + n_rows)
        n += n_rows
        residual += np.broadcast_to(moments.variance, expected.shape).sum(axis=0)
    explained = squares / max(n - 1, 1)
    return explained / (explained + residual / n)


def _by_largest_group(design: Design) -> Positions:
    """The rows in an order in which those of a level of the largest factor are together, so that it is read once."""
    if not design.random:
        return np.arange(design.n_obs)
    return np.argsort(max(design.random, key=lambda term: term.n_levels).index, kind="stable")
