"""`Fit`: what a fitted model is made of."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from bayesmix import display, modelling
from bayesmix.formula.design import Design
from bayesmix.hints import Hinted
from bayesmix.modelling.families import Family
from bayesmix.modelling.priors import Prior

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

    from bayesmix.modelling.diagnostics import Diagnostics
    from bayesmix.modelling.exact.level_effects import LevelDraws
    from bayesmix.modelling.quadrature.level_effects import CountsEffects


@dataclass(frozen=True)
class Sampling:
    """How the draws were made.

    `sampler` by name; `draws` kept of each chain after `tune` steps of NUTS; `cores`: chains that ran at the same
    time; `target_accept`: the acceptance probability that the step size was tuned to; `seconds` from model to last
    draw, compilation left out. Importance sampling has no tuning (0) and no step size (None). `centred`: labels of the
    random terms whose effects themselves were sampled, of the others the effects divided by their sd. `thin`: of how
    many draws one is kept.
    """

    sampler: str
    draws: int
    tune: int
    chains: int
    cores: int
    seed: int
    target_accept: float | None
    seconds: float
    centred: tuple[str, ...] = ()
    thin: int = 1


@dataclass(frozen=True, eq=False, repr=False)
class Fit(Hinted):
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
        others. The fixed intercept is the one at predictors equal to 0, as in lme4. On the marginal path also
        `unconstrained_posterior` with the variance parameters on the whole line, on the joint one by nutpie with all
        that were sampled; after importance sampling `importance` with all values and their weights.
    method : str
        ``"marginal"``: the variance parameters sampled, exact draws of coefficients and group effects; for counts with
        one random intercept all parameters but the group effects, and exact draws of these. ``"joint"``: NUTS on all
        parameters. `reason` says why this one.
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
        """The PyMC model; on the marginal path the same model with nothing integrated out."""
        from bayesmix.modelling.pymc_model.build import build_model

        built = build_model(self.design, self.family, self.priors, centred=self.sampling.centred)
        return built.model

    @cached_property
    def level_draws(self) -> "LevelDraws | CountsEffects":
        """What the effects of the largest grouping factor depend on, where the posterior does not hold them."""
        if not self.family.is_gaussian_identity:
            return modelling.counts_effects.counts_effects_of(
                self.posterior, self.design, self.family, self.priors, self.sampling.seed
            )
        return modelling.level_draws.level_draws_of(self.posterior, self.design, self.priors, self.sampling.seed)

    def __repr__(self) -> str:
        return display.as_text(self)

    def _repr_html_(self) -> str:
        return display.as_html(self)
