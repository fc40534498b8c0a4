"""Link functions and their inverses, stable far out in the tails."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit, ndtr, ndtri

from bayesmix.arrays import Floats

_LARGEST = 700.0  # exp of more would overflow


@dataclass(frozen=True)
class Link:
    """`link` takes the expected response to the linear predictor, `inverse` takes it back; both elementwise."""

    link: Callable[[ArrayLike], Floats]
    inverse: Callable[[ArrayLike], Floats]


def _identity(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=float)


def _complementary_log_log(probability: ArrayLike) -> Floats:
    return np.log(-np.log1p(-np.asarray(probability, dtype=float)))


def _inverse_complementary_log_log(predictor: ArrayLike) -> Floats:
    # 1 - exp(-exp(x)); above _LARGEST it is 1 in every digit.
    return -np.expm1(-np.exp(np.minimum(predictor, _LARGEST)))


LINKS: dict[str, Link] = {
    "identity": Link(_identity, _identity),
    "log": Link(np.log, np.exp),
    "logit": Link(logit, expit),
    "probit": Link(ndtri, ndtr),
    "cloglog": Link(_complementary_log_log, _inverse_complementary_log_log),
}
