"""How far is each observation from what the model expects?"""

import pandas as pd

from bayesmix.errors import ArgumentError
from bayesmix.hints import with_hints
from bayesmix.inference.arguments import a_whole_seed, one_of, probability
from bayesmix.inference.laplace import residuals as of_laplace
from bayesmix.inference.least_squares import residuals as of_least_squares
from bayesmix.inference.posterior import residuals as of_posterior
from bayesmix.inference.readable_table import readable
from bayesmix.inference.reml import residuals as of_reml
from bayesmix.modelling.kinds import LINEAR, refuse_other_kinds
from bayesmix.modelling.laplace_record import LaplaceFit
from bayesmix.modelling.lm_record import LmFit
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reml_record import RemlFit

KINDS = ("response", "pearson", "scaled", "quantile")


@with_hints
@readable
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
        is sigma / sqrt(weight) (Gaussian), sqrt(p (1 - p) / n) (binomial), sqrt(mean) (Poisson), and what each other
        family has; a Student-t distribution has none up to 2 degrees of freedom, where the residual is 0.
        ``"scaled"``, the name in `summary(lmer)`, is the same. ``"quantile"``: of posteriors and Laplace fits,
        randomised quantile residuals, standard normal under the model for counts and proportions too, however small
        they are.
    prob
        Probability of the interval (posterior).
    seed
        Of quantile residuals: which random numbers part the steps of a discrete distribution; by default the fit's
        seed.

    Returns
    -------
    pandas.DataFrame
        Indexed as `fit.data`. Posterior: `mean` and `sd`, `lower` and `upper` (equal-tailed interval of
        probability `prob`). REML, Laplace and lm: `estimate`. A binomial response is taken as the proportion of
        successes; a row in which nothing was tried has nan. Ordered categories are taken as their numbers, from 1.

    Raises
    ------
    ArgumentError
        `kind` is not known or not for this fit, or `prob` is not between 0 and 1.

    Notes
    -----
    A quantile residual is the normal quantile of F(y - 1) + u P(y), F the distribution of the row in a draw and u
    between 0 and 1, the same in all draws; of a Gaussian response it is the Pearson residual. Another seed gives
    another picture where counts are small: look at two. With few rows a level the group effects follow the data,
    and residuals of a right model vary somewhat less than a standard normal.

    References
    ----------
    Dunn & Smyth (1996), doi:10.1080/10618600.1996.10474708
    """
    refuse_other_kinds(fit, question="residuals", kinds=LINEAR)
    kind, prob = one_of(kind, KINDS, argument="kind"), probability(prob)
    if kind == "quantile" and isinstance(fit, RemlFit | LmFit):
        raise ArgumentError('Quantile residuals of a Gaussian model are its Pearson residuals: write kind="pearson".')
    if isinstance(fit, RemlFit):
        return of_reml.residuals(fit, kind=kind)
    if isinstance(fit, LaplaceFit):
        return of_laplace.residuals(fit, kind=kind, seed=a_whole_seed(seed, 0))
    if isinstance(fit, LmFit):
        return of_least_squares.residuals(fit, kind=kind)
    return of_posterior.residuals(fit, kind=kind, prob=prob, seed=a_whole_seed(seed, fit.sampling.seed))
