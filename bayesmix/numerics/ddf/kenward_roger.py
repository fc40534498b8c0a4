"""Kenward & Roger's adjusted covariance of the coefficients and what their degrees of freedom need."""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.ddf.sums import inverse_of_information, sums
from bayesmix.numerics.gaussian.cross_products import CrossProducts


@dataclass(frozen=True)
class KenwardRoger:
    """c variance components: variances and covariances of every term, and the residual's.

    `covariance` (p, p) of beta, adjusted for the estimation of the variances; `unadjusted` (p, p);
    `derivatives` (c, p, p) of the latter by the components, and `parameter_covariance` (c, c) of these, from the
    expected information. `n_flat`: directions of the components that the data tell nothing of, left out.
    """

    covariance: Floats
    unadjusted: Floats
    derivatives: Floats
    parameter_covariance: Floats
    n_flat: int


def kenward_roger(*, products: CrossProducts, L: tuple[Floats, ...], sigma: float) -> KenwardRoger:
    """What `degrees_of_freedom` and `f_test` need for Kenward and Roger's method.

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

    Without weights the same as pbkrtest; with weights that package leaves them out of part of its formulas.

    References
    ----------
    Kenward & Roger (1997), doi:10.2307/2533558; Halekoh & Højsgaard (2014), doi:10.18637/jss.v059.i09
    """
    found = sums(products, L, sigma)
    p = len(found.covariance)
    of_components, n_flat = inverse_of_information(found.information, np.diag(found.pair_traces))
    of_components = 2.0 * of_components
    forms, phi = found.forms[:, :p, :p], found.covariance
    spread = found.pair_forms[:, :, :p, :p] - forms[:, None] @ phi @ forms[None, :]
    inside = np.einsum("ij,ijxy->xy", of_components, spread)
    adjusted = phi + 2.0 * phi @ inside @ phi
    back = sigma * found.to_beta
    return KenwardRoger(
        covariance=back @ (0.5 * (adjusted + adjusted.T)) @ back.T,
        unadjusted=back @ phi @ back.T,
        derivatives=back @ found.derivatives @ back.T,
        parameter_covariance=of_components,
        n_flat=n_flat,
    )
