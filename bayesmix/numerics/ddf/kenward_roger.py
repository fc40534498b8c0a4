"""Kenward & Roger's adjusted covariance of the coefficients, and the quantities behind their degrees of freedom."""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.ddf.sums import inverse_of_information, sums
from bayesmix.numerics.gaussian.cross_products import CrossProducts


@dataclass(frozen=True)
class KenwardRoger:
    """c variance components: variances and covariances of every term, and the residual's.

    `covariance` (p, p) of beta, adjusted for the estimation of the variances; `unadjusted` (p, p), its `derivatives`
    (c, p, p) by the components, and `parameter_covariance` (c, c) of the components from the expected information.
    `n_flat` is the number of directions of the components on which the data have no information; they are left out.
    """

    covariance: Floats
    unadjusted: Floats
    derivatives: Floats
    parameter_covariance: Floats
    n_flat: int


def kenward_roger(*, products: CrossProducts, L: tuple[Floats, ...], sigma: float) -> KenwardRoger:
    """Compute what `degrees_of_freedom` and `f_test` need for Kenward and Roger's method.

    Parameters
    ----------
    products
        The data, from `cross_products`; prior weights are allowed.
    L
        For every term the lower triangular factor (k, k) of its effects' covariance at the REML optimum.
    sigma
        Residual standard deviation at weight 1, at the REML optimum.

    Raises
    ------
    ValueError
        X lacks full rank, or the factors outside the largest have too many levels for memory.

    Notes
    -----
    The covariance of y is linear in the components, which are free to be 0 or negative in the expected information:
    a variance estimated as 0 counts as any other. The method is for REML estimates.

    Without weights the results are those of pbkrtest. With weights they differ, as that package leaves them out of some
    formulas.

    References
    ----------
    Kenward & Roger (1997), doi:10.2307/2533558; Halekoh & Højsgaard (2014), doi:10.18637/jss.v059.i09
    """
    parts = sums(products, L, sigma)
    p = len(parts.covariance)
    of_components, n_flat = inverse_of_information(parts.information, np.diag(parts.pair_traces))
    of_components = 2.0 * of_components
    forms, phi = parts.forms[:, :p, :p], parts.covariance
    spread = parts.pair_forms[:, :, :p, :p] - forms[:, None] @ phi @ forms[None, :]
    inside = np.einsum("ij,ijxy->xy", of_components, spread)
    adjusted = phi + 2.0 * phi @ inside @ phi
    back = sigma * parts.to_beta
    return KenwardRoger(
        covariance=back @ (0.5 * (adjusted + adjusted.T)) @ back.T,
        unadjusted=back @ phi @ back.T,
        derivatives=back @ parts.derivatives @ back.T,
        parameter_covariance=of_components,
        n_flat=n_flat,
    )
