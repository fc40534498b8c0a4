"""`RemlFit`: what a REML or ML fit is made of."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bayesmix.arrays import Floats
from bayesmix.estimates.record import MixedEstimates
from bayesmix.formula.design import Design

if TYPE_CHECKING:
    from bayesmix.numerics.gaussian.cross_products import CrossProducts


@dataclass(frozen=True)
class Singular:
    """A random term on the boundary: `term` as printed, the covariance of its k effects has `rank` < k.

    `directions`: in words what does not vary on its own, an effect each.
    """

    term: str
    group: str
    k: int
    rank: int
    directions: tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False)
class RemlFit(MixedEstimates):
    """A Gaussian mixed model fitted by REML or ML; it prints like `summary(lmer)` with lmerTest.

    Attributes
    ----------
    design : Design
        The arrays of the model and the rows of data that were used; ``design.fixed.left_out`` has the columns that
        depend on others, which have no coefficient here, with the reasons.
    reml : bool
        REML; False: maximum likelihood.
    criterion : float
        -2 log of the restricted likelihood (lme4's REML criterion), or of the likelihood (its deviance).
    loglik, aic, bic : float
        As lme4: `n_parameters` counts coefficients, theta and sigma; BIC takes all rows.
    theta : array (n_theta,)
        Lower triangles of L / sigma, column after column, terms in lme4's order.
    sigma : float
        Residual standard deviation, of a row with weight 1.
    L : tuple of array (k, k)
        For every term, in the order of `design.random`, the lower triangular factor of its effects' covariance, with
        exact zeros on the boundary.
    beta, vcov : array (p,), (p, p)
        Coefficients in the order of `design.fixed.names` and their covariance.
    effects : tuple of array (n_levels, k)
        Conditional modes of every term's effects (BLUPs).
    singular : tuple of Singular
        The terms on the boundary; empty for a fit inside.
    converged : bool
        Whether the projected gradient of the criterion is small; `gradient_size` is its greatest element, by theta of
        columns of unit size.
    products : CrossProducts
        What of the data the criterion needs.
    """

    design: Design
    reml: bool
    criterion: float
    theta: Floats
    sigma: float
    L: tuple[Floats, ...]
    beta: Floats
    vcov: Floats
    effects: tuple[Floats, ...]
    singular: tuple[Singular, ...]
    converged: bool
    gradient_size: float
    products: "CrossProducts"

    @property
    def n_parameters(self) -> int:
        """Coefficients, theta and sigma."""
        return super().n_parameters + 1
