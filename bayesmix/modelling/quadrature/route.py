"""The quadrature route: counts with at most one random intercept, whose effects are integrated out numerically."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.quadrature.integrated import IntegratedCounts, integrated_counts, precision
from bayesmix.modelling.quadrature.model import CountsEffects, integrate_effects
from bayesmix.modelling.route import Choice, IntegratedRoute, Request, no_closed_form
from bayesmix.modelling.samplers.chains import theta_of

if TYPE_CHECKING:
    from bayesmix.modelling.record import Fit

_MOST_COEFFICIENTS = 30  # beyond, the weights are too uneven


class QuadratureRoute(IntegratedRoute):
    """The effects of a random intercept are integrated out by quadrature and drawn exactly."""

    name = "quadrature"

    def why_not(self, model: MixedModel) -> str | None:
        family, design = model.family, model.design
        if family.link not in family.record.row_codes:
            return no_closed_form(family)
        if design.parts:
            return f"{family} with a formula for {', '.join(design.parts)} has no closed form"
        if len(design.random) > 1:
            return (
                f"{family} with {len(design.random)} random terms has no closed form, one random intercept has a "
                "quadrature"
            )
        for term in design.random:
            if term.k > 1 or not np.all(term.columns == 1.0):
                return f"{family} with ({term.label}) has no closed form, one random intercept has a quadrature"
        for name in design.fixed.names:
            if not model.priors[name].distribution.proper:
                return f"the quadrature takes proper priors, that of {name} is {model.priors[name]}"
        return None

    def choose(self, model: MixedModel, request: Request, obstacle: str) -> Choice:
        reason = "one random intercept, integrated by quadrature" if model.design.random else "no group effects"
        if request.sampler != "auto":
            return Choice(self.name, request.sampler, reason)
        if request.of_nuts:
            return Choice(self.name, "nutpie", f"{reason}; NUTS since {request.of_nuts[0]}= is given")
        by_nuts = Choice(self.name, "nutpie", reason)
        if len(model.design.fixed.names) > _MOST_COEFFICIENTS:
            return by_nuts
        return Choice(self.name, "importance", reason, by_nuts)

    def sampled(self, model: MixedModel) -> str:
        return f"{len(model.priors)} parameters" + ", group effects drawn exactly" * bool(model.design.random)

    def integrated(self, model: MixedModel) -> IntegratedCounts:
        return integrated_counts(model)

    def remark(self, posterior: xr.DataTree) -> str:
        return precision(posterior)

    def level_effects(self, fit: "Fit") -> CountsEffects:
        return CountsEffects(integrate_effects(fit.model), theta_of(fit.posterior), fit.sampling.seed)
