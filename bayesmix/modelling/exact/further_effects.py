"""The log marginal likelihood of a Gaussian model with further effects, under several scales of their priors."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.modelling.exact.integrated import IntegratedGaussian
from bayesmix.modelling.exact.log_marginal import (
    FEWEST_EFFECTIVE,
    MOST_BY_QUADRATURE,
    bridged_if_cheap,
    by_quadrature,
    sigma_at,
)
from bayesmix.modelling.exact.model import SharedSd, marginalise
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.samplers.log_marginal import (
    N_VALUES,
    LogMarginal,
    from_weights,
    weighted_values,
    without_number,
)
from bayesmix.modelling.samplers.weights import importance_of
from bayesmix.priors.density import log_prior_density
from bayesmix.priors.prior import scaled


def log_marginals_with(
    model: MixedModel,
    further: Sequence[SharedSd],
    factors: Sequence[float],
    *,
    seed: int,
    cores: int,
    seconds: float = inf,
) -> list[LogMarginal]:
    """The evidence of `model` with the `further` effects, the scales of their priors times each of `factors`.

    Two variance parameters are integrated by quadrature. More take importance sampling: values drawn under the priors
    as they are get other weights under other priors, and are drawn anew if too few of them count there. If that would
    take more than `seconds`, roughly, such a prior has no number.
    """
    at = [tuple(replace(one, sd=scaled(one.sd, factor)) for one in further) for factor in factors]
    marginal = marginalise(model, further=further)
    if len(marginal.start) <= MOST_BY_QUADRATURE:
        return [by_quadrature(marginal.with_further(effects)) for effects in at]
    integrated = IntegratedGaussian(model.design, marginal)
    theta, log_weights = weighted_values(integrated, n_values=N_VALUES, seed=seed, cores=cores)
    sigma = sigma_at(theta[:, -1], model.priors["sigma"])
    anew = len(factors) * N_VALUES * integrated.seconds_per_value < seconds

    def under(factor: float, effects: Sequence[SharedSd]) -> LogMarginal:
        weights = importance_of(log_weights + _log_ratio(theta, sigma, effects, further))
        weighted = from_weights(weights)
        if weighted.reliable and (factor == 1 or weights.effective_size > FEWEST_EFFECTIVE or not anew):
            return weighted
        if not anew:
            return without_number("importance", "The values that were drawn do not reach this prior.")
        other = replace(integrated, model=marginal.with_further(effects))
        weighted = from_weights(importance_of(weighted_values(other, n_values=N_VALUES, seed=seed, cores=cores)[1]))
        return weighted if weighted.reliable else bridged_if_cheap(other, weighted, seed=seed, cores=cores)

    return [under(factor, effects) for factor, effects in zip(factors, at, strict=True)]


def _log_ratio(theta: Floats, sigma: Floats, others: Sequence[SharedSd], given: Sequence[SharedSd]) -> Floats:
    """Log density of the sds of further effects under `others` over that under the priors as `given`, (n_values,)."""
    first = theta.shape[1] - 1 - len(given)
    ratio = np.zeros(len(theta))
    for number, (other, own) in enumerate(zip(others, given, strict=True)):
        sd = np.exp(theta[:, first + number])
        ratio += log_prior_density(other.sd, sd, sigma=sigma) - log_prior_density(own.sd, sd, sigma=sigma)
    return ratio
