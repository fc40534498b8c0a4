"""The joint route: NUTS on all parameters, for every model."""

from typing import TYPE_CHECKING

from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.route import Choice, Request, Route, RouteDraws
from bayesmix.modelling.settings import JOINT_SAMPLERS, SamplerSettings

if TYPE_CHECKING:
    from bayesmix.modelling.record import Fit


class JointRoute(Route):
    """Nothing is integrated out. PyMC is imported when a model is sampled."""

    name = "joint"
    samplers = JOINT_SAMPLERS
    tune, long_tune = 1000, 2000
    samples_effects = True

    def why_not(self, model: MixedModel) -> None:
        """Nothing: the route takes every model."""

    def choose(self, model: MixedModel, request: Request, obstacle: str) -> Choice:
        sampler = "nutpie" if request.sampler == "auto" else request.sampler
        return Choice(self.name, sampler, "as asked" if request.method == self.name else obstacle)

    def draw(self, model: MixedModel, settings: SamplerSettings) -> RouteDraws:
        from bayesmix.modelling.joint.draws import draw_joint

        return draw_joint(model, settings)

    def draw_again(self, fit: "Fit", settings: SamplerSettings) -> RouteDraws:
        """The posterior once more, begun as the fit ended, from starts about its draws."""
        from bayesmix.modelling.joint.draws import draw_joint_again

        return draw_joint_again(fit, settings)
