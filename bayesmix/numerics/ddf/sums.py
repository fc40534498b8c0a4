"""Traces and quadratic forms of V^-1 G_i for all variance components, at a cost that does not grow with the rows.

The component of the residuals needs no sums of its own: it is V less all others. V is in units of sigma^2 throughout.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from bayesmix.arrays import Floats
from bayesmix.numerics.ddf.component_sums import ComponentSums, component_sums
from bayesmix.numerics.ddf.components import Components, components
from bayesmix.numerics.ddf.elimination import eliminate_dense, eliminate_levels
from bayesmix.numerics.gaussian.coefficient_prior import original_coefficients
from bayesmix.numerics.gaussian.cross_products import CrossProducts

_MOST_BYTES = 4 << 30


@dataclass(frozen=True)
class Sums:
    """c variance components, the residual's last; X (p columns) scaled; e = (y - X beta) / sigma.

    `covariance` (p, p) = (X'V^-1 X)^-1; `traces` (c,) = tr V^-1 G_i; `pair_traces` (c, c) = tr V^-1 G_i V^-1 G_j;
    `forms` (c, p + 1, p + 1) = [X, e]'V^-1 G_i V^-1 [X, e]; `pair_forms` (c, c, p + 1, p + 1) =
    [X, e]'V^-1 G_i V^-1 G_j V^-1 [X, e]. `to_beta` (p, p): from the scaled columns' coefficients to beta.
    """

    components: Components
    covariance: Floats
    traces: Floats
    pair_traces: Floats
    forms: Floats
    pair_forms: Floats
    to_beta: Floats

    @property
    def information(self) -> Floats:
        """tr P G_i P G_j (c, c) with P = V^-1 - V^-1 X covariance X'V^-1: twice the expected REML information."""
        p = len(self.covariance)
        carried = self.covariance @ self.forms[:, :p, :p]
        crossed = np.einsum("ab,ijba->ij", self.covariance, self.pair_forms[:, :, :p, :p])
        return self.pair_traces - crossed - crossed.T + np.einsum("iab,jba->ij", carried, carried)

    @property
    def derivatives(self) -> Floats:
        """Derivatives (c, p, p) of the covariance by the components."""
        p = len(self.covariance)
        return self.covariance @ self.forms[:, :p, :p] @ self.covariance


def sums(products: CrossProducts, L: tuple[Floats, ...], sigma: float) -> Sums:
    """All sums at `L` and `sigma`.

    Raises
    ------
    ValueError
        The crossed factors have so many levels that the sums would not fit in memory, or X lacks full rank.
    """
    parts = components(products, L, sigma)
    m, p = products.arrangement.n_dense, products.p
    _refuse_size(parts, m)
    level = eliminate_levels(products, parts.relative[0], sigma)
    schur = level.schur
    dense = eliminate_dense(products, parts.relative[1:], schur[:m, :m])
    within = schur[m:, m:] - schur[m:, :m] @ dense.inverse @ schur[:m, m:]
    covariance, beta = _least_squares(within, p)
    residual = np.eye(p + 1)
    residual[:p, p] = -beta
    carried = level.dense @ (dense.inverse @ schur[:m, m:])
    of_terms = component_sums(
        products.arrangement,
        parts,
        level,
        dense,
        of_levels=(level.fixed - carried.reshape(level.fixed.shape)) @ residual,
        of_dense=dense.keep.T @ schur[:m, m:] @ residual,
    )
    whole = residual.T @ within @ residual
    return _with_residual(parts, covariance, whole, products, of_terms)


def _with_residual(
    parts: Components, covariance: Floats, whole: Floats, products: CrossProducts, of_terms: ComponentSums
) -> Sums:
    """Add the component of the residuals, V less the others; `whole` (p + 1, p + 1) = [X, e]'V^-1 [X, e]."""
    values = parts.values[:-1]
    c, width = len(values), len(whole)
    traces = np.append(of_terms.traces, products.n_obs - values @ of_terms.traces)
    forms = np.concatenate([of_terms.forms, [whole - np.einsum("i,ixy->xy", values, of_terms.forms)]])
    pair_traces = np.zeros((c + 1, c + 1))
    pair_traces[:c, :c] = of_terms.pair_traces
    pair_traces[c, :c] = pair_traces[:c, c] = of_terms.traces - of_terms.pair_traces @ values
    pair_traces[c, c] = traces[c] - values @ pair_traces[:c, c]
    pair_forms = np.zeros((c + 1, c + 1, width, width))
    pair_forms[:c, :c] = of_terms.pair_forms
    pair_forms[:c, c] = of_terms.forms - np.einsum("j,ijxy->ixy", values, of_terms.pair_forms)
    pair_forms[c, :c] = pair_forms[:c, c].transpose(0, 2, 1)
    pair_forms[c, c] = forms[c] - np.einsum("i,ixy->xy", values, pair_forms[:c, c])
    return Sums(parts, covariance, traces, pair_traces, forms, pair_forms, original_coefficients(products))


def _least_squares(products: Floats, p: int) -> tuple[Floats, Floats]:
    """From [X, y]'V^-1 [X, y]: (X'V^-1 X)^-1 and beta."""
    try:
        factor = linalg.cho_factor(products[:p, :p])
    except linalg.LinAlgError:
        raise ValueError("The columns of X depend on each other; leave out those that add nothing.") from None
    solved = linalg.cho_solve(factor, np.column_stack([np.eye(p), products[:p, p]]))
    return solved[:, :p], solved[:, p]


def _refuse_size(parts: Components, m: int) -> None:
    of_levels = sum(len(term.rows) for term in parts.terms if term.block == 0)
    needed = 8 * m * m * (2 * of_levels + 10)
    if needed > _MOST_BYTES:
        raise ValueError(
            f"Degrees of freedom need {needed / 2**30:.0f} GiB: {m} group effects stand outside the largest grouping "
            f"factor, and the limit is {_MOST_BYTES / 2**30:.0f} GiB. With so many levels use normal quantiles."
        )


_FLAT = 1e-10


def inverse_of_information(information: Floats, size: Floats) -> tuple[Floats, int]:
    """Inverse (c, c) of `information` along the directions in which it is positive, and how many others are left out.

    `size` (c,) is what the diagonal would be if nothing were lost to the other parameters and the coefficients. In
    these units, whether a direction is flat does not depend on the units of the parameters.
    """
    unit = 1.0 / np.sqrt(size)
    values, vectors = np.linalg.eigh(information * unit * unit[:, None])
    kept = values > _FLAT
    vectors = unit[:, None] * vectors[:, kept]
    return (vectors / values[kept]) @ vectors.T, int(np.sum(~kept))
