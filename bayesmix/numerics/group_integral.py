"""The likelihood of a group's rows in each draw, with the group's effects integrated out over their distribution.

    integral of prod_i p(y_i | eta_i + z_i' R u) N(u; 0, I) du,    R R' = covariance of the effects

by quadrature about the mode: nodes m + C z with C C' the inverse of the curvature there. For one and two effects the
nodes are Gauss-Hermite's, for more quasi-random normals with importance weights. For a Gaussian likelihood the
integrand is proportional to the density of the nodes, so that any nodes are exact.
"""

from collections.abc import Callable

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import logsumexp
from scipy.stats import norm as normal
from scipy.stats import qmc

from bayesmix.arrays import Floats

_NODES = {1: 15, 2: 11}  # along each effect
_QUASI_RANDOM = 256
_STEP = 1e-2  # of eta, for differences: error of order 1e-5 of the curvature
_NEWTON_STEPS = 8
_LONGEST = 3.0  # step of u, in prior standard deviations

LogDensity = Callable[[Floats], Floats]


def log_group_likelihood(log_density: LogDensity, eta: Floats, columns: Floats, root: Floats) -> Floats:
    """log of the integral, shape (n_draws,).

    Parameters
    ----------
    log_density
        Log densities of the group's rows given their linear predictors, both (n_rows, n_draws).
    eta
        Linear predictors without the effects, (n_rows, n_draws).
    columns
        Rows z_i of the effects, (n_rows, r).
    root
        R of each draw, (n_draws, r, r).
    """
    return log_joint_group_likelihood(lambda at: log_density(at[0]), eta[None], columns[None], root)


def log_joint_group_likelihood(log_density: LogDensity, eta: Floats, columns: Floats, root: Floats) -> Floats:
    """The same where rows have several linear predictors, P of them, such as one for each category.

    Parameters
    ----------
    log_density
        Log densities of the rows, (n_rows, n_draws), given all their linear predictors, (P, n_rows, n_draws).
    eta
        Linear predictors without the effects, (P, n_rows, n_draws).
    columns
        Rows of the effects in each predictor, (P, n_rows, r).
    root
        As above, of all r effects together.
    """
    r = columns.shape[2]
    if r == 0:
        return log_density(eta).sum(axis=0)
    scaled = np.einsum("pnr,drs->dpns", columns, root)
    mode, spread, log_volume = _mode(log_density, eta, scaled)
    nodes, log_weights = _nodes(r)
    terms = np.empty((len(nodes), eta.shape[-1]))
    for number, node in enumerate(nodes):
        u = mode + spread @ node
        at = log_density(eta + np.einsum("dpns,ds->pnd", scaled, u)).sum(axis=0)
        # log N(u; 0, I) less the log density of the standard normal that the weights are for
        terms[number] = at - 0.5 * (u**2).sum(axis=1) + 0.5 * (node**2).sum() + log_weights[number]
    return logsumexp(terms, axis=0) + log_volume


def n_evaluations(r: int, n_predictors: int = 1) -> int:
    """How often, at most, the density of each row is evaluated in each draw, for r effects in so many predictors."""
    nodes = _NODES[r] ** r if r in _NODES else _QUASI_RANDOM
    return nodes + (1 + n_predictors + n_predictors**2) * (_NEWTON_STEPS + 1) if r else 1


def log_gaussian_group_likelihood(residual: Floats, scale: Floats, columns: Floats, root: Floats) -> Floats:
    """The same integral in closed form for a Gaussian family with identity link, shape (n_draws,).

    `residual` is y - eta and `scale` the standard deviation, both (n_rows, n_draws). With W = 1 / scale^2 and the
    scaled columns Z R, covariance and determinant follow from the r x r matrix I + (Z R)' W Z R.
    """
    weight = 1 / scale**2
    scaled = np.einsum("nr,drs->dns", columns, root)
    inner = np.einsum("dns,nd,dnt->dst", scaled, weight, scaled, optimize=True) + np.eye(columns.shape[1])
    lower = np.linalg.cholesky(inner)
    projected = np.linalg.solve(lower, np.einsum("dns,nd->ds", scaled, weight * residual)[..., None])[..., 0]
    squares = (weight * residual**2).sum(axis=0) - (projected**2).sum(axis=1)
    log_det = 2 * np.log(scale).sum(axis=0) + 2 * np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
    return -0.5 * (len(residual) * np.log(2 * np.pi) + log_det + squares)


def _mode(log_density: LogDensity, eta: Floats, scaled: Floats) -> tuple[Floats, Floats, Floats]:
    """Newton's method from u = 0: mode (n_draws, r), C (n_draws, r, r) and log |C| (n_draws,)."""
    u = np.zeros((scaled.shape[0], scaled.shape[-1]))
    for _ in range(_NEWTON_STEPS):
        slope, curvature = _derivatives(log_density, eta + np.einsum("dpns,ds->pnd", scaled, u), scaled)
        step = np.linalg.solve(curvature, (slope - u)[..., None])[..., 0]
        length = np.linalg.norm(step, axis=1, keepdims=True)
        u += step * np.minimum(1.0, _LONGEST / np.maximum(length, 1e-12))
        if length.max() < 1e-4:
            break
    _, curvature = _derivatives(log_density, eta + np.einsum("dpns,ds->pnd", scaled, u), scaled)
    lower = np.linalg.cholesky(curvature)
    spread = np.linalg.inv(lower).transpose(0, 2, 1)
    return u, spread, -np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)


def _derivatives(log_density: LogDensity, eta: Floats, scaled: Floats) -> tuple[Floats, Floats]:
    """Derivative of the log likelihood by u, and minus the second derivative of log likelihood plus log prior."""
    slope, bend = _by_predictor(log_density, eta)
    # Where a likelihood is not log-concave its curvature is left to the prior.
    if len(slope) == 1:
        bend = np.maximum(bend, 0.0)
    else:
        values, vectors = np.linalg.eigh(np.moveaxis(bend, (0, 1), (2, 3)))
        bend = np.einsum("ndpi,ndi,ndqi->pqnd", vectors, np.maximum(values, 0.0), vectors, optimize=True)
    curvature = np.einsum("dpns,pqnd,dqnt->dst", scaled, bend, scaled, optimize=True)
    return np.einsum("dpns,pnd->ds", scaled, slope), curvature + np.eye(scaled.shape[-1])


def _by_predictor(log_density: LogDensity, eta: Floats) -> tuple[Floats, Floats]:
    """By differences, of each row: the derivatives (P, n_rows, n_draws) by its predictors, and minus the second ones,
    (P, P, n_rows, n_draws)."""
    n = len(eta)
    steps = _STEP * np.eye(n)[:, :, None, None]
    middle = log_density(eta)
    up, down = (np.stack([log_density(eta + sign * step) for step in steps]) for sign in (1, -1))
    bend = np.empty((n, n, *middle.shape))
    for p in range(n):
        bend[p, p] = (2 * middle - up[p] - down[p]) / _STEP**2
        for q in range(p):
            both = log_density(eta + steps[p] + steps[q]) + log_density(eta - steps[p] - steps[q])
            mixed = (both - up[p] - down[p] - up[q] - down[q] + 2 * middle) / (2 * _STEP**2)
            bend[p, q] = bend[q, p] = -mixed
    return (up - down) / (2 * _STEP), bend


def _nodes(r: int) -> tuple[Floats, Floats]:
    """Nodes (n, r) and log weights (n,) for expectations under N(0, I_r)."""
    if r in _NODES:
        points, weights = hermegauss(_NODES[r])
        grid = np.stack(np.meshgrid(*[points] * r, indexing="ij"), axis=-1).reshape(-1, r)
        log_weights = np.log(weights / weights.sum())
        return grid, sum(np.meshgrid(*[log_weights] * r, indexing="ij")).reshape(-1)  # type: ignore[union-attr]
    uniforms = qmc.Sobol(r, seed=1).random(_QUASI_RANDOM)
    return normal.ppf(np.clip(uniforms, 1e-9, 1 - 1e-9)), np.full(_QUASI_RANDOM, -np.log(_QUASI_RANDOM))
