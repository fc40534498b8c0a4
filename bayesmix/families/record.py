"""What is known of a family: one record, which every other part of the package reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bayesmix.families.auxiliary import Auxiliary
from bayesmix.numerics.laplace.likelihood import CountLikelihood
from bayesmix.numerics.ordinal import OrderedCategories
from bayesmix.numerics.response_moments import Moments
from bayesmix.numerics.row_distribution.parts import RowDistribution

OF_A_PROBABILITY = ("logit", "probit", "cloglog")
"""Links of families whose mean is a probability; the first is the default."""

Arguments = dict[str, Any]


def as_is(arguments: Arguments) -> Arguments:
    """PyMC has our names."""
    return arguments


def with_zeros(in_pymc: Callable[[Arguments], Arguments], zero: str) -> Callable[[Arguments], Arguments]:
    """PyMC's `psi` is the probability of the part that `in_pymc` is for."""
    return lambda arguments: in_pymc(arguments | {"psi": 1 - arguments.pop(zero)})


@dataclass(frozen=True)
class PymcRecipe:
    """How PyMC writes the family, where Bambi has other names for its parameters.

    `distribution`, its name; `in_pymc` takes our names to those of the distribution; `parent`, the parameter that the
    formula is of; `of_trials`: counts out of trials.
    """

    distribution: str
    in_pymc: Callable[[Arguments], Arguments] = as_is
    parent: str = "mu"
    of_trials: bool = False


@dataclass(frozen=True, kw_only=True)
class FamilyRecord:
    """A family of distributions of the response.

    Attributes
    ----------
    name, aliases
        As it is written, and what brms, glmmTMB or Bambi call it.
    resembled
        Other names that come nearest to it: the same by another name, or another model that answers the same question.
    links
        The first is the default.
    response
        What the response may be, one of `formula.response.RESPONSE_KINDS`.
    distribution, moments
        Density, draws and tails of a row; mean and variance on the response's scale.
    in_pymc
        Bambi's own name for it, or the recipe by which it is written in PyMC.
    auxiliary
        Further parameters.
    overdispersed
        What to fit instead where counts vary more than the family allows; None where that cannot be asked.
    of_log
        Whether the logarithm of the response is what the linear predictor is the mean of.
    hurdle
        Whether what is above 0 follows a distribution without its zeros.
    categories
        Of ordered categories what the thresholds mean.
    laplace
        By link, the likelihood that `bm.laplace` maximises.
    row_codes
        By link, the number by which compiled densities know a row, as `numerics.row_codes` has them: group effects of
        such models can be integrated out by quadrature.
    """

    name: str
    links: tuple[str, ...]
    response: str
    distribution: RowDistribution
    moments: Moments
    in_pymc: str | PymcRecipe
    aliases: tuple[str, ...] = ()
    resembled: tuple[str, ...] = ()
    auxiliary: tuple[Auxiliary, ...] = ()
    overdispersed: str | None = None
    of_log: bool = False
    hurdle: bool = False
    categories: OrderedCategories | None = None
    laplace: Mapping[str, CountLikelihood] = field(default_factory=dict)
    row_codes: Mapping[str, int] = field(default_factory=dict)
