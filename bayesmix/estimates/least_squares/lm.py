"""`lm`: ordinary least squares for formulas without random terms; statsmodels does the work."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular
from statsmodels.regression.linear_model import WLS

from bayesmix.arrays import Floats
from bayesmix.errors import DesignError, listing
from bayesmix.estimates.least_squares.record import FStatistic, LmFit
from bayesmix.families.censoring import refuse_censored
from bayesmix.formula.contrasts import Contrasts
from bayesmix.formula.dependent_columns import independent_columns
from bayesmix.formula.design import Design
from bayesmix.formula.frame import Frame
from bayesmix.formula.matrices import build_design
from bayesmix.formula.missing import MissingRows
from bayesmix.formula.model_arguments import check_functions
from bayesmix.formula.parse import parse
from bayesmix.formula.terms import Formula
from bayesmix.hints import with_hints

_PERFECT = 1e-12  # residual sd in units of the response, below which residuals are rounding errors


@with_hints
def lm(
    formula: str,
    data: Frame,
    *,
    weights: str | None = None,
    na: MissingRows = "drop",
    functions: Mapping[str, Callable[..., Any]] | None = None,
    contrasts: Contrasts | None = None,
) -> LmFit:
    """Fit a linear model without random terms by least squares, as R's `lm`.

    Parameters
    ----------
    formula
        As for `fit`, without random terms: ``"yield ~ gen + loc"``.
    data
        One row an observation. Text, true/false and Categorical columns are factors.
    weights
        A column of positive numbers: the residual variance of a row is sigma^2 / weight.
    na
        ``"drop"`` leaves out rows with a missing value in a column of the formula and counts them; ``"error"``
        refuses them.
    functions
        Your own functions that the formula may call, by name.
    contrasts
        Codings of factors by name, as for `fit`: ``{"f": "sum"}``, a matrix, or comparisons of levels.

    Returns
    -------
    LmFit
        Prints like `summary(lm)`; `anova` gives its sequential table.

    Raises
    ------
    FormulaError, DataError, DesignError, ArgumentError
        One line that says what is wrong and what to do: random terms, as many coefficients as rows, a response that
        the model explains to the last digit.

    Notes
    -----
    Of columns that depend on each other, as where cells of a crossing are empty, those that come later are left out, as
    R leaves them out: `print(fit)` and ``fixef(fit).attrs["not_estimable"]`` say which and why, and the tables of
    coefficients have rows of nan for them.

    An offset is taken from the response first, and R-squared and F are those of the rest; R 4.2 counts the offset
    as explained.

    Examples
    --------
    >>> fit = bm.lm("yield ~ gen + loc", bm.load_data("cochran_bib"))
    >>> round(fit.sigma, 3), fit.df_residual
    (4.465, 27)
    """
    check_functions(functions)
    parsed = parse(formula, functions or ())
    refuse_censored(parsed, "lm")
    _refuse_random_terms(parsed)
    design = build_design(parsed, data, weights=weights, na=na, functions=functions, contrasts=contrasts)
    return least_squares(design)


def least_squares(design: Design) -> LmFit:
    """The least squares fit of a design without random terms; columns that depend on others are left out."""
    design = independent_columns(design)
    n_obs, p = design.fixed.matrix.shape
    if n_obs == p:
        raise DesignError(
            f"The fixed part has {p} coefficients for {n_obs} observations: no degree of freedom is left for the "
            "residual; leave terms out."
        )
    weights = np.ones(n_obs) if design.weights is None else design.weights
    matrix, back = _orthogonal(design.fixed.matrix, weights)
    response = design.response.values - design.offset
    model = WLS(response, matrix, weights=weights, hasconst=design.fixed.has_intercept)
    result = model.fit(method="qr")
    _refuse_perfect_fit(result, weights * response**2)
    inverse = solve_triangular(back, np.eye(p))
    return LmFit(
        design=design,
        beta=inverse @ result.params,
        vcov=inverse @ result.cov_params() @ inverse.T,
        sigma=float(np.sqrt(result.scale)),
        df_residual=n_obs - p,
        r_squared=float(result.rsquared) if result.df_model else 0.0,
        adj_r_squared=float(result.rsquared_adj) if result.df_model else 0.0,
        f_statistic=_f_statistic(result),
        loglik=float(result.llf),
        aic=float(-2 * result.llf + 2 * (p + 1)),
        bic=float(-2 * result.llf + np.log(n_obs) * (p + 1)),
        fitted=result.fittedvalues + design.offset,
        residuals=result.resid,
        effects=model.effects,
    )


def _orthogonal(matrix: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """S and upper triangular T with X = S T, the columns of S orthogonal under the weights.

    statsmodels squares the condition of what it gets for the covariance: a year as covariate, or its interaction
    with a factor, would cost it half the digits and more.
    """
    root = np.sqrt(weights)[:, None]
    orthogonal, back = np.linalg.qr(root * matrix)
    return orthogonal / root, back


def _f_statistic(result: Any) -> FStatistic | None:
    if result.df_model == 0:
        return None
    return FStatistic(float(result.fvalue), int(result.df_model), int(result.df_resid), float(result.f_pvalue))


def _refuse_random_terms(formula: Formula) -> None:
    if formula.random:
        labels = listing(f"({term.label})" for term in formula.random)
        raise DesignError(
            f"lm fits no random terms, and the formula has {labels}: use bm.reml or bm.fit, or leave them out."
        )


def _refuse_perfect_fit(result: Any, squares: Floats) -> None:
    size = float(np.sqrt(squares.mean()))
    sigma = float(np.sqrt(result.scale))
    if sigma <= _PERFECT * size:
        raise DesignError(
            f"The fixed part explains the response to the last digit (residual sd {sigma:.1g}, response of size "
            f"{size:.3g}): nothing is left to test against. Is a predictor made from the response?"
        )
