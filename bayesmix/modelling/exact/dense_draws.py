"""The posterior of the variance parameters at many points, with draws of the coefficients and the smaller factors."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.modelling.blocks import stretches
from bayesmix.modelling.exact.model import Marginal
from bayesmix.numerics.variance_posterior import evaluate
from bayesmix.parallel import in_parallel

_NORMALS_AT_ONCE = 2**18
_POINTS_AT_ONCE = 256


@dataclass(frozen=True)
class DenseSide:
    """Draws of coefficients and of all effects but the largest factor's, along any leading dimensions.

    `fixed` (..., p), the scaled columns' coefficients less least squares; `others` (..., m).
    """

    fixed: Floats
    others: Floats


@dataclass(frozen=True)
class DenseDraws:
    """`log_densities` (n_points,): log p(y | theta) + log p(theta); `side`: `copies` draws given each point."""

    log_densities: Floats
    side: DenseSide


def dense_draws(
    model: Marginal,
    buffer: Floats,
    points: Floats,
    *,
    copies: int,
    seed: int,
    cores: int,
    stream: int = 0,
    advance: Callable[[int], None] | None = None,
) -> DenseDraws:
    """Evaluate `model` at `points` (n_points, n), which `buffer` maps to theta.

    The same seed gives the same draws, whatever the number of cores; another `stream` of it others.

    Parameters
    ----------
    advance
        Told how many points are done.
    """
    p, m = model.products.p, model.products.arrangement.n_dense
    points = np.ascontiguousarray(points)
    log_densities = np.empty(len(points))
    fixed, others = np.empty((len(points), copies, p)), np.empty((len(points), copies, m))
    at_once = max(1, min(_POINTS_AT_ONCE, _NORMALS_AT_ONCE // max(1, copies * (p + m))))
    parts = list(stretches(len(points), at_once))

    def work(part: slice) -> None:
        rng = np.random.default_rng([seed, len(points), part.start, stream])
        normals = rng.standard_normal((part.stop - part.start, copies, p + m))
        evaluate(buffer, points[part], normals, log_densities[part], fixed[part], others[part])
        log_densities[part] += model.constant

    done = iter(np.cumsum([part.stop - part.start for part in parts]))
    in_parallel(work, parts, cores=cores, advance=(lambda: advance(int(next(done)))) if advance else None)
    return DenseDraws(log_densities, DenseSide(fixed, others))
