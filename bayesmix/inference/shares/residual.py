"""The variance of rows about their linear predictor, on the scale of that predictor, for every kind of fit."""

from functools import singledispatch

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError
from bayesmix.families.family import Family
from bayesmix.inference.shared.draws import n_draws_of
from bayesmix.inference.shared.expectation import linear_predictor, other_parameters
from bayesmix.inference.shared.row_model import covariances
from bayesmix.inference.shared.summarise import VALUES_AT_ONCE
from bayesmix.modelling.blocks import stretches
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit, no_answer
from bayesmix.numerics.row_distribution.latent_variance import Latent


def no_latent_variance(family: Family, question: str) -> ArgumentError:
    return ArgumentError(
        f"{question}: family {family} has no variance on the scale of its linear predictor that could be shared out; "
        'icc(fit, scale="response") and r2(fit), Bayesian R2, are on that of the response.'
    )


def residual_of_draws(fit: Fit, *, question: str, approximation: str) -> Floats:
    """In each draw, (n_draws,) or a number; what differs by row is averaged over rows.

    Raises
    ------
    ArgumentError
        The family has no such variance.
    """
    design, family = fit.design, fit.family
    record = family.record
    if (record.latent_variance is None and not family.is_additive) or record.hurdle:
        raise no_latent_variance(family, question)
    others = other_parameters(fit)
    varies = bool(design.parts) or design.weights is not None

    def mean() -> Floats:
        return expected_count(fit)

    def variance(rows: slice) -> Floats:
        parameters = others(rows)
        if record.latent_variance is not None:
            return np.asarray(record.latent_variance(Latent(family.link, parameters, mean, approximation)))
        mu = np.zeros((rows.stop - rows.start, n_draws_of(fit)))
        return record.distribution.variance({**parameters, "mu": mu})

    if not varies:
        found = variance(slice(0, 1))
        return found[0] if found.ndim > 1 else found
    total = np.zeros(n_draws_of(fit))
    for rows in stretches(design.n_obs, VALUES_AT_ONCE // n_draws_of(fit)):
        found = np.broadcast_to(variance(rows), (rows.stop - rows.start, n_draws_of(fit)))
        total += found.sum(axis=0)
    return total / design.n_obs


def expected_count(fit: Fit) -> Floats:
    """The expected response under a log link in each draw, averaged over rows and over the distribution of groups."""
    predictor = linear_predictor(fit, fit.design, terms=())
    spreads = [covariances(fit, term) for term in fit.design.random]
    total = np.zeros(n_draws_of(fit))
    for rows in stretches(fit.design.n_obs, VALUES_AT_ONCE // n_draws_of(fit)):
        eta = predictor(rows)
        for term, spread in zip(fit.design.random, spreads, strict=True):
            z = term.columns[rows]
            eta += 0.5 * np.einsum("ri,dij,rj->rd", z, spread, z, optimize=True)
        total += np.exp(eta).sum(axis=0)
    return total / fit.design.n_obs


@singledispatch
def residual_at_estimates(fit: object, *, question: str, approximation: str) -> float:
    """The same at the estimates."""
    raise no_answer(residual_at_estimates, fit, question=question)


@residual_at_estimates.register
def _of_sigma(fit: RemlFit | LmFit, *, question: str, approximation: str) -> float:
    weights = fit.design.weights
    return float(fit.sigma**2 * (1.0 if weights is None else np.mean(1 / weights)))


@residual_at_estimates.register
def _of_counts(fit: LaplaceFit, *, question: str, approximation: str) -> float:
    design = fit.design

    def mean() -> Floats:
        eta = design.fixed.matrix @ fit.beta + design.offset
        for term, L in zip(design.random, fit.L, strict=True):
            eta = eta + 0.5 * np.sum((term.columns @ L) ** 2, axis=1)
        return np.exp(eta).mean(keepdims=True)

    variance = fit.family.record.latent_variance
    if variance is None:
        raise no_latent_variance(fit.family, question)
    return float(np.squeeze(variance(Latent(fit.family.link, {}, mean, approximation))))
