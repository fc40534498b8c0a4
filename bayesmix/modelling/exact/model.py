"""A Gaussian model with coefficients and group effects integrated out: the variance parameters are left."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.families.family import Family
from bayesmix.formula.design import Design
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.variance_priors import on_the_line, term_priors
from bayesmix.numerics.effect_bases import typical_weight
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.gaussian.coefficient_prior import CoefficientPrior, WorkingPrior, working_prior
from bayesmix.numerics.gaussian.cross_products import CrossProducts, cross_products
from bayesmix.numerics.variance_parameters import n_parameters
from bayesmix.numerics.variance_posterior import pack_posterior
from bayesmix.posterior import layout
from bayesmix.priors.prior import Prior, sd_prior


@dataclass(frozen=True)
class Marginal:
    """A model with its coefficients and group effects integrated out.

    `products`, the data; `coefficients`, their prior; `ks` (n_terms,), columns of each term; `kinds` (n,) and
    `numbers` (n, 2), the priors of theta in the order of `numerics.variance_parameters`; `start` (n,), where the search
    for the mode begins; `spread` (n,), how far theta may lie from it, as the numbers of levels and rows have it.
    `constant`: of the log density of the response, where it is its logarithm that is normal; 0 elsewhere.
    """

    products: CrossProducts
    coefficients: WorkingPrior
    ks: Integers
    kinds: Integers
    numbers: Floats
    start: Floats
    spread: Floats
    constant: float = 0.0

    def buffer(self, centre: Floats, scale: Floats) -> Floats:
        """What the compiled density reads, with theta = centre + scale x."""
        return pack_posterior(
            arrays=self.products.arrays,
            prior=self.coefficients,
            ks=self.ks,
            kinds=self.kinds,
            numbers=self.numbers,
            centre=centre,
            scale=scale,
        )

    def plain_buffer(self) -> Floats:
        """What the compiled density reads, with theta as it is."""
        n = len(self.start)
        return self.buffer(np.zeros(n), np.eye(n))


def has_log_response(family: Family) -> bool:
    """Whether it is the logarithm of the response that is normal."""
    return family.record.of_log and family.auxiliary == ("sigma",)


def marginalise(model: MixedModel, *, intercept_at: Floats | None = None) -> Marginal:
    """Reduce data and priors to what the density of the variance parameters reads; one pass over the rows.

    The prior of the intercept is for predictors at `intercept_at` (p,), by default their means.
    """
    design, priors, log_response = model.design, model.priors, has_log_response(model.family)
    terms = tuple(GroupColumns(term.index, term.columns, term.n_levels) for term in design.random)
    response = np.log(design.response.values) if log_response else design.response.values
    y = response - design.offset
    products = cross_products(y=y, X=design.fixed.matrix, terms=terms, weights=design.weights)
    given = [priors[name].args or (0.0, np.inf) for name in design.fixed.names]
    centre = design.fixed.matrix.mean(axis=0) if intercept_at is None else intercept_at
    prior = CoefficientPrior(
        mean=np.array([mean for mean, _ in given]),
        sd=np.array([sd for _, sd in given]),
        intercept_at=centre if design.fixed.has_intercept else None,
    )
    kinds, numbers, start = _theta_priors(design, priors, float(np.std(y)), _residual_sd(products))
    ks = np.array([term.k for term in design.random], dtype=np.int64)
    if len(kinds) != n_parameters(ks):
        raise ValueError(f"{len(kinds)} priors for {n_parameters(ks)} variance parameters")
    constant = -float(response.sum()) if log_response else 0.0
    return Marginal(products, working_prior(products, prior), ks, kinds, numbers, start, _spread(design), constant)


def _theta_priors(
    design: Design, priors: Mapping[str, Prior], spread: float, residual: float | None
) -> tuple[Integers, Floats, Floats]:
    kinds: list[int] = []
    numbers: list[tuple[float, float]] = []
    start: list[float] = []
    for term in design.random:
        own_kinds, own_numbers = term_priors(term, design.random, priors)
        kinds += own_kinds
        numbers += own_numbers
        for name, column in zip(layout.sd_names(term), term.columns.T, strict=True):
            size = max(float(np.sqrt(np.mean(column**2))), 1e-300)
            start.append(on_the_line(0.5 * spread / size, priors[name]))
        start += [0.0] * (len(own_kinds) - term.k)
    kind, pair = sd_prior(priors["sigma"])
    kinds.append(kind)
    numbers.append(pair)
    typical = residual or 0.5 * spread * np.sqrt(typical_weight(design.weights))
    start.append(on_the_line(typical, priors["sigma"]))
    return np.array(kinds, dtype=np.int64), np.array(numbers, dtype=float), np.array(start)


def _residual_sd(products: CrossProducts) -> float | None:
    """By least squares on all columns, those of groups too; None where these are as many as the rows."""
    found = products.residual
    degrees = products.n_obs - found.rank
    return float(np.sqrt(found.left / degrees)) if degrees > 0 and found.left > 0 else None


def _spread(design: Design) -> Floats:
    """Of the logarithm of a sd seen in J levels, 1 / sqrt(2 J); twice that for a correlation."""
    spread: list[float] = []
    for term in design.random:
        one = 1 / np.sqrt(2 * max(term.n_levels, 1))
        spread += [one] * term.k + [2 * one] * (term.k * (term.k - 1) // 2)
    return np.array([*spread, 1 / np.sqrt(2 * max(design.n_obs, 1))])
