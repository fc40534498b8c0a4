"""Fixed coefficients with Wald tests."""

import numpy as np
import pandas as pd
from scipy.special import ndtri

from bayesmix.modelling.laplace_record import LaplaceFit
from bayesmix.modelling.wald import wald_tests


def fixef(fit: LaplaceFit, *, prob: float) -> pd.DataFrame:
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
        index=pd.Index(fit.design.fixed.names, name="coefficient", dtype=object),
    )
