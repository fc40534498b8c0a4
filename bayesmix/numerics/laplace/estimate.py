"""Maximum likelihood estimates of beta and Lambda under Laplace's approximation."""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.boundary_search import Optimum, Patience, Restricted, from_boundary, search
from bayesmix.numerics.gaussian.arrangement import GroupColumns, effect_blocks, effect_positions
from bayesmix.numerics.laplace.criterion import Counts, Laplace
from bayesmix.numerics.laplace.curvature import invert, times_effects
from bayesmix.numerics.laplace.frame import Frame, frame_of
from bayesmix.numerics.laplace.incidence import incidence
from bayesmix.numerics.laplace.likelihood import CountLikelihood

_FIRST_STEPS = 6
_MOST_HALVINGS = 30
_STARTS = (1.0, 0.3, 2.5)  # sds of unit columns
_SMALL_MODEL = 2000  # numbers in Z, up to which every start is tried
_BETTER = 1e-7
_AT_OPTIMUM = 1e-3
_STEP = 1e-3  # of the differences of gradients, in standard errors
_PATIENCE = Patience(tolerance=1e-6, rounds=8, steps=50, near_zero=0.05)


@dataclass(frozen=True)
class LaplaceEstimate:
    """The end of the search. If data are separated there is no maximum, and the search ends far out: see `separation`.

    `covariance` (p, p) of the `coefficients` (p,) comes from the Hessian of the criterion by everything that varies; it
    is nan if that is not positive definite. `L` (k, k) of every term is lower triangular with a diagonal >= 0 and exact
    zeros on the boundary, where its entry of `ranks` is below k. `criterion` is -2 log likelihood. Given the estimates,
    every term's effects have `modes` (n_levels, k) and `mode_covariances` (n_levels, k, k), and `eta` (n_obs,) is the
    linear predictor with these modes. `spread` (n_terms,) is the greatest sd that a term gives to eta in any direction,
    for columns of unit size. `gradient_size` is the greatest element of the projected gradient, with each number
    roughly in units of a standard error, and `curvature` the least eigenvalue of the Hessian in these units, nan if it
    is not finite.
    """

    coefficients: Floats
    covariance: Floats
    L: tuple[Floats, ...]
    ranks: tuple[int, ...]
    criterion: float
    modes: tuple[Floats, ...]
    mode_covariances: tuple[Floats, ...]
    eta: Floats
    spread: Floats
    gradient_size: float
    curvature: float


def laplace_estimate(
    *,
    y: Floats,
    trials: Floats,
    X: Floats,
    terms: tuple[GroupColumns, ...],
    offset: Floats,
    likelihood: CountLikelihood,
) -> LaplaceEstimate:
    """Minimise -2 log likelihood over beta and Lambda, with group effects integrated out by Laplace's approximation.

    Parameters
    ----------
    y
        Successes or counts, shape (n_obs,).
    trials
        Shape (n_obs,); ones for Bernoulli, ignored for Poisson.
    X
        Shape (n_obs, p), of full rank.
    terms
        The random terms.
    offset
        Shape (n_obs,).
    likelihood
        Of a row, with its link.

    Notes
    -----
    The criterion is that of lme4's glmer with nAGQ = 1 in its final stage: the determinant has the expected weights,
    which for the links logit and log are the observed ones. Unlike there, modes and gradient are exact.

    References
    ----------
    Bates, Mächler, Bolker & Walker (2015), doi:10.18637/jss.v067.i01
    """
    effects_of_rows = incidence(terms, len(y))
    order = effects_of_rows.order
    constant = likelihood.log_constant(y, trials)
    counts = Counts(effects_of_rows, y[order], trials[order], offset[order], X[order], likelihood.terms, constant)
    frame, x = frame_of(counts, terms, _without_groups(likelihood, y, trials, X, offset))
    starts = _STARTS if terms and len(y) * sum(frame.sizes) <= _SMALL_MODEL else _STARTS[:1]
    optima = []
    for size in starts:
        start = frame.with_triangles(x, tuple(size * np.eye(k) for k in frame.sizes))
        optimum = search(frame, start, np.zeros(effects_of_rows.n_effects), _PATIENCE)
        optima.append(from_boundary(optimum, _AT_OPTIMUM / 10, _PATIENCE))
    best = optima[0]
    for other in optima[1:]:
        if other.criterion < best.criterion - _BETTER:
            best = other
    return _estimate(best)


def _without_groups(likelihood: CountLikelihood, y: Floats, trials: Floats, X: Floats, offset: Floats) -> Floats:
    """Coefficients (p,) after a few of Fisher's steps without group effects.

    More steps would lead separated data to where nothing has a slope any more. They begin at the least squares fit of
    the linked response, half a count away from none and all, which is near whatever the offset is.
    """
    beta = np.linalg.lstsq(X, likelihood.near(y, trials) - offset, rcond=None)[0]
    with np.errstate(all="ignore"):
        terms = likelihood.terms(X @ beta + offset, y, trials)
        for _ in range(_FIRST_STEPS):
            curvature = X.T @ (X * terms.expected[:, None])
            if not np.isfinite(curvature).all():
                break
            step, share = np.linalg.lstsq(curvature, X.T @ terms.score, rcond=None)[0], 1.0
            for _ in range(_MOST_HALVINGS):
                ahead = likelihood.terms(X @ (beta + share * step) + offset, y, trials)
                if ahead.log_density.sum() >= terms.log_density.sum():
                    beta, terms = beta + share * step, ahead
                    break
                share /= 2
    return beta


def _estimate(optimum: Optimum[Frame]) -> LaplaceEstimate:
    frame, counts = optimum.coordinates, optimum.coordinates.counts
    at = frame.at(optimum.x, optimum.near)
    beta = frame.coefficients(optimum.x)
    modes, mode_covariances = _effects(frame, optimum.x, at)
    covariance, curvature = _covariance(optimum)
    order, eta = counts.incidence.order, np.empty(len(counts.y))
    eta[order] = counts.offset + counts.X @ beta + times_effects(counts.incidence.rows, at.scaled, at.modes.u)
    return LaplaceEstimate(
        coefficients=beta,
        covariance=covariance,
        L=optimum.factors,
        ranks=optimum.ranks,
        criterion=at.value,
        modes=modes,
        mode_covariances=mode_covariances,
        eta=eta,
        spread=np.array([sd.max(initial=0.0) for sd in optimum.sds]),
        gradient_size=optimum.gradient_size,
        curvature=curvature,
    )


def _covariance(optimum: Optimum[Frame]) -> tuple[Floats, float]:
    """Covariance of the coefficients (p, p), and the least eigenvalue of the Hessian.

    The criterion is even in a direction that is held at 0. It has no mixed derivative with the rest, so that leaving it
    out of the Hessian changes nothing for the coefficients.
    """
    frame, hessian = optimum.coordinates, _hessian_at(optimum)
    unknown = np.full((frame.n_coefficients, frame.n_coefficients), np.nan)
    if not np.isfinite(hessian).all():
        return unknown, np.nan
    curvature = float(np.linalg.eigvalsh(hessian)[0]) if len(hessian) else np.inf
    if not curvature > 0:
        return unknown, curvature
    inverse = np.linalg.inv(hessian)[: frame.n_coefficients, : frame.n_coefficients]
    return frame.turn @ (inverse + inverse.T) @ frame.turn.T, curvature


def _hessian_at(optimum: Optimum[Frame]) -> Floats:
    """Second derivatives of the criterion by the numbers that vary, from differences of gradients."""
    free = optimum.free
    restricted = Restricted(optimum.coordinates, optimum.x, free, optimum.near)
    centre = optimum.x[free]
    columns = []
    for i in range(len(centre)):
        ahead, behind = centre.copy(), centre.copy()
        ahead[i] += _STEP
        behind[i] -= _STEP
        columns.append((restricted(ahead)[1] - restricted(behind)[1]) / (2 * _STEP))
    hessian = np.array(columns).reshape(len(centre), len(centre))
    return (hessian + hessian.T) / 2


def _effects(frame: Frame, x: Floats, at: Laplace) -> tuple[tuple[Floats, ...], tuple[Floats, ...]]:
    """Modes (n_levels, k) and covariances (n_levels, k, k) of every term's effects."""
    layout, rows = frame.counts.incidence.layout, frame.counts.incidence.rows
    inverse = invert(rows, at.scaled, at.curvature)
    modes, covariances = [], []
    for place, basis, L in zip(layout.places, frame.bases, frame.triangles(x), strict=True):
        scale = basis @ L
        modes.append(at.modes.u[effect_positions(layout, place)] @ scale.T)
        covariances.append(scale @ effect_blocks(layout, place, inverse.own, inverse.dense) @ scale.T)
    return tuple(modes), tuple(covariances)
