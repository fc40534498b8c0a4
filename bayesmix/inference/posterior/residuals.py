"""Observed minus expected response, draw by draw."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix.inference.draws import n_draws_of
from bayesmix.inference.expectation import response_parameters
from bayesmix.inference.observed import observed, trials_of
from bayesmix.inference.row_model import row_model
from bayesmix.inference.summarise import summarise_in_parts
from bayesmix.modelling.record import Fit

Floats = NDArray[np.float64]


def residuals(fit: Fit, *, kind: str, prob: float, seed: int) -> pd.DataFrame:
    draws_of = _quantile_residuals(fit, seed) if kind == "quantile" else _differences(fit, kind)
    summary = summarise_in_parts(draws_of, shape=(fit.design.n_obs,), n_draws=n_draws_of(fit), prob=prob)
    return pd.DataFrame(summary.columns("mean", "sd", "lower", "upper"), index=fit.data.index)


def _differences(fit: Fit, kind: str) -> Callable[[slice], Floats]:
    response = observed(fit.design.response)
    parameters, moments = response_parameters(fit, groups="fitted"), fit.family.record.moments

    def differences(rows: slice) -> Floats:
        own = parameters(rows)
        difference = response[rows, None] - moments.mean(own)
        return difference if kind == "response" else difference / np.sqrt(moments.variance(own))

    return differences


def _quantile_residuals(fit: Fit, seed: int) -> Callable[[slice], Floats]:
    model, trials = row_model(fit), trials_of(fit.design.response)
    u = np.random.default_rng(seed).uniform(size=(fit.design.n_obs, 1))

    def draws_of(rows: slice) -> Floats:
        found = model.quantile_residual(rows, model.predictor(rows), u[rows])
        return found if trials is None else np.where(np.isnan(trials[rows, None]), np.nan, found)

    return draws_of
