"""Combinations of expected responses of rows, and their means by groups of rows, with errors or from draws."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch

import numpy as np
from scipy.sparse import csr_array, eye_array
from scipy.special import ndtr, stdtr

from bayesmix.arrays import Flags, Floats, Positions
from bayesmix.errors import ArgumentError
from bayesmix.estimates.estimability import estimable_rows
from bayesmix.estimates.linear_predictors import LinearRows, linear_estimates, linear_predictors
from bayesmix.formula.other_rows import OtherRows
from bayesmix.inference.prediction.predicted_draws import expected_draws, linear_draws
from bayesmix.inference.prediction.predicted_estimates import around, degrees_of, linear_rows, link_of
from bayesmix.inference.shared.arguments import a_seed
from bayesmix.inference.shared.draws import n_draws_of
from bayesmix.inference.shared.summarise import VALUES_AT_ONCE, summarise_in_parts
from bayesmix.modelling.blocks import stretches
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit, no_answer
from bayesmix.numerics.link_slopes import SLOPES
from bayesmix.numerics.links import LINKS


@dataclass(frozen=True)
class Combination:
    """The sum of `rows`, each times its weight, for every row that is complete in all of them.

    `means` (n_complete,): the number of the mean that a row counts in, of `n_means`; None: each row is one.
    """

    rows: tuple[OtherRows, ...]
    weights: tuple[float, ...]
    groups: str
    type: str
    prob: float
    seed: int | None
    means: Positions | None = None
    n_means: int = 0

    @property
    def n_rows(self) -> int:
        return self.rows[0].design.n_obs

    def averaging(self) -> csr_array:
        """What turns values of rows into means (n_means, n_rows)."""
        if self.means is None:
            return csr_array(eye_array(self.n_rows))
        share = 1.0 / np.bincount(self.means, minlength=self.n_means)[self.means]
        return csr_array((share, (self.means, np.arange(self.n_rows))), shape=(self.n_means, self.n_rows))


@singledispatch
def quantities(fit: object, wanted: Combination) -> dict[str, Floats]:
    """Columns of marginaleffects: estimate, standard error, its test or P(direction), interval."""
    raise no_answer(quantities, fit, question="predictions")


@quantities.register
def _of_draws(fit: Fit, wanted: Combination) -> dict[str, Floats]:
    draws_of, seed = linear_draws if wanted.type == "link" else expected_draws, a_seed(wanted.seed, fit)
    parts = [draws_of(fit, rows, groups=wanted.groups, seed=seed) for rows in wanted.rows]
    n_draws = n_draws_of(fit)

    def draws(stretch: slice) -> Floats:
        return np.sum([w * part(stretch) for w, part in zip(wanted.weights, parts, strict=True)], axis=0)

    of_items, n_items = draws, wanted.n_rows
    if wanted.means is not None:
        total = _means(draws, wanted, n_draws)
        of_items, n_items = (lambda stretch: total[stretch]), wanted.n_means
    above = np.empty(n_items)

    def with_signs(stretch: slice) -> Floats:
        values = of_items(stretch)
        above[stretch] = (values > 0).mean(axis=-1) + 0.5 * (values == 0).mean(axis=-1)
        return values

    found = summarise_in_parts(with_signs, shape=(n_items,), n_draws=n_draws, prob=wanted.prob)
    return {
        "estimate": found.mean,
        "std_error": found.sd,
        "p_direction": np.maximum(above, 1 - above),
        "conf_low": found.lower,
        "conf_high": found.upper,
    }


def _means(draws: Callable[[slice], Floats], wanted: Combination, n_draws: int) -> Floats:
    """Draws of means over rows (n_means, n_draws), some rows at a time."""
    total, averaging = np.zeros((wanted.n_means, n_draws)), wanted.averaging().tocsc()
    for stretch in stretches(wanted.n_rows, VALUES_AT_ONCE // n_draws):
        total += averaging[:, stretch] @ draws(stretch)
    return total


@quantities.register
def _of_estimates(fit: RemlFit | LaplaceFit | LmFit, wanted: Combination) -> dict[str, Floats]:
    """By the delta method; coefficients and group effects are estimated together."""
    link = link_of(fit) if wanted.type == "response" else "identity"
    if link != "identity" and wanted.groups == "new":
        raise ArgumentError(
            'groups="new" averages over levels on the response scale, which has no standard error here: '
            'bm.predict(fit, newdata, groups="new") has the rows, a posterior by bm.fit all of it; or take type="link".'
        )
    value, gradient, known = _combined(fit, wanted, link)
    averaging = wanted.averaging()
    means = LinearRows(averaging @ gradient.fixed, tuple(csr_array(averaging @ part) for part in gradient.random))
    unknown = (averaging @ np.logical_not(known).astype(float)) > 0
    estimate = np.where(unknown, np.nan, averaging @ value)
    se = np.where(unknown, np.nan, linear_predictors(fit, means, groups=wanted.groups).se)
    df = degrees_of(fit)
    interval = around(estimate, se, wanted.prob, df)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = estimate / se
    return {
        "estimate": estimate,
        "std_error": se,
        "statistic": statistic,
        "p_value": 2 * (ndtr(-np.abs(statistic)) if np.isinf(df) else stdtr(df, -np.abs(statistic))),
        "conf_low": interval.lower,
        "conf_high": interval.upper,
    }


def _combined(fit: RemlFit | LaplaceFit | LmFit, wanted: Combination, link: str) -> tuple[Floats, LinearRows, Flags]:
    """Values of the rows (n_rows,), their derivatives by coefficients and effects, and which are estimable."""
    value, parts = np.zeros(wanted.n_rows), []
    for weight, rows in zip(wanted.weights, wanted.rows, strict=True):
        of_rows = linear_rows(rows.design)
        eta = linear_estimates(fit, of_rows, groups=wanted.groups) + rows.design.offset
        value += weight * LINKS[link].inverse(eta)
        parts.append(_times(of_rows, weight * SLOPES[link](eta)))
    fixed = np.sum([part.fixed for part in parts], axis=0)
    random = tuple(csr_array(sum(of_term[1:], of_term[0])) for of_term in zip(*(p.random for p in parts), strict=True))
    return value, LinearRows(fixed, random), _known(fit, wanted, link)


def _times(rows: LinearRows, factor: Floats) -> LinearRows:
    """Each row times its own factor."""
    random = tuple(csr_array(part.multiply(factor[:, None])) for part in rows.random)
    return LinearRows(factor[:, None] * rows.fixed, random)


def _known(fit: RemlFit | LaplaceFit | LmFit, wanted: Combination, link: str) -> Flags:
    """Which combinations are estimable; with a curved link all of their rows must be."""
    columns = [rows.every_column for rows in wanted.rows if rows.every_column is not None]
    if link == "identity":
        return estimable_rows(fit.design, np.tensordot(wanted.weights, columns, axes=1))
    return np.all([estimable_rows(fit.design, every_column) for every_column in columns], axis=0)
