"""The record of a distribution that may be a prior, which every other part of the package reads."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayesmix.arrays import Floats

Numbers = tuple[float, ...]
Kernel = Callable[..., tuple[int, Numbers]]


@dataclass(frozen=True)
class Argument:
    """An argument: its `name`, what it means, whether it must be > 0, and PyMC's name for it."""

    name: str
    meaning: str
    positive: bool
    pymc: str


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """A distribution that may be a prior; functions take its arguments in the order of `arguments`.

    Attributes
    ----------
    name
        Its name in texts and in PyMC.
    arguments
        Their names, meanings and ranges.
    support
        ``"real"``, ``"positive"``, ``"share"`` (from 0 to 1), ``"simplex"`` (shares that add to 1), ``"interval"``
        (between its two arguments) or ``"correlation"``.
    log_density
        Log density of x given the arguments, -inf outside the support; for correlations that of one, given the number
        of columns `k`.
    scipy
        SciPy's frozen distribution; if `folded`, the symmetric one about 0 whose absolute value has this distribution.
    stan
        Its name in Stan, with the same arguments; if `folded`, that of the symmetric one, whose location is 0.
    proper
        Whether the density has an integral.
    size
        The size of a typical standard deviation with this prior.
    scaled
        Turns the arguments and a factor into the arguments of the prior of factor times the parameter, about the same
        location. The factor may be a variable of a PyMC model.
    of_sigma
        Whether ``* sigma`` may follow: the prior of a ratio of sds.
    per_column_sd
        Name of the distribution, relative to sigma, that this is after its number has been divided by the sd of a
        column.
    sd_kernel, coefficient_kernel
        Code and numbers that stand for the prior of a positive parameter (two numbers) and of a coefficient (three) in
        compiled densities, see `numerics.prior_codes`.
    """

    name: str
    arguments: tuple[Argument, ...]
    support: str
    log_density: Callable[..., Floats] | None
    scipy: Callable[..., Any] | None
    stan: str = ""
    proper: bool = True
    folded: bool = False
    size: Callable[..., float] | None = None
    scaled: Callable[[Numbers, Any], Numbers] | None = None
    of_sigma: bool = False
    per_column_sd: str | None = None
    sd_kernel: Kernel | None = None
    coefficient_kernel: Kernel | None = None

    @property
    def signature(self) -> str:
        """The name with the arguments, such as ``StudentT(nu, mu, sigma)``."""
        return f"{self.name}({', '.join(argument.name for argument in self.arguments)})"


def last(*args: float) -> float:
    """The size of a prior whose last argument is its scale."""
    return args[-1]


def times_scale(args: Numbers, factor: Any) -> Numbers:
    """For a distribution whose last argument is its scale."""
    return (*args[:-1], args[-1] * factor)


def over_rate(args: Numbers, factor: Any) -> Numbers:
    """For a distribution whose last argument is a rate, 1 / scale."""
    return (*args[:-1], args[-1] / factor)


def half(log_density: Callable[..., Floats]) -> Callable[..., Floats]:
    """The positive half of a density symmetric about a location, its last argument but one, which is 0."""

    def folded(x: Floats, *args: float) -> Floats:
        return np.where(x >= 0, np.log(2) + log_density(x, *args[:-1], 0.0, args[-1]), -np.inf)

    return folded
