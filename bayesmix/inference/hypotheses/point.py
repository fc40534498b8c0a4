"""A parameter at a point against anywhere: the Savage-Dickey ratio of densities, or marginal likelihoods."""

from dataclasses import dataclass
from math import log

import numpy as np
from scipy.special import expit
from scipy.stats import norm

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError, BayesmixError, PriorError, listing
from bayesmix.formula.reduce import fixed_reductions, reductions
from bayesmix.inference.evidence.log_marginal import log_marginals
from bayesmix.inference.hypotheses.expression import Affine, affine
from bayesmix.inference.hypotheses.local_density import Density, local_density
from bayesmix.inference.hypotheses.parameters import Effect, spreads_of
from bayesmix.inference.hypotheses.prior import PriorDraws, bounds_of, prior_density
from bayesmix.inference.hypotheses.text import Hypothesis
from bayesmix.inference.shared.draws import n_draws_of, posterior_of
from bayesmix.modelling.record import Fit
from bayesmix.numerics.monte_carlo import mean_ratio


@dataclass(frozen=True)
class PointEvidence:
    """log10 of the Bayes factor for the point, its `error`, and how it came about; nan with the `reason`."""

    log10_bf: float
    error: float
    method: str
    reason: str = ""

    @property
    def probability(self) -> float:
        """With prior odds 1:1."""
        return float(expit(self.log10_bf * log(10)))


def linear_at_a_point(fit: Fit, hypothesis: Hypothesis, effects: dict[str, Effect]) -> Affine:
    """The expression of a point hypothesis, if a density at that point is evidence for it.

    Raises
    ------
    ArgumentError
        The expression is not linear, has a group effect in it, or cannot have this value.
    PriorError
        The point is at the end of what the expression can be, as 0 is for a standard deviation.
    """
    linear, point = affine(hypothesis.expression), hypothesis.lower
    if linear is None:
        raise ArgumentError(
            f"{hypothesis.text!r}: a density at a point is evidence for a linear expression alone; that of others "
            "depends on how they are written (a / b = 1, or a - b = 0). Write a linear one, or a range, such as "
            "abs(...) < 0.1."
        )
    if set(linear.weights) & set(effects):
        raise ArgumentError(
            f"{hypothesis.text!r}: the prior of a group effect has an infinite density at 0, as its sd may be 0 too; "
            "ask for a range, such as abs(...) < 0.1, or drop the term by bm.bayes_factor(fit, drop=...)."
        )
    lower, upper = bounds_of(fit, linear)
    if lower < point < upper:
        return linear
    if not lower <= point <= upper:
        raise ArgumentError(f"{hypothesis.text!r}: no value beyond {lower:g} and {upper:g} is possible.")
    raise PriorError(
        f"{hypothesis.text!r}: {point:g} is the end of what {listing(linear.weights)} can be, where the density of "
        f"draws on one side of it cannot be trusted. {_way_out(fit, linear)}"
    )


def _way_out(fit: Fit, linear: Affine) -> str:
    """What tests that a standard deviation is 0."""
    spreads = spreads_of(fit.design)
    for name in linear.weights:
        if name not in spreads:
            continue
        term, own = spreads[name].term, spreads[name].pair[-1]
        labels = [part.label for part in reductions(fit.design.formula) if part.before == f"({term.label})"]
        owners = [owner.label for owner in term.terms if own in owner.columns]
        label = next((label for label in labels if owners and label.startswith(f"{owners[0]} in ")), None)
        drop = label or (labels[0] if labels else f"({term.label})")
        return (
            f"bm.bayes_factor(fit, drop={drop!r}) and bm.rand(fit) test that; bm.equivalence(fit) asks for small sds."
        )
    return "Ask for a range."


def point_evidence(
    fit: Fit, linear: Affine, point: float, values: dict[str, Floats], prior: PriorDraws
) -> PointEvidence:
    """The Savage-Dickey ratio: density at the point under the posterior over that under the priors.

    Where the coefficients' distribution given the variances is known, its density is averaged over the draws of these;
    otherwise it is that of the draws. If these do not reach the point and it is a term's absence, the marginal
    likelihoods with and without the term are compared.

    References
    ----------
    Dickey (1971), doi:10.1214/aoms/1177693507; Wagenmakers et al. (2010), doi:10.1016/j.cogpsych.2009.12.001
    """
    before = prior_density(fit, linear, point, prior)
    if before.reason:
        return PointEvidence(np.nan, np.nan, "", f"{before.reason}: no evidence for a point")
    after, method = _averaged(fit, linear, point, values), "Savage-Dickey, conditional density"
    if after is None:
        after, method = _of_draws(fit, linear, point, values), "Savage-Dickey, density of the draws"
    if not after.reason:
        error = float(np.hypot(before.error, after.error)) / log(10)
        return PointEvidence((after.log - before.log) / log(10), error, method)
    return _without_term(fit, linear, point) or PointEvidence(np.nan, np.nan, method, after.reason)


def _averaged(fit: Fit, linear: Affine, point: float, values: dict[str, Floats]) -> Density | None:
    """The normal density given the variances, averaged over their draws; None where it is not known."""
    names = fit.design.fixed.names
    row = np.array([linear.weights.get(name, 0.0) for name in names])
    if not row.any():
        return None
    moments = fit.route.moments_given(fit, row)
    if moments is None:
        return None
    positions = moments.positions
    shift = linear.constant + sum(
        (weight * values[name].ravel()[positions] for name, weight in linear.weights.items() if name not in names),
        np.zeros(len(positions)),
    )
    logs = norm.logpdf(point, moments.mean + shift, moments.sd)
    n_chains = posterior_of(fit).sizes["chain"] if len(positions) == n_draws_of(fit) else 1
    mean = mean_ratio(logs.reshape(n_chains, -1))
    if mean.reason:
        return Density(np.nan, np.nan, f"{point:g} lies so far out that a few draws decide its density")
    return Density(mean.log_mean, mean.error)


def _of_draws(fit: Fit, linear: Affine, point: float, values: dict[str, Floats]) -> Density:
    """From the draws themselves; of one parameter that has bounds, from its logarithm or the like."""
    lower, upper = bounds_of(fit, linear)
    drawn = linear.at(values)
    if np.isfinite(lower) and np.isfinite(upper):
        of_logit = local_density(np.log(drawn - lower) - np.log(upper - drawn), log((point - lower) / (upper - point)))
        jacobian = log(upper - lower) - log(point - lower) - log(upper - point)
        return Density(of_logit.log + jacobian, of_logit.error, of_logit.reason)
    if np.isfinite(lower) or np.isfinite(upper):
        end = lower if np.isfinite(lower) else upper
        of_log = local_density(np.log(np.abs(drawn - end)), log(abs(point - end)))
        return Density(of_log.log - log(abs(point - end)), of_log.error, of_log.reason)
    return local_density(drawn, point)


def _without_term(fit: Fit, linear: Affine, point: float) -> PointEvidence | None:
    """The marginal likelihoods of both models, if the point says that a term with one column is absent."""
    if len(linear.weights) != 1 or point != linear.constant:
        return None
    name = next(iter(linear.weights))
    labels = {part.label: part for part in fixed_reductions(fit.design.formula)}
    owners = [term for term in fit.design.fixed.terms if [fit.design.fixed.names[i] for i in term.columns] == [name]]
    reduction = labels.get(owners[0].label) if owners else None
    if reduction is None:
        return None
    try:
        larger, smaller = log_marginals(fit, [fit.design.formula, reduction.formula])
    except BayesmixError as error:
        return PointEvidence(np.nan, np.nan, "marginal likelihoods", str(error))
    reason = larger.reason or smaller.reason
    method = f"marginal likelihoods without {reduction.label}, by {smaller.method}"
    value = (smaller.value - larger.value) / log(10)
    return PointEvidence(value, float(np.hypot(larger.error, smaller.error)) / log(10), method, reason)
