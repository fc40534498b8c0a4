"""From a prior to PyMC's distribution."""

import bambi
import pymc as pm
from pytensor.tensor import TensorVariable

from bayesmix.errors import PriorError
from bayesmix.modelling.distributions import DISTRIBUTIONS
from bayesmix.modelling.priors import Prior


def to_pymc(prior: Prior, name: str, dims: str | tuple[str, ...] | None = None) -> TensorVariable:
    """Add a free variable `name` with this prior to the current PyMC model, which has `sigma` if the prior is of it.

    Raises
    ------
    PriorError
        The prior is ``LKJ``, which belongs to the correlations of a group term as a whole.
    """
    distribution = DISTRIBUTIONS[prior.name]
    if distribution.support == "correlation":
        raise PriorError(f"Prior of {name!r}: {prior} is for the correlations of a group term only.")
    keywords = {argument.pymc: value for argument, value in zip(distribution.arguments, prior.args, strict=True)}
    if prior.of_sigma:
        scale, sigma = distribution.arguments[-1].pymc, pm.modelcontext(None)["sigma"]
        keywords[scale] = keywords[scale] / sigma if prior.name == "Exponential" else keywords[scale] * sigma
    return getattr(pm, prior.name)(name, **keywords, dims=dims)


def to_bambi(prior: Prior) -> bambi.Prior:
    """The prior of a family's auxiliary parameter, as Bambi holds it."""
    arguments = DISTRIBUTIONS[prior.name].arguments
    return bambi.Prior(
        prior.name, **{argument.pymc: value for argument, value in zip(arguments, prior.args, strict=True)}
    )
