"""How do the fixed coefficients vary together?"""

import numpy as np
import pandas as pd

from bayesmix import modelling
from bayesmix.hints import with_hints
from bayesmix.inference.ddf_method import ddf_method
from bayesmix.inference.draws import fixed, joined
from bayesmix.modelling.kinds import LINEAR, refuse_other_kinds
from bayesmix.modelling.laplace_record import LaplaceFit
from bayesmix.modelling.lm_record import LmFit
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reml_record import RemlFit


@with_hints
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
        Coefficients by coefficients: of the posterior draws, or of the estimates given theta and sigma; of a Laplace
        fit from the Hessian by coefficients and theta together (nan where that is not positive definite).

    Raises
    ------
    ArgumentError
        `ddf` is not known or not for this fit.
    """
    refuse_other_kinds(fit, question="vcov", kinds=LINEAR)
    ddf, names = ddf_method(fit, ddf), list(fit.design.fixed.names)
    if isinstance(fit, Fit):
        draws = joined(fixed(fit))
        values = np.cov(draws).reshape(len(names), len(names))
    elif isinstance(fit, RemlFit) and ddf == "kenward-roger" and names:
        values = modelling.reml_moments.ddf_record(fit, ddf).covariance
    else:
        values = fit.vcov
    return pd.DataFrame(values, index=names, columns=names)
