"""Means, standard deviations and limits of a parameter's draws with their Monte Carlo standard errors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from arviz_stats.base import array_stats

from bayesmix.arrays import Floats
from bayesmix.modelling.convergence import starts_of

LIMITS: Mapping[str, float] = {"2.5 %": 0.025, "97.5 %": 0.975}
STATISTICS = ("mean", "sd", *LIMITS)


@dataclass(frozen=True)
class Statistic:
    """A statistic of draws and its Monte Carlo standard error."""

    value: float
    mcse: float


def statistics_of(draws: Floats, sources: Floats | None = None) -> dict[str, Statistic]:
    """Each of the `STATISTICS` of `draws` (n_chains, n_draws); nan if draws are not finite.

    Errors are those of Vehtari et al. (2021), doi:10.1214/20-BA1221, by ArviZ. If draws are copies of weighted values
    (`sources`, as `convergence.sources_of` gives them), an error is at least that of the values, each counted once.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        mean, sd = float(draws.mean()), float(draws.std(ddof=1))
    if not np.isfinite([mean, sd]).all():
        return dict.fromkeys(STATISTICS, Statistic(np.nan, np.nan))
    values = {"mean": mean, "sd": sd, **{name: float(np.quantile(draws, prob)) for name, prob in LIMITS.items()}}
    if np.ptp(draws) == 0:
        return {name: Statistic(value, 0.0) for name, value in values.items()}
    centred = draws - mean
    influences = {"mean": centred, "sd": (centred**2 - sd**2) / (2 * sd)}
    statistics = {}
    for name in ("mean", "sd"):
        mcse = float(array_stats.mcse(draws, method=name, **_AXES))
        statistics[name] = Statistic(values[name], max(mcse, _by_values(influences[name], sources)))
    for name, prob in LIMITS.items():
        mcse = float(array_stats.mcse(draws, method="quantile", prob=prob, **_AXES))
        effective = float(array_stats.ess(draws, method="quantile", prob=prob, **_AXES))
        # `mcse` contains the density at the limit, which turns an error of a probability into one of the limit.
        of_share = np.sqrt(prob * (1 - prob) / effective)
        below = (draws <= values[name]) - prob
        statistics[name] = Statistic(values[name], mcse * max(1.0, _by_values(below, sources) / of_share))
    return statistics


_AXES: dict[str, Any] = {"chain_axis": 0, "draw_axis": 1}


def _by_values(influence: np.ndarray, sources: Floats | None) -> float:
    """Standard error of the mean of `influence` (n_chains, n_draws), which is 0, from the values behind the draws."""
    if sources is None:
        return 0.0
    together = np.add.reduceat(influence.ravel(), starts_of(sources.ravel()))
    return float(np.linalg.norm(together)) / influence.size
