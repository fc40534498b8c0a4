"""The integral of a density from draws of it: bridge sampling.

The optimal bridge of Meng & Wong (1996) between the density and a normal distribution fitted to it. First the density
is made symmetric about the fitted mean (the third warp of Meng & Schilling, 2002). That removes its skewness and leaves
its integral as it is, at the cost of one more value for the reflection of a draw. The normal is fitted to one half of
each chain and bridges the other half, and vice versa: draws bridged by a normal that was fitted to them give too small
an integral.

Meng & Wong's iteration seeks the root of a falling function, so that bracketing always finds it. Error and tails say
whether the root can be trusted.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import brentq
from scipy.special import logsumexp

from bayesmix.arrays import Floats
from bayesmix.numerics.monte_carlo import autocorrelation_time, greatest_k, pareto_k

LogDensities = Callable[[Floats], Floats]

GREATEST_ERROR = 0.5
"""Greatest error of a logarithm. The formulas hold for small errors; larger errors are larger than they say."""

_FEWEST_DRAWS = 100  # of a half
_FEWEST_EFFECTIVE = 50
_FEWEST_PER_PARAMETER = 3  # draws of a half; with fewer the fitted normal says more of the draws than of the density
_DISAGREE = 5.0  # standard errors
_REPETITIONS = 5  # sets of proposals for each half, as many in a set as there are draws in the half
# The terms of the bridge are bounded: from this overlap on, none of a thousand can be more than 2 % of their sum, and
# the shape of their tail, which then lies close below the bound, says nothing.
_OVERLAP = 0.1


@dataclass(frozen=True)
class Bridge:
    """The integral by bridge sampling.

    Attributes
    ----------
    log_integral : float
        Natural logarithm; nan where it cannot be trusted.
    error : float
        Monte Carlo standard error of `log_integral`, the greater of the two that follow.
    formula_error : float
        From the variance of the terms and the autocorrelation of the draws (Fruehwirth-Schnatter, 2004).
    spread_error : float
        From the differences between chains and between repetitions with fresh proposals; with one chain, between
        repetitions alone.
    pareto_k : float
        The greatest shape of the tails of the terms of the bridge. It counts where `overlap`, between 0 and 1, of the
        density and its normal is below 0.1, and `greatest_k` is its limit there.
    effective_size : float
        Effective number of bridged draws, in the worse half: for the parameter that mixes worst or, if that is less,
        for the ratio of the densities.
    estimates : array (2, n_repetitions)
        The logarithm by each half and repetition.
    reason : str
        Why the number cannot be trusted; empty where it can.
    """

    log_integral: float
    error: float
    formula_error: float
    spread_error: float
    pareto_k: float
    greatest_k: float
    overlap: float
    effective_size: float
    estimates: Floats
    reason: str = ""


@dataclass(frozen=True)
class _Half:
    """One bridged half: logarithms of the integral (n_repetitions,), squared errors, tails.

    `misfit` is the share of the log ratios' variance that comes from the error of the fitted normal.
    """

    estimates: Floats
    by_formula: float
    by_spread: float
    pareto_k: float
    overlap: float
    effective_size: float
    misfit: float


@dataclass(frozen=True)
class _Normal:
    """A normal distribution; `scale` lower triangular."""

    mean: Floats
    scale: Floats


def bridge(log_densities: LogDensities, draws: Floats, *, seed: int) -> Bridge:
    """The integral of a density.

    Parameters
    ----------
    log_densities
        Log density at points (n_points, n); minus infinity or nan outside its support.
    draws
        Draws from the density in their order, on the whole line, shape (n_chains, n_draws, n).
    seed
        Of the proposals.

    Returns
    -------
    Bridge
        Without a number, and with a reason, where the draws do not suffice.

    References
    ----------
    Meng & Wong (1996), Statistica Sinica 6; Meng & Schilling (2002), doi:10.1198/106186002457;
    Fruehwirth-Schnatter (2004), doi:10.1111/j.1368-423X.2004.00125.x; Wang & Meng (2022), doi:10.1214/21-BA1287
    """
    n_chains, n_draws, n = draws.shape
    middle = n_draws // 2
    if n_chains * middle < max(_FEWEST_DRAWS, _FEWEST_PER_PARAMETER * n):
        wanted = 2 * max(_FEWEST_DRAWS, _FEWEST_PER_PARAMETER * n)
        return _without(f"{n_chains * n_draws} draws of {n} parameters, at least {wanted} are needed")
    first, second = draws[:, :middle], draws[:, middle:]
    halves = []
    for rng, fitted_to, bridged in zip(
        np.random.default_rng(seed).spawn(2), (first, second), (second, first), strict=True
    ):
        normal = _fit(fitted_to.reshape(-1, n))
        if normal is None:
            return _without("the draws do not vary in all directions")
        half = _bridge_half(log_densities, normal, bridged, rng)
        if half is None:
            return _without("the density is not finite at the draws, or nowhere about them")
        halves.append(half)
    return _joined(halves)


def _fit(draws: Floats) -> _Normal | None:
    try:
        scale = np.linalg.cholesky(np.atleast_2d(np.cov(draws, rowvar=False)))
    except np.linalg.LinAlgError:
        return None
    return _Normal(draws.mean(axis=0), scale)


def _bridge_half(log_densities: LogDensities, normal: _Normal, draws: Floats, rng: np.random.Generator) -> _Half | None:
    n_chains, n_draws, n = draws.shape
    standard = solve_triangular(normal.scale, (draws.reshape(-1, n) - normal.mean).T, lower=True).T
    of_draws = _log_ratios(log_densities, normal, standard).reshape(n_chains, n_draws)
    if not np.isfinite(of_draws).all():
        return None
    effective = of_draws.size / autocorrelation_time(of_draws)
    share = effective / (effective + of_draws.size)
    estimates, tails, overlaps, of_proposals, within, by_chain = [], [], [], [], [], []
    for _ in range(_REPETITIONS):
        log_ratios = _log_ratios(log_densities, normal, rng.standard_normal((of_draws.size, n)))
        if not np.isfinite(log_ratios).any():
            return None
        estimate = _root(of_draws.ravel(), log_ratios, share)
        above, below = np.exp(_log_above(log_ratios - estimate, share)), np.exp(_log_below(of_draws - estimate, share))
        overlaps.append(below.mean() * (1 - share))
        below /= below.mean()
        estimates.append(estimate)
        tails += [pareto_k(above), pareto_k(below.ravel())]
        of_proposals.append(above.var(ddof=1) / above.mean() ** 2 / above.size)
        within.append(below.var(ddof=1) * autocorrelation_time(below) / below.size)
        by_chain.append(below.mean(axis=1))
    spread = np.var(estimates, ddof=1) / _REPETITIONS
    if n_chains > 1:
        spread += np.mean(by_chain, axis=0).var(ddof=1) / n_chains
    return _Half(
        estimates=np.array(estimates),
        by_formula=float(np.mean(within) + np.mean(of_proposals) / _REPETITIONS),
        by_spread=float(spread),
        pareto_k=max(tails),
        overlap=float(min(overlaps)),
        effective_size=min(effective, *(of_draws.size / autocorrelation_time(draws[..., i]) for i in range(n))),
        misfit=min(1.0, (n * n + 3 * n) / (2 * effective) / max(of_draws.var(), 1e-300)),
    )


def _log_ratios(log_densities: LogDensities, normal: _Normal, standard: Floats) -> Floats:
    """Log ratios of the density, made symmetric, to the normal density, at standardised points (n_points, n)."""
    ahead, behind = (log_densities(normal.mean + sign * (standard @ normal.scale.T)) for sign in (1, -1))
    values = np.logaddexp(_usable(ahead), _usable(behind)) - np.log(2)
    n = standard.shape[1]
    log_normal = -0.5 * (standard**2).sum(axis=1) - 0.5 * n * np.log(2 * np.pi) - np.log(np.diag(normal.scale)).sum()
    return values - log_normal


def _usable(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, -np.inf)


def _root(of_draws: Floats, of_proposals: Floats, share: float) -> float:
    """The logarithm of the integral at which both sides of the bridge are equal."""

    def difference(guess: float) -> float:
        above = logsumexp(_log_above(of_proposals - guess, share)) - np.log(len(of_proposals))
        return float(above - logsumexp(_log_below(of_draws - guess, share)) + np.log(len(of_draws)))

    all_ratios = np.concatenate([of_draws, of_proposals[np.isfinite(of_proposals)]])
    return float(brentq(difference, all_ratios.min() - 20, all_ratios.max() + 20, xtol=1e-10))


def _log_above(log_ratios: Floats, share: float) -> Floats:
    """Log terms over the proposals, with l the density over integral and proposal: l / (share l + 1 - share)."""
    return log_ratios - np.logaddexp(np.log(share) + log_ratios, np.log1p(-share))


def _log_below(log_ratios: Floats, share: float) -> Floats:
    """Log terms over the draws: 1 / (share l + 1 - share)."""
    return -np.logaddexp(np.log(share) + log_ratios, np.log1p(-share))


def _joined(halves: list[_Half]) -> Bridge:
    """The mean of two halves, which share no draw that is bridged.

    They are not independent: the error of one half's fitted normal meets the deviation of the other half's draws, and
    the same product is part of both errors. Its share of the variance is the correlation of the two.
    """
    estimates = np.array([half.estimates for half in halves])
    together = 1 + float(np.mean([half.misfit for half in halves]))
    formula = float(np.sqrt(sum(half.by_formula for half in halves) * together) / 2)
    spread = float(np.sqrt(sum(half.by_spread for half in halves) * together) / 2)
    bridged = Bridge(
        log_integral=float(estimates.mean()),
        error=max(formula, spread),
        formula_error=formula,
        spread_error=spread,
        pareto_k=max(half.pareto_k for half in halves),
        greatest_k=greatest_k(min(half.effective_size for half in halves)),
        overlap=min(half.overlap for half in halves),
        effective_size=min(half.effective_size for half in halves),
        estimates=estimates,
    )
    reason = _objection(bridged)
    return replace(bridged, log_integral=np.nan, reason=reason) if reason else bridged


def _objection(bridged: Bridge) -> str:
    """The reason why the integral cannot be trusted; empty if it can."""
    apart = abs(float(np.diff(bridged.estimates.mean(axis=1))[0]))
    if bridged.effective_size < _FEWEST_EFFECTIVE:
        return f"effective size {np.floor(bridged.effective_size):.0f} < {_FEWEST_EFFECTIVE}"
    if bridged.overlap < _OVERLAP and not bridged.pareto_k <= bridged.greatest_k:
        return f"Pareto k {bridged.pareto_k:.2f} > {bridged.greatest_k:.2f}: single draws decide"
    if not bridged.error <= GREATEST_ERROR:
        return f"error {bridged.error:.2g} > {GREATEST_ERROR}"
    if apart > _DISAGREE * 2 * bridged.error:
        return f"the halves of the draws differ by {apart:.2g} with an error of {2 * bridged.error:.2g}"
    return ""


def _without(reason: str) -> Bridge:
    nan = np.nan
    return Bridge(nan, nan, nan, nan, nan, nan, nan, nan, np.full((2, 0), nan), reason)
