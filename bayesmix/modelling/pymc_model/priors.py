"""Priors as distributions of PyMC and Bambi."""

from collections.abc import Iterable
from typing import Any

import bambi
import pymc as pm
from pytensor.tensor import TensorVariable

from bayesmix.errors import PriorError
from bayesmix.priors.prior import Prior


def inverse_half_normal(name: str, scale: Any, *, dims: Any = None, shape: Any = None) -> TensorVariable:
    """A free variable scale / |Z|, which PyMC has no distribution for."""

    def ratio(scale: Any, size: Any) -> TensorVariable:
        return scale / pm.HalfNormal.dist(1.0, size=size)

    keywords = {"dims": dims} if shape is None else {"dims": dims, "shape": shape}
    return pm.CustomDist(name, scale, dist=ratio, default_transform=pm.distributions.transforms.log, **keywords)


_OWN = {"InverseHalfNormal": inverse_half_normal}
"""Distributions that PyMC lacks."""


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
    return (_OWN.get(prior.name) or getattr(pm, prior.name))(name, **pymc_keywords(prior, numbers), dims=dims)


def to_bambi(prior: Prior) -> bambi.Prior:
    """The prior of a family's auxiliary parameter, as Bambi holds it."""
    return bambi.Prior(prior.name, dist=_OWN.get(prior.name), **pymc_keywords(prior, prior.args))


def pymc_keywords(prior: Prior, numbers: Iterable[Any]) -> dict[str, Any]:
    """The `numbers` under PyMC's names for the distribution's arguments."""
    return {argument.pymc: value for argument, value in zip(prior.distribution.arguments, numbers, strict=True)}
