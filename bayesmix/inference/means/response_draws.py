"""Draws of expected responses: of means on the link scale taken to the response, over groups where that is asked."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError, listing
from bayesmix.formula.design import GroupTerm
from bayesmix.inference.means.group_policy import GroupWeights
from bayesmix.inference.means.linear_functions import Drawn, LinearFunctions, drawn_functions
from bayesmix.inference.means.normal_integral import normal_mean
from bayesmix.inference.shared.draws import (
    auxiliary,
    constant_parameters,
    correlations,
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
from bayesmix.numerics.row_distribution.parts import mu_of

ToResponse = Callable[[Floats], Floats]
"""From linear predictors (n, n_draws), all draws in their order, to expected responses."""

Asked = Callable[[slice], Floats]


def response_draws(linear: LinearFunctions) -> Drawn:
    """The functions on the response scale, for the group effects that `linear.groups` asks for.

    Raises
    ------
    ArgumentError
        The expected response depends on a further parameter that has a formula of its own.
    """
    fit = a_posterior(linear.fit, question="emmeans")
    to_response = _to_response(fit, linear)
    on_link = drawn_functions(fit, linear)
    given = _expected(fit, linear, on_link, to_response)

    def draws(which: slice) -> Floats:
        values = given(which)
        return np.moveaxis(values.reshape(len(values), on_link.n_chains, on_link.n_draws), 0, -1)

    return replace(on_link, draws=draws)


def _expected(fit: Fit, linear: LinearFunctions, on_link: Drawn, to_response: ToResponse) -> Asked:
    """Expected responses, (n_asked, n_draws), of some of the functions."""
    of_response = linear.transformation is not None and linear.transformation.of_response
    groups = "typical" if of_response or not fit.design.random else linear.groups
    if groups == "typical":
        return lambda which: to_response(_by_row(on_link, which))
    without = drawn_functions(fit, replace(linear, group_rows=linear.group_rows[:, :0], mean_effects=()))
    if groups == "new" or linear.group_weights is None:
        return lambda which: _over_distribution(
            fit, _by_row(without, which), _effect_sds(fit, linear, which), to_response
        )
    weights = linear.group_weights
    return lambda which: _over_levels(fit, linear, weights, which, _by_row(without, which), to_response)


def _over_distribution(fit: Fit, eta: Floats, sds: Floats, to_response: ToResponse) -> Floats:
    """Means over normal effects; of an exponential of the linear predictor that of a lognormal, in closed form."""
    record, is_log = fit.family.record, fit.family.link == "log"
    if (is_log and record.distribution.mean is mu_of) or record.of_log:
        return to_response(eta + sds**2 / 2)
    return normal_mean(to_response, eta, sds, grows=is_log)


def _by_row(drawn: Drawn, which: slice) -> Floats:
    values = np.moveaxis(drawn.draws(which), -1, 0)
    return values.reshape(len(values), drawn.n_chains * drawn.n_draws)


def _effect_sds(fit: Fit, linear: LinearFunctions, which: slice) -> Floats:
    """Standard deviations (n_asked, n_draws) of what the effects of a new level of every term add."""
    total = np.zeros((len(linear.rows[which]), n_draws_of(fit)))
    for term, columns in zip(fit.design.random, linear.group_columns, strict=True):
        z, sds = columns[which], joined(standard_deviations(fit, term))
        total += z**2 @ sds**2
        for rho, (i, j) in _pairs(fit, term):
            total += 2 * (z[:, [i]] * z[:, [j]]) * (rho * sds[i] * sds[j])
    return np.sqrt(np.maximum(total, 0.0))


def _pairs(fit: Fit, term: GroupTerm) -> Iterator[tuple[Floats, tuple[int, int]]]:
    """Draws of the correlations of a term, with the two columns of each."""
    if term.k > 1:
        places = [(i, j) for j in range(term.k) for i in range(j)]
        yield from zip(joined(correlations(fit, term)), places, strict=True)


def _over_levels(
    fit: Fit, linear: LinearFunctions, weights: GroupWeights, which: slice, fixed: Floats, to_response: ToResponse
) -> Floats:
    """Means over the combinations of levels in the data, some at a time."""
    among, terms = weights.combinations, fit.design.random
    sizes = np.bincount(among.strata, minlength=among.n_strata)
    of_rows = weights.strata[which] / sizes
    total = np.full(fixed.shape, 0.0)
    total[np.isnan(of_rows).any(axis=1)] = np.nan
    for part in stretches(len(among.levels), max(1, VALUES_AT_ONCE // fixed.shape[1])):
        levels, shares = among.levels[part], of_rows[:, among.strata[part]]
        effects = [group_effects(fit, term, levels[:, t]) for t, term in enumerate(terms)]
        for row in np.flatnonzero(np.nan_to_num(shares).any(axis=1)):
            eta = np.broadcast_to(fixed[row], (len(levels), fixed.shape[1])).copy()
            for columns, of_levels in zip(linear.group_columns, effects, strict=True):
                eta += np.einsum("k,lkd->ld", columns[which][row], of_levels)
            total[row] += shares[row] @ to_response(eta)
    return total


class _Read(dict[str, Floats]):
    """Parameters that remember which of them were asked for."""

    def __init__(self, values: Mapping[str, Floats]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Floats:
        self.asked.add(name)
        return super().__getitem__(name)


def _to_response(fit: Fit, linear: LinearFunctions) -> ToResponse:
    """The expected response at linear predictors, by the family's further parameters."""
    if linear.transformation is not None and linear.transformation.of_response:
        return linear.transformation.inverse
    mean = fit.family.record.distribution.mean
    refuse_modelled(fit)
    others = {name: joined(auxiliary(fit, name)) for name in constant_parameters(fit)}
    if fit.design.response.thresholds:
        others["threshold"] = joined(thresholds(fit))
    others |= {"weights": np.ones((1, 1)), "trials": np.ones((1, 1))}
    parameters = mean_parameter(fit)
    return lambda eta: mean(parameters(eta, others))


def refuse_modelled(fit: Fit) -> None:
    """Refuse expected responses that depend on parameters with formulas of their own."""
    if fit.family.record.ordered_categories is not None:
        return
    one = np.full((1, 1), 0.5)
    read = _Read({"mu": one, "weights": one, "trials": one} | dict.fromkeys(fit.family.auxiliary, one))
    fit.family.record.distribution.mean(read)
    modelled = [name for name in fit.design.parts if name in read.asked]
    if modelled:
        raise ArgumentError(
            f"On the response scale the mean depends on {listing(modelled)}, which has a formula of its own, and a "
            'mean over the grid is of the formula of the mean alone; take type="link", or bm.predict(fit, newdata) row '
            "by row."
        )
