"""Statistics of a response that a posterior predictive check compares between the data and each replicate.

`values` (n_rows, n_draws) hold the response on the scale of its expectation (the proportion, for successes out of
trials); `RowMoments` hold what the model expects of it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats


@dataclass(frozen=True)
class RowMoments:
    """Mean and variance of each row under the model in each draw, (n_rows, n_draws)."""

    mean: Floats
    variance: Floats


Statistic = Callable[[Floats, RowMoments], Floats]


def _sd(values: Floats, _: RowMoments) -> Floats:
    return values.std(axis=0, ddof=1) if len(values) > 1 else np.full(values.shape[1], np.nan)


def _dispersion(values: Floats, moments: RowMoments) -> Floats:
    """Variance over mean, nan where all are 0."""
    mean = values.mean(axis=0)
    return np.divide(_sd(values, moments) ** 2, mean, out=np.full(mean.shape, np.nan), where=mean != 0)


def pearson_ratio(values: Floats, moments: RowMoments) -> Floats:
    """Pearson's chi-square per row: the mean over rows of (y - mean)^2 / variance, with mean and variance of each draw.

    A row that the model is certain of (variance 0) counts 0 if it is as expected, else infinity.
    """
    squares = (values - moments.mean) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(squares > 0, squares / moments.variance, 0.0).mean(axis=0)


STATISTICS: dict[str, Statistic] = {
    "mean": lambda values, _: values.mean(axis=0),
    "sd": _sd,
    "min": lambda values, _: values.min(axis=0),
    "max": lambda values, _: values.max(axis=0),
    "zeros": lambda values, _: (values == 0).mean(axis=0),
    "zero_percent": lambda values, _: (values == 0).mean(axis=0),
    "hundred_percent": lambda values, _: (values == 1).mean(axis=0),
    "dispersion": _dispersion,
    "pearson": pearson_ratio,
}
"""Statistics by name; `zeros` is for counts what `zero_percent` is for proportions."""

_OF_COUNTS = ("mean", "sd", "zeros", "max", "dispersion", "pearson")
_OF_PROPORTIONS = ("mean", "sd", "zero_percent", "hundred_percent", "pearson")

SUITED: dict[str, tuple[str, ...]] = {
    "count": _OF_COUNTS,
    "count_with_zeros": _OF_COUNTS,
    "count_without_zeros": ("mean", "sd", "max", "dispersion", "pearson"),
    "share_with_ends": ("mean", "sd", "zero_percent", "hundred_percent"),
    "proportion": _OF_PROPORTIONS,
    "trials": _OF_PROPORTIONS,
    "trials_with_zeros": _OF_PROPORTIONS,
    "not_negative": ("mean", "sd", "zeros", "max"),
    "positive_with_zeros": ("mean", "sd", "zeros", "max"),
    "binary": ("mean",),
}
"""The statistics that suit a kind of response; other kinds have `OF_NUMBERS`."""

OF_NUMBERS = ("mean", "sd", "min", "max")


def exceedance(replicated: Floats, observed: Floats) -> float:
    """Share of draws whose replicated statistic exceeds the observed one; ties count by half."""
    return float(np.mean(replicated > observed) + 0.5 * np.mean(replicated == observed))


def rootogram(values: Floats, replicated: Floats, *, largest: int) -> tuple[Floats, Floats]:
    """How often each count 0, 1, ..., `largest` occurs: observed (largest + 1,), replicated (largest + 1, n_draws).

    The last count includes all larger ones.
    """

    def frequencies(counts: Floats) -> Floats:
        return np.bincount(np.minimum(counts, largest).astype(np.int64), minlength=largest + 1).astype(float)

    return frequencies(values), np.stack([frequencies(column) for column in replicated.T], axis=1)
