"""How far is each observation from what the model expects?"""

from collections.abc import Callable
from functools import singledispatch

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError
from bayesmix.inference.shared.arguments import a_whole_seed, one_of, probability
from bayesmix.inference.shared.draws import n_draws_of
from bayesmix.inference.shared.expectation import observed, response_parameters, trials_of
from bayesmix.inference.shared.question import table
from bayesmix.inference.shared.row_model import row_model
from bayesmix.inference.shared.summarise import SHOWN, summarise_in_parts
from bayesmix.inference.shared.unordered import refuse_unordered
from bayesmix.inference.tables.fitted import at_estimates
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit, no_answer
from bayesmix.numerics.row_distribution.parts import Predicted, quantile_residual

KINDS = ("response", "pearson", "scaled", "quantile")


@table
def residuals(
    fit: Fit | RemlFit | LaplaceFit | LmFit, *, kind: str = "response", prob: float = 0.95, seed: int | None = None
) -> pd.DataFrame:
    """Observed minus expected response, in a posterior draw by draw.

    Parameters
    ----------
    fit
        A fitted model.
    kind
        ``"response"``, or ``"pearson"``: divided by the observation's standard deviation under the model, which
        is sigma / sqrt(weight) (Gaussian), sqrt(p (1 - p) / n) (binomial), sqrt(mean) (Poisson), and so on for other
        families; a Student-t distribution with up to 2 degrees of freedom has none, and the residual is 0.
        ``"scaled"``, the name in `summary(lmer)`, is the same. ``"quantile"``, for posteriors and Laplace fits:
        randomised quantile residuals, standard normal under the model even for small counts and proportions.
    prob
        Probability of the interval (posterior).
    seed
        For quantile residuals, of the random numbers within the steps of a discrete distribution; by default the
        fit's seed.

    Returns
    -------
    pandas.DataFrame
        Indexed as `fit.data`. Posterior: `mean` and `sd`, `lower` and `upper` (equal-tailed interval of
        probability `prob`). REML, Laplace and lm: `estimate`. A binomial response is taken as the proportion of
        successes; a row without trials has nan. Ordered categories are taken as their numbers, from 1.
        A censored row, of which only a bound is known, has nan but for quantile residuals, which are drawn in the tail
        behind the bound.

    Raises
    ------
    ArgumentError
        `kind` is not known or not for this fit, or `prob` is not between 0 and 1.

    Notes
    -----
    A quantile residual is the normal quantile of F(y - 1) + u P(y), F the distribution of the row in a draw and u
    between 0 and 1, the same in all draws; for a Gaussian response it is the Pearson residual. If counts are small,
    another seed gives another picture: look at two. With few rows a level the group effects follow the data, and the
    residuals of a correct model vary somewhat less than a standard normal.

    References
    ----------
    Dunn & Smyth (1996), doi:10.1080/10618600.1996.10474708
    """
    refuse_unordered(fit.design, question="residuals")
    return _residuals(fit, kind=one_of(kind, KINDS, argument="kind"), prob=probability(prob), seed=seed)


@singledispatch
def _residuals(fit: object, *, kind: str, prob: float, seed: int | None) -> pd.DataFrame:
    raise no_answer(_residuals, fit, question="residuals")


@_residuals.register
def _of_posterior(fit: Fit, *, kind: str, prob: float, seed: int | None) -> pd.DataFrame:
    seed = a_whole_seed(seed, fit.sampling.seed)
    draws_of = _quantile_draws(fit, seed) if kind == "quantile" else _differences(fit, kind)
    summary = summarise_in_parts(draws_of, shape=(fit.design.n_obs,), n_draws=n_draws_of(fit), prob=prob)
    return pd.DataFrame(summary.columns(*SHOWN), index=fit.data.index)


@_residuals.register
def _of_reml(fit: RemlFit, *, kind: str, prob: float, seed: int | None) -> pd.DataFrame:
    _require_no_quantiles(kind)
    difference = fit.design.response.values - at_estimates(fit, groups="fitted")
    if kind != "response":
        difference *= _root_weights(fit) / fit.sigma
    return pd.DataFrame({"estimate": difference}, index=fit.data.index)


@_residuals.register
def _of_laplace(fit: LaplaceFit, *, kind: str, prob: float, seed: int | None) -> pd.DataFrame:
    seed = a_whole_seed(seed, 0)
    if kind == "quantile":
        return pd.DataFrame({"estimate": _quantiles(fit, seed)}, index=fit.data.index)
    mean = at_estimates(fit, groups="fitted")
    difference = observed(fit.design.response) - mean
    if kind != "response":
        trials = trials_of(fit.design.response)
        parameters = {"mu": mean, "trials": np.ones(1) if trials is None else trials}
        variance = fit.family.record.distribution.variance(parameters)
        # If the search ran off to a probability of 1 in every digit, there is no variance to divide by.
        difference = difference / np.sqrt(np.where(variance > 0, variance, np.nan))
    return pd.DataFrame({"estimate": difference}, index=fit.data.index)


@_residuals.register
def _of_least_squares(fit: LmFit, *, kind: str, prob: float, seed: int | None) -> pd.DataFrame:
    _require_no_quantiles(kind)
    difference = fit.residuals if kind == "response" else fit.residuals * _root_weights(fit) / fit.sigma
    return pd.DataFrame({"estimate": difference}, index=fit.data.index)


def _require_no_quantiles(kind: str) -> None:
    if kind == "quantile":
        raise ArgumentError('Quantile residuals of a Gaussian model are its Pearson residuals: write kind="pearson".')


def _root_weights(fit: RemlFit | LmFit) -> Floats | float:
    return 1.0 if fit.design.weights is None else np.sqrt(fit.design.weights)


def _differences(fit: Fit, kind: str) -> Callable[[slice], Floats]:
    response = observed(fit.design.response)
    parameters, distribution = response_parameters(fit, groups="fitted"), fit.family.record.distribution

    def differences(rows: slice) -> Floats:
        of_rows = parameters(rows)
        difference = response[rows, None] - distribution.mean(of_rows)
        return difference if kind == "response" else difference / np.sqrt(distribution.variance(of_rows))

    return differences


def _quantile_draws(fit: Fit, seed: int) -> Callable[[slice], Floats]:
    model, trials = row_model(fit), trials_of(fit.design.response)
    u = np.random.default_rng(seed).uniform(size=(fit.design.n_obs, 1))

    def draws_of(rows: slice) -> Floats:
        quantiles = model.quantile_residual(rows, model.predictor(rows), u[rows])
        return quantiles if trials is None else np.where(np.isnan(trials[rows, None]), np.nan, quantiles)

    return draws_of


def _quantiles(fit: LaplaceFit, seed: int) -> Floats:
    response, trials = fit.design.response, trials_of(fit.design.response)
    u = np.random.default_rng(seed).uniform(size=fit.design.n_obs)
    of_rows = {"trials": np.ones(fit.design.n_obs) if response.trials is None else response.trials}
    predicted = Predicted(fit.eta, fit.family.link, of_rows)
    quantiles = quantile_residual(fit.family.record.distribution, response.values, predicted, u)
    return quantiles if trials is None else np.where(np.isnan(trials), np.nan, quantiles)
