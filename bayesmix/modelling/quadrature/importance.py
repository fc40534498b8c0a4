"""Parameters of counts by importance sampling: independent values from a split t about the mode, weighted.

A folded sd has a posterior on the whole line that is even in it: a value and its mirror image mean the same. Values are
drawn about the mode on the positive side, and the density they are weighted by is that of either image.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesmix.modelling.blocks import stretches
from bayesmix.modelling.exact.importance import trouble_with
from bayesmix.modelling.parallel import in_parallel
from bayesmix.modelling.quadrature.model import Counts
from bayesmix.numerics.following import Placed, follow, mirrored, place
from bayesmix.numerics.importance import log_density_of, measure_sides, propose, resample, weigh
from bayesmix.numerics.level_quadrature.posterior import evaluate_counts, log_posterior_at
from bayesmix.numerics.mode import Mode

Floats = NDArray[np.float64]

_POINTS_AT_ONCE = 256


def draw_by_importance(
    model: Counts,
    mode: Mode,
    *,
    fineness: float,
    n_values: int,
    n_total: int,
    chains: int,
    seed: int,
    cores: int,
    advance: Callable[[int], None] | None,
) -> tuple[Floats, dict[str, xr.Dataset]]:
    """Draws of theta (n_total, n), and the groups `sample_stats` and `importance` of the posterior's tree.

    Where the weights of `n_values` do not hold the limits of every parameter, twice as many are added, up to two times.
    """
    n = model.parameters.n
    rng = np.random.default_rng([seed, n, n_values])
    buffer = model.plain_buffer(fineness)
    to_theta, mirror = _coordinates(model, buffer, mode)

    def log_density(point: Floats) -> float:
        placed = to_theta(point[None])
        return float(densities(buffer, placed.theta, cores=1)[0] + placed.log_jacobian[0])

    proposal = measure_sides(log_density, n, plateaus=True)
    theta, log_densities, log_weights = np.empty((0, n)), np.empty(0), np.empty(0)
    for size in (n_values, 2 * n_values, 4 * n_values):
        if len(theta) and trouble_with(theta, log_weights, chains) is None:
            break
        proposals = propose(proposal, size, rng)
        placed = to_theta(proposals.points)
        found = densities(buffer, placed.theta, cores=cores, advance=None if len(theta) else advance)
        drawn_with = proposals.log_densities
        if mirror is not None:
            drawn_with = np.logaddexp(drawn_with, log_density_of(proposal, mirror(proposals.points)))
            placed.theta[:, model.folded] = np.abs(placed.theta[:, model.folded])
        theta, log_densities = np.concatenate([theta, placed.theta]), np.concatenate([log_densities, found])
        log_weights = np.concatenate([log_weights, found + placed.log_jacobian - drawn_with])
    chosen = resample(weigh(log_weights).weights, n_total, rng)
    groups = {
        "sample_stats": xr.Dataset({"lp": (("chain", "draw"), log_densities[chosen].reshape(chains, -1))}),
        "importance": xr.Dataset({"theta": (("value", "parameter"), theta), "log_weight": ("value", log_weights)}),
    }
    return theta[chosen], groups


def _coordinates(
    model: Counts, buffer: Floats, mode: Mode
) -> tuple[Callable[[Floats], Placed], Callable[[Floats], Floats] | None]:
    """The map from coordinates about the mode to theta; where the sd is folded also that to its mirror image's."""
    if not model.n_levels or model.parameters.n == 1:
        volume = np.sum(np.log(np.diag(mode.scale)))
        return lambda x: Placed(mode.point + x @ mode.scale.T, np.full(len(x), volume)), None
    folded = model.folded is not None

    def log_density(theta: Floats) -> tuple[float, Floats]:
        gradient = np.empty(len(theta))
        return float(log_posterior_at(buffer, theta, gradient)), gradient

    following = follow(log_density, mode, at=model.p, folded=folded)
    return partial(place, following), partial(mirrored, following) if folded else None


def densities(buffer: Floats, points: Floats, *, cores: int, advance: Callable[[int], None] | None = None) -> Floats:
    """The log density at `points` (n_points, n), on several cores; `advance` is told how many are done."""
    found = np.empty(len(points))
    parts = list(stretches(len(points), _POINTS_AT_ONCE))

    def work(part: slice) -> None:
        evaluate_counts(buffer, points[part], found[part])

    done = iter(np.cumsum([part.stop - part.start for part in parts]))
    in_parallel(work, parts, cores=cores, advance=(lambda: advance(int(next(done)))) if advance else None)
    return found
