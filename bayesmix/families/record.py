"""What is known of a family: one record, which every other part of the package reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bayesmix.families.auxiliary import HU, Auxiliary
from bayesmix.numerics.laplace.likelihood import CountLikelihood
from bayesmix.numerics.row_distribution.latent_variance import LatentVariance
from bayesmix.numerics.row_distribution.parts import OrderedCategories, RowDistribution

OF_A_PROBABILITY = ("logit", "probit", "cloglog")
"""Links of families whose mean is a probability; the first is the default."""

Arguments = dict[str, Any]


def as_is(arguments: Arguments) -> Arguments:
    """PyMC uses the same names."""
    return arguments


def with_zeros(in_pymc: Callable[[Arguments], Arguments], zero: str) -> Callable[[Arguments], Arguments]:
    """PyMC's `psi` is the probability of a draw from the base distribution, whose arguments `in_pymc` translates."""
    return lambda arguments: in_pymc(arguments | {"psi": 1 - arguments.pop(zero)})


def without_zeros(in_pymc: Callable[[Arguments], Arguments]) -> Callable[[Arguments], Arguments]:
    """The hurdle's distribution in PyMC, which nothing fails to pass."""
    return lambda arguments: in_pymc(arguments | {"psi": 1.0})


@dataclass(frozen=True)
class PymcRecipe:
    """How the family is written in PyMC, where Bambi's own family has other names for its parameters.

    `distribution` is its name in PyMC, `in_pymc` translates arguments to those of that distribution, `parent` is the
    parameter that the formula describes, `of_trials` says whether it counts successes out of trials.
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
        Its name here, and its names in brms, glmmTMB or Bambi.
    resembled
        Names of other software whose nearest family this is: the same distribution, or another model for the same
        question.
    links
        The first is the default.
    response
        What the response may be, one of `formula.response.RESPONSE_KINDS`.
    distribution
        Density, tails, draws, mean and variance of a row.
    in_pymc
        Bambi's own name for it, or the recipe by which it is written in PyMC.
    auxiliary
        Further parameters.
    overdispersed
        What to fit instead where counts vary more than the family allows; None where the question does not arise.
    of_log
        Whether the linear predictor is the mean of the logarithm of the response.
    laplace
        By link, the likelihood that `bm.laplace` maximises.
    row_codes
        By link, the number that stands for the row in compiled densities (`numerics.row_codes`). Group effects of such
        models can be integrated out by quadrature.
    censored
        The distribution of a response of which some rows are censored, by its name in
        `modelling.pymc_model.censored_densities`; empty where none may be, since the tails have no closed form.
    called
        What a model with the first link is called, such as a logistic one; the name of the family where it is empty.
    latent_variance
        The variance of a row on the scale of the linear predictor, where it is known and is not that of the response.
    """

    name: str
    links: tuple[str, ...]
    response: str
    distribution: RowDistribution
    in_pymc: str | PymcRecipe
    aliases: tuple[str, ...] = ()
    resembled: tuple[str, ...] = ()
    auxiliary: tuple[Auxiliary, ...] = ()
    overdispersed: str | None = None
    of_log: bool = False
    laplace: Mapping[str, CountLikelihood] = field(default_factory=dict)
    row_codes: Mapping[str, int] = field(default_factory=dict)
    censored: str = ""
    latent_variance: LatentVariance | None = None
    called: str = ""

    @property
    def hurdle(self) -> bool:
        """Whether responses above 0 follow a distribution without its zeros."""
        return HU in self.auxiliary

    @property
    def has_category_predictors(self) -> bool:
        """Whether each category of the response but the first has a linear predictor of its own."""
        return self.distribution.probabilities is not None and self.distribution.ordered_categories is None

    @property
    def ordered_categories(self) -> OrderedCategories | None:
        """What the thresholds of ordered categories mean."""
        return self.distribution.ordered_categories
