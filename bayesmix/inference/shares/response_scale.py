"""Parts of the variance on the scale of the response: of its expectation over groups, and of responses about it.

The expected response m(eta) of a row varies with the effects of groups; a group's part of the variance is that of the
average of m over all other effects. Integrals over effects are by the rule of Gauss and Hermite.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch

import numpy as np
from numpy.polynomial.hermite_e import hermegauss

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError, listing
from bayesmix.formula.design import Design, GroupTerm
from bayesmix.inference.shared.draws import n_draws_of
from bayesmix.inference.shared.expectation import linear_predictor, mean_parameter, other_parameters
from bayesmix.inference.shared.row_model import covariances
from bayesmix.inference.shared.summarise import VALUES_AT_ONCE
from bayesmix.inference.shared.unordered import refuse_unordered
from bayesmix.modelling.blocks import stretches
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit, no_answer
from bayesmix.numerics.links import LINKS
from bayesmix.numerics.predictive_statistics import RowMoments

ALL = ""
_NODES, _IN_PAIRS = 31, 15

Moments = Callable[[slice, Floats], RowMoments]
"""Mean and variance of the responses of some rows at their linear predictors, (n_rows, n_draws)."""


@dataclass(frozen=True)
class ResponseVariance:
    """In each draw, (n_draws,), averaged over rows: `groups`, the variance between levels of each factor, and of all
    together under `ALL`; `total`, of responses of a row over all groups; `fixed`, of the rows' means."""

    groups: dict[str, Floats]
    total: Floats
    fixed: Floats


@singledispatch
def response_variance(fit: object) -> ResponseVariance:
    """The variance of responses and its parts, of a posterior in each draw, or at the estimates.

    Raises
    ------
    ArgumentError
        The response is a category without an order; group effects are on further parameters, too; or a variance is
        infinite.
    """
    raise no_answer(response_variance, fit, question="icc")


@response_variance.register
def _of_posterior(fit: Fit) -> ResponseVariance:
    design = fit.design
    refuse_unordered(design, question='icc with scale="response"')
    modelled = [name for name, part in design.parts.items() if part.random]
    if modelled:
        raise ArgumentError(
            f'icc: groups have effects on {listing(modelled)}, too, and scale="response" takes those on the mean alone.'
        )
    others, on_response_scale = other_parameters(fit), mean_parameter(fit)
    distribution = fit.family.record.distribution

    def moments(rows: slice, eta: Floats) -> RowMoments:
        parameters = on_response_scale(eta, others(rows))
        return RowMoments(distribution.mean(parameters), distribution.variance(parameters))

    spread = [covariances(fit, term) for term in design.random]
    return _shares(design, linear_predictor(fit, design, terms=()), spread, moments, n_draws_of(fit))


@response_variance.register
def _of_counts(fit: LaplaceFit) -> ResponseVariance:
    if not fit.converged:
        raise ArgumentError("icc: the fit has not converged, so that its variances are no estimates.")
    design, distribution, inverse = fit.design, fit.family.record.distribution, LINKS[fit.family.link].inverse
    trials = np.ones(design.n_obs) if design.response.trials is None else design.response.trials

    def moments(rows: slice, eta: Floats) -> RowMoments:
        parameters = {"mu": inverse(eta), "trials": trials[rows, None], "weights": np.ones((1, 1))}
        return RowMoments(distribution.mean(parameters), distribution.variance(parameters))

    eta = (design.fixed.matrix @ fit.beta + design.offset)[:, None]
    return _shares(design, lambda rows: eta[rows], [(L @ L.T)[None] for L in fit.L], moments, 1)


@response_variance.register
def _refused(fit: RemlFit | LmFit) -> ResponseVariance:
    raise ArgumentError(
        'icc: the response of a Gaussian fit is on the scale of its linear predictor; leave scale="response" out.'
    )


def _shares(
    design: Design, predictor: Callable[[slice], Floats], spread: list[Floats], moments: Moments, n_draws: int
) -> ResponseVariance:
    """The parts, some rows at a time; `spread` has the covariances (n_draws, k, k) of the effects of each term."""
    dispersion = [term.n_levels == design.n_obs for term in design.random]
    names = list(dict.fromkeys(term.group for term, own in zip(design.random, dispersion, strict=True) if not own))
    groups = {name: np.zeros(n_draws) for name in (*names, ALL)}
    total, first, second, n_used = np.zeros(n_draws), np.zeros(n_draws), np.zeros(n_draws), 0
    usable = np.ones(design.n_obs, dtype=bool) if design.response.trials is None else design.response.trials > 0
    for rows in stretches(design.n_obs, max(1, VALUES_AT_ONCE // n_draws)):
        used = usable[rows]
        of_terms = [_added(term, rows, one) for term, one in zip(design.random, spread, strict=True)]
        whole = sum(of_terms, np.zeros((len(used), n_draws)))
        own = {name: _sum_of(design, of_terms, dispersion, name, whole) for name in groups}
        eta = predictor(rows)
        mean, square, within = _over_all(moments, rows, eta, np.sqrt(whole))
        total += (within + square - mean**2)[used].sum(axis=0)
        first, second = first + mean[used].sum(axis=0), second + (mean[used] ** 2).sum(axis=0)
        n_used += int(used.sum())
        for name, variance in own.items():
            between = _between(moments, rows, eta, variance, np.maximum(whole - variance, 0.0)) - mean**2
            groups[name] += between[used].sum(axis=0)
    if not np.isfinite(total).all():
        raise ArgumentError(
            f"icc: the variance of the response is infinite in {np.sum(~np.isfinite(total))} of {n_draws} draws, so "
            "that nothing has a share of it."
        )
    fixed = (second - first**2 / n_used) / max(1, n_used - 1)
    return ResponseVariance({name: one / n_used for name, one in groups.items()}, total / n_used, np.maximum(fixed, 0))


def _added(term: GroupTerm, rows: slice, covariance: Floats) -> Floats:
    """Variances (n_rows, n_draws) of what the effects of a term add to the predictor."""
    z = term.columns[rows]
    return np.asarray(np.einsum("ri,dij,rj->rd", z, covariance, z, optimize=True))


def _sum_of(design: Design, of_terms: list[Floats], dispersion: list[bool], name: str, whole: Floats) -> Floats:
    chosen = [
        variance
        for term, variance, is_dispersion in zip(design.random, of_terms, dispersion, strict=True)
        if not is_dispersion and name in (ALL, term.group)
    ]
    return sum(chosen, np.zeros_like(whole))


def _over_all(moments: Moments, rows: slice, eta: Floats, sd: Floats) -> tuple[Floats, Floats, Floats]:
    """Averages over all effects: of the expected response, of its square, and of the variance about it."""
    mean, square, within = np.zeros((3, *sd.shape))
    for node, weight in zip(*_rule(_NODES), strict=True):
        at = moments(rows, eta + sd * node)
        mean += weight * at.mean
        square += weight * at.mean**2
        within += weight * at.variance
    return mean, square, within


def _between(moments: Moments, rows: slice, eta: Floats, own: Floats, rest: Floats) -> Floats:
    """The average over a factor's effects of the square of what is expected given them."""
    total = np.zeros_like(own)
    alone = not rest.any()
    for node, weight in zip(*_rule(_NODES if alone else _IN_PAIRS), strict=True):
        given = eta + np.sqrt(own) * node
        if alone:
            total += weight * moments(rows, given).mean ** 2
            continue
        expected = np.zeros_like(own)
        for other, share in zip(*_rule(_IN_PAIRS), strict=True):
            expected += share * moments(rows, given + np.sqrt(rest) * other).mean
        total += weight * expected**2
    return total


def _rule(n: int) -> tuple[Floats, Floats]:
    """Nodes and weights for means over a standard normal."""
    nodes, weights = hermegauss(n)
    return nodes, weights / weights.sum()
