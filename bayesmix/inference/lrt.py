"""Does the larger of two models fit better than chance would have it?"""

import numpy as np
import pandas as pd

from bayesmix import modelling
from bayesmix.errors import ArgumentError
from bayesmix.formula.design import Design
from bayesmix.inference.boundary import boundary_p, naive_p
from bayesmix.modelling.reml_record import RemlFit


def lrt(reduced: RemlFit, full: RemlFit, *, refit: bool = True) -> pd.DataFrame:
    """Likelihood-ratio test of two nested models, as R's `anova(reduced, full)`.

    Parameters
    ----------
    reduced, full
        Fits by `bm.reml` of the same rows, the smaller model first.
    refit
        Fit both by maximum likelihood first, as `anova` does. False compares REML fits as they are, which needs the
        same fixed part.

    Returns
    -------
    pandas.DataFrame
        A row each, indexed by formula: `npar`, `aic`, `bic`, `loglik`, `deviance`; in the second row `chisq`, `df`,
        `p` of the chi-square, and `p_boundary`, of the even mixture of chi-squares, where the smaller model lacks one
        random effect, whose variance of 0 lies on the boundary; nan elsewhere.

    Raises
    ------
    ArgumentError
        The fits are of different rows, not nested by their number of parameters, or by REML with different fixed parts.

    References
    ----------
    Stram & Lee (1994), doi:10.2307/2533455
    """
    for fit in (reduced, full):
        if not isinstance(fit, RemlFit):
            raise ArgumentError(f"lrt takes two fits by bm.reml; got {type(fit).__name__}.")
    _require_same_rows(reduced.design, full.design)
    same_fixed = _same_columns(reduced.design, full.design)
    if not refit and (reduced.reml or full.reml) and not (same_fixed and reduced.reml and full.reml):
        raise ArgumentError(
            "REML criteria of models with different fixed parts, or beside a likelihood, cannot be compared; leave "
            "refit=True."
        )
    df = full.n_parameters - reduced.n_parameters
    if df <= 0:
        raise ArgumentError(
            f"The second model has {full.n_parameters} parameters, the first {reduced.n_parameters}: give the smaller "
            "one first. Models that are not nested have no likelihood-ratio test."
        )
    if refit:
        reduced, full = (
            fit if not fit.reml else modelling.reml_fit.fit_design(fit.design, reml=False) for fit in (reduced, full)
        )
    statistic = max(0.0, reduced.criterion - full.criterion)
    n_variances = variances_lost(full.design, reduced.design) if same_fixed else 0
    first, second = (_row(fit) for fit in (reduced, full))
    second |= {
        "chisq": statistic,
        "df": float(df),
        "p": naive_p(statistic, df),
        "p_boundary": boundary_p(statistic, df, n_variances),
    }
    return pd.DataFrame([first, second], index=pd.Index([reduced.formula, full.formula], name="model"))


def variances_lost(full: Design, reduced: Design) -> int:
    """How many random effects the larger model has more than the smaller, by group and column."""
    return len(_effects(full) - _effects(reduced))


def _effects(design: Design) -> set[tuple[str, str]]:
    return {(term.group, name) for term in design.random for name in term.names}


def _row(fit: RemlFit) -> dict[str, float]:
    return {
        "npar": fit.n_parameters,
        "aic": fit.aic,
        "bic": fit.bic,
        "loglik": fit.loglik,
        "deviance": fit.criterion,
        "chisq": np.nan,
        "df": np.nan,
        "p": np.nan,
        "p_boundary": np.nan,
    }


def _require_same_rows(one: Design, other: Design) -> None:
    if one.n_obs != other.n_obs:
        raise ArgumentError(
            f"The fits are of different rows ({one.n_obs} and {other.n_obs}), so their likelihoods cannot be compared. "
            "Fit both to the rows that are complete for both."
        )
    same_weights = np.array_equal(
        np.ones(one.n_obs) if one.weights is None else one.weights,
        np.ones(other.n_obs) if other.weights is None else other.weights,
    )
    if not np.array_equal(one.response.values, other.response.values) or not same_weights:
        raise ArgumentError(
            f"The fits have different responses or weights ({one.response.name} and {other.response.name}, or other "
            "rows), so their likelihoods cannot be compared."
        )


def _same_columns(one: Design, other: Design) -> bool:
    """Whether the fixed parts span the same columns, whatever their order."""
    return set(one.fixed.names) == set(other.fixed.names)
