"""What does each term explain, in the order of the formula?"""

import numpy as np
import pandas as pd
from scipy import stats

from bayesmix.errors import ArgumentError
from bayesmix.modelling.lm_record import LmFit

RESIDUALS = "Residuals"


def anova(fit: LmFit) -> pd.DataFrame:
    """Sequential (type I) analysis of variance of a linear model, as R's `anova(lm)`.

    Parameters
    ----------
    fit
        A fit by `lm`.

    Returns
    -------
    pandas.DataFrame
        Indexed by `term` in the order of the formula (main effects first, then interactions, as R orders them),
        `Residuals` last: `df`, `sum_sq` (what the term explains beyond the terms above it), `mean_sq`, `f`
        (against the mean square of the residuals) and its `p`; nan for the residuals.

    Raises
    ------
    ArgumentError
        `fit` is another kind of fit.

    Examples
    --------
    >>> bm.anova(bm.lm("yield ~ gen + loc", cochran_bib)).loc["gen", "f"]  # doctest: +SKIP
    2.269
    """
    if not isinstance(fit, LmFit):
        raise ArgumentError(f"anova takes a fit by bm.lm; got {type(fit).__name__}.")
    terms = [term for term in fit.design.fixed.terms if term.kind != "intercept"]
    squares = [float(np.sum(fit.effects[list(term.columns)] ** 2)) for term in terms]
    df = np.array([*(len(term.columns) for term in terms), fit.df_residual])
    table = pd.DataFrame(
        {"df": df, "sum_sq": np.array([*squares, fit.df_residual * fit.sigma**2])},
        index=pd.Index([*(term.label for term in terms), RESIDUALS], name="term", dtype=object),
    )
    table["mean_sq"] = table["sum_sq"] / table["df"]
    table["f"] = table["mean_sq"] / fit.sigma**2
    table["p"] = stats.f.sf(table["f"], table["df"], fit.df_residual)
    table.iloc[-1, 3:] = np.nan
    return table
