"""Mean, standard deviation, quantiles, R-hat and effective sizes of arrays of draws, for all tables."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.modelling import convergence
from bayesmix.modelling.blocks import stretches
from bayesmix.modelling.record import Fit

VALUES_AT_ONCE = 2**21
"""Draws held at a time, 16 MB; the copies that a summary makes take some ten times as much."""

SHOWN = ("mean", "sd", "lower", "upper")
"""What a table shows of the draws of a coefficient, an effect or a row."""


@dataclass(frozen=True)
class Summary:
    """Posterior summaries, of the shape of the parameters; `lower` and `upper` bound the equal-tailed interval."""

    mean: Floats
    median: Floats
    sd: Floats
    lower: Floats
    upper: Floats

    def columns(self, *names: str) -> dict[str, Floats]:
        """The named fields, flattened, as columns of a frame."""
        return {name: np.ravel(getattr(self, name)) for name in names}


def summarise(draws: Floats, prob: float) -> Summary:
    """Summaries over the last axis of `draws`, shape (..., n_draws)."""
    tail = (1 - prob) / 2
    lower, median, upper = np.quantile(draws, (tail, 0.5, 1 - tail), axis=-1)
    # A single draw has no standard deviation.
    sd = draws.std(axis=-1, ddof=1) if draws.shape[-1] > 1 else np.full(draws.shape[:-1], np.nan)
    return Summary(mean=draws.mean(axis=-1), median=median, sd=sd, lower=lower, upper=upper)


def summarise_in_parts(
    draws_of: Callable[[slice], Floats], *, shape: tuple[int, ...], n_draws: int, prob: float
) -> Summary:
    """Summaries of more draws than should be in memory at once.

    `draws_of` gives the draws of a stretch of items, (len(stretch), ..., n_draws); `shape` is that of all parameters,
    items first.
    """
    result = Summary(*(np.empty(shape) for _ in range(5)))
    values_per_item = n_draws * int(np.prod(shape[1:]))
    for items in stretches(shape[0], VALUES_AT_ONCE // max(1, values_per_item)):
        part = summarise(draws_of(items), prob)
        for name in ("mean", "median", "sd", "lower", "upper"):
            getattr(result, name)[items] = getattr(part, name)
    return result


def sampling_quality(fit: Fit, draws: Floats) -> dict[str, Floats]:
    """Columns `ess_bulk`, `ess_tail` and `rhat` of draws that `fit` has, shape (n_parameters, n_chains, n_draws)."""
    figures = convergence.convergence(draws, convergence.sources_of(fit.posterior))
    return {"ess_bulk": figures.ess_bulk, "ess_tail": figures.ess_tail, "rhat": figures.rhat}


def error_of_share(fit: Fit, inside: Floats) -> float:
    """Monte Carlo standard error of the share of draws `inside`, 0 or 1, (n_chains, n_draws), by their effective size.

    It is never 0: if all draws are on one side, it is that of half a draw more on either side.
    """
    if np.ptp(inside) == 0:
        return float(np.sqrt(0.5) / inside.size)
    share = float(inside.mean())
    effective = sampling_quality(fit, inside[None])["ess_bulk"][0]
    return float(np.sqrt(share * (1 - share) / effective))
