"""REML and ML estimates of theta = L / sigma and sigma.

Sigma (and beta) are profiled out of the criterion. One factor of M at sigma = 1 gives all. With Q the least penalised
sum of squares there and r = n - p (REML) or n (ML),

    -2 log p = r [1 + log(2 pi Q / r)] + log|M| - sum of log weights,     sigma^2 = Q / r,

where for ML log|M| lacks X's block: beta is held at its estimate given theta. As sigma and beta are at their optimum,
the gradient by theta is that with both held; in it the coefficients have a covariance for REML, none for ML.
"""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.boundary_search import Coordinates, Evaluation, Patience, from_boundary, search
from bayesmix.numerics.effect_bases import packed_triangles, turned_bases, unit_bases
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.gaussian.coefficient_prior import WorkingPrior, working_prior
from bayesmix.numerics.gaussian.cost import value_cost
from bayesmix.numerics.gaussian.cross_products import Arrays, CrossProducts
from bayesmix.numerics.gaussian.factor import Factor, factorise
from bayesmix.numerics.gaussian.gradient import add_levels, add_others, slopes_by_factor
from bayesmix.numerics.gaussian.moments import dense_moments, effects_covariance, least_sum
from bayesmix.numerics.kernels import kernel


@kernel(apart=True)
def _at_best_sigma(arrays: Arrays, prior: WorkingPrior, factor: Factor, restricted: bool) -> tuple[float, float]:
    """-2 log p and sigma; infinite if the residual is 0."""
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

    `covariance_prior`: `prior` for REML; for ML the same with `factor` 0, as coefficients then have no covariance.
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
class RemlCoordinates(Coordinates):
    """REML's criterion, or the ML deviance, as a function of theta in `bases`; `arrays` has the data in them.

    An evaluation begins with nothing: `near` is empty.
    """

    products: CrossProducts
    bases: tuple[Floats, ...]
    arrays: Arrays
    prior: WorkingPrior
    covariance_prior: WorkingPrior
    restricted: bool
    units: Floats

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
    held = prior if restricted else prior._replace(factor=np.zeros_like(prior.factor))
    units = np.ones(len(arrays.entries))
    return RemlCoordinates(products, bases, arrays._replace(shift=shift), prior, held, restricted, units)


_SECONDS = 0.015  # for further starts
_MOST_STARTS = 8
_AROUND = 4e-5  # seconds that one step of the search takes beside its gradient, itself some three values
_BETTER = 1e-7
_AT_OPTIMUM = 1e-3
PATIENCE = Patience(tolerance=1e-7, rounds=12, steps=25, near_zero=0.03, least_gain=1e-9, wall=1e7)
"""The wall: where a sd, for columns of unit size, is ten million times sigma, the residual is 0."""


@dataclass(frozen=True)
class RemlEstimate:
    """L_t (k, k) of every term, lower triangular with a diagonal >= 0, exact zeros on the boundary; `sigma`.

    `criterion`: -2 log of the restricted likelihood, or of the likelihood at the estimates (ML). `ranks`, of every
    term: below k on the boundary. `gradient_size`: greatest element of the projected gradient of the criterion by
    theta, for columns of unit size; `converged`: whether it is small.
    """

    L: tuple[Floats, ...]
    sigma: float
    criterion: float
    ranks: tuple[int, ...]
    gradient_size: float
    converged: bool


def reml_estimate(*, products: CrossProducts, terms: tuple[GroupColumns, ...], restricted: bool = True) -> RemlEstimate:
    """Minimise the REML criterion, or the ML deviance, over all covariances of the group effects.

    Parameters
    ----------
    products
        The data, from `cross_products`.
    terms
        The random terms that `products` was made of.
    restricted
        True for REML, False for ML.

    Notes
    -----
    The criterion can have more than one minimum: small models are searched from several starts, large ones from one. A
    search that ends on the boundary continues inwards if the criterion falls there.

    References
    ----------
    Bates, Mächler, Bolker & Walker (2015), doi:10.18637/jss.v067.i01
    """
    coordinates = in_bases(products, unit_bases(terms, products.typical_weight), restricted=restricted)
    starts = [packed_triangles(factors) for factors in _starts(coordinates.sizes, products)]
    best = from_boundary(search(coordinates, starts[0], np.empty(0), PATIENCE), _AT_OPTIMUM / 10, PATIENCE)
    for start in starts[1:]:
        other = search(coordinates, start, np.empty(0), PATIENCE)
        if other.criterion < best.criterion - _BETTER:
            best = from_boundary(other, _AT_OPTIMUM / 10, PATIENCE)
    _, sigma = best.coordinates.criterion_and_sigma(best.x)
    factors = tuple(factor * sigma for factor in best.factors)
    converged = sigma > 0 and best.gradient_size <= _AT_OPTIMUM
    return RemlEstimate(factors, sigma, best.criterion, best.ranks, best.gradient_size, converged)


def _starts(sizes: tuple[int, ...], products: CrossProducts) -> list[tuple[Floats, ...]]:
    """theta = identity, then others as time allows; every fit of the same size has the same starts."""
    n_steps = 15 + 5 * len(products.arrays.entries)
    further = int(_SECONDS / (n_steps * (3 * value_cost(products.arrays) + _AROUND))) if sizes else 0
    rng = np.random.default_rng(1)
    starts = [tuple(size * np.eye(k) for k in sizes) for size in (1.0, 0.3)]
    while len(starts) < _MOST_STARTS:
        starts.append(tuple(np.tril(rng.normal(size=(k, k))) * np.exp(1.5 * rng.normal()) for k in sizes))
    return starts[: 1 + further]
