"""What are the fixed coefficients?"""

from collections.abc import Sequence
from functools import singledispatch

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import ndtri

from bayesmix.arrays import Floats
from bayesmix.estimates.laplace.wald import wald_tests
from bayesmix.estimates.reml.tests import coefficient_tests
from bayesmix.inference.shared.arguments import probability
from bayesmix.inference.shared.draws import fixed, joined, thresholds
from bayesmix.inference.shared.estimability import with_left_out
from bayesmix.inference.shared.question import table
from bayesmix.inference.shared.summarise import SHOWN, sampling_quality, summarise
from bayesmix.inference.tables.ddf_method import ddf_method
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit, no_answer
from bayesmix.posterior.layout import threshold_names


@table
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

        ``attrs["not_estimable"]``, where columns of the fixed part depend on others: why coefficients cannot be
        estimated, by name. Estimates have rows of nan for them, as R's `lm` has; of a posterior it is their priors that
        tell them from others.

    Raises
    ------
    ArgumentError
        `prob` is not between 0 and 1, or `ddf` is not known or not for this fit.

    Examples
    --------
    >>> bm.fixef(fit)["mean"].round(-1).to_dict()
    {'Intercept': 250.0, 'Days': 10.0}
    """
    return with_left_out(_fixef(fit, prob=probability(prob), ddf=ddf_method(fit, ddf)), fit.design)


@singledispatch
def _fixef(fit: object, *, prob: float, ddf: str) -> pd.DataFrame:
    raise no_answer(_fixef, fit, question="fixef")


@_fixef.register
def _of_posterior(fit: Fit, *, prob: float, ddf: str) -> pd.DataFrame:
    predictors = fit.design.predictors
    draws = np.concatenate([thresholds(fit), *(fixed(fit, predictor) for predictor in predictors)])
    names = [*threshold_names(fit.design), *(name for predictor in predictors for name in predictor.fixed.names)]
    columns = summarise(joined(draws), prob).columns(*SHOWN)
    return pd.DataFrame({**columns, **sampling_quality(fit, draws)}, index=_index(names))


@_fixef.register
def _of_reml(fit: RemlFit, *, prob: float, ddf: str) -> pd.DataFrame:
    tests = coefficient_tests(fit, ddf)
    half = stats.t.ppf((1 + prob) / 2, tests.df) * tests.se
    return _t_tests(fit, tests.se, tests.df, half)


@_fixef.register
def _of_laplace(fit: LaplaceFit, *, prob: float, ddf: str) -> pd.DataFrame:
    tests = wald_tests(fit.beta, fit.vcov)
    half = ndtri((1 + prob) / 2) * tests.se
    # Without a maximum nothing is normal about the estimates: a coefficient that runs away has z near 0 and p near 1.
    known = 1.0 if fit.converged else np.nan
    return pd.DataFrame(
        {
            "estimate": fit.beta,
            "se": tests.se,
            "z": tests.z * known,
            "p": tests.p * known,
            "lower": (fit.beta - half) * known,
            "upper": (fit.beta + half) * known,
        },
        index=_index(fit.design.fixed.names),
    )


@_fixef.register
def _of_least_squares(fit: LmFit, *, prob: float, ddf: str) -> pd.DataFrame:
    se = np.sqrt(np.diag(fit.vcov))
    half = stats.t.isf((1 - prob) / 2, fit.df_residual) * se
    return _t_tests(fit, se, float(fit.df_residual), half)


def _t_tests(fit: RemlFit | LmFit, se: Floats, df: Floats | float, half: Floats) -> pd.DataFrame:
    """Estimates with t tests, and with intervals that reach `half` (p,) to either side."""
    t = fit.beta / se
    return pd.DataFrame(
        {
            "estimate": fit.beta,
            "se": se,
            "df": df,
            "t": t,
            "p": 2 * stats.t.sf(np.abs(t), df),
            "lower": fit.beta - half,
            "upper": fit.beta + half,
        },
        index=_index(fit.design.fixed.names),
    )


def _index(names: Sequence[str]) -> pd.Index:
    return pd.Index(names, name="coefficient", dtype=object)
