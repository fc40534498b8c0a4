"""The exact route: Gaussian models, whose variance parameters alone are sampled."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bayesmix.arrays import Floats, Positions
from bayesmix.formula.design import Design
from bayesmix.modelling.exact.given_variances import given_variances
from bayesmix.modelling.exact.integrated import IntegratedGaussian, integrated_gaussian
from bayesmix.modelling.exact.left_out import left_out
from bayesmix.modelling.exact.level_effects import LevelDraws, level_draws_of
from bayesmix.modelling.exact.log_marginal import MOST_DENSE, log_marginal_of, with_other_priors
from bayesmix.modelling.exact.model import has_log_response
from bayesmix.modelling.mixed_model import MixedModel, count_effects
from bayesmix.modelling.route import Choice, GivenVariances, IntegratedRoute, LeftOut, Request, no_closed_form
from bayesmix.modelling.samplers.log_marginal import LogMarginal
from bayesmix.modelling.samplers.weights import Importance
from bayesmix.posterior.layout import theta_names
from bayesmix.priors.prior import FLAT, Prior

if TYPE_CHECKING:
    from bayesmix.modelling.record import Fit

_MOST_VARIANCES = 30  # beyond, the weights of variance parameters are too uneven


class ExactRoute(IntegratedRoute):
    """Coefficients and group effects are integrated out in closed form and drawn exactly."""

    name = "exact"
    leaves_out_exactly = True

    def why_not(self, model: MixedModel) -> str | None:
        if not (model.family.is_gaussian_identity or has_log_response(model.family)):
            return no_closed_form(model.family)
        if model.design.response.censoring is not None:
            return "a censored response has no closed form"
        if model.design.parts:
            return f"a formula for {' and '.join(model.design.parts)} has no closed form"
        for name in model.design.fixed.names:
            if model.priors[name].name not in ("Normal", FLAT):
                return f"the prior {model.priors[name]} of {name} has no closed form, a Normal has"
        return None

    def choose(self, model: MixedModel, request: Request, obstacle: str) -> Choice:
        reason = _why(model) if request.method == "auto" else "as asked"
        if request.sampler == "auto" and not request.of_nuts:
            return self._cheapest(model.design, request, reason)
        sampler = request.sampler
        if sampler == "auto":
            sampler, reason = "nutpie", f"{reason}; NUTS since {request.of_nuts[0]}= is given"
        _, n_dense = count_effects(model.design)
        if request.method == "auto" and n_dense > MOST_DENSE[sampler]:
            return Choice("joint", "nutpie", _slow(n_dense))
        return Choice(self.name, sampler, reason)

    def _cheapest(self, design: Design, request: Request, reason: str) -> Choice:
        _, n_dense = count_effects(design)
        by_nuts = Choice(self.name, "nutpie", reason)
        affordable = request.method != "auto" or n_dense <= MOST_DENSE["nutpie"]
        otherwise = by_nuts if affordable else Choice("joint", "nutpie", _slow(n_dense))
        if len(theta_names(design)) > _MOST_VARIANCES or (
            request.method == "auto" and n_dense > MOST_DENSE["importance"]
        ):
            return otherwise
        return Choice(self.name, "importance", reason, otherwise)

    def sampled(self, model: MixedModel) -> str:
        n = len(theta_names(model.design))
        return f"{n} variance parameter{'s' * (n > 1)}, the rest exact"

    def integrated(self, model: MixedModel) -> IntegratedGaussian:
        return integrated_gaussian(model)

    def level_effects(self, fit: "Fit") -> LevelDraws:
        return level_draws_of(fit)

    def moments_given(self, fit: "Fit", row: Floats) -> GivenVariances:
        return given_variances(fit, row)

    def log_marginal(
        self, model: MixedModel, *, seed: int, cores: int, weights: Importance | None = None
    ) -> LogMarginal:
        return log_marginal_of(model, seed=seed, cores=cores, weights=weights)

    def with_other_priors(
        self, fit: "Fit", evidence: LogMarginal, priors: Mapping[str, Prior], *, anew: bool
    ) -> LogMarginal:
        return with_other_priors(fit, evidence, priors, anew=anew)

    def left_out(self, fit: "Fit", positions: Positions) -> LeftOut:
        return left_out(fit, positions)


def _why(model: MixedModel) -> str:
    kinds = {model.priors[name].name for name in model.design.fixed.names} or {"Normal"}
    words = " or ".join({"Normal": "Normal", FLAT: "flat"}[kind] for kind in sorted(kinds, reverse=True))
    scale = "Gaussian logarithms" if has_log_response(model.family) else "Gaussian"
    return f"{scale}, {words} priors on the coefficients"


def _slow(n_dense: int) -> str:
    return f"{n_dense} effects outside the largest factor make an exact density slow"
