"""The distribution of each row's response in each draw, which checks and comparisons of a fit are built on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats, Positions
from bayesmix.formula.design import GroupTerm
from bayesmix.inference.shared.draws import correlations, joined, n_draws_of, standard_deviations
from bayesmix.inference.shared.expectation import (
    Effects,
    Rows,
    linear_predictor,
    mean_parameter,
    other_parameters,
    parameters_at,
)
from bayesmix.modelling.record import Fit
from bayesmix.numerics.predictive_statistics import RowMoments
from bayesmix.numerics.row_distribution.censored import censored_log_density, censored_quantile_residual
from bayesmix.numerics.row_distribution.parts import Predicted


@dataclass(frozen=True)
class RowModel:
    """Functions of some rows, a slice or their positions; arrays are (n_rows, n_draws).

    `predictor(rows)`: the linear predictor eta. `log_density(rows, eta)`: log density of the observed response, for a
    count its log probability, for a censored row that of the tail behind its bound. `draw(rows, eta, rng)`: new
    responses, numbers of successes where there are trials, without bounds where rows are censored.
    `quantile_residual(rows, eta, u)`: randomised quantile residuals, `u` (n_rows, 1) between 0 and 1.
    `moments(rows, eta)`: mean and variance of the response, as a proportion where there are trials.
    """

    n_obs: int
    n_draws: int
    predictor: Callable[[Rows], Floats]
    log_density: Callable[[Rows, Floats], Floats]
    draw: Callable[[Rows, Floats, np.random.Generator], Floats]
    quantile_residual: Callable[[Rows, Floats, Floats], Floats]
    moments: Callable[[Rows, Floats], RowMoments]


def row_model(
    fit: Fit,
    *,
    draws: Positions | None = None,
    groups: str = "fitted",
    seed: int = 0,
    effects: Effects | None = None,
) -> RowModel:
    """The model of the rows of ``fit.design``.

    Parameters
    ----------
    draws
        Positions among the draws of all chains; all by default.
    groups
        ``"fitted"``: with the effects of each row's own levels. ``"new"``: with the effects of other levels, which
        are drawn by `seed` from the distribution of the group.
    effects
        What gives the effects of levels, as for `linear_predictor`, where the rows are others than those of the fit.
    """
    draws = np.arange(n_draws_of(fit)) if draws is None else draws
    effects = new_effects(fit, draws=draws, seed=seed) if groups == "new" else effects
    response, trials = fit.design.response, fit.design.response.trials
    link, distribution = fit.family.link, fit.family.record.distribution
    others, on_response_scale = other_parameters(fit, effects=effects, draws=draws), mean_parameter(fit)

    def predicted(rows: Rows, eta: Floats) -> Predicted:
        # A row in which nothing was tried has no proportion, but it has a probability, which is 1.
        of_counts = {} if trials is None else {"trials": trials[rows, None]}
        return Predicted(eta, link, others(rows) | of_counts)

    def censoring(rows: Rows) -> Positions | None:
        return None if response.censoring is None else response.censoring[rows, None]

    def log_density(rows: Rows, eta: Floats) -> Floats:
        return censored_log_density(distribution, response.values[rows, None], predicted(rows, eta), censoring(rows))

    def quantiles(rows: Rows, eta: Floats, u: Floats) -> Floats:
        y, q = response.values[rows, None], predicted(rows, eta)
        return censored_quantile_residual(distribution, y, q, u, censoring(rows))

    def moments(rows: Rows, eta: Floats) -> RowMoments:
        parameters = on_response_scale(eta, others(rows))
        return RowMoments(distribution.mean(parameters), distribution.variance(parameters))

    return RowModel(
        n_obs=fit.design.n_obs,
        n_draws=len(draws),
        predictor=linear_predictor(fit, fit.design, terms=fit.design.random, effects=effects, draws=draws),
        log_density=log_density,
        draw=lambda rows, eta, rng: distribution.draw(rng, predicted(rows, eta)),
        quantile_residual=quantiles,
        moments=moments,
    )


def log_density_at(fit: Fit, *, draws: Positions) -> Callable[[Rows, Floats, Mapping[str, Floats]], Floats]:
    """Log densities of observed responses, as a function of the rows, of their linear predictors, and of those of
    further parameters by name, all (n_rows, n_draws)."""
    response, link, distribution = fit.design.response, fit.family.link, fit.family.record.distribution
    parameters = parameters_at(fit, draws=draws)

    def log_density(rows: Rows, eta: Floats, modelled: Mapping[str, Floats]) -> Floats:
        of_counts = {} if response.trials is None else {"trials": response.trials[rows, None]}
        censoring = None if response.censoring is None else response.censoring[rows, None]
        predicted = Predicted(eta, link, parameters(rows, modelled) | of_counts)
        return censored_log_density(distribution, response.values[rows, None], predicted, censoring)

    return log_density


def spread_draws(n_total: int, wanted: int | None) -> Positions:
    """All positions of draws, or `wanted` of them evenly spread."""
    if wanted is None or wanted >= n_total:
        return np.arange(n_total)
    return np.linspace(0, n_total - 1, wanted).round().astype(np.intp)


def covariances(fit: Fit, term: GroupTerm) -> Floats:
    """Covariance matrix of a term's effects in each draw, shape (n_draws, k, k)."""
    sds = joined(standard_deviations(fit, term))
    matrices = np.einsum("id,jd->dij", sds, sds)
    if term.k > 1:
        # Pairs (1,2), (1,3), (2,3), ...: the lower triangle row by row.
        row, column = np.tril_indices(term.k, -1)
        values = joined(correlations(fit, term)).T
        matrices[:, row, column] *= values
        matrices[:, column, row] *= values
    return matrices


def new_effects(fit: Fit, *, draws: Positions, seed: int) -> Effects:
    """A function that draws the effects of levels never seen; a level has the same ones however often it is asked."""
    roots = {id(term): symmetric_root(covariances(fit, term)[draws]) for term in fit.design.all_random}
    numbers = {id(term): number for number, term in enumerate(fit.design.all_random)}

    def effects(term: GroupTerm, levels: Positions) -> Floats:
        normals = np.empty((len(levels), term.k, len(draws)))
        for row, level in zip(normals, levels, strict=True):
            np.random.default_rng([seed, numbers[id(term)], int(level)]).standard_normal(out=row)
        return np.einsum("dij,ljd->lid", roots[id(term)], normals)

    return effects


def symmetric_root(matrices: Floats) -> Floats:
    """Square roots of covariance matrices (n, k, k), of singular ones too: a correlation may be 1 in every digit."""
    values, vectors = np.linalg.eigh(matrices)
    return np.einsum("dij,dj,dkj->dik", vectors, np.sqrt(np.maximum(values, 0.0)), vectors)
