"""A rough fit of a model for counts before it is sampled: location and spread of its posterior, and what the data tell.

The coefficients are one more term with a single level and the scale of their priors, so that a penalised fit gives the
modes of all effects and the curvature there whatever the data are: nothing can run away. The covariances of the effects
follow from a few rounds of

    S_t <- (sum over levels of L (u_j u_j' + C_j) L' + diag(s^2) / 10) / (n_levels + 1 / 10)

with u_j the modes, C_j their covariances and s the modes of the priors. This is Laplace's approximation in an EM step;
the prior counts as a tenth of a level, which is enough to keep sds from 0 and too little to hide that they are small.
"""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.numerics.gaussian.arrangement import Arrangement, GroupColumns, effect_blocks, effect_positions
from bayesmix.numerics.laplace.criterion import Counts, conditional_modes
from bayesmix.numerics.laplace.curvature import Curvature, invert, scale_rows
from bayesmix.numerics.laplace.incidence import incidence
from bayesmix.numerics.laplace.likelihood import CountLikelihood

_ROUNDS = 20
_PRIOR_LEVELS = 0.1
_SETTLED = 0.02  # relative change of a sd: no more is needed


@dataclass(frozen=True)
class RoughFit:
    """Modes and curvature given the covariances of the effects.

    `u` (q,) are the modes in the order of `layout`, where the coefficients are the last term; `curvature` is the factor
    of their precision, `variances` (q,) the diagonal of its inverse. `coefficients` (p,) have their own modes, and
    `coefficient_covariance` (p, p) is that of their numbers in u. `L` (k, k) of every term, that of the coefficients
    apart. `shares` of every term, from 0 to 1, say how much of the information on its effects comes from the data: the
    mean over levels of 1 - tr C_j / k.
    """

    layout: Arrangement
    met_start: Integers
    met: Integers
    u: Floats
    coefficients: Floats
    coefficient_covariance: Floats
    curvature: Curvature
    variances: Floats
    L: tuple[Floats, ...]
    shares: tuple[float, ...]


def rough_fit(
    *,
    y: Floats,
    trials: Floats,
    offset: Floats,
    X: Floats,
    locations: Floats,
    scales: Floats,
    terms: tuple[GroupColumns, ...],
    sds: tuple[Floats, ...],
    likelihood: CountLikelihood,
) -> RoughFit | None:
    """Fit a model of counts roughly; None if numbers are not finite.

    Parameters
    ----------
    y, trials, offset
        Shape (n_obs,); `trials` ones for Bernoulli, not used by Poisson.
    X
        Shape (n_obs, p), with p > 0 or a random term.
    locations, scales
        Of the coefficients' priors, shape (p,).
    terms
        The random terms.
    sds
        Sds (k,) of every term to begin with: the modes of their priors.
    likelihood
        Of a row.
    """
    p = X.shape[1]
    coefficients = (GroupColumns(np.zeros(len(y), dtype=np.int64), X, 1),) if p else ()
    places = incidence(terms + coefficients, len(y))
    order, rows, layout = places.order, places.rows, places.layout
    fixed = (offset + X @ locations)[order]
    counts = Counts(places, y[order], trials[order], offset[order], X[order], likelihood.terms, 0.0)
    L = [np.diag(own) for own in sds]
    u = np.zeros(places.n_effects)
    for _ in range(_ROUNDS):
        scaled = scale_rows(rows, _block_factors(layout, rows.z.shape[1], [*L, np.diag(scales)][: len(layout.places)]))
        modes = conditional_modes(counts, scaled, fixed, u)
        if not modes.found:
            return None
        inverse = invert(rows, scaled, modes.curvature)
        moments = [
            (modes.u[effect_positions(layout, place)], effect_blocks(layout, place, inverse.own, inverse.dense))
            for place in layout.places
        ]
        shares = tuple(
            1 - float(np.trace(covariance, axis1=1, axis2=2).mean()) / covariance.shape[1]
            for _, covariance in moments[: len(terms)]
        )
        variances = np.concatenate([np.diagonal(inverse.own, axis1=1, axis2=2).ravel(), np.diagonal(inverse.dense)])
        curvature = modes.curvature
        beta, spread = locations, np.empty((0, 0))
        if p:
            beta, spread = locations + scales * moments[-1][0][0], moments[-1][1][0]
        result = RoughFit(
            layout, rows.met_start, rows.met, modes.u, beta, spread, curvature, variances, tuple(L), shares
        )
        ahead = [_step(own, *moment, sd) for own, moment, sd in zip(L, moments, sds, strict=False)]
        if not all(np.isfinite(own).all() for own in ahead):
            return None
        change = max((_change(a, b) for a, b in zip(L, ahead, strict=True)), default=0.0)
        if change < _SETTLED:
            break
        # Modes of u at other covariances lie elsewhere; those of the effects themselves hardly move.
        u = modes.u
        L = ahead
    return result


def _block_factors(layout: Arrangement, width: int, L: list[Floats]) -> Floats:
    factors = np.zeros((len(layout.block_k), width, width))
    for place, factor in zip(layout.places, L, strict=True):
        factors[place.block, place.columns, place.columns] = factor
    return factors


def _step(L: Floats, u: Floats, covariances: Floats, sds: Floats) -> Floats:
    second = u.T @ u + covariances.sum(axis=0)
    covariance = (L @ second @ L.T + _PRIOR_LEVELS * np.diag(sds**2)) / (len(u) + _PRIOR_LEVELS)
    try:
        return np.linalg.cholesky((covariance + covariance.T) / 2)
    except np.linalg.LinAlgError:
        return np.full_like(L, np.nan)


def _change(before: Floats, after: Floats) -> float:
    """Greatest relative change of a sd."""
    first, second = (np.sqrt((L**2).sum(axis=1)) for L in (before, after))
    return float(np.abs(np.log(second / first)).max(initial=0.0))
