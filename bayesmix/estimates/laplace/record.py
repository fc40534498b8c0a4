"""`LaplaceFit`: the record of a maximum likelihood fit of a mixed model for counts."""

from dataclasses import dataclass

from bayesmix.arrays import Floats
from bayesmix.estimates.record import MixedEstimates
from bayesmix.families.family import Family
from bayesmix.formula.design import Design


@dataclass(frozen=True, eq=False, repr=False)
class LaplaceFit(MixedEstimates):
    """A mixed model for counts fitted by maximum likelihood, as lme4's `glmer`; it prints like `summary(glmer)`.

    Attributes
    ----------
    design : Design
        The arrays of the model and the rows of data that were used; ``design.fixed.left_out`` has the columns that
        depend on others, which have no coefficient here, with the reasons.
    family : Family
        Response distribution and link.
    converged : bool
        Whether a finite maximum was found. `reason` says so in words, or says what is wrong: estimates that run away,
        a Hessian that is not positive definite. The numbers of such a fit are where the search stopped, no estimates.
    criterion : float
        -2 log likelihood, the group effects integrated out by Laplace's approximation, constants included.
    loglik, aic, bic : float
        As in lme4: `n_parameters` counts coefficients and theta; BIC counts all rows.
    theta : array (n_theta,)
        Lower triangles of L, column after column, terms in lme4's order.
    L : tuple of array (k, k)
        The lower triangular factor of the covariance of every term's effects, in the order of `design.random`, with
        exact zeros on the boundary; `ranks` are those of the factors, below k there.
    beta, vcov : array (p,), (p, p)
        Coefficients in the order of `design.fixed.names` and their covariance, from the Hessian of the criterion by
        coefficients and theta together (lme4's `use.hessian`); nan where that is not positive definite.
    effects, effect_covariances : tuple of array (n_levels, k), (n_levels, k, k)
        Conditional modes of every term's effects, and their covariances given the estimates.
    eta : array (n_obs,)
        Linear predictor with group effects and offset.
    gradient_size : float
        Greatest element of the projected gradient of the criterion, by parameters in units of roughly a standard error.
    """

    design: Design
    family: Family
    converged: bool
    reason: str
    criterion: float
    theta: Floats
    L: tuple[Floats, ...]
    ranks: tuple[int, ...]
    beta: Floats
    vcov: Floats
    effects: tuple[Floats, ...]
    effect_covariances: tuple[Floats, ...]
    eta: Floats
    gradient_size: float
