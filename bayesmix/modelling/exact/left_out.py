"""How probable some rows are given all others, in closed form for a Gaussian model at each draw of its variances.

With coefficients and group effects integrated out, p(y_out | y_in, theta) = p(y | theta) / p(y_in | theta). This is the
density of theta with all rows over that without some; the prior of theta stands in both and cancels.
"""

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from bayesmix.arrays import Flags, Floats, Positions
from bayesmix.formula.design import Design
from bayesmix.modelling.exact.integrated import IntegratedGaussian
from bayesmix.modelling.exact.log_marginal import MOST_BY_QUADRATURE, by_quadrature
from bayesmix.modelling.exact.model import Marginal, dense_draws, marginalise
from bayesmix.modelling.route import LeftOut, Predicted
from bayesmix.modelling.samplers.chains import theta_of
from bayesmix.modelling.samplers.log_marginal import LogMarginal, by_importance
from bayesmix.numerics.gaussian.cost import value_cost

if TYPE_CHECKING:
    from bayesmix.modelling.record import Fit

_N_VALUES = 4000
_GREATEST_ERROR = 0.05


def left_out(fit: "Fit", positions: Positions) -> LeftOut:
    """The predictive densities of a fit by the exact route, at its draws at `positions`."""
    theta = theta_of(fit.posterior)[positions]
    design, cores = fit.design, fit.sampling.cores

    def log_densities(model: Marginal, at: Floats) -> Floats:
        return dense_draws(model, model.plain_buffer(), at, cores=cores).log_densities

    whole = marginalise(fit.model)
    of_all = log_densities(whole, theta)
    # The prior of the intercept holds at the means of the predictors over all rows, whichever are left out.
    means = design.fixed.matrix.mean(axis=0) if design.fixed.has_intercept else None

    def without(rows: Flags) -> Marginal:
        return marginalise(replace(fit.model, design=without_rows(design, rows)), intercept_at=means)

    def log_density(rows: Flags) -> Floats:
        return of_all - log_densities(without(rows), theta)

    def log_marginal(model: Marginal) -> LogMarginal:
        if len(model.start) <= MOST_BY_QUADRATURE:
            return by_quadrature(model)
        return by_importance(IntegratedGaussian(design, model), n_values=_N_VALUES, seed=fit.sampling.seed, cores=cores)

    @cache
    def of_whole() -> LogMarginal:
        return log_marginal(whole)

    def predicted(rows: Flags) -> Predicted:
        # A mean of the densities above over the draws would, for a row far out, depend on a few draws alone.
        all_rows, others = of_whole(), log_marginal(without(rows))
        trusted = max(all_rows.error, others.error) < _GREATEST_ERROR
        return Predicted(all_rows.value - others.value if trusted else np.nan, all_rows.error, others.error)

    return LeftOut(log_density, predicted, 2 * _N_VALUES * value_cost(whole.products.arrays))


def without_rows(design: Design, rows: Flags) -> Design:
    """The design without some rows; all its levels and columns stay, even if no row has them any more."""
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
