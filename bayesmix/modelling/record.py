"""`Fit`: what a fitted model is made of."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from bayesmix.display import Printed
from bayesmix.families.family import Family
from bayesmix.formula.design import Design
from bayesmix.hints import Hinted
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.route import LevelEffects, Route
from bayesmix.modelling.routes import route_named
from bayesmix.modelling.settings import Sampling
from bayesmix.priors.prior import Prior

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

    from bayesmix.modelling.diagnostics import Diagnostics


@dataclass(frozen=True, eq=False, repr=False)
class Fit(Hinted, Printed):
    """A fitted Bayesian mixed model; it prints like `summary(lmer)`.

    Attributes
    ----------
    design : Design
        The arrays of the model and the rows of data that were used.
    family : Family
        Response distribution and link.
    priors : dict of str to Prior
        Every parameter's prior, by name: `Intercept`, `Days`, `sd_Subject__Days`, `corr_Subject`, `sigma`; with a
        formula for sigma `sigma_Intercept`, `sigma_Days`, `sd_Subject__sigma_Intercept`.
    posterior : xarray.DataTree
        Groups `posterior`, `sample_stats` and `observed_data`, as ArviZ and Bambi expect them; `to_datatree` adds
        others. The fixed intercept is the one at predictors equal to 0, as in lme4. `unconstrained_posterior` has what
        was sampled, on the whole line (on the joint route by nutpie alone); after importance sampling `importance` has
        all values and their weights.
    method : str
        The route. ``"exact"``: the variance parameters sampled, exact draws of coefficients and group effects;
        ``"quadrature"``, for counts with one random intercept: all parameters but the group effects sampled, exact
        draws of these; ``"joint"``: NUTS on all parameters. `reason` says why this one.
    sampling : Sampling
        Sampler, draws, chains, cores, seed, target acceptance.
    diagnostics : Diagnostics
        R-hat, effective sizes, divergences, E-BFMI, tree depth (arviz-stats).
    """

    design: Design
    family: Family
    priors: dict[str, Prior]
    posterior: "xr.DataTree"
    method: str
    reason: str
    sampling: Sampling
    diagnostics: "Diagnostics"

    @property
    def formula(self) -> str:
        """The formula of the mean as it was written."""
        return self.design.formula.text

    @property
    def formulas(self) -> tuple[str, ...]:
        """All formulas as they were written, that of the mean first."""
        return tuple(part.formula.text for part in self.design.predictors)

    @property
    def data(self) -> pd.DataFrame:
        """The rows of data that were used."""
        return self.design.data

    @cached_property
    def pymc_model(self) -> "pm.Model":
        """The PyMC model; the same model with nothing integrated out, whichever route was taken."""
        from bayesmix.modelling.pymc_model.build import build_model

        built = build_model(self.design, self.family, self.priors, centred=self.sampling.centred)
        return built.model

    @property
    def route(self) -> Route:
        """The way that was taken from model to posterior."""
        return route_named(self.method)

    @property
    def model(self) -> MixedModel:
        """Design, family and priors: what a route takes."""
        return MixedModel(self.design, self.family, self.priors)

    @cached_property
    def level_effects(self) -> LevelEffects:
        """The largest grouping factor's effects, drawn again where the posterior does not hold them."""
        return self.route.level_effects(self)
