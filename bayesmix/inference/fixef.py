"""What are the fixed coefficients?"""

import pandas as pd

from bayesmix.hints import with_hints
from bayesmix.inference.arguments import probability
from bayesmix.inference.ddf_method import ddf_method
from bayesmix.inference.laplace import fixef as of_laplace
from bayesmix.inference.least_squares import fixef as of_least_squares
from bayesmix.inference.posterior import fixef as of_posterior
from bayesmix.inference.readable_table import readable
from bayesmix.inference.reml import fixef as of_reml
from bayesmix.modelling.kinds import LINEAR, refuse_other_kinds
from bayesmix.modelling.laplace_record import LaplaceFit
from bayesmix.modelling.lm_record import LmFit
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reml_record import RemlFit


@with_hints
@readable
def fixef(fit: Fit | RemlFit | LaplaceFit | LmFit, *, prob: float = 0.95, ddf: str = "satterthwaite") -> pd.DataFrame:
    """Fixed coefficients, as lme4's `fixef`, with their uncertainty.

    Parameters
    ----------
    fit
        A fitted model.
    prob
        Probability of the interval.
    ddf
        Of REML fits: degrees of freedom by ``"satterthwaite"`` or ``"kenward-roger"``, the latter with adjusted
        standard errors.

    Returns
    -------
    pandas.DataFrame
        Indexed by `coefficient`. Posterior: `mean` and `sd`, `lower` and `upper` (equal-tailed interval of
        probability `prob`), `ess_bulk`, `ess_tail` (effective draws; 5 % and 95 % quantiles) and `rhat`. REML and lm:
        `estimate`, `se`, `df`, `t`, `p` (two-sided), `lower` and `upper` (confidence interval from t). Laplace:
        `estimate`, `se`, `z`, `p`, `lower` and `upper` from the normal; of a fit without a maximum `estimate` and `se`
        are where the search stopped, no estimates, and the rest is nan.
        The intercept is the expected link-scale response at predictors equal to 0.

    Raises
    ------
    ArgumentError
        `prob` is not between 0 and 1, or `ddf` is not known or not for this fit.

    Examples
    --------
    >>> bm.fixef(fit).loc["Days", "mean"]  # doctest: +SKIP
    10.46
    """
    refuse_other_kinds(fit, question="fixef", kinds=LINEAR)
    prob, ddf = probability(prob), ddf_method(fit, ddf)
    if isinstance(fit, RemlFit):
        return of_reml.fixef(fit, prob=prob, ddf=ddf)
    if isinstance(fit, LaplaceFit):
        return of_laplace.fixef(fit, prob=prob)
    if isinstance(fit, LmFit):
        return of_least_squares.fixef(fit, prob=prob)
    return of_posterior.fixef(fit, prob=prob)
