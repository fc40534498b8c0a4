"""Two groups of effects over many loci: those that are 0, and others with one distribution around 0."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls
from scipy.special import ndtr

from bayesmix.arrays import Floats

NULL_WEIGHT = 10.0
"""Loci of effect 0 that are counted beside the data, so that the share of these is not underestimated."""
_STEP, _MOST_SCALES = np.sqrt(2), 60  # from a scale of the effects to the next, unless these are too many
_MOST_STEPS, _GAP = 200, 1e-8
_JITTER, _LEAST_SHARE = 1e-10, 0.05


@dataclass(frozen=True)
class TwoGroups:
    """The distribution of effects over loci: a mixture of normal distributions around 0.

    `scales` (n_components,) are their standard deviations, of which the first, 0, is the group without an effect;
    `weights` (n_components,) sum to 1. `log_likelihood` is that of the estimates, with `null_weight` loci of effect 0
    beside them. `gap`: at most so much larger could the log likelihood of one locus in the mean be.
    """

    scales: Floats
    weights: Floats
    log_likelihood: float
    gap: float

    @property
    def null_share(self) -> float:
        """The share of loci without an effect."""
        return float(self.weights[0])


@dataclass(frozen=True)
class EffectPosterior:
    """What the distribution over loci says of each effect; all (n_loci,).

    `false_discovery`: the probability that it is 0; `false_sign`: that it has not its likelier sign; `mean` and `sd`.
    """

    false_discovery: Floats
    false_sign: Floats
    mean: Floats
    sd: Floats


def without_prior(means: Floats, sds: Floats, prior_sd: float) -> tuple[Floats, Floats]:
    """Estimates and standard errors (n_loci,) that a normal prior around 0 turned into `means` and `sds`.

    A locus that says nothing beyond its prior has the estimate 0 with an infinite standard error.
    """
    precision = sds**-2 - prior_sd**-2
    informed = precision > 1e-6 * prior_sd**-2
    safe = np.where(informed, precision, 1.0)
    estimates = np.where(informed, means * sds**-2 / safe, 0.0)
    return estimates, np.where(informed, safe**-0.5, np.inf)


def two_groups(estimates: Floats, errors: Floats, *, null_weight: float = NULL_WEIGHT) -> TwoGroups:
    """Estimate the distribution of effects over loci by maximum likelihood.

    Parameters
    ----------
    estimates, errors
        Shape (n_loci,): an estimate of each effect with its standard error, taken as normal; loci whose error is
        infinite or nan are left out.
    null_weight
        Loci of effect 0 that are counted beside the data.

    Notes
    -----
    The log likelihood is concave in the weights. It is maximised by Newton's method with all weights at least 0, each
    step a least-squares problem, until no component could raise it.

    References
    ----------
    Stephens (2017), doi:10.1093/biostatistics/kxw041; Kim, Carbonetto, Stephens & Anitescu (2020),
    doi:10.1080/10618600.2019.1689985
    """
    known = np.isfinite(estimates) & np.isfinite(errors) & (errors > 0)
    estimates, errors = estimates[known], errors[known]
    scales = _scales(estimates, errors)
    variances = errors[:, None] ** 2 + scales**2
    log_density = -0.5 * (np.log(2 * np.pi * variances) + estimates[:, None] ** 2 / variances)
    largest = log_density.max(axis=1, keepdims=True)
    likelihood = np.exp(log_density - largest)
    counts = np.ones(len(estimates))
    if null_weight > 0:
        likelihood = np.vstack([likelihood, np.eye(1, len(scales))])
        counts = np.append(counts, null_weight)
    weights, gap = _weights(likelihood, counts / counts.sum())
    log_likelihood = float(counts @ np.log(likelihood @ weights) + largest.sum())
    return TwoGroups(scales, weights, log_likelihood, gap)


def _scales(estimates: Floats, errors: Floats) -> Floats:
    """0, and a grid from far below the errors to beyond the largest effect."""
    if not len(estimates):
        return np.array([0.0, 1.0])
    low = float(np.quantile(errors, 0.01)) / 10
    largest = float(np.max(estimates**2 - errors**2))
    high = 2 * np.sqrt(largest) if largest > 0 else 8 * low
    high = max(high, 2 * low)
    n_steps = int(np.ceil(np.log(high / low) / np.log(_STEP)))
    grid = low * _STEP ** np.arange(n_steps + 1) if n_steps < _MOST_SCALES else np.geomspace(low, high, _MOST_SCALES)
    return np.concatenate([[0.0], grid])


def _weights(likelihood: Floats, counts: Floats) -> tuple[Floats, float]:
    """Weights (n_components,) of largest likelihood for rows that count as `counts`, which sum to 1; and the gap."""
    weights = np.full(likelihood.shape[1], 1 / likelihood.shape[1])
    gap = np.inf
    for _ in range(_MOST_STEPS):
        ratios = likelihood / (likelihood @ weights)[:, None]
        gradient = counts @ ratios
        gap = float(np.log(gradient.max()))
        if gap < _GAP:
            break
        hessian = (ratios * counts[:, None]).T @ ratios
        factor = np.linalg.cholesky(hessian + _JITTER * np.trace(hessian) * np.eye(len(weights))).T
        target, _ = nnls(factor, np.linalg.solve(factor.T, 2 * gradient - 1))
        weights = _improved(likelihood, counts, weights, target - weights)
    return weights, max(gap, 0.0)


def _improved(likelihood: Floats, counts: Floats, weights: Floats, step: Floats) -> Floats:
    """Weights on the way of a step at which the likelihood is larger, or after a step of expectation-maximisation."""
    now = likelihood @ weights
    before = counts @ np.log(now) - weights.sum()
    for share in 0.5 ** np.arange(12):
        tried = np.maximum(weights + share * step, 0.0)
        mixed = likelihood @ tried
        # The quadratic that the step goes to the end of knows nothing of rows that become much less likely.
        if (mixed > _LEAST_SHARE * now).all() and counts @ np.log(mixed) - tried.sum() > before:
            return tried / tried.sum()
    return weights * (counts @ (likelihood / now[:, None]))


def effect_posterior(groups: TwoGroups, estimates: Floats, errors: Floats) -> EffectPosterior:
    """The posterior of each effect, with the distribution over loci as its prior; nan where there is no estimate."""
    known = np.isfinite(estimates) & (errors > 0)
    b = np.where(known, estimates, 0.0)[:, None]
    precision = np.where(known, errors, np.inf)[:, None] ** -2.0
    scales = groups.scales
    shrinkage = scales**2 * precision / (1 + scales**2 * precision)
    log_ratio = 0.5 * np.log1p(-shrinkage) + 0.5 * shrinkage * b**2 * precision
    log_ratio -= log_ratio.max(axis=1, keepdims=True)
    weights = groups.weights * np.exp(log_ratio)
    weights /= weights.sum(axis=1, keepdims=True)
    means = shrinkage * b
    sds = scales * np.sqrt(1 - shrinkage)
    mean = (weights * means).sum(axis=1)
    spread = np.sqrt(np.maximum((weights * (sds**2 + means**2)).sum(axis=1) - mean**2, 0.0))
    z = means[:, 1:] / sds[:, 1:]
    below, above = ((weights[:, 1:] * ndtr(sign * z)).sum(axis=1) for sign in (-1, 1))
    false_sign = weights[:, 0] + np.minimum(below, above)
    answers = (weights[:, 0], false_sign, mean, spread)
    return EffectPosterior(*(np.where(known, answer, np.nan) for answer in answers))
