"""Probabilities of ordered categories, and the moments of a category's number.

With eta the linear predictor, F the inverse link and thresholds t_1, ..., t_(K-1),

    cumulative       P(y <= k) = F(t_k - eta)
    stopping ratio   P(y = k given y >= k) = F(t_k - eta)
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def category_probabilities(
    family: str, inverse: Callable[[ArrayLike], Floats], predictor: Floats, thresholds: Floats
) -> Floats:
    """Probabilities of the categories, shape (n_rows, n_categories, n_draws).

    Parameters
    ----------
    family
        ``"cumulative"`` or ``"stopping_ratio"``.
    inverse
        The inverse link.
    predictor
        Shape (n_rows, n_draws).
    thresholds
        Shape (n_categories - 1, n_draws).
    """
    shares = inverse(thresholds[None] - predictor[:, None])
    one = np.ones((len(shares), 1, shares.shape[-1]))
    if family == "cumulative":
        return np.diff(np.concatenate([0 * one, shares, one], axis=1), axis=1)
    beyond = np.cumprod(np.concatenate([one, 1 - shares], axis=1), axis=1)
    return np.concatenate([shares, one], axis=1) * beyond


def mean_number(probabilities: Floats) -> Floats:
    """Expected number of the category, from 1, of probabilities (n_rows, n_categories, n_draws)."""
    return np.einsum("rkd,k->rd", probabilities, _numbers(probabilities))


def variance_of_number(probabilities: Floats) -> Floats:
    """Variance of the category's number."""
    squares = np.einsum("rkd,k->rd", probabilities, _numbers(probabilities) ** 2)
    return squares - mean_number(probabilities) ** 2


def _numbers(probabilities: Floats) -> Floats:
    return np.arange(1.0, probabilities.shape[1] + 1)
