"""How far is each observation from what the model expects?"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix.formula.design import Response
from bayesmix.inference.arguments import one_of, probability
from bayesmix.inference.draws import auxiliary, n_draws_of
from bayesmix.inference.expectation import expected_response
from bayesmix.inference.summarise import summarise_in_parts
from bayesmix.modelling.record import Fit
from bayesmix.numerics.variance import VARIANCES, Spread

Floats = NDArray[np.float64]

KINDS = ("response", "pearson")


def residuals(fit: Fit, *, kind: str = "response", prob: float = 0.95) -> pd.DataFrame:
    """Observed minus expected response, draw by draw.

    Parameters
    ----------
    fit
        A fitted model.
    kind
        ``"response"``, or ``"pearson"``: divided by the observation's standard deviation under the model, which
        is sigma / sqrt(weight) (Gaussian), sqrt(p (1 - p) / n) (binomial), sqrt(mean) (Poisson).
    prob
        Probability of the interval.

    Returns
    -------
    pandas.DataFrame
        Indexed as `fit.data`: posterior `mean` and `sd`, `lower` and `upper` (equal-tailed interval of
        probability `prob`). A binomial response is taken as the proportion of successes; a row in which nothing was
        tried has nan.

    Raises
    ------
    ArgumentError
        `kind` is not known or `prob` is not between 0 and 1.
    """
    kind, prob = one_of(kind, KINDS, argument="kind"), probability(prob)
    response = observed(fit.design.response)
    expected = expected_response(fit, groups="fitted")
    variance = VARIANCES[fit.family.name]

    def differences(rows: slice) -> Floats:
        mean = expected(rows)
        difference = response[rows, None] - mean
        return difference if kind == "response" else difference / np.sqrt(variance(mean, _spread(fit, rows)))

    summary = summarise_in_parts(differences, shape=(fit.design.n_obs,), n_draws=n_draws_of(fit), prob=prob)
    return pd.DataFrame(summary.columns("mean", "sd", "lower", "upper"), index=fit.data.index)


def observed(response: Response) -> Floats:
    """The response on the scale of its expectation: of successes out of trials the proportion, nan out of none."""
    trials = _trials(response)
    return response.values if trials is None else response.values / trials


def _trials(response: Response) -> Floats | None:
    """Numbers of trials, nan where nothing was tried: such a row has no proportion and no residual."""
    return None if response.trials is None else np.where(response.trials > 0, response.trials, np.nan)


def _spread(fit: Fit, rows: slice) -> Spread:
    weights, trials = fit.design.weights, _trials(fit.design.response)
    return Spread(
        sigma=auxiliary(fit, "sigma").reshape(-1) if "sigma" in fit.family.auxiliary else np.nan,
        weights=1.0 if weights is None else weights[rows, None],
        trials=1.0 if trials is None else trials[rows, None],
    )
