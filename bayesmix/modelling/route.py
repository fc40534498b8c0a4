"""The interface of all routes from a model to its posterior, and the record of the choice of one.

A route is a value: what it integrates out, which samplers it has, how it draws, and which questions it answers in
closed form. `routes.ROUTES` holds all of them; `choose_route` chooses once, and the fit stores the choice.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np
import xarray as xr

from bayesmix.arrays import Flags, Floats, Positions
from bayesmix.families.family import Family
from bayesmix.modelling.diagnostics import Diagnostics, diagnose_sampling
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.samplers.draw import sample_integrated
from bayesmix.modelling.samplers.integrated import IntegratedModel
from bayesmix.modelling.samplers.log_marginal import N_VALUES, LogMarginal, by_importance, from_weights, reweighted
from bayesmix.modelling.samplers.nuts import TUNE
from bayesmix.modelling.samplers.weights import Importance
from bayesmix.modelling.settings import SamplerSettings, Sampling
from bayesmix.priors.prior import Prior

if TYPE_CHECKING:
    from bayesmix.modelling.record import Fit


@dataclass(frozen=True)
class Choice:
    """A route by name, one of its samplers, and the `reason` for them in words.

    `otherwise` is the choice to fall back on if the weights of importance sampling cannot be trusted; None keeps them.
    """

    route: str
    sampler: str
    reason: str
    otherwise: "Choice | None" = None


@dataclass(frozen=True)
class Request:
    """The `method` and `sampler` that the user asked for, and the given arguments `of_nuts`, which only NUTS has."""

    method: str = "auto"
    sampler: str = "auto"
    of_nuts: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class RouteDraws:
    """The posterior's tree, the record of how it was sampled, and its diagnostics."""

    posterior: xr.DataTree
    sampling: Sampling
    diagnostics: Diagnostics


@dataclass(frozen=True)
class GivenVariances:
    """`mean` and `sd` of a combination of coefficients given the variance parameters of the draws at `positions`.

    All have shape (n,): n is the number of draws, or fewer, evenly spread, where all of them would take long.
    """

    mean: Floats
    sd: Floats
    positions: Positions


class LevelEffects(Protocol):
    """The effects of the largest grouping factor, which can be drawn again for any of its levels."""

    def effects(self, number: int, levels: Positions, *, cores: int = 1) -> Floats:
        """Effects (n_total, n_levels, k) of `levels` of the term at `number`."""


@dataclass(frozen=True)
class Predicted:
    """A log predictive density from two log marginal likelihoods; nan where one of them cannot be trusted.

    `whole_error` is the Monte Carlo error of the likelihood of all rows, which all predictions share; `own_error` is
    that of the other one.
    """

    value: float
    whole_error: float
    own_error: float

    @property
    def mcse(self) -> float:
        return float(np.hypot(self.whole_error, self.own_error))


@dataclass(frozen=True)
class LeftOut:
    """Functions of `rows` (n_obs,), true for rows left out, and the rough time that a prediction takes on one core.

    `log_density(rows)` is log p(y of `rows` | all others, theta) in each draw, (n_draws,). `predicted(rows)` is
    log p(y of `rows` | all others) with theta integrated out, from both marginal likelihoods.
    """

    log_density: Callable[[Flags], Floats]
    predicted: Callable[[Flags], Predicted]
    seconds_of_prediction: float


class Route(ABC):
    """A way from a model to its posterior.

    Attributes
    ----------
    name
        What `fit.method` says.
    samplers
        The names of its samplers.
    tune, long_tune
        Tuning steps of NUTS by default, and for chains that have trouble.
    samples_effects
        Whether the group effects are among what is sampled.
    leaves_out_exactly
        Whether `left_out` has an answer.
    """

    name: ClassVar[str]
    samplers: ClassVar[tuple[str, ...]]
    tune: ClassVar[int]
    long_tune: ClassVar[int]
    samples_effects: ClassVar[bool] = False
    leaves_out_exactly: ClassVar[bool] = False

    @abstractmethod
    def why_not(self, model: MixedModel) -> str | None:
        """What keeps a model from this route, in words; None if nothing does."""

    @abstractmethod
    def choose(self, model: MixedModel, request: Request, obstacle: str) -> Choice:
        """The sampler for a model that nothing keeps from this route, or another route if that is cheaper.

        `obstacle` is what kept the model from the routes before this one.
        """

    @abstractmethod
    def draw(self, model: MixedModel, settings: SamplerSettings) -> RouteDraws:
        """Sample the posterior."""

    def draw_again(self, fit: "Fit", settings: SamplerSettings) -> RouteDraws:
        """Sample the posterior of a fit once more, beginning with the settings that the fit ended with."""
        return self.draw(fit.model, settings)

    def sampled(self, model: MixedModel) -> str:
        """What is sampled, in words."""
        return "all parameters"

    def remark(self, posterior: xr.DataTree) -> str:
        """A remark on how the route went, to be added to the reason for it."""
        return ""

    def seconds_per_value(self, model: MixedModel) -> float | None:
        """The rough time of one density on one core; None if it is not known beforehand."""
        return None

    def level_effects(self, fit: "Fit") -> LevelEffects:
        """The effects of the largest factor, drawn again if the posterior does not hold them."""
        raise ValueError(f"the posterior of the {fit.method} route holds all effects")

    def moments_given(self, fit: "Fit", row: Floats) -> GivenVariances | None:
        """Of `row` (p,) times the coefficients of the mean; None if it is not normal given the variances."""
        return None

    def log_marginal(
        self, model: MixedModel, *, seed: int, cores: int, weights: Importance | None = None
    ) -> LogMarginal | None:
        """The log marginal likelihood without draws of the posterior; None if draws are needed.

        Reliable `weights` of a fit of this very model are the answer.
        """
        return None

    def seconds_anew(self, model: MixedModel) -> float:
        """The rough time that `with_other_priors` takes on one core to draw new values."""
        return 0.0

    def with_other_priors(
        self, fit: "Fit", evidence: LogMarginal, priors: Mapping[str, Prior], *, anew: bool
    ) -> LogMarginal:
        """The log marginal likelihood of a fitted model under other priors of sds or coefficients.

        `evidence` is that under the priors of the fit. `anew` allows new values to be drawn; without it a prior that
        those of the fit do not reach has no number.
        """
        return reweighted(fit, evidence, priors)

    def left_out(self, fit: "Fit", positions: Positions) -> LeftOut:
        """How probable rows are given all others, in closed form at each of the draws at `positions`."""
        raise ValueError(f"the {fit.method} route leaves nothing out exactly")


class IntegratedRoute(Route):
    """A route that gives the samplers an `IntegratedModel`: for importance sampling, or NUTS from the mode."""

    samplers = ("importance", "nutpie")
    tune, long_tune = TUNE, 1000

    @abstractmethod
    def integrated(self, model: MixedModel) -> IntegratedModel:
        """The model of the parameters that are left."""

    def draw(self, model: MixedModel, settings: SamplerSettings) -> RouteDraws:
        posterior, sampling = sample_integrated(lambda: self.integrated(model), settings)
        return RouteDraws(posterior, sampling, diagnose_sampling(posterior, model.design, model.family.auxiliary))

    def seconds_per_value(self, model: MixedModel) -> float:
        return self.integrated(model).seconds_per_value

    def seconds_anew(self, model: MixedModel) -> float:
        return N_VALUES * self.seconds_per_value(model)

    def log_marginal(
        self, model: MixedModel, *, seed: int, cores: int, weights: Importance | None = None
    ) -> LogMarginal:
        """The mean of importance weights; no number if they cannot be trusted."""
        if weights is not None and from_weights(weights).reliable:
            return from_weights(weights)
        return by_importance(self.integrated(model), seed=seed, cores=cores)

    def with_other_priors(
        self, fit: "Fit", evidence: LogMarginal, priors: Mapping[str, Prior], *, anew: bool
    ) -> LogMarginal:
        """The draws reweighted; new values if the draws do not reach the other priors."""
        by_draws = reweighted(fit, evidence, priors)
        if by_draws.reliable or evidence.reason or not anew:
            return by_draws
        other = replace(fit.model, priors=dict(priors))
        return self.log_marginal(other, seed=fit.sampling.seed, cores=fit.sampling.cores)


def no_closed_form(family: Family) -> str:
    """The obstacle for a family that a route does not take at all."""
    return f"{family} has no closed form"
