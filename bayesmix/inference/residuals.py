"""How far is each observation from what the model expects?"""

import pandas as pd

from bayesmix.inference.arguments import one_of, probability
from bayesmix.inference.kinds import LINEAR, refuse_other_kinds
from bayesmix.inference.laplace import residuals as of_laplace
from bayesmix.inference.least_squares import residuals as of_least_squares
from bayesmix.inference.posterior import residuals as of_posterior
from bayesmix.inference.reml import residuals as of_reml
from bayesmix.modelling.laplace_record import LaplaceFit
from bayesmix.modelling.lm_record import LmFit
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reml_record import RemlFit

KINDS = ("response", "pearson", "scaled")


def residuals(fit: Fit | RemlFit | LaplaceFit | LmFit, *, kind: str = "response", prob: float = 0.95) -> pd.DataFrame:
    """Observed minus expected response, in a posterior draw by draw.

    Parameters
    ----------
    fit
        A fitted model.
    kind
        ``"response"``, or ``"pearson"``: divided by the observation's standard deviation under the model, which
        is sigma / sqrt(weight) (Gaussian), sqrt(p (1 - p) / n) (binomial), sqrt(mean) (Poisson). ``"scaled"``, the
        name in `summary(lmer)`, is the same.
    prob
        Probability of the interval (posterior).

    Returns
    -------
    pandas.DataFrame
        Indexed as `fit.data`. Posterior: `mean` and `sd`, `lower` and `upper` (equal-tailed interval of
        probability `prob`). REML, Laplace and lm: `estimate`. A binomial response is taken as the proportion of
        successes; a row in which nothing was tried has nan.

    Raises
    ------
    ArgumentError
        `kind` is not known or `prob` is not between 0 and 1.
    """
    refuse_other_kinds(fit, question="residuals", kinds=LINEAR)
    kind, prob = one_of(kind, KINDS, argument="kind"), probability(prob)
    if isinstance(fit, RemlFit):
        return of_reml.residuals(fit, kind=kind)
    if isinstance(fit, LaplaceFit):
        return of_laplace.residuals(fit, kind=kind)
    if isinstance(fit, LmFit):
        return of_least_squares.residuals(fit, kind=kind)
    return of_posterior.residuals(fit, kind=kind, prob=prob)
