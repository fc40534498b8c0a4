"""A prior in another unit of its parameter."""

from dataclasses import replace
from math import log

from bayesmix.errors import PriorError
from bayesmix.priors.prior import Prior

_SCALES = {"HalfNormal": 0, "HalfStudentT": 1, "HalfCauchy": 0, "Normal": 1, "Laplace": 1, "StudentT": 2, "Cauchy": 1}
_RATES = {"Exponential": 0, "Gamma": 1}


def scaled(prior: Prior, factor: float) -> Prior:
    """The prior of `factor` times the parameter, about the same location.

    Raises
    ------
    PriorError
        The distribution has no scale that could be changed.
    """
    args = list(prior.args)
    if prior.name in _SCALES:
        args[_SCALES[prior.name]] *= factor
    elif prior.name in _RATES:
        args[_RATES[prior.name]] /= factor
    elif prior.name == "Uniform":
        args = [value * factor for value in args]
    elif prior.name == "InverseGamma":
        args[1] *= factor
    elif prior.name == "LogNormal":
        args[0] += log(factor)
    else:
        raise PriorError(f"{prior} has no scale.")
    return replace(prior, args=tuple(args))
