"""How much do the groups vary, and how do their effects go together?"""

import pandas as pd

from bayesmix.errors import ArgumentError
from bayesmix.hints import with_hints
from bayesmix.inference.arguments import a_switch, one_of, probability
from bayesmix.inference.laplace import varcorr as of_laplace
from bayesmix.inference.posterior import varcorr as of_posterior
from bayesmix.inference.readable_table import readable
from bayesmix.inference.reml import varcorr as of_reml
from bayesmix.inference.variance_labels import RESIDUAL as RESIDUAL
from bayesmix.modelling.kinds import MIXED, refuse_other_kinds
from bayesmix.modelling.laplace_record import LaplaceFit
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reml_record import RemlFit

SCALES = ("sd", "variance", "covariance")


@with_hints
@readable
def varcorr(
    fit: Fit | RemlFit | LaplaceFit, *, scale: str = "sd", prob: float = 0.95, intervals: bool = False
) -> pd.DataFrame:
    """Standard deviations and correlations of the group effects, as lme4's `VarCorr`.

    Parameters
    ----------
    fit
        A fitted model.
    scale
        ``"sd"``; ``"variance"`` for the variances (each draw squared), whereas correlations stay correlations;
        ``"covariance"`` for variances and, in place of correlations, covariances.
    prob
        Probability of the interval.
    intervals
        Of a REML fit: whether confidence intervals of the standard deviations are worked out, as R's `confint`; a
        posterior has its intervals always.

    Returns
    -------
    pandas.DataFrame
        Indexed by `group`, `term1`, `term2`: for each random term in the order of the formula the standard
        deviations (`term1` equals `term2`), then the correlations, or what `scale` says; `Residual` last, with empty
        terms, where the family has a sigma. Posterior: `mean`, `median`, `sd`, `lower` and `upper` (equal-tailed
        interval of probability `prob`), `ess_bulk`, `rhat`. REML and Laplace: `estimate`, exactly 0 on the boundary; a
        correlation with an effect of variance 0 is nan, the covariance 0. With `intervals` also `lower` and `upper`,
        from the profile of the restricted likelihood (R's profiles the likelihood); correlations have none. Of a
        Laplace fit without a maximum (`glance`: `converged`) they are where the search stopped, no estimates.

    Raises
    ------
    ArgumentError
        `scale` is not known, `prob` is not between 0 and 1, or `intervals` is asked of a Laplace or a maximum
        likelihood fit, or of a model whose profiles would take more than half a minute.

    Notes
    -----
    The posterior of a standard deviation near 0 is skewed: the mean lies above the REML estimate there.
    """
    refuse_other_kinds(fit, question="varcorr", kinds=MIXED)
    scale, prob = one_of(scale, SCALES, argument="scale"), probability(prob)
    intervals = a_switch(intervals, argument="intervals")
    if isinstance(fit, RemlFit):
        return of_reml.varcorr(fit, scale=scale, prob=prob if intervals else None)
    if isinstance(fit, LaplaceFit):
        if intervals:
            raise ArgumentError(
                "A Laplace fit has no intervals of standard deviations; those of bm.fit's posterior hold."
            )
        return of_laplace.varcorr(fit, scale=scale)
    return of_posterior.varcorr(fit, scale=scale, prob=prob)
