"""What a distribution is asked, and what it depends on.

Everything broadcasts: y is (n_rows, 1), the linear predictor eta (n_rows, n_draws). From eta, not from the mean, a
probability near 1 keeps its distance from 1: separated data lead the draws to just such places.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import log_expit, log_ndtr

from bayesmix.arrays import Floats
from bayesmix.numerics.links import LINKS

_LARGEST = 700.0  # exp of more would overflow
_SMALL = 1e-8


@dataclass(frozen=True)
class Predicted:
    """What the distribution of a row depends on: linear predictor `eta`, its `link`, and the `other` parameters.

    These by name, as `numerics.response_moments` takes them: the family's own, `weights`, and `trials`, here 0 where
    nothing was tried.
    """

    eta: Floats
    link: str
    other: Mapping[str, Floats]

    def __getitem__(self, name: str) -> Floats:
        return self.other[name]

    @property
    def mu(self) -> Floats:
        """`eta` on the response's scale."""
        return LINKS[self.link].inverse(self.eta)


@dataclass(frozen=True)
class Tails:
    """P(Y < y), P(Y = y) and P(Y > y); each small one with its digits."""

    below: Floats
    at: Floats
    above: Floats


@dataclass(frozen=True)
class RowDistribution:
    """`log_density` of y, or log probability; `tails` beside it; `draw` gives new values of the shape of eta.

    Of counts out of trials y is a number of successes. `standardised`, where there is one, is the normal quantile of
    F(y) without the way through F.
    """

    log_density: Callable[[Floats, Predicted], Floats]
    tails: Callable[[Floats, Predicted], Tails]
    draw: Callable[[np.random.Generator, Predicted], Floats]
    standardised: Callable[[Floats, Predicted], Floats] | None = None


def log_probabilities(q: Predicted) -> tuple[Floats, Floats]:
    """Logarithms of the probability that eta stands for and of its complement."""
    if q.link == "logit":
        return log_expit(q.eta), log_expit(-q.eta)
    if q.link == "probit":
        return log_ndtr(q.eta), log_ndtr(-q.eta)
    rate = np.exp(np.minimum(q.eta, _LARGEST))
    # log(1 - exp(-rate)); for a small rate that is log(rate)
    log_up = np.where(rate < _SMALL, q.eta, np.log(-np.expm1(-np.maximum(rate, _SMALL))))
    return log_up, -rate


def times(count: Floats, log_probability: Floats) -> Floats:
    """count x log probability, 0 where the count is 0 whatever the probability."""
    with np.errstate(invalid="ignore"):
        return np.where(count == 0, 0.0, count * log_probability)
