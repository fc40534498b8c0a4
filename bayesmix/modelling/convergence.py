"""R-hat and effective sample sizes of many parameters at once, by the estimators of arviz-stats.

Nearly all the time of a rank-normalised R-hat goes into ranking the draws, and R-hat and the bulk effective size
rank the same ones. So ranks are taken once, here, and arviz-stats does the rest: the results are those of
`arviz_stats.rhat(draws)` and `arviz_stats.ess(draws, method=...)`, several times faster.
"""

from dataclasses import dataclass

import numpy as np
from arviz_stats.base import array_stats
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]

TAIL = (0.05, 0.95)
"""The quantiles whose effective sizes make the tail one; ArviZ takes its own from a global setting."""

_FEWEST_DRAWS = 8  # of a chain: the estimators need four in each half
_PARAMETERS_AT_ONCE = 32  # few enough to stay in the processor's cache


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


def convergence(draws: Floats) -> Convergence:
    """R-hat, bulk and tail effective sample size.

    Parameters
    ----------
    draws
        Shape (n_parameters, n_chains, n_draws).

    References
    ----------
    Vehtari, Gelman, Simpson, Carpenter & Buerkner (2021), doi:10.1214/20-BA1221
    """
    n_parameters, n_chains, n_draws = draws.shape
    result = Convergence(*(np.full(n_parameters, np.nan) for _ in range(3)))
    if n_draws < _FEWEST_DRAWS:
        return result
    for start in range(0, n_parameters, _PARAMETERS_AT_ONCE):
        block = draws[start : start + _PARAMETERS_AT_ONCE]
        usable = np.isfinite(block).all(axis=(1, 2)) & (np.ptp(block, axis=(1, 2)) > 0)
        rows = start + np.flatnonzero(usable)
        if len(rows):
            _fill(result, rows, draws[rows], several_chains=n_chains > 1)
    return result


def _fill(result: Convergence, rows: NDArray[np.intp], draws: Floats, *, several_chains: bool) -> None:
    half = draws.shape[2] // 2
    split = np.concatenate([draws[..., :half], draws[..., -half:]], axis=1)
    scores, folded_scores = _normal_scores(split.reshape(len(rows), -1))
    result.ess_bulk[rows] = array_stats.ess(scores.reshape(split.shape), method="identity")
    low, high = np.quantile(draws, TAIL, axis=(1, 2))
    result.ess_tail[rows] = np.minimum(
        array_stats.ess((split <= low[:, None, None]).astype(float), method="identity"),
        array_stats.ess((split <= high[:, None, None]).astype(float), method="identity"),
    )
    if several_chains:
        # Chains that each stand still at another value have no variance within: R-hat is infinite.
        with np.errstate(divide="ignore", invalid="ignore"):
            result.rhat[rows] = np.fmax(
                array_stats.rhat(scores.reshape(split.shape), method="identity"),
                array_stats.rhat(folded_scores.reshape(split.shape), method="identity"),
            )


def _normal_scores(draws: Floats) -> tuple[Floats, Floats]:
    """Normal scores of `draws` (m, n) and of their distance from the median, row by row."""
    order = np.argsort(draws, axis=1)
    ordered = np.take_along_axis(draws, order, axis=1)
    middle = ordered.shape[1] // 2
    # The rows have two halves per chain, so their length is even.
    median = (ordered[:, middle - 1] + ordered[:, middle]) / 2
    distance = np.abs(ordered - median[:, None])
    # Falling, then rising: the stable sort merges two runs instead of sorting afresh.
    fold = np.argsort(distance, axis=1, kind="stable")
    folded_order = np.take_along_axis(order, fold, axis=1)
    folded = np.take_along_axis(distance, fold, axis=1)
    return _scores_in_place(ordered, order), _scores_in_place(folded, folded_order)


def _scores_in_place(ordered: Floats, order: NDArray[np.intp]) -> Floats:
    """Blom's normal scores of sorted values, put back to where the values came from; ties share a rank."""
    n = ordered.shape[1]
    # A rank, shared or not, is a whole or a half number: entry i is the score of rank 1 + i / 2.
    table = ndtri((1 + np.arange(2 * n - 1) / 2 - 3 / 8) / (n + 1 / 4))
    repeats = ordered[:, 1:] == ordered[:, :-1]
    sorted_scores = np.broadcast_to(table[::2], ordered.shape)
    if repeats.any():
        tied = repeats.any(axis=1)
        sorted_scores = sorted_scores.copy()
        sorted_scores[tied] = table[_first_plus_last(repeats[tied])]
    scores = np.empty(ordered.shape)
    np.put_along_axis(scores, order, sorted_scores, axis=1)
    return scores


def _first_plus_last(repeats: NDArray[np.bool_]) -> NDArray[np.int32]:
    """For each sorted value, the first and the last position of those equal to it, added up."""
    n_rows, n = repeats.shape[0], repeats.shape[1] + 1
    position = np.arange(n, dtype=np.int32)
    edge = np.zeros((n_rows, 1), dtype=bool)
    first = np.where(np.hstack([edge, repeats]), np.int32(0), position)
    last = np.where(np.hstack([repeats, edge]), np.int32(n), position)
    first = np.maximum.accumulate(first, axis=1)
    return first + np.minimum.accumulate(last[:, ::-1], axis=1)[:, ::-1]
