"""Thresholds of an ordinal response, from the probabilities of its categories at the predictors' means.

A Dirichlet prior on these probabilities is proper, keeps the thresholds in order, and can be drawn from. With F the
inverse link and c_k = P(y <= k), the probability of category k or a lower one,

    cumulative       F(threshold_k) = c_k                                 P(y <= k)
    stopping ratio   F(threshold_k) = (c_k - c_(k-1)) / (1 - c_(k-1))     P(y = k given y >= k)
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.tensor import TensorVariable

from bayesmix.errors import FamilyError
from bayesmix.families.family import Family
from bayesmix.formula.design import Design
from bayesmix.posterior import layout
from bayesmix.priors.prior import Prior

PROBABILITY = "probability_at_means"

Share = tuple[TensorVariable, TensorVariable]  # a probability and its complement, each with all its digits


def _probit(share: Share) -> Any:
    below, above = share
    # The smaller one of the two keeps its digits.
    tail = np.sqrt(2) * pt.erfcinv(2 * pt.minimum(below, above))
    return pt.switch(below < above, -tail, tail)


_LINKS: dict[str, Callable[[Share], Any]] = {
    "logit": lambda share: pt.log(share[0]) - pt.log(share[1]),
    "probit": _probit,
    "cloglog": lambda share: pt.log(-pt.log(share[1])),
}


def add_thresholds(design: Design, family: Family, prior: Prior, shift: TensorVariable | float) -> TensorVariable:
    """Add the thresholds to the current PyMC model; the result (n_categories - 1,) holds at the predictors' means.

    The `prior` is a Dirichlet of the categories' probabilities, the free variable `probability_at_means`. `threshold`,
    deterministic, is at predictors equal to 0: it differs by `shift`, X beta at the predictors' means.
    """
    names = design.response.categories
    model = pm.modelcontext(None)
    model.add_coords({f"{PROBABILITY}_dim": names, layout.THRESHOLD_DIM: design.response.thresholds})
    shares = pm.Dirichlet(PROBABILITY, a=np.full(len(names), prior.args[0]), dims=f"{PROBABILITY}_dim")
    above = pt.cumsum(shares[::-1])[::-1][1:]
    categories = family.record.ordered_categories
    if categories is None:
        raise FamilyError(f"{family} has no thresholds.")
    thresholds = _LINKS[family.link](categories.shares(shares, pt.cumsum(shares)[:-1], above))
    pm.Deterministic(layout.THRESHOLD, thresholds + shift, dims=layout.THRESHOLD_DIM)
    return thresholds
