"""How far the ranks of a chain may deviate from uniformity if all chains draw from the same distribution."""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats

_MOST_POINTS = 200
_SIMULATIONS, _FEWEST_SIMULATIONS = 2000, 200
_MOST_VALUES = 2**24


@dataclass(frozen=True)
class RankBand:
    """`half` the height of the band about 0, at the shares `at` (n_points,) of all draws, from 0 to 1."""

    at: Floats
    half: Floats


def rank_band(n_chains: int, n_draws: int, *, prob: float, seed: int = 0) -> RankBand:
    """The band that holds, with probability `prob`, the differences of all chains at all points.

    The difference of a chain is the share of its draws among the lowest k of all N = n_chains n_draws draws, less k /
    N. If draws are independent, the chain's count among the lowest k is hypergeometric; its standard deviation gives
    the band its shape. The width comes from simulation, so that the band holds for all points and chains together.

    References
    ----------
    Saeilynoja, Buerkner & Vehtari (2022), doi:10.1007/s11222-022-10090-6, for simultaneous bands of ranks.
    """
    n_all = n_chains * n_draws
    lowest = np.unique(np.linspace(1, n_all - 1, min(_MOST_POINTS, n_all - 1)).round().astype(np.intp))
    share = lowest / n_all
    sd = np.sqrt(share * (1 - share) / n_draws * (n_all - n_draws) / (n_all - 1))
    rng = np.random.default_rng(seed)
    chain = np.repeat(np.arange(n_chains), n_draws)
    furthest = np.empty(int(np.clip(_MOST_VALUES // n_all, _FEWEST_SIMULATIONS, _SIMULATIONS)))
    for simulation in range(len(furthest)):
        order = rng.permutation(chain)
        counts = np.stack([np.cumsum(order == number)[lowest - 1] for number in range(n_chains)])
        furthest[simulation] = np.max(np.abs(counts / n_draws - share) / sd)
    half = float(np.quantile(furthest, prob)) * sd
    return RankBand(np.concatenate([[0.0], share, [1.0]]), np.concatenate([[0.0], half, [0.0]]))
