"""The fit of one response by itself, where the weights that it shares with others cannot be trusted."""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.formula.design import Design
from bayesmix.inference.evidence.log_marginal import log_marginals
from bayesmix.inference.shares.variance_shares import variance_draws
from bayesmix.loci.engine.fit_locus import drawn_of_fit
from bayesmix.loci.engine.settings import seed_of
from bayesmix.loci.responses.engine import PatternEngine
from bayesmix.loci.responses.told import Evidence
from bayesmix.modelling.fit import fit
from bayesmix.modelling.record import Fit
from bayesmix.numerics.responses.draws import Draws
from bayesmix.posterior.layout import corr_draws, fixed_draws, sd_draws

_CHAINS = 4
OK, DIVERGED = "ok", "diverged"


@dataclass(frozen=True)
class SingleFit:
    """Draws of a standardised response, the evidence of the model and of the `smaller` ones, and its `status`."""

    drawn: Draws
    evidence: Evidence
    smaller: list[Evidence]
    status: str


def single_fit(engine: PatternEngine, name: str, response: Floats) -> SingleFit:
    """Fit one standardised response (n_obs,) by `bm.fit`, under the same priors."""
    design, settings = engine.models.whole.design, engine.model.settings
    data = design.data.assign(**{design.response.name: response})
    fitted = fit(
        design.formula.text,
        data,
        priors=dict(engine.models.whole.priors),
        draws=max(250, settings.draws // _CHAINS),
        chains=_CHAINS,
        cores=1,
        seed=seed_of(settings.seed, name),
        keep_effects=False,
        progress=False,
    )
    formulas = [design.written, *(one.design.written for one in engine.models.smaller)]
    found = [Evidence(one.value, one.error) for one in log_marginals(fitted, formulas)]
    if not settings.bayes_factors:
        found = found[:1]
    converged = drawn_of_fit(fitted, fitted.sampling.seed, 1, log_marginal=False).converged
    return SingleFit(_draws(fitted, design), found[0], found[1:], OK if converged else DIVERGED)


def _draws(fitted: Fit, design: Design) -> Draws:
    """The draws of a fit as those of a block of one response."""
    posterior = fitted.posterior["posterior"].to_dataset()
    sds = [sd_draws(posterior, term) for term in design.random]
    correlations = [corr_draws(posterior, term, design) for term in design.random if term.k > 1]
    parts = variance_draws(fitted).to_numpy()
    return Draws(
        coefficients=_as_block(fixed_draws(posterior, design)),
        sds=_as_block(*sds),
        correlations=_as_block(*correlations),
        sigma=posterior["sigma"].to_numpy().reshape(1, -1),
        shares=_as_block(parts / parts.sum(axis=-1, keepdims=True)),
    )


def _as_block(*draws: Floats) -> Floats:
    """Draws (n_chains, n_draws, n), side by side, as (1, n of all, draws of all chains)."""
    if not draws:
        return np.empty((1, 0, 0))
    together = np.concatenate(draws, axis=-1)
    return together.reshape(1, -1, together.shape[-1]).swapaxes(1, 2)
