"""The parameters of each row's distribution, and its expected response, in each draw, a stretch of rows at a time."""

from collections.abc import Callable, Mapping

import numpy as np

from bayesmix.arrays import Floats, Positions
from bayesmix.families.table import AUXILIARY
from bayesmix.formula.design import Design, GroupTerm, Response
from bayesmix.inference.shared.draws import auxiliary, constant_parameters, fixed, group_effects, joined, thresholds
from bayesmix.modelling.record import Fit
from bayesmix.numerics.links import LINKS
from bayesmix.numerics.row_distribution.parts import Predicted

Rows = slice | Positions
Effects = Callable[[GroupTerm, Positions], Floats]

GROUPS = ("fitted", "typical")
"""With the effects of each row's own levels, or with all group effects at 0."""


def observed(response: Response) -> Floats:
    """The response on the scale of its expectation: proportions where there are trials, nan in rows without trials.

    A censored row, of which only a bound is known, has nan.
    """
    if response.censoring is not None:
        return np.where(response.censoring == 0, response.values, np.nan)
    trials = trials_of(response)
    return response.values if trials is None else response.values / trials


def trials_of(response: Response) -> Floats | None:
    """Numbers of trials; nan in place of 0, since such a row has no proportion and no residual."""
    return None if response.trials is None else np.where(response.trials > 0, response.trials, np.nan)


def expected_response(fit: Fit, *, groups: str, effects: Effects | None = None) -> Callable[[slice], Floats]:
    """Draws of the expected response on the response scale, (n_rows, n_draws), as a function of the rows.

    It is the mean, for counts out of trials the proportion, for ordered categories their number, from 1. Nothing is
    kept between calls, so memory follows the rows asked for. `groups` is one of `GROUPS`, `effects` as for
    `linear_predictor`.
    """
    parameters, mean = response_parameters(fit, groups=groups, effects=effects), fit.family.record.distribution.mean
    return lambda rows: mean(parameters(rows))


def response_parameters(
    fit: Fit, *, groups: str, effects: Effects | None = None
) -> Callable[[slice], dict[str, Floats]]:
    """Draws of the parameters of each row's distribution, as a function of the rows; arguments as `expected_response`.

    Parameters have the names that a `RowDistribution`'s mean reads: `mu`, (n_rows, n_draws), the family's own,
    (n_draws,) or with a formula (n_rows, n_draws), `weights` and `trials`, (n_rows, 1). Categories have their
    `probabilities`, (n_rows, n_categories, n_draws), in place of `mu`.
    """
    design = fit.design
    predictor = linear_predictor(fit, design, terms=design.random if groups == "fitted" else (), effects=effects)
    others, on_response_scale = other_parameters(fit, groups=groups, effects=effects), mean_parameter(fit)
    return lambda rows: on_response_scale(predictor(rows), others(rows))


def mean_parameter(fit: Fit) -> Callable[[Floats, Mapping[str, Floats]], dict[str, Floats]]:
    """A function that adds `mu`, or the `probabilities` of categories, to the other parameters of each row."""
    probabilities, link = fit.family.record.distribution.probabilities, fit.family.link
    if probabilities is not None:
        return lambda eta, others: {**others, "probabilities": probabilities(Predicted(eta, link, others))}
    return lambda eta, others: {"mu": LINKS[link].inverse(eta), **others}


def other_parameters(
    fit: Fit, *, groups: str = "fitted", effects: Effects | None = None, draws: Positions | None = None
) -> Callable[[Rows], dict[str, Floats]]:
    """All parameters of each row's distribution but `mu`; arguments as for `linear_predictor`.

    An ordinal response has `threshold`, (n_categories - 1, n_draws), among them; one without an order has `further`
    alone, the predictors of all categories but the first, (n_rows, n_categories - 1, n_draws).
    """
    design = fit.design
    modelled = {
        name: linear_predictor(
            fit, part, terms=() if groups == "typical" else part.random, effects=effects, draws=draws
        )
        for name, part in design.parts.items()
    }
    parameters = parameters_at(fit, draws=draws)
    return lambda rows: parameters(rows, {name: eta(rows) for name, eta in modelled.items()})


def parameters_at(
    fit: Fit, *, draws: Positions | None = None
) -> Callable[[Rows, Mapping[str, Floats]], dict[str, Floats]]:
    """The same as a function of rows and of the linear predictors of parameters with a formula, by name."""
    design, chosen = fit.design, slice(None) if draws is None else draws
    constant = {name: joined(auxiliary(fit, name))[chosen] for name in constant_parameters(fit)}
    if design.response.thresholds:
        constant["threshold"] = joined(thresholds(fit))[:, chosen]
    weights, trials = design.weights, trials_of(design.response)
    of_rows = {
        "weights": np.ones(design.n_obs) if weights is None else weights,
        "trials": np.ones(design.n_obs) if trials is None else trials,
    }

    of_categories = fit.family.record.has_category_predictors

    def parameters(rows: Rows, modelled: Mapping[str, Floats]) -> dict[str, Floats]:
        if of_categories:
            return {"further": np.stack(list(modelled.values()), axis=1)}
        by_formula = {name: LINKS[AUXILIARY[name].link].inverse(eta) for name, eta in modelled.items()}
        return constant | by_formula | {name: values[rows, None] for name, values in of_rows.items()}

    return parameters


def linear_predictor(
    fit: Fit,
    design: Design,
    *,
    terms: tuple[GroupTerm, ...],
    effects: Effects | None = None,
    draws: Positions | None = None,
) -> Callable[[Rows], Floats]:
    """Draws of X beta + offset + the effects of some random terms, as a function of the rows (a slice, or positions).

    Parameters
    ----------
    design
        One of `fit.design.predictors`.
    terms
        The random terms whose effects are added.
    effects
        A function that gives the effects of a term's levels, (n_levels, k, n_draws); by default the posterior's.
    draws
        Positions among the draws of all chains; all by default.
    """
    chosen = slice(None) if draws is None else draws
    coefficients = joined(fixed(fit, design))[:, chosen]

    def predictor(rows: Rows) -> Floats:
        total = design.fixed.matrix[rows] @ coefficients
        total += design.offset[rows, None]
        for term in terms:
            # Only the levels that occur in these rows are taken out of the posterior.
            levels, local = np.unique(term.index[rows], return_inverse=True)
            of_levels = effects(term, levels) if effects else group_effects(fit, term, levels)[..., chosen]
            for column in range(term.k):
                contribution = of_levels[local, column]
                contribution *= term.columns[rows, column, None]
                total += contribution
        return total

    return predictor
