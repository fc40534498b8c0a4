"""REML criterion and ML deviance, sigma (and beta) profiled out, with the gradient by theta = L / sigma.

One factor of M at sigma = 1 gives all. With Q the least penalised sum of squares there and r = n - p (REML) or n (ML),

    -2 log p = r [1 + log(2 pi Q / r)] + log|M| - sum of log weights,     sigma^2 = Q / r,

where for ML log|M| lacks X's block: beta is held at its estimate given theta. As sigma and beta are at their optimum,
the gradient by theta is that with both held; in it the coefficients have a covariance for REML, none for ML.
"""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.boundary_search import Evaluation
from bayesmix.numerics.effect_bases import packed_triangles, triangles, turned_bases
from bayesmix.numerics.gaussian.coefficient_prior import WorkingPrior, working_prior
from bayesmix.numerics.gaussian.cross_products import Arrays, CrossProducts
from bayesmix.numerics.gaussian.factor import Factor, factorise
from bayesmix.numerics.gaussian.gradient import add_levels, add_others, slopes_by_factor
from bayesmix.numerics.gaussian.moments import dense_moments, effects_covariance, least_sum
from bayesmix.numerics.kernels import kernel


def held_coefficients(prior: WorkingPrior) -> WorkingPrior:
    """The same prior for coefficients without covariance."""
    return prior._replace(factor=np.zeros_like(prior.factor))


@kernel
def _at_best_sigma(arrays: Arrays, prior: WorkingPrior, factor: Factor, restricted: bool) -> tuple[float, float]:
    """-2 log p and sigma; infinite where the residual is nought."""
    n_obs, p = arrays.counts[0], prior.offset.shape[0]
    log_determinant, n_residual = factor.log_determinant - prior.log_constant[0], n_obs - p
    if not restricted:
        # Less X's block; its constant is that of the integral over beta.
        log_determinant, n_residual = factor.log_determinant, n_obs
        for i in range(p):
            log_determinant -= np.log(abs(factor.fixed_upper[i, i]))
    quadratic = least_sum(arrays, prior, factor, 1.0)
    if not quadratic > 0.0:
        return np.inf, 0.0
    sigma = np.sqrt(quadratic / n_residual)
    constant = n_obs * np.log(2.0 * np.pi) + n_residual * (1.0 + 2.0 * np.log(sigma)) - arrays.counts[1]
    return constant + 2.0 * log_determinant, sigma


@kernel
def profiled_value(arrays: Arrays, prior: WorkingPrior, packed: Floats, restricted: bool) -> tuple[float, float]:
    """-2 log p and sigma at the packed lower triangles of every L_t / sigma, followed by a 0."""
    return _at_best_sigma(arrays, prior, factorise(arrays, prior, packed, False), restricted)


@kernel
def profiled_gradient(
    arrays: Arrays, prior: WorkingPrior, covariance_prior: WorkingPrior, packed: Floats, restricted: bool, out: Floats
) -> tuple[float, float]:
    """As `profiled_value`; the derivatives by the lower triangles go to `out`.

    `covariance_prior`: `prior` for REML, `held_coefficients` of it for ML.
    """
    factor = factorise(arrays, prior, packed, True)
    criterion, sigma = _at_best_sigma(arrays, prior, factor, restricted)
    if not sigma > 0.0:
        out[:] = 0.0
        return criterion, sigma
    # Covariances in units of sigma are the same at every sigma; means go with 1 / sigma.
    moments = dense_moments(arrays, covariance_prior, factor, 1.0)
    for i in range(moments.effects.shape[0]):
        moments.effects[i] /= sigma
    for i in range(moments.spherical.shape[0]):
        moments.spherical[i] /= sigma
    slopes = np.zeros_like(arrays.shift)
    add_others(arrays, factor, moments, sigma, slopes)
    covariance = effects_covariance(arrays, factor.scales, moments.cross)
    add_levels(arrays, factor, moments.effects, covariance, sigma, slopes[0])
    slopes_by_factor(arrays, packed, 1.0, factor.schur, moments, slopes, out)
    for e in range(arrays.entries.shape[0]):
        out[e] *= -2.0
    return criterion, sigma


@dataclass(frozen=True)
class RemlCoordinates:
    """`bases`, one (k, k) a term; `arrays` the data seen in them; priors and `restricted` as `profiled` takes them.

    An evaluation begins with nothing: `near` is empty.
    """

    products: CrossProducts
    bases: tuple[Floats, ...]
    arrays: Arrays
    prior: WorkingPrior
    covariance_prior: WorkingPrior
    restricted: bool

    @property
    def n_coefficients(self) -> int:
        return 0

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(len(basis) for basis in self.bases)

    @property
    def units(self) -> Floats:
        return np.ones(len(self.arrays.entries))

    def triangles(self, x: Floats) -> tuple[Floats, ...]:
        return triangles(x, self.sizes)

    def with_triangles(self, _x: Floats, factors: tuple[Floats, ...]) -> Floats:
        return packed_triangles(factors)

    def turned(self, x: Floats) -> tuple["RemlCoordinates", tuple[Floats, ...]]:
        bases, sds = turned_bases(self.bases, self.triangles(x))
        return in_bases(self.products, bases, restricted=self.restricted), sds

    def criterion_and_sigma(self, theta: Floats) -> tuple[float, float]:
        """At the packed lower triangles `theta` (n_theta,)."""
        return profiled_value(self.arrays, self.prior, np.append(theta, 0.0), self.restricted)

    def value(self, x: Floats, _near: Floats) -> float:
        return self.criterion_and_sigma(x)[0]

    def evaluate(self, x: Floats, near: Floats) -> Evaluation:
        packed, gradient = np.append(x, 0.0), np.empty(len(x))
        value, _ = profiled_gradient(self.arrays, self.prior, self.covariance_prior, packed, self.restricted, gradient)
        return Evaluation(value, gradient, near)

    def settle(self, _x: Floats, near: Floats) -> Floats:
        return near

    def slope(self, gradient: Floats, sds: tuple[Floats, ...]) -> Floats:
        """By theta, times the term's greatest sd where that exceeds 1."""
        greatest = [max(1.0, float(sd.max(initial=0.0))) for sd in sds]
        return gradient * np.repeat(greatest, [k * (k + 1) // 2 for k in self.sizes])


def in_bases(products: CrossProducts, bases: tuple[Floats, ...], *, restricted: bool) -> RemlCoordinates:
    """The data as the terms' columns times `bases`."""
    arrays, layout = products.arrays, products.arrangement
    shift = arrays.shift.copy()
    for number, members in enumerate(layout.block_terms):
        of_block = np.zeros_like(shift[number])
        for t in members:
            of_block[layout.places[t].columns, layout.places[t].columns] = bases[t]
        shift[number] = shift[number] @ of_block
    prior = working_prior(products, None)
    covariance_prior = prior if restricted else held_coefficients(prior)
    return RemlCoordinates(products, bases, arrays._replace(shift=shift), prior, covariance_prior, restricted)
