"""Distributions of ordered categories, as their numbers from 1; `threshold` is among the other parameters."""

import numpy as np

from bayesmix.numerics import ordinal
from bayesmix.numerics.links import LINKS
from bayesmix.numerics.ordinal import OrderedCategories, category_probabilities
from bayesmix.numerics.row_distribution.parts import Floats, Predicted, RowDistribution, Tails


def _ordinal(categories: OrderedCategories) -> RowDistribution:
    def probabilities(q: Predicted) -> Floats:
        """Shape (n_rows, n_categories, n_draws)."""
        return category_probabilities(categories, LINKS[q.link].inverse, q.eta, q["threshold"])

    def tails(y: Floats, q: Predicted) -> Tails:
        shares = probabilities(q)
        numbers, own = np.arange(1, shares.shape[1] + 1)[:, None], y[:, None]
        below, at, above = (
            np.where(which, shares, 0.0).sum(axis=1) for which in (numbers < own, numbers == own, numbers > own)
        )
        return Tails(below, at, above)

    def log_density(y: Floats, q: Predicted) -> Floats:
        with np.errstate(divide="ignore"):
            return np.log(tails(y, q).at)

    def draw(rng: np.random.Generator, q: Predicted) -> Floats:
        borders = np.cumsum(probabilities(q), axis=1)[:, :-1]
        passed = rng.uniform(size=q.eta.shape)[:, None] > borders
        return np.asarray(1 + passed.sum(axis=1), dtype=np.float64)

    return RowDistribution(log_density, tails, draw)


CUMULATIVE = _ordinal(ordinal.CUMULATIVE)
STOPPING_RATIO = _ordinal(ordinal.STOPPING_RATIO)
