"""The distribution of a category's number, counted from 1, and the softmax of categories without an order.

With eta_k the predictor of category k, which is 0 for the first, the reference,

    categorical      log P(y = k) = eta_k - log sum over j of exp(eta_j)

`further` among the parameters holds eta_2, eta_3, ..., and the linear predictor of the rows is that of the reference.
Numbers of such categories are but names: tails, mean and variance of a row are those of its number, and mean something
if the categories have an order.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.special import log_softmax, softmax

from bayesmix.arrays import Floats
from bayesmix.numerics.row_distribution.parts import OrderedCategories, Parameters, Predicted, RowDistribution, Tails


def of_categories(
    probabilities: Callable[[Predicted], Floats], ordered_categories: OrderedCategories | None = None
) -> RowDistribution:
    """The distribution of a category's number from the `probabilities` (n_rows, n_categories, n_draws) of all."""

    def tails(y: Floats, q: Predicted) -> Tails:
        shares = probabilities(q)
        numbers, observed = np.arange(1, shares.shape[1] + 1)[:, None], y[:, None]
        below, at, above = (
            np.where(chosen, shares, 0.0).sum(axis=1)
            for chosen in (numbers < observed, numbers == observed, numbers > observed)
        )
        return Tails(below, at, above)

    def log_density(y: Floats, q: Predicted) -> Floats:
        with np.errstate(divide="ignore"):
            return np.log(tails(y, q).at)

    def draw(rng: np.random.Generator, q: Predicted) -> Floats:
        borders = np.cumsum(probabilities(q), axis=1)[:, :-1]
        passed = rng.uniform(size=q.eta.shape)[:, None] > borders
        return np.asarray(1 + passed.sum(axis=1), dtype=np.float64)

    return RowDistribution(
        log_density,
        tails,
        draw,
        _variance,
        _mean,
        probabilities=probabilities,
        ordered_categories=ordered_categories,
    )


def _mean(q: Parameters) -> Floats:
    return np.einsum("rkd,k->rd", q["probabilities"], _numbers(q))


def _variance(q: Parameters) -> Floats:
    return np.einsum("rkd,k->rd", q["probabilities"], _numbers(q) ** 2) - _mean(q) ** 2


def _numbers(q: Parameters) -> Floats:
    return np.arange(1.0, q["probabilities"].shape[1] + 1)


def _predictors(q: Predicted) -> Floats:
    return np.concatenate([q.eta[:, None], q["further"]], axis=1)


def _softmax(q: Predicted) -> Floats:
    return np.asarray(softmax(_predictors(q), axis=1))


def _log_softmax(y: Floats, q: Predicted) -> Floats:
    """Taken from the predictors, so that a probability near 0 keeps its logarithm."""
    logs = np.asarray(log_softmax(_predictors(q), axis=1))
    numbers = np.broadcast_to(y, q.eta.shape).astype(np.intp) - 1
    return np.take_along_axis(logs, numbers[:, None], axis=1)[:, 0]


CATEGORICAL = replace(of_categories(_softmax), log_density=_log_softmax)
