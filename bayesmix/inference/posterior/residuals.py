"""Observed minus expected response, draw by draw."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix.inference.draws import n_draws_of
from bayesmix.inference.expectation import response_parameters
from bayesmix.inference.observed import observed
from bayesmix.inference.summarise import summarise_in_parts
from bayesmix.modelling.record import Fit
from bayesmix.numerics.response_moments import MOMENTS

Floats = NDArray[np.float64]


def residuals(fit: Fit, *, kind: str, prob: float) -> pd.DataFrame:
    response = observed(fit.design.response)
    parameters, moments = response_parameters(fit, groups="fitted"), MOMENTS[fit.family.name]

    def differences(rows: slice) -> Floats:
        own = parameters(rows)
        difference = response[rows, None] - moments.mean(own)
        return difference if kind == "response" else difference / np.sqrt(moments.variance(own))

    summary = summarise_in_parts(differences, shape=(fit.design.n_obs,), n_draws=n_draws_of(fit), prob=prob)
    return pd.DataFrame(summary.columns("mean", "sd", "lower", "upper"), index=fit.data.index)
