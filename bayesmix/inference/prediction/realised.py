"""Fitted values and residuals in one draw of the posterior: under a correct model they are independent.

With posterior means they are not: a group effect is shrunk towards the whole, so that the residuals of a group far from
it keep a part of its effect. In a draw theta, b of the posterior, (y, b) is distributed as the data and their own
effects are under the model and its priors, and so are the residuals: independent, and not shrunk.
"""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats, Positions
from bayesmix.inference.shared.draws import n_draws_of
from bayesmix.inference.shared.expectation import observed
from bayesmix.inference.shared.row_model import row_model
from bayesmix.inference.shared.summarise import VALUES_AT_ONCE
from bayesmix.modelling.blocks import stretches
from bayesmix.modelling.record import Fit

KINDS = ("response", "pearson", "quantile")


@dataclass(frozen=True)
class Realised:
    """Expected response and residual in one draw, (n_rows,) each, of the `rows` in which something was observed."""

    expected: Floats
    residual: Floats
    rows: Positions


def realised(fit: Fit, *, kind: str, seed: int) -> Realised:
    """Expected response and residual of every row in a draw that `seed` picks; `kind` as `residuals` has it.

    References
    ----------
    Gelman, Goegebeur, Tuerlinckx & Van Mechelen (2000), doi:10.1111/1467-9876.00190, for realised residuals.
    """
    rng = np.random.default_rng([seed, fit.design.n_obs])
    position = rng.integers(n_draws_of(fit), size=1)
    model, everything = row_model(fit, draws=position), slice(0, fit.design.n_obs)
    # Effects that were not kept are drawn in all draws at once.
    parts = stretches(fit.design.n_obs, VALUES_AT_ONCE // n_draws_of(fit))
    predictor = np.concatenate([model.predictor(part) for part in parts])
    moments, response = model.moments(everything, predictor), observed(fit.design.response)
    expected = moments.mean[:, 0]
    if kind == "quantile":
        u = rng.uniform(size=(fit.design.n_obs, 1))
        residual = model.quantile_residual(everything, predictor, u)[:, 0]
    else:
        residual = response - expected
        if kind == "pearson":
            residual = residual / np.sqrt(moments.variance[:, 0])
    known = np.isfinite(residual) & np.isfinite(expected)
    if kind != "quantile" or fit.design.response.censoring is None:
        known &= np.isfinite(response)
    return Realised(expected[known], residual[known], np.flatnonzero(known))
