"""`Fit`: the record of a fitted model."""

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
        others. The fixed intercept is at predictors equal to 0, as in lme4. `unconstrained_posterior` has the sampled
        parameters on the whole line (on the joint route by nutpie alone); after importance sampling `importance` has
        all values and their weights.
    method : str
        The route. ``"exact"``: the variance parameters are sampled, coefficients and group effects drawn exactly;
        ``"quadrature"``, for counts with one random intercept: all parameters except the group effects are sampled, and
        these drawn exactly; ``"joint"``: NUTS on all parameters. `reason` says why the model took this route.
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
        """The formula of the mean as the user wrote it."""
        return self.design.formula.text

    @property
    def formulas(self) -> tuple[str, ...]:
        """All formulas as the user wrote them, that of the mean first."""
        return (self.formula, *(formula.text for formula in self.design.own_formulas.values()))

    @property
    def data(self) -> pd.DataFrame:
        """The rows of data that were used."""
        return self.design.data

    @cached_property
    def pymc_model(self) -> "pm.Model":
        """The PyMC model, in which nothing is integrated out, whichever route the fit took."""
        from bayesmix.modelling.pymc_model.bambi_bridge import build_model

        return build_model(self.design, self.family, self.priors, centred=self.sampling.centred).model

    @property
    def route(self) -> Route:
        """The route that was taken from model to posterior."""
        return route_named(self.method)

    @property
    def model(self) -> MixedModel:
        """Design, family and priors, as a route takes them."""
        return MixedModel(self.design, self.family, self.priors)

    @cached_property
    def level_effects(self) -> LevelEffects:
        """The effects of the largest grouping factor, drawn again if the posterior does not hold them."""
        return self.route.level_effects(self)
