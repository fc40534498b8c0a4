"""The softmax of categories without an order, for PyMC: the reference's predictor is 0, each other has its own.

The formula is that of `numerics.row_distribution.categories`, with categories numbered from 0, as PyMC has them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.tensor.special import softmax

from bayesmix.modelling.pymc_model.response_densities import ResponseDensity


def softmax_density(predictors: Sequence[str]) -> ResponseDensity:
    """The distribution of a category's number, from the `predictors` of all categories but the first by their names."""
    return ResponseDensity(tuple(predictors), _log_density, _draw)


def _beside_reference(predictors: Sequence[Any]) -> Any:
    return pt.stack([pt.zeros_like(predictors[0]), *predictors], axis=-1)


def _log_density(value: Any, *predictors: Any) -> Any:
    scores = _beside_reference(predictors)
    is_own = pt.eq(pt.shape_padright(value), np.arange(len(predictors) + 1))
    return pt.sum(scores * is_own, axis=-1) - pt.logsumexp(scores, axis=-1)


def _draw(*predictors_and_size: Any) -> Any:
    *predictors, size = predictors_and_size
    return pm.Categorical.dist(p=softmax(_beside_reference(predictors), axis=-1), size=size)
