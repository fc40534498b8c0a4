"""The expected response of each row in each draw, for a stretch of rows at a time."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bayesmix.inference.draws import fixed, group_effects, joined
from bayesmix.modelling.record import Fit
from bayesmix.numerics.links import LINKS

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
        Takes a slice of rows, gives shape (n_rows, n_draws): the mean, for a binomial response the probability.
        Nothing is kept between calls, so memory follows the rows asked for.
    """
    design = fit.design
    coefficients = joined(fixed(fit))
    terms = design.random if groups == "fitted" else ()
    inverse = LINKS[fit.family.link].inverse

    def expected(rows: slice) -> Floats:
        predictor = design.fixed.matrix[rows] @ coefficients
        predictor += design.offset[rows, None]
        for term in terms:
            # Only the levels that occur in these rows are taken out of the posterior.
            levels, local = np.unique(term.index[rows], return_inverse=True)
            effects = group_effects(fit, term, levels)
            for column in range(term.k):
                contribution = effects[local, column]
                contribution *= term.columns[rows, column, None]
                predictor += contribution
        return inverse(predictor)

    return expected
