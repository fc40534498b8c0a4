"""Fixed coefficients with t tests."""

import numpy as np
import pandas as pd
from scipy import stats

from bayesmix import modelling
from bayesmix.modelling.reml_record import RemlFit


def fixef(fit: RemlFit, *, prob: float, ddf: str) -> pd.DataFrame:
    tests = modelling.reml_moments.coefficient_tests(fit, ddf)
    t = fit.beta / tests.se
    half = stats.t.ppf((1 + prob) / 2, tests.df) * tests.se
    return pd.DataFrame(
        {
            "estimate": fit.beta,
            "se": tests.se,
            "df": tests.df,
            "t": t,
            "p": 2 * stats.t.sf(np.abs(t), tests.df),
            "lower": fit.beta - half,
            "upper": fit.beta + half,
        },
        index=pd.Index(fit.design.fixed.names, name="coefficient", dtype=object),
    )
