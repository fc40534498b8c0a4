"""How do the fixed coefficients vary together?"""

from functools import singledispatch

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.estimates.reml.tests import ddf_record
from bayesmix.inference.shared.draws import fixed, joined
from bayesmix.inference.shared.estimability import with_left_out
from bayesmix.inference.shared.question import question
from bayesmix.inference.tables.ddf_method import ddf_method
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit, no_answer


@question
def vcov(fit: Fit | RemlFit | LaplaceFit | LmFit, *, ddf: str = "satterthwaite") -> pd.DataFrame:
    """Covariance of the fixed coefficients.

    Parameters
    ----------
    fit
        A fitted model.
    ddf
        Of REML fits: ``"kenward-roger"`` gives the covariance adjusted for the estimation of the variances,
        ``"satterthwaite"`` the plain one.

    Returns
    -------
    pandas.DataFrame
        Coefficients by coefficients: of the posterior draws, or of the estimates given theta and sigma; for a Laplace
        fit from the Hessian by coefficients and theta together (nan if that is not positive definite). Coefficients
        that were not estimable have rows and columns of nan, and ``attrs["not_estimable"]`` says why.

    Raises
    ------
    ArgumentError
        `ddf` is not known or not for this fit.
    """
    ddf, names = ddf_method(fit, ddf), [name for part in fit.design.of_response for name in part.fixed.names]
    table = pd.DataFrame(_covariance(fit, ddf=ddf), index=names, columns=names)
    whole = with_left_out(table, fit.design)
    return whole.reindex(columns=whole.index) if fit.design.fixed.reduced else whole


@singledispatch
def _covariance(fit: object, *, ddf: str) -> Floats:
    raise no_answer(_covariance, fit, question="vcov")


@_covariance.register
def _of_posterior(fit: Fit, *, ddf: str) -> Floats:
    draws = np.concatenate([joined(fixed(fit, part)) for part in fit.design.of_response])
    return np.cov(draws).reshape(len(draws), len(draws))


@_covariance.register
def _of_reml(fit: RemlFit, *, ddf: str) -> Floats:
    adjusted = ddf == "kenward-roger" and fit.design.fixed.names
    return ddf_record(fit, ddf).covariance if adjusted else fit.vcov


@_covariance.register
def _as_estimated(fit: LaplaceFit | LmFit, *, ddf: str) -> Floats:
    return fit.vcov
