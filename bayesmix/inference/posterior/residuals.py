"""Observed minus expected response, draw by draw."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix.inference.draws import auxiliary, n_draws_of
from bayesmix.inference.expectation import expected_response
from bayesmix.inference.observed import observed, trials_of
from bayesmix.inference.summarise import summarise_in_parts
from bayesmix.modelling.record import Fit
from bayesmix.numerics.variance import VARIANCES, Spread

Floats = NDArray[np.float64]


def residuals(fit: Fit, *, kind: str, prob: float) -> pd.DataFrame:
    response = observed(fit.design.response)
    expected = expected_response(fit, groups="fitted")
    variance = VARIANCES[fit.family.name]

    def differences(rows: slice) -> Floats:
        mean = expected(rows)
        difference = response[rows, None] - mean
        return difference if kind == "response" else difference / np.sqrt(variance(mean, _spread(fit, rows)))

    summary = summarise_in_parts(differences, shape=(fit.design.n_obs,), n_draws=n_draws_of(fit), prob=prob)
    return pd.DataFrame(summary.columns("mean", "sd", "lower", "upper"), index=fit.data.index)


def _spread(fit: Fit, rows: slice) -> Spread:
    weights, trials = fit.design.weights, trials_of(fit.design.response)
    return Spread(
        sigma=auxiliary(fit, "sigma").reshape(-1) if "sigma" in fit.family.auxiliary else np.nan,
        weights=1.0 if weights is None else weights[rows, None],
        trials=1.0 if trials is None else trials[rows, None],
    )
