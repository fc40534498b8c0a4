"""A prior: a distribution with its numbers."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from bayesmix.errors import PriorError
from bayesmix.numerics.prior_codes import OF_SIGMA
from bayesmix.priors.distribution import Distribution
from bayesmix.priors.table import DISTRIBUTIONS

FLAT = "Flat"
"""The one improper prior: constant density, for coefficients."""


@dataclass(frozen=True, repr=False)
class Prior:
    """A distribution by name with its numbers, such as ``Prior("Normal", (0.0, 2.5))``; all but ``Flat()`` are proper.

    It prints with at most 4 significant digits; `args` and `to_text` keep every digit. With `of_sigma` it is the prior
    of a group sd over the residual sd, written ``"HalfCauchy(0.5) * sigma"``.
    """

    name: str
    args: tuple[float, ...]
    of_sigma: bool = False

    def __str__(self) -> str:
        return _written(self, _short)

    __repr__ = __str__

    @property
    def distribution(self) -> Distribution:
        """What is known of the distribution."""
        return DISTRIBUTIONS[self.name]


class Priors(dict[str, Prior]):
    """The prior of every parameter by name; it prints a line for each."""

    def __repr__(self) -> str:
        width = max(map(len, self), default=0)
        return "\n".join(f"{name.ljust(width)}  {prior}" for name, prior in self.items())


def to_text(prior: Prior) -> str:
    """`prior` with every digit, for storage: ``read_prior(to_text(prior)) == prior``."""
    return _written(prior, lambda value: repr(float(value)))


def _short(value: float) -> str:
    return f"{float(f'{value:.4g}'):.10g}"


def _written(prior: Prior, number: Callable[[float], str]) -> str:
    return f"{prior.name}({', '.join(map(number, prior.args))})" + " * sigma" * prior.of_sigma


def scaled(prior: Prior, factor: float) -> Prior:
    """The prior of `factor` times the parameter, about the same location.

    Raises
    ------
    PriorError
        The distribution has no scale that could be changed.
    """
    if prior.distribution.scaled is None:
        raise PriorError(f"{prior} has no scale.")
    return replace(prior, args=prior.distribution.scaled(prior.args, factor))


def scipy_form(prior: Prior) -> Any:
    """SciPy's frozen distribution; for a folded one the symmetric distribution whose absolute value has it."""
    if prior.distribution.scipy is None:
        raise PriorError(f"{prior} is no distribution of one number.")
    return prior.distribution.scipy(*prior.args)


def sd_prior(prior: Prior) -> tuple[int, tuple[float, float]]:
    """Kind and numbers of the prior of a positive parameter in compiled densities."""
    if prior.distribution.sd_kernel is None:
        raise PriorError(f"{prior} is no prior of a positive parameter.")
    kind, (first, second) = prior.distribution.sd_kernel(*prior.args)
    return kind + OF_SIGMA * prior.of_sigma, (first, second)


def coefficient_kind(prior: Prior) -> int | None:
    """Kind of the prior of a coefficient in compiled densities; None if they do not have it."""
    kernel = prior.distribution.coefficient_kernel
    return None if kernel is None else kernel(*prior.args)[0]


def prior_numbers(prior: Prior) -> tuple[float, float, float]:
    """Location, scale and degrees of freedom of the prior of a coefficient, or lower and upper bound."""
    if prior.distribution.coefficient_kernel is None:
        raise PriorError(f"{prior} has no compiled density for a coefficient.")
    _, (first, second, third) = prior.distribution.coefficient_kernel(*prior.args)
    return first, second, third
