"""What every route from a model to its posterior gives, and the choice of one.

A route is a value: what it integrates out, which samplers it has, how it draws, and which questions it answers in
closed form. `routes.ROUTES` holds all of them; the choice is made once, by `choose_route`, and stored in the fit.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np
import xarray as xr

from bayesmix.arrays import Flags, Floats, Positions
from bayesmix.families.family import Family
from bayesmix.modelling.diagnostics import Diagnostics, diagnose_sampling
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.reweighted import with_other_priors as reweighted
from bayesmix.modelling.samplers.draw import sample_integrated
from bayesmix.modelling.samplers.evidence import N_VALUES
from bayesmix.modelling.samplers.integrated import IntegratedModel
from bayesmix.modelling.samplers.log_marginal import LogMarginal
from bayesmix.modelling.samplers.nuts import TUNE
from bayesmix.modelling.samplers.weights import Importance
from bayesmix.modelling.settings import SamplerSettings, Sampling
from bayesmix.priors.prior import Prior

if TYPE_CHECKING:
    from bayesmix.modelling.record import Fit


@dataclass(frozen=True)
class Choice:
    """A route by name and one of its samplers; `reason` says why, in words.

    `otherwise`: what to do when the weights of importance sampling cannot be trusted; None: keep them and say so.
    """

    route: str
    sampler: str
    reason: str
    otherwise: "Choice | None" = None


@dataclass(frozen=True)
class Request:
    """What was asked for: `method`, `sampler`, and arguments `of_nuts` that were given and mean nothing elsewhere."""

    method: str = "auto"
    sampler: str = "auto"
    of_nuts: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class RouteDraws:
    """The posterior's tree, how it was sampled, and what its figures say."""

    posterior: xr.DataTree
    sampling: Sampling
    diagnostics: Diagnostics


class LevelEffects(Protocol):
    """Draws of the largest grouping factor's effects, made again for the levels that are asked for."""

    def effects(self, number: int, levels: Positions, *, cores: int = 1) -> Floats:
        """Effects (n_total, n_levels, k) of `levels` of the term at `number`."""


@dataclass(frozen=True)
class Predicted:
    """A log predictive density from two log marginal likelihoods; nan where one of them cannot be trusted.

    `whole_error` is the Monte Carlo error of that of all rows, the same in each prediction; `own_error` of the other.
    """

    value: float
    whole_error: float
    own_error: float

    @property
    def mcse(self) -> float:
        return float(np.hypot(self.whole_error, self.own_error))


@dataclass(frozen=True)
class LeftOut:
    """Functions of `rows` (n_obs,), true where left out, and what they take on one core, roughly.

    `log_density(rows)`: log p(y of `rows` | all others, theta) in each draw, (n_draws,). `predicted(rows)`: log p(y of
    `rows` | all others), theta integrated out, from both marginal likelihoods.
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
        Those that it has.
    tune, long_tune
        Steps of NUTS by default, and so many where chains have trouble.
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
        """What keeps a model from this route, in words; None: nothing does."""

    @abstractmethod
    def choose(self, model: MixedModel, request: Request, obstacle: str) -> Choice:
        """The sampler for a model that nothing keeps from this route; or another route, where that is cheaper.

        `obstacle`: what kept the model from the routes before this one.
        """

    @abstractmethod
    def draw(self, model: MixedModel, settings: SamplerSettings) -> RouteDraws:
        """Sample the posterior."""

    def draw_again(self, fit: "Fit", settings: SamplerSettings) -> RouteDraws:
        """Sample the posterior of a fit once more, with what it has found out about how to."""
        return self.draw(fit.model, settings)

    def sampled(self, model: MixedModel) -> str:
        """What is sampled, in words."""
        return "all parameters"

    def remark(self, posterior: xr.DataTree) -> str:
        """What the draws say of the route, to be added to the reason for it."""
        return ""

    def seconds_per_value(self, model: MixedModel) -> float | None:
        """What a density costs on one core, roughly; None where it is not known beforehand."""
        return None

    def level_effects(self, fit: "Fit") -> LevelEffects:
        """The largest factor's effects, drawn again where the posterior does not hold them."""
        raise ValueError(f"the posterior of the {fit.method} route holds all effects")

    def log_marginal(
        self,
        model: MixedModel,
        *,
        seed: int,
        cores: int,
        weights: Importance | None = None,
    ) -> LogMarginal | None:
        """The log marginal likelihood without draws of the posterior; None where these are needed.

        `weights`: of a fit of this very model; when they can be trusted they are the answer.
        """
        return None

    def seconds_anew(self, model: MixedModel) -> float:
        """What drawing values anew takes `with_other_priors`, on one core, roughly."""
        return 0.0

    def with_other_priors(
        self,
        fit: "Fit",
        own: LogMarginal,
        priors: Mapping[str, Prior],
        *,
        anew: bool,
    ) -> LogMarginal:
        """The log marginal likelihood of a fitted model under other priors of sds or coefficients.

        Parameters
        ----------
        own
            That under the priors of the fit.
        anew
            Whether values may be drawn; False: what those of the fit do not reach has no number.
        """
        return reweighted(fit, own, priors)

    def left_out(self, fit: "Fit", positions: Positions) -> LeftOut:
        """How probable rows are given all others, in closed form in each of the draws at `positions`."""
        raise ValueError(f"the {fit.method} route leaves nothing out exactly")


class IntegratedRoute(Route):
    """A route whose model the samplers know as an `IntegratedModel`: importance sampling, or NUTS from the mode."""

    samplers = ("importance", "nutpie")
    tune, long_tune = TUNE, 1000

    @abstractmethod
    def integrated(self, model: MixedModel) -> IntegratedModel:
        """What is left of a model."""

    def draw(self, model: MixedModel, settings: SamplerSettings) -> RouteDraws:
        posterior, sampling = sample_integrated(lambda: self.integrated(model), settings)
        return RouteDraws(posterior, sampling, diagnose_sampling(posterior, model.design, model.family.auxiliary))

    def seconds_per_value(self, model: MixedModel) -> float:
        return self.integrated(model).seconds_per_value

    def seconds_anew(self, model: MixedModel) -> float:
        return N_VALUES * self.seconds_per_value(model)


def no_closed_form(family: Family) -> str:
    """Why a route does not take a family at all."""
    return f"{family} has no closed form"
