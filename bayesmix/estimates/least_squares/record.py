"""`LmFit`: what ordinary least squares leaves behind."""

from dataclasses import dataclass

from bayesmix.arrays import Floats
from bayesmix.estimates.record import Estimates
from bayesmix.formula.design import Design


@dataclass(frozen=True)
class FStatistic:
    """A variance ratio with its degrees of freedom and the p value of the upper tail."""

    value: float
    df_model: int
    df_residual: int
    p: float


@dataclass(frozen=True, eq=False, repr=False)
class LmFit(Estimates):
    """A linear model without random terms, fitted by least squares; it prints like `summary(lm)`.

    Attributes
    ----------
    design : Design
        The arrays of the model and the rows of data that were used; ``design.fixed.left_out`` has the columns that
        depend on others, which have no coefficient here, with the reasons.
    beta : array (p,)
        Coefficients, in the order of `design.fixed.names`.
    vcov : array (p, p)
        Their covariance, with sigma^2 estimated.
    sigma : float
        Residual standard deviation, of a row with weight 1.
    df_residual : int
        Rows less coefficients.
    r_squared, adj_r_squared : float
        Share of the variance explained; without an intercept the share of the sum of squares about 0, as in R.
    f_statistic : FStatistic or None
        All coefficients but the intercept against none; None where there is no other.
    loglik, aic, bic : float
        At the maximum likelihood estimate of sigma, which is counted as a parameter, as in R.
    fitted, residuals : array (n_obs,)
        Expected response with the offset, and observed minus that, not weighted.
    effects : array (p,)
        The orthogonalised response: squares summed over a term's columns are its sequential sum of squares.
    """

    design: Design
    beta: Floats
    vcov: Floats
    sigma: float
    df_residual: int
    r_squared: float
    adj_r_squared: float
    f_statistic: FStatistic | None
    loglik: float
    aic: float
    bic: float
    fitted: Floats
    residuals: Floats
    effects: Floats
