"""A Gaussian model with coefficients and group effects integrated out: the variance parameters are left."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.families.family import Family
from bayesmix.formula.design import Design
from bayesmix.modelling.blocks import work_in_stretches
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.parameters import on_the_line, theta_priors
from bayesmix.numerics.effect_bases import typical_weight
from bayesmix.numerics.gaussian.arrangement import GroupColumns, spread_over
from bayesmix.numerics.gaussian.coefficient_prior import CoefficientPrior, WorkingPrior, working_prior
from bayesmix.numerics.gaussian.cross_products import CrossProducts, cross_products
from bayesmix.numerics.variance_parameters import n_parameters
from bayesmix.numerics.variance_posterior import evaluate, pack_posterior
from bayesmix.posterior import layout
from bayesmix.priors.prior import Prior, sd_prior

_NORMALS_AT_ONCE = 2**18
_POINTS_AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class SharedSd:
    """Further effects of `columns` (n_obs, m): independent and normal given their one sd, which has the prior `sd`."""

    columns: Floats
    sd: Prior


@dataclass(frozen=True)
class Marginal:
    """A model with its coefficients and group effects integrated out.

    `products` are the data, `coefficients` their prior; `ks` (n_terms,) are the numbers of columns of the terms;
    `kinds` (n,) and `numbers` (n, 2) are the priors of theta in the order of `numerics.variance_parameters`. The search
    for the mode begins at `start` (n,), and theta lies within some `spread` (n,) of it, judged by the numbers of levels
    and rows. `constant` completes the log density where the logarithm of the response is normal; elsewhere it is 0.
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
        """The buffer that the compiled density reads, with theta = centre + scale x."""
        return pack_posterior(
            arrays=self.products.arrays,
            prior=self.coefficients,
            ks=self.ks,
            kinds=self.kinds,
            numbers=self.numbers,
            centre=centre,
            scale=scale,
        )

    def with_further(self, further: Sequence[SharedSd]) -> Self:
        """The same further effects under other priors of their sds."""
        kinds, numbers = self.kinds.copy(), self.numbers.copy()
        for place, effects in enumerate(further, start=len(kinds) - 1 - len(further)):
            kinds[place], numbers[place] = sd_prior(effects.sd)
        return replace(self, kinds=kinds, numbers=numbers)

    def plain_buffer(self) -> Floats:
        """The buffer that the compiled density reads, with theta as it is."""
        n = len(self.start)
        return self.buffer(np.zeros(n), np.eye(n))


def has_log_response(family: Family) -> bool:
    """Whether the logarithm of the response is normal."""
    return family.record.of_log and family.auxiliary == ("sigma",)


def marginalise(model: MixedModel, *, intercept_at: Floats | None = None, further: Sequence[SharedSd] = ()) -> Marginal:
    """Reduce data and priors to what the density of the variance parameters reads, in one pass over the rows.

    The prior of the intercept holds at the predictors' values `intercept_at` (p,), by default their means. The sds of
    `further` effects come after those of the random terms.
    """
    design, priors, log_response = model.design, model.priors, has_log_response(model.family)
    terms = tuple(GroupColumns(term.index, term.columns, term.n_levels) for term in design.random)
    response = np.log(design.response.values) if log_response else design.response.values
    y = response - design.offset
    terms += tuple(spread_over(effects.columns) for effects in further)
    products = cross_products(y=y, X=design.fixed.matrix, terms=terms, weights=design.weights)
    given = [priors[name].args or (0.0, np.inf) for name in design.fixed.names]
    centre = design.fixed.matrix.mean(axis=0) if intercept_at is None else intercept_at
    prior = CoefficientPrior(
        mean=np.array([mean for mean, _ in given]),
        sd=np.array([sd for _, sd in given]),
        intercept_at=centre if design.fixed.has_intercept else None,
    )
    kinds, numbers = theta_priors(design, priors, sigma=True)
    of_further = [sd_prior(effects.sd) for effects in further]
    kinds = np.insert(kinds, -1, [kind for kind, _ in of_further])
    numbers = np.insert(numbers, -1, np.array([both for _, both in of_further]).reshape(-1, 2), axis=0)
    ks = np.array([term.k for term in terms], dtype=np.int64)
    if len(kinds) != n_parameters(ks):
        raise ValueError(f"{len(kinds)} priors for {n_parameters(ks)} variance parameters")
    return Marginal(
        products,
        working_prior(products, prior),
        ks,
        kinds,
        numbers,
        start=_start(design, priors, float(np.std(y)), _residual_sd(products), further),
        spread=_spread(design, further),
        constant=-float(response.sum()) if log_response else 0.0,
    )


def _start(
    design: Design, priors: Mapping[str, Prior], sd: float, residual: float | None, further: Sequence[SharedSd]
) -> Floats:
    """Where the search begins: at half the `sd` of the response for each term, and at its `residual` sd for sigma."""
    start: list[float] = []
    for term in design.random:
        for name, column in zip(layout.sd_names(term), term.columns.T, strict=True):
            size = max(float(np.sqrt(np.mean(column**2))), 1e-300)
            start.append(on_the_line(0.5 * sd / size, priors[name]))
        start += [0.0] * (term.k * (term.k - 1) // 2)
    for effects in further:
        size = max(float(np.sqrt(np.mean(effects.columns**2))), 1e-300)
        start.append(on_the_line(0.5 * sd / size, effects.sd))
    typical = residual or 0.5 * sd * np.sqrt(typical_weight(design.weights))
    return np.array([*start, on_the_line(typical, priors["sigma"])])


def _residual_sd(products: CrossProducts) -> float | None:
    """The residual sd of least squares on all columns, those of groups too; None if these are as many as the rows."""
    residual = products.residual
    degrees = products.n_obs - residual.rank
    return float(np.sqrt(residual.left / degrees)) if degrees > 0 and residual.left > 0 else None


def _spread(design: Design, further: Sequence[SharedSd]) -> Floats:
    """The logarithm of a sd seen in J levels has the sd 1 / sqrt(2 J); a correlation twice that."""
    spread: list[float] = []
    for term in design.random:
        of_sd = 1 / np.sqrt(2 * max(term.n_levels, 1))
        spread += [of_sd] * term.k + [2 * of_sd] * (term.k * (term.k - 1) // 2)
    spread += [1 / np.sqrt(2 * effects.columns.shape[1]) for effects in further]
    return np.array([*spread, 1 / np.sqrt(2 * max(design.n_obs, 1))])


@dataclass(frozen=True)
class DenseSide:
    """Draws of the coefficients and of all effects but those of the largest factor, along any leading dimensions.

    `fixed` (..., p) are coefficients of the scaled columns less least squares; `others` (..., m) are effects.
    """

    fixed: Floats
    others: Floats


@dataclass(frozen=True)
class DenseDraws:
    """`log_densities` (n_points,) are log p(y | theta) + log p(theta); `side` has `copies` draws at each point."""

    log_densities: Floats
    side: DenseSide


def dense_draws(
    model: Marginal,
    buffer: Floats,
    points: Floats,
    *,
    copies: int = 0,
    seed: int = 0,
    cores: int,
    stream: int = 0,
    advance: Callable[[int], None] | None = None,
) -> DenseDraws:
    """Evaluate `model` at `points` (n_points, n), which `buffer` maps to theta, and draw `copies` of its dense side.

    The same seed gives the same draws with any number of cores; another `stream` gives others. `advance` is told how
    many points are done.
    """
    p, m = model.products.p, model.products.arrangement.n_dense
    points = np.ascontiguousarray(points)
    log_densities = np.empty(len(points))
    fixed, others = np.empty((len(points), copies, p)), np.empty((len(points), copies, m))

    def work(part: slice) -> None:
        rng = np.random.default_rng([seed, len(points), part.start, stream])
        normals = rng.standard_normal((part.stop - part.start, copies, p + m))
        evaluate(buffer, points[part], normals, log_densities[part], fixed[part], others[part])
        log_densities[part] += model.constant

    at_once = min(_POINTS_AT_ONCE, _NORMALS_AT_ONCE // max(1, copies * (p + m)))
    work_in_stretches(work, len(points), at_once, cores=cores, advance=advance)
    return DenseDraws(log_densities, DenseSide(fixed, others))
