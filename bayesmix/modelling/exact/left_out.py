"""How probable are some rows given all others: in closed form for a Gaussian model, in each draw of its variances.

With coefficients and group effects integrated out, p(y_out | y_in, theta) = p(y | theta) / p(y_in | theta): the
density of theta once with all rows and once without some. The prior of theta stands in both and cancels.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from bayesmix.formula.design import Design
from bayesmix.modelling.exact.dense_draws import dense_draws
from bayesmix.modelling.exact.log_marginal import MOST_BY_QUADRATURE, LogMarginal, by_importance, by_quadrature
from bayesmix.modelling.exact.model import Marginal, marginalise
from bayesmix.modelling.record import Fit
from bayesmix.numerics.gaussian.cost import value_cost

Floats = NDArray[np.float64]

_N_VALUES = 4000
_GREATEST_ERROR = 0.05


@dataclass(frozen=True)
class LeftOut:
    """Functions of `rows` (n_obs,), true where left out.

    `log_density(rows)`: log p(y of `rows` | all others, theta) in each draw, (n_draws,). `predicted(rows)`: log p(y of
    `rows` | all others), theta integrated out, from both marginal likelihoods.
    """

    log_density: Callable[[NDArray[np.bool_]], Floats]
    predicted: Callable[[NDArray[np.bool_]], "Predicted"]


@dataclass(frozen=True)
class Predicted:
    """A log predictive density from two log marginal likelihoods; nan where one of them cannot be trusted.

    `whole_error` is the Monte Carlo error of that of all rows, the same in each prediction; `own_error` of the other.
    """

    value: float
    whole_error: float
    own_error: float

    @property
    def mcse(self) -> float:
        return float(np.hypot(self.whole_error, self.own_error))


def left_out(fit: Fit, positions: NDArray[np.intp]) -> LeftOut:
    """For a fit by the exact path, in its draws at `positions`."""
    by_chain = fit.posterior["unconstrained_posterior"]["theta"].transpose("chain", "draw", ...).to_numpy()
    theta = np.ascontiguousarray(by_chain.reshape(-1, by_chain.shape[-1])[positions])
    design, cores = fit.design, fit.sampling.cores

    def log_densities(model: Marginal, at: Floats) -> Floats:
        return dense_draws(model, model.plain_buffer(), at, copies=0, seed=0, cores=cores).log_densities

    whole = marginalise(design, fit.priors)
    of_all = log_densities(whole, theta)
    # The prior of the intercept is at the predictors' means in all rows, whichever are left out.
    means = design.fixed.matrix.mean(axis=0) if design.fixed.has_intercept else None

    def without(rows: NDArray[np.bool_]) -> Marginal:
        return marginalise(without_rows(design, rows), fit.priors, intercept_at=means)

    def log_density(rows: NDArray[np.bool_]) -> Floats:
        return of_all - log_densities(without(rows), theta)

    def log_marginal(model: Marginal) -> LogMarginal:
        if len(model.start) <= MOST_BY_QUADRATURE:
            return by_quadrature(model)
        return by_importance(model, n_values=_N_VALUES, seed=fit.sampling.seed, cores=cores)

    @cache
    def of_whole() -> LogMarginal:
        return log_marginal(whole)

    def predicted(rows: NDArray[np.bool_]) -> Predicted:
        # Not the mean of the above over other draws: of a row far out single draws would make all of it.
        one, other = of_whole(), log_marginal(without(rows))
        trusted = max(one.error, other.error) < _GREATEST_ERROR
        return Predicted(one.value - other.value if trusted else np.nan, one.error, other.error)

    return LeftOut(log_density, predicted)


def seconds_of(fit: Fit, n_draws: int) -> float:
    """What the log density of one part takes in so many draws, roughly."""
    return value_cost(marginalise(fit.design, fit.priors).products.arrays) * n_draws


def seconds_of_prediction(fit: Fit) -> float:
    """What a prediction from marginal likelihoods takes, roughly."""
    return seconds_of(fit, 2 * _N_VALUES)


def without_rows(design: Design, rows: NDArray[np.bool_]) -> Design:
    """The design with some rows left out; its levels and columns stay, also those that no row has any more."""
    kept = ~rows
    return replace(
        design,
        response=replace(
            design.response,
            values=design.response.values[kept],
            trials=None if design.response.trials is None else design.response.trials[kept],
        ),
        fixed=replace(design.fixed, matrix=design.fixed.matrix[kept]),
        random=tuple(replace(term, index=term.index[kept], columns=term.columns[kept]) for term in design.random),
        offset=design.offset[kept],
        weights=None if design.weights is None else design.weights[kept],
        data=design.data[kept],
    )
