"""Likelihood-ratio tests of the random terms of a model for counts."""

import numpy as np
import pandas as pd

from bayesmix import modelling
from bayesmix.errors import DesignError
from bayesmix.formula.matrices import build_design
from bayesmix.formula.reduce import Reduction, reductions
from bayesmix.inference.boundary import boundary_p, naive_p
from bayesmix.inference.laplace.maximum import require_maximum
from bayesmix.inference.lrt import variances_lost
from bayesmix.modelling.laplace_record import LaplaceFit


def rand(fit: LaplaceFit) -> pd.DataFrame:
    require_maximum(fit, question="rand")
    rows = {"<none>": _row(fit)}
    for part in reductions(fit.design.formula):
        rows[part.label] = _test(fit, part) | {"dropped": part.change}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("term")


def reduced_fit(fit: LaplaceFit, part: Reduction) -> LaplaceFit:
    """The model without `part`, on the same rows.

    Raises
    ------
    DesignError
        Nothing to estimate is left.
    """
    design = build_design(
        part.formula,
        fit.data,
        response=fit.family.response,
        weights=fit.design.weights_column,
        functions=fit.design.functions,
    )
    return modelling.laplace_fit.fit_design(design, fit.family)


def _test(fit: LaplaceFit, part: Reduction) -> dict[str, object]:
    """A row of the table; without numbers, and with the reason, where the smaller model has no maximum."""
    try:
        smaller = reduced_fit(fit, part)
    except DesignError as error:
        return _row(None, reason=str(error))
    if not smaller.converged:
        return _row(None, reason=f"{smaller.formula} has no maximum. {smaller.reason}")
    statistic = max(0.0, smaller.criterion - fit.criterion)
    df = fit.n_parameters - smaller.n_parameters
    return _row(smaller) | {
        "lrt": statistic,
        "df": float(df),
        "p": naive_p(statistic, df),
        "p_boundary": boundary_p(statistic, df, variances_lost(fit.design, smaller.design)),
    }


def _row(fit: LaplaceFit | None, *, reason: str = "") -> dict[str, object]:
    return {
        "dropped": "",
        "npar": np.nan if fit is None else fit.n_parameters,
        "loglik": np.nan if fit is None else fit.loglik,
        "aic": np.nan if fit is None else fit.aic,
        "lrt": np.nan,
        "df": np.nan,
        "p": np.nan,
        "p_boundary": np.nan,
        "reason": reason,
    }
