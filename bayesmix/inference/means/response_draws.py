"""Draws of expected responses: of means on the link scale taken to the response, over groups where that is asked."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.families.table import AUXILIARY
from bayesmix.formula.design import GroupTerm
from bayesmix.formula.group_policies import policy_of
from bayesmix.inference.means.build import Rows
from bayesmix.inference.means.group_policy import GroupWeights
from bayesmix.inference.means.linear_functions import Drawn, LinearFunctions, Which, drawn_functions
from bayesmix.inference.means.normal_integral import normal_mean
from bayesmix.inference.shared.draws import (
    auxiliary,
    constant_parameters,
    correlations,
    fixed,
    group_effects,
    joined,
    n_draws_of,
    standard_deviations,
    thresholds,
)
from bayesmix.inference.shared.expectation import mean_parameter
from bayesmix.inference.shared.summarise import VALUES_AT_ONCE
from bayesmix.modelling.blocks import stretches
from bayesmix.modelling.kinds import a_posterior
from bayesmix.modelling.record import Fit
from bayesmix.numerics.links import LINKS

MEAN = "mu"
Predictors = Mapping[str, Floats]
"""Linear predictors of the mean, `MEAN`, and of further parameters, each (n, n_draws), all draws in their order."""

ToResponse = Callable[[Predictors], Floats]
"""From predictors to expected responses, (n, n_draws)."""

Asked = Callable[[Which], Floats]


def response_draws(linear: LinearFunctions, parts: Mapping[str, Rows] | None = None) -> Drawn:
    """The functions on the response scale, for the group effects that `linear.groups` asks for.

    Parameters
    ----------
    parts
        Rows of the predictors of further parameters on which the mean depends, of as many functions.
    """
    fit = a_posterior(linear.fit, question="emmeans")
    on_link = drawn_functions(fit, linear)
    given = _expected(fit, linear, on_link, parts or {})

    def draws(which: Which) -> Floats:
        values = given(which)
        return np.moveaxis(values.reshape(len(values), on_link.n_chains, on_link.n_draws), 0, -1)

    return replace(on_link, draws=draws)


def _expected(fit: Fit, linear: LinearFunctions, on_link: Drawn, parts: Mapping[str, Rows]) -> Asked:
    """Expected responses, (n_asked, n_draws), of some of the functions."""
    if linear.transformation is not None and linear.transformation.of_response:
        inverse = linear.transformation.inverse
        return lambda which: inverse(_by_row(on_link, which))
    to_response = _to_response(fit)
    predictors = _predictors(fit, linear, parts)
    designs = {MEAN: linear.design, **{name: fit.design.parts[name] for name in parts}}
    columns = {MEAN: linear.group_columns, **{name: rows.group_columns for name, rows in parts.items()}}

    def policy(chosen: str) -> dict[str, list[tuple[GroupTerm, Floats]]]:
        """The random terms of each predictor that have this policy, with their columns."""
        return {
            name: [
                (term, z)
                for term, z in zip(design.random, columns[name], strict=True)
                if policy_of(linear.groups, term) == chosen
            ]
            for name, design in designs.items()
        }

    fitted, new, weights = policy("fitted"), policy("new"), linear.group_weights

    def expected(which: Which) -> Floats:
        sds = {name: _effect_sds(fit, terms, which) for name, terms in new.items() if terms}
        if weights is None:
            return _over_distribution(fit, predictors(which), sds, to_response)
        return _over_levels(fit, fitted, weights, which, predictors(which), sds, to_response)

    return expected


def _predictors(fit: Fit, linear: LinearFunctions, parts: Mapping[str, Rows]) -> Callable[[Which], dict[str, Floats]]:
    """The linear predictors without group effects."""
    without = drawn_functions(fit, replace(linear, group_rows=linear.group_rows[:, :0], mean_effects=()))
    coefficients = {name: joined(fixed(fit, fit.design.parts[name])) for name in parts}

    def predictors(which: Which) -> dict[str, Floats]:
        others = {
            name: rows.fixed[which] @ coefficients[name] + rows.offset[which, None] for name, rows in parts.items()
        }
        return {MEAN: _by_row(without, which), **others}

    return predictors


def _over_distribution(fit: Fit, eta: Predictors, sds: Predictors, to_response: ToResponse) -> Floats:
    """Means over normal effects, which are independent between the predictors of parameters.

    Of an exponential of the linear predictor of the mean that of a lognormal, in closed form.
    """
    spread = [name for name in sds if np.any(sds[name])]
    if MEAN in spread and _is_exponential(fit):
        eta = {**eta, MEAN: eta[MEAN] + sds[MEAN] ** 2 / 2}
        spread.remove(MEAN)
    if not spread:
        return to_response(eta)
    name = spread[-1]
    within = {other: sds[other] for other in spread[:-1]}
    return normal_mean(
        lambda values: _over_distribution(fit, {**eta, name: values}, within, to_response),
        eta[name],
        sds[name],
        grows=fit.family.link == "log" and name == MEAN,
        nested=bool(within),
    )


def _is_exponential(fit: Fit) -> bool:
    """Whether the expected response is in proportion to the exponential of the linear predictor, as of counts with
    additional zeros."""
    record = fit.family.record
    if record.of_log or fit.family.link != "log" or record.distribution.probabilities is not None:
        return record.of_log
    mu = np.array([0.1, 0.7, 3.0, 20.0])
    others = dict.fromkeys(("weights", "trials", *fit.family.auxiliary), np.full(1, 0.5))
    one, double = (record.distribution.mean({**others, "mu": factor * mu}) for factor in (1.0, 2.0))
    return bool(np.allclose(double, 2 * one, rtol=1e-12))


def _by_row(drawn: Drawn, which: Which) -> Floats:
    values = np.moveaxis(drawn.draws(which), -1, 0)
    return values.reshape(len(values), drawn.n_chains * drawn.n_draws)


def _effect_sds(fit: Fit, terms: Sequence[tuple[GroupTerm, Floats]], which: Which) -> Floats:
    """Standard deviations (n_asked, n_draws) of what the effects of a new level of every term add to a predictor."""
    total = np.zeros((1, n_draws_of(fit)))
    for term, columns in terms:
        z, sds = columns[which], joined(standard_deviations(fit, term))
        total = total + z**2 @ sds**2
        for rho, (i, j) in _pairs(fit, term):
            total += 2 * (z[:, [i]] * z[:, [j]]) * (rho * sds[i] * sds[j])
    return np.sqrt(np.maximum(total, 0.0))


def _pairs(fit: Fit, term: GroupTerm) -> Iterator[tuple[Floats, tuple[int, int]]]:
    """Draws of the correlations of a term, with the two columns of each."""
    if term.k > 1:
        places = [(i, j) for j in range(term.k) for i in range(j)]
        yield from zip(joined(correlations(fit, term)), places, strict=True)


def _over_levels(
    fit: Fit,
    fitted: Mapping[str, Sequence[tuple[GroupTerm, Floats]]],
    weights: GroupWeights,
    which: Which,
    without: Predictors,
    sds: Predictors,
    to_response: ToResponse,
) -> Floats:
    """Means over the combinations of levels in the data, some at a time, and over new levels of other factors."""
    among = weights.combinations
    sizes = np.bincount(among.strata, minlength=among.n_strata)
    of_rows = weights.strata[which] / sizes
    total = np.zeros(without[MEAN].shape)
    total[np.isnan(of_rows).any(axis=1)] = np.nan
    for part in stretches(len(among.levels), max(1, VALUES_AT_ONCE // total.shape[1])):
        levels, shares = among.levels[part], of_rows[:, among.strata[part]]
        number = iter(range(levels.shape[1]))
        effects = {
            name: [(z, group_effects(fit, term, levels[:, next(number)])) for term, z in terms]
            for name, terms in fitted.items()
        }
        for row in np.flatnonzero(np.nan_to_num(shares).any(axis=1)):
            # Levels that lie in one cell of the grid are of no other.
            own = np.flatnonzero(shares[row])
            eta = {}
            for name, fixed_part in without.items():
                eta[name] = np.broadcast_to(fixed_part[row], (len(own), total.shape[1])).copy()
                for of_term, of_levels in effects[name]:
                    eta[name] += np.einsum("k,lkd->ld", of_term[which][row], of_levels[own])
            of_row = {name: values[row] for name, values in sds.items()}
            total[row] += shares[row, own] @ _over_distribution(fit, eta, of_row, to_response)
    return total


def _to_response(fit: Fit) -> ToResponse:
    """The expected response at linear predictors, by the family's further parameters."""
    mean = fit.family.record.distribution.mean
    constant = {name: joined(auxiliary(fit, name)) for name in constant_parameters(fit)}
    if fit.design.response.thresholds:
        constant["threshold"] = joined(thresholds(fit))
    constant |= {"weights": np.ones((1, 1)), "trials": np.ones((1, 1))}
    parameters = mean_parameter(fit)

    def to_response(eta: Predictors) -> Floats:
        modelled = {name: LINKS[AUXILIARY[name].link].inverse(eta[name]) for name in eta if name != MEAN}
        return mean(parameters(eta[MEAN], constant | modelled))

    return to_response
