"""Priors as distributions of PyMC and Bambi."""

from collections.abc import Iterable
from typing import Any

import bambi
import pymc as pm
from pytensor.tensor import TensorVariable

from bayesmix.errors import PriorError
from bayesmix.priors.prior import Prior


def to_pymc(prior: Prior, name: str, dims: str | tuple[str, ...] | None = None) -> TensorVariable:
    """Add a free variable with this prior to the current PyMC model; a prior relative to sigma needs `sigma` there.

    Raises
    ------
    PriorError
        The prior is ``LKJ``, which belongs to the correlations of a group term as a whole.
    """
    distribution, numbers = prior.distribution, prior.args
    if distribution.support == "correlation":
        raise PriorError(f"Prior of {name!r}: {prior} is for the correlations of a group term only.")
    if prior.of_sigma and distribution.scaled:
        numbers = distribution.scaled(numbers, pm.modelcontext(None)["sigma"])
    return getattr(pm, prior.name)(name, **pymc_keywords(prior, numbers), dims=dims)


def to_bambi(prior: Prior) -> bambi.Prior:
    """The prior of a family's auxiliary parameter, as Bambi holds it."""
    return bambi.Prior(prior.name, **pymc_keywords(prior, prior.args))


def pymc_keywords(prior: Prior, numbers: Iterable[Any]) -> dict[str, Any]:
    """The `numbers` under PyMC's names for the distribution's arguments."""
    return {argument.pymc: value for argument, value in zip(prior.distribution.arguments, numbers, strict=True)}
