"""Likelihood-ratio tests of the random terms, without refitting by maximum likelihood."""

import numpy as np
import pandas as pd

from bayesmix import modelling
from bayesmix.formula.matrices import build_design
from bayesmix.formula.reduce import Reduction, reductions
from bayesmix.inference.boundary import boundary_p, naive_p
from bayesmix.inference.lrt import variances_lost
from bayesmix.modelling.reml_record import RemlFit


def rand(fit: RemlFit) -> pd.DataFrame:
    rows = {"<none>": _row(fit, dropped="")}
    for part in reductions(fit.design.formula):
        smaller = reduced_fit(fit, part)
        statistic = max(0.0, smaller.criterion - fit.criterion)
        df = fit.n_parameters - smaller.n_parameters
        rows[part.label] = _row(smaller, dropped=part.change) | {
            "lrt": statistic,
            "df": float(df),
            "p": naive_p(statistic, df),
            "p_boundary": boundary_p(statistic, df, variances_lost(fit.design, smaller.design)),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("term")


def reduced_fit(fit: RemlFit, part: Reduction) -> RemlFit:
    """The model without `part`, on the same rows, by the same criterion."""
    design = build_design(part.formula, fit.data, weights=fit.design.weights_column, functions=fit.design.functions)
    return modelling.reml_fit.fit_design(design, reml=fit.reml)


def _row(fit: RemlFit, *, dropped: str) -> dict[str, object]:
    return {
        "dropped": dropped,
        "npar": fit.n_parameters,
        "loglik": fit.loglik,
        "aic": fit.aic,
        "lrt": np.nan,
        "df": np.nan,
        "p": np.nan,
        "p_boundary": np.nan,
    }
