"""Ordered categories: their probabilities from thresholds and a linear predictor.

With eta the linear predictor, F the inverse link and thresholds t_1, ..., t_(K-1), `threshold` among the parameters,

    cumulative       P(y <= k) = F(t_k - eta)
    stopping ratio   P(y = k given y >= k) = F(t_k - eta)
    adjacent         P(y = k given y = k or k + 1) = F(t_k - eta)
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bayesmix.arrays import Floats
from bayesmix.numerics.links import LINKS
from bayesmix.numerics.row_distribution.categories import of_categories
from bayesmix.numerics.row_distribution.parts import OrderedCategories, Predicted, RowDistribution

_SMALLEST = 1e-300  # a smaller share is taken as this one


def category_probabilities(
    categories: OrderedCategories, inverse: Callable[[ArrayLike], Floats], predictor: Floats, thresholds: Floats
) -> Floats:
    """Probabilities of the categories, shape (n_rows, n_categories, n_draws).

    Parameters
    ----------
    categories
        What the thresholds mean.
    inverse
        The inverse link.
    predictor
        Shape (n_rows, n_draws).
    thresholds
        Shape (n_categories - 1, n_draws).
    """
    return categories.probabilities(inverse(thresholds[None] - predictor[:, None]))


def _ordinal(categories: OrderedCategories) -> RowDistribution:
    def probabilities(q: Predicted) -> Floats:
        return category_probabilities(categories, LINKS[q.link].inverse, q.eta, q["threshold"])

    return of_categories(probabilities, categories)


def _cumulative_probabilities(shares: Floats) -> Floats:
    ones = np.ones((len(shares), 1, shares.shape[-1]))
    return np.diff(np.concatenate([0 * ones, shares, ones], axis=1), axis=1)


def _stopping_probabilities(shares: Floats) -> Floats:
    ones = np.ones((len(shares), 1, shares.shape[-1]))
    beyond = np.cumprod(np.concatenate([ones, 1 - shares], axis=1), axis=1)
    return np.concatenate([shares, ones], axis=1) * beyond


def _stopping_shares(each: Any, _: Any, above: Any) -> tuple[Any, Any]:
    from_here = each[:-1] + above
    return each[:-1] / from_here, above / from_here


def _adjacent_probabilities(shares: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        log_odds = np.cumsum(np.log1p(-shares) - np.log(np.maximum(shares, _SMALLEST)), axis=1)
    logs = np.concatenate([np.zeros((len(shares), 1, shares.shape[-1])), log_odds], axis=1)
    relative = np.exp(logs - logs.max(axis=1, keepdims=True))
    return relative / relative.sum(axis=1, keepdims=True)


def _adjacent_shares(each: Any, _below: Any, _above: Any) -> tuple[Any, Any]:
    both = each[:-1] + each[1:]
    return each[:-1] / both, each[1:] / both


CUMULATIVE = _ordinal(OrderedCategories(_cumulative_probabilities, lambda _, below, above: (below, above)))
STOPPING_RATIO = _ordinal(OrderedCategories(_stopping_probabilities, _stopping_shares))
ADJACENT_CATEGORY = _ordinal(OrderedCategories(_adjacent_probabilities, _adjacent_shares))
