"""The quadrature route: counts with at most one random intercept, whose effects are integrated out numerically."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.quadrature.integrated import IntegratedCounts, integrated_counts
from bayesmix.modelling.quadrature.level_effects import CountsEffects, counts_effects_of
from bayesmix.modelling.quadrature.log_marginal import log_marginal_of_counts
from bayesmix.modelling.quadrature.precision import precision
from bayesmix.modelling.route import Asked, Choice, IntegratedRoute, no_closed_form
from bayesmix.modelling.samplers.log_marginal import LogMarginal
from bayesmix.modelling.samplers.weights import Importance
from bayesmix.priors.prior import Prior

if TYPE_CHECKING:
    from bayesmix.modelling.record import Fit

_MOST_COEFFICIENTS = 30  # for weights that are even enough


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

    def choose(self, model: MixedModel, asked: Asked, obstacle: str) -> Choice:
        reason = "one random intercept, integrated by quadrature" if model.design.random else "no group effects"
        if asked.sampler != "auto":
            return Choice(self.name, asked.sampler, reason)
        if asked.of_nuts:
            return Choice(self.name, "nutpie", f"{reason}; NUTS since {asked.of_nuts[0]}= is given")
        by_nuts = Choice(self.name, "nutpie", reason)
        if len(model.design.fixed.names) > _MOST_COEFFICIENTS:
            return by_nuts
        return Choice(self.name, "importance", reason, by_nuts)

    def sampled(self, model: MixedModel) -> str:
        return f"{len(model.priors)} parameters" + ", group effects drawn exactly" * bool(model.design.random)

    def integrated(self, model: MixedModel) -> IntegratedCounts:
        return integrated_counts(model.design, model.family, model.priors)

    def remark(self, posterior: xr.DataTree) -> str:
        return precision(posterior)

    def level_effects(self, fit: "Fit") -> CountsEffects:
        return counts_effects_of(fit.posterior, fit.design, fit.family, fit.priors, fit.sampling.seed)

    def log_marginal(
        self, model: MixedModel, *, seed: int, cores: int, weights: Importance | None = None
    ) -> LogMarginal:
        return log_marginal_of_counts(model.design, model.family, model.priors, seed=seed, cores=cores, weights=weights)

    def with_other_priors(
        self, fit: "Fit", own: LogMarginal, priors: Mapping[str, Prior], *, anew: bool
    ) -> LogMarginal:
        """The draws weighted, or where they do not reach, values anew."""
        found = super().with_other_priors(fit, own, priors, anew=anew)
        if found.reliable or own.reason or not anew:
            return found
        other = MixedModel(fit.design, fit.family, dict(priors))
        return self.log_marginal(other, seed=fit.sampling.seed, cores=fit.sampling.cores)
