"""R-hat and effective sample sizes of many parameters, for chains and for weighted values."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from arviz_stats.base import array_stats
from scipy.special import ndtri

from bayesmix.arrays import Flags, Floats, Positions

TAIL = (0.05, 0.95)
"""The quantiles whose effective sizes make up that of the tail; ArviZ takes its own from a global setting."""

_FEWEST_DRAWS = 8  # of a chain: the estimators need four in each half


@dataclass(frozen=True)
class Convergence:
    """How well the draws of each parameter represent the posterior.

    `rhat` (n_parameters,): rank-normalised split R-hat, nan for a single chain. `ess_bulk`, `ess_tail`
    (n_parameters,): effective sample sizes of the bulk and of the 5 % and 95 % quantiles. All are nan for draws
    that do not vary or are not finite.
    """

    rhat: Floats
    ess_bulk: Floats
    ess_tail: Floats


def sources_of(posterior: xr.DataTree) -> Floats | None:
    """The log density (n_chains, n_draws) of the value that each draw by importance sampling is a copy of.

    Copies of one value share it, and no two values do. None for draws by NUTS.
    """
    if "importance" not in posterior.children or "lp" not in posterior["sample_stats"]:
        return None
    return posterior["sample_stats"]["lp"].transpose("chain", "draw").to_numpy()


def convergence(draws: Floats, sources: Floats | None = None) -> Convergence:
    """R-hat, bulk and tail effective sample size of `draws` (n_parameters, n_chains, n_draws), by arviz-stats.

    They take some 0.7 ms a parameter with 4 x 1000 draws (Vehtari, Gelman, Simpson, Carpenter & Buerkner 2021,
    doi:10.1214/20-BA1221); ArviZ alone would take 1.8 ms, most of it for ranks, which are taken here once for R-hat and
    the bulk. For draws by importance sampling `sources` tell, as `sources_of` gives them, which draws are copies of one
    value; they stand side by side. What varies with the value counts once, and what is drawn anew for every copy counts
    as far as it is new. Effective sizes are then free of the noise of an autocorrelation, and at most the number of
    draws.
    """
    n_parameters, n_chains, n_draws = draws.shape
    rhat, bulk, tail = (np.full(n_parameters, np.nan) for _ in range(3))
    usable = np.isfinite(draws).all(axis=(1, 2)) & (np.ptp(draws, axis=(1, 2)) > 0)
    if n_draws >= _FEWEST_DRAWS and usable.any():
        good = draws[usable]
        halves = _halves(good)
        scores = normal_scores(halves)
        # Chains that stand still, each at its own value, have no variance within: R-hat is infinite, and nan of two
        # values that are equally far from the median.
        with np.errstate(divide="ignore", invalid="ignore"):
            if n_chains > 1:
                away = np.abs(halves - np.median(halves, axis=(1, 2), keepdims=True))
                rhat[usable] = np.fmax(_rhat(scores), _rhat(normal_scores(away)))
            if sources is None:
                low, high = np.quantile(good, TAIL, axis=(1, 2))[:, :, None, None]
                bulk[usable] = _ess(scores)
                below = [_halves((good <= end).astype(float)) for end in (low, high)]
                tail[usable] = np.minimum(*map(_ess, below))
            else:
                bulk[usable], tail[usable] = _by_values(good.reshape(len(good), -1), sources.ravel())
    return Convergence(rhat, bulk, tail)


def normal_scores(draws: Floats) -> Floats:
    """Normal quantiles of the ranks of draws (n_parameters, ...) among all of a parameter, by Blom's formula.

    Equal draws share the mean of their ranks. The quantile of every rank that n draws can have, 1, 1.5, ..., n, is
    computed once for all parameters; a parameter then takes one sort.
    """
    flat = draws.reshape(len(draws), -1)
    n = flat.shape[1]
    quantiles = ndtri((np.arange(2, 2 * n + 1) / 2 - 0.375) / (n + 0.25))
    scores, begins = np.empty_like(flat), np.ones(n, dtype=bool)
    for row, values in enumerate(flat):
        order = np.argsort(values)
        np.not_equal(values[order[1:]], values[order[:-1]], out=begins[1:])
        first = np.flatnonzero(begins)
        copies = np.diff(first, append=n)
        scores[row, order] = np.repeat(quantiles[2 * first + copies - 1], copies)
    return scores.reshape(draws.shape)


def _halves(draws: Floats) -> Floats:
    """The first and the second half (n_parameters, 2 n_chains, n_draws // 2) of every chain, without a middle draw."""
    half = draws.shape[2] // 2
    return np.concatenate([draws[:, :, :half], draws[:, :, -half:]], axis=1)


def _rhat(halves: Floats) -> Floats:
    return array_stats.rhat(halves, chain_axis=1, draw_axis=2, method="identity")


def _ess(halves: Floats) -> Floats:
    return array_stats.ess(halves, chain_axis=1, draw_axis=2, method="identity")


def _by_values(draws: Floats, sources: Floats) -> tuple[Floats, Floats]:
    """Bulk and tail effective sizes of draws (n_parameters, n_total) in which copies of a value stand side by side."""
    starts = starts_of(sources)
    bulk = _size(normal_scores(draws), starts)
    low, high = np.quantile(draws, TAIL, axis=1)[:, :, None]
    tail = np.minimum(_size(draws <= low, starts), _size(draws >= high, starts))
    return bulk, tail


def starts_of(sources: Floats) -> Positions:
    """The positions in `sources` (n_total,) where the copies of another value begin."""
    return np.flatnonzero(np.diff(sources, prepend=np.nan) != 0)


def _size(x: Floats | Flags, starts: Positions) -> Floats:
    """The number of independent draws whose mean varies as that of x (n_parameters, n_total) in runs from `starts`."""
    n_total = x.shape[1]
    away = x - x.mean(axis=1, keepdims=True)
    together = np.add.reduceat(away, starts, axis=1)
    return np.minimum(n_total * (away**2).sum(axis=1) / (together**2).sum(axis=1), n_total)
