"""The parameters of each row's distribution, and its expected response, in each draw, a stretch of rows at a time."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bayesmix.inference.draws import auxiliary, fixed, group_effects, joined
from bayesmix.inference.observed import trials_of
from bayesmix.modelling.record import Fit
from bayesmix.numerics.links import LINKS
from bayesmix.numerics.response_moments import MOMENTS

Floats = NDArray[np.float64]

GROUPS = ("fitted", "typical")


def expected_response(fit: Fit, *, groups: str) -> Callable[[slice], Floats]:
    """Draws of the expected response on the response scale, as a function of the rows.

    Parameters
    ----------
    fit
        A fitted model.
    groups
        ``"fitted"``: with the effects of each row's own levels. ``"typical"``: with all group effects at 0.

    Returns
    -------
    callable
        Takes a slice of rows, gives shape (n_rows, n_draws): the mean, of counts out of trials the proportion.
        Nothing is kept between calls, so memory follows the rows asked for.
    """
    parameters, mean = response_parameters(fit, groups=groups), MOMENTS[fit.family.name].mean
    return lambda rows: mean(parameters(rows))


def response_parameters(fit: Fit, *, groups: str) -> Callable[[slice], dict[str, Floats]]:
    """Draws of the parameters of each row's distribution, as a function of the rows.

    Returns
    -------
    callable
        Takes a slice of rows, gives parameters by name as `numerics.response_moments` takes them: `mu`, shape
        (n_rows, n_draws), the family's own, (n_draws,), `weights` and `trials`, (n_rows, 1).
    """
    design = fit.design
    predictor, inverse = _linear_predictor(fit, groups), LINKS[fit.family.link].inverse
    own = {name: joined(auxiliary(fit, name)) for name in fit.family.auxiliary}
    weights, trials = design.weights, trials_of(design.response)
    of_rows = {
        "weights": np.ones(design.n_obs) if weights is None else weights,
        "trials": np.ones(design.n_obs) if trials is None else trials,
    }

    def parameters(rows: slice) -> dict[str, Floats]:
        return {"mu": inverse(predictor(rows))} | own | {name: values[rows, None] for name, values in of_rows.items()}

    return parameters


def _linear_predictor(fit: Fit, groups: str) -> Callable[[slice], Floats]:
    """Draws of the linear predictor, (n_rows, n_draws), as a function of the rows."""
    design = fit.design
    coefficients = joined(fixed(fit))
    terms = design.random if groups == "fitted" else ()

    def predictor(rows: slice) -> Floats:
        total = design.fixed.matrix[rows] @ coefficients
        total += design.offset[rows, None]
        for term in terms:
            # Only the levels that occur in these rows are taken out of the posterior.
            levels, local = np.unique(term.index[rows], return_inverse=True)
            effects = group_effects(fit, term, levels)
            for column in range(term.k):
                contribution = effects[local, column]
                contribution *= term.columns[rows, column, None]
                total += contribution
        return total

    return predictor
