"""Draws of a posterior at any rows: of the linear predictor, of the expected response, of new responses."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from bayesmix.arrays import Floats, Positions
from bayesmix.formula.design import GroupTerm
from bayesmix.formula.group_policies import Groups, any_of, policy_of
from bayesmix.formula.other_rows import OtherRows
from bayesmix.inference.shared.draws import group_effects, n_draws_of
from bayesmix.inference.shared.expectation import (
    Effects,
    expected_response,
    linear_predictor,
    response_parameters,
)
from bayesmix.inference.shared.row_model import RowModel, new_effects, row_model
from bayesmix.modelling.record import Fit

Draws = Callable[[slice], Floats]


def linear_draws(fit: Fit, rows: OtherRows, *, groups: Groups, seed: int) -> Draws:
    """The linear predictor with its offset, (n_rows, n_draws), as a function of the complete rows."""
    at = _at(fit, rows)
    return linear_predictor(at, at.design, terms=at.design.random, effects=_effects(fit, at, groups=groups, seed=seed))


def expected_draws(fit: Fit, rows: OtherRows, *, groups: Groups, seed: int) -> Draws:
    """The expected response, as `expected_response` has it."""
    at = _at(fit, rows)
    return expected_response(at, groups="fitted", effects=_effects(fit, at, groups=groups, seed=seed))


def category_draws(fit: Fit, rows: OtherRows, *, groups: Groups, seed: int) -> Draws:
    """The probabilities of categories, (n_rows, n_categories, n_draws)."""
    at = _at(fit, rows)
    parameters = response_parameters(at, groups="fitted", effects=_effects(fit, at, groups=groups, seed=seed))
    return lambda part: parameters(part)["probabilities"]


def model_at(fit: Fit, rows: OtherRows, *, groups: Groups, seed: int, draws: Positions | None = None) -> RowModel:
    """The distribution of new responses at the rows, in all draws or in some."""
    at, draws = _at(fit, rows), np.arange(n_draws_of(fit)) if draws is None else draws
    return row_model(at, draws=draws, effects=_effects(fit, at, groups=groups, seed=seed, draws=draws))


def response_draws(fit: Fit, rows: OtherRows, *, groups: Groups, seed: int) -> Draws:
    """New responses, for counts out of trials numbers of successes; stretches are to be asked for in their order."""
    model = model_at(fit, rows, groups=groups, seed=seed)
    rng = np.random.default_rng([seed, model.n_obs])
    return lambda part: model.draw(part, model.predictor(part), rng)


def _at(fit: Fit, rows: OtherRows) -> Fit:
    """`fit` with the matrices of the rows: what a function of rows computes is then of these."""
    return replace(fit, design=rows.design)


def _effects(fit: Fit, at: Fit, *, groups: Groups, seed: int, draws: Positions | None = None) -> Effects:
    """The effects of levels: drawn from the distribution of the group, one for each new level and draw, or fitted."""
    drawn: Effects | None = None
    if any_of(groups, "new"):
        drawn = new_effects(at, draws=np.arange(n_draws_of(fit)) if draws is None else draws, seed=seed)
    # Effects that were not kept are drawn again, which depends on the rows of the fit and not on these.
    fitted = {(term.parameter, term.label): term for term in fit.design.all_random}
    chosen = slice(None) if draws is None else draws

    def effects(term: GroupTerm, levels: Positions) -> Floats:
        if drawn is not None and policy_of(groups, term) == "new":
            return drawn(term, levels)
        return group_effects(fit, fitted[term.parameter, term.label], levels)[..., chosen]

    return effects
