"""Probabilities of ordered categories, and the moments of a category's number.

With eta the linear predictor, F the inverse link and thresholds t_1, ..., t_(K-1),

    cumulative       P(y <= k) = F(t_k - eta)
    stopping ratio   P(y = k given y >= k) = F(t_k - eta)
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bayesmix.arrays import Floats


@dataclass(frozen=True)
class OrderedCategories:
    """What F(t_k - eta) is the probability of.

    `probabilities`, of the categories, from these shares (n_rows, n_categories - 1, n_draws); and back, `shares`, each
    with 1 minus it, from the probabilities of the categories, of k and those below, and of those above k, variables of
    a PyMC model too.
    """

    probabilities: Callable[[Floats], Floats]
    shares: Callable[[Any, Any, Any], tuple[Any, Any]]


def _cumulative(shares: Floats) -> Floats:
    one = np.ones((len(shares), 1, shares.shape[-1]))
    return np.diff(np.concatenate([0 * one, shares, one], axis=1), axis=1)


def _stopping_ratio(shares: Floats) -> Floats:
    one = np.ones((len(shares), 1, shares.shape[-1]))
    beyond = np.cumprod(np.concatenate([one, 1 - shares], axis=1), axis=1)
    return np.concatenate([shares, one], axis=1) * beyond


def _stopping_shares(each: Any, _: Any, above: Any) -> tuple[Any, Any]:
    from_here = each[:-1] + above
    return each[:-1] / from_here, above / from_here


CUMULATIVE = OrderedCategories(_cumulative, lambda _, below, above: (below, above))
STOPPING_RATIO = OrderedCategories(_stopping_ratio, _stopping_shares)


def category_probabilities(
    categories: OrderedCategories, inverse: Callable[[ArrayLike], Floats], predictor: Floats, thresholds: Floats
) -> Floats:
    """Probabilities of the categories, shape (n_rows, n_categories, n_draws).

    Parameters
    ----------
    categories
        `CUMULATIVE` or `STOPPING_RATIO`.
    inverse
        The inverse link.
    predictor
        Shape (n_rows, n_draws).
    thresholds
        Shape (n_categories - 1, n_draws).
    """
    return categories.probabilities(inverse(thresholds[None] - predictor[:, None]))


def mean_number(probabilities: Floats) -> Floats:
    """Expected number of the category, from 1, of probabilities (n_rows, n_categories, n_draws)."""
    return np.einsum("rkd,k->rd", probabilities, _numbers(probabilities))


def variance_of_number(probabilities: Floats) -> Floats:
    """Variance of the category's number."""
    squares = np.einsum("rkd,k->rd", probabilities, _numbers(probabilities) ** 2)
    return squares - mean_number(probabilities) ** 2


def _numbers(probabilities: Floats) -> Floats:
    return np.arange(1.0, probabilities.shape[1] + 1)
