"""Draws of a locus whose group effects are integrated out: by NUTS, or by importance sampling."""

from dataclasses import replace

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.loci.engine.drawn import Drawn, drawn, weighted
from bayesmix.loci.engine.parameters import ParameterDraws
from bayesmix.loci.engine.screening import screening_values
from bayesmix.loci.engine.settings import LociSettings, seed_of
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.quadrature.integrated import IntegratedCounts, integrated_counts
from bayesmix.modelling.quadrature.model import coefficients_at_zero
from bayesmix.modelling.samplers.importance import draw_by_importance, number_of_values
from bayesmix.modelling.samplers.log_marginal import by_importance
from bayesmix.modelling.samplers.nuts import run_chains
from bayesmix.modelling.samplers.progress import SamplingProgress
from bayesmix.modelling.samplers.weights import importance_of, trouble_with
from bayesmix.modelling.settings import SamplerSettings
from bayesmix.numerics.importance import resample, weigh
from bayesmix.numerics.level_quadrature.posterior import parameter_values
from bayesmix.numerics.mode import Mode

_FEWEST_SHARE = 0.2  # of the values of screening that are effective
_THIN, _CAREFUL = 4, 0.95  # of the second attempt: of how many draws one is kept, and the acceptance
_VALUES, _OF_EVIDENCE = 2000, 99  # for the log marginal likelihood, and the number of its seed


def sampled(model: MixedModel, settings: LociSettings, *, locus: str) -> Drawn:
    """Draws of all parameters but the group effects.

    Importance sampling comes first where it is asked for, and NUTS if its weights cannot be trusted. NUTS is tried
    once more, with longer chains and a smaller step, if its chains disagree or are worth too few draws, or diverge.

    Raises
    ------
    SamplingError
        No starting point has a finite density, or the quadrature is not precise.
    """
    counts = integrated_counts(model)
    for at, mode in counts.approximations():
        found, theta = _drawn_at(at, mode, settings, locus)
        if at.accuracy(theta).enough:
            break
    if settings.log_marginal and np.isnan(found.log_marginal):
        seed = seed_of(settings.seed, locus, _OF_EVIDENCE)
        found = replace(found, log_marginal=by_importance(counts, n_values=_VALUES, seed=seed, cores=1).value)
    return found


def _drawn_at(at: IntegratedCounts, mode: Mode, settings: LociSettings, locus: str) -> tuple[Drawn, Floats]:
    """The draws and theta (n_total, n) behind them, by one sampler after the other."""
    attempts = 0
    if settings.sampler == "importance":
        attempts += 1
        screened = _by_importance(at, mode, settings, seed_of(settings.seed, locus))
        if screened is not None:
            return screened
    attempts += 1
    first, theta = _by_nuts(at, mode, settings, seed_of(settings.seed, locus, attempts))
    if first.converged:
        return first.after(attempts), theta
    attempts += 1
    longer = replace(settings, tune=2 * settings.tune, target_accept=max(_CAREFUL, settings.target_accept))
    again, theta = _by_nuts(at, mode, longer, seed_of(settings.seed, locus, attempts), thin=_THIN)
    return again.after(attempts), theta


def _by_nuts(
    at: IntegratedCounts, mode: Mode, settings: LociSettings, seed: int, *, thin: int = 1
) -> tuple[Drawn, Floats]:
    plain = SamplerSettings(
        "nutpie",
        draws=settings.draws,
        chains=settings.chains,
        cores=1,
        seed=seed,
        tune=settings.tune,
        target_accept=settings.target_accept,
        progress=False,
    )
    with SamplingProgress(settings.chains, shown=False) as bar:
        theta, statistics = run_chains(at, mode, plain, bar, thin=thin)
    divergences = int(statistics["diverging"].sum())
    return drawn(_named(at, theta, settings), sampler="nuts", seed=seed, divergences=divergences), theta


def _by_importance(at: IntegratedCounts, mode: Mode, settings: LociSettings, seed: int) -> tuple[Drawn, Floats] | None:
    """Draws by importance sampling, or None if the weights cannot be trusted."""
    if not at.model.n_levels or at.family.auxiliary:
        return _by_proposal(at, mode, settings, seed)
    rng = np.random.default_rng(seed)
    values = screening_values(at.model, at.fineness, rng)
    if values is None:
        return None
    theta, log_weights = values
    weights = importance_of(log_weights)
    if weights.pareto_k > weights.greatest_k or weights.effective_size < _FEWEST_SHARE * len(theta):
        return None
    chosen = theta[resample(weigh(log_weights).weights, settings.n_draws, rng)]
    found = weighted(
        _named(at, chosen, settings),
        seed=seed,
        effective_size=weights.effective_size,
        pareto_k=weights.pareto_k,
        log_marginal=weights.log_marginal if settings.log_marginal else np.nan,
    )
    return found, chosen


def _by_proposal(at: IntegratedCounts, mode: Mode, settings: LociSettings, seed: int) -> tuple[Drawn, Floats] | None:
    """Draws as `bm.fit` makes them, where the sd is not all that the other parameters hang on."""
    plain = SamplerSettings("importance", draws=settings.draws, chains=settings.chains, cores=1, seed=seed)
    of_proposal = draw_by_importance(at, mode, plain, n_values=number_of_values(at, plain))
    group = of_proposal.groups["importance"]
    values, log_weights = group["theta"].to_numpy(), group["log_weight"].to_numpy()
    if trouble_with(values, log_weights, settings.chains) is not None:
        return None
    weights = importance_of(log_weights)
    found = weighted(
        _named(at, of_proposal.theta, settings),
        seed=seed,
        effective_size=weights.effective_size,
        pareto_k=weights.pareto_k,
        log_marginal=weights.log_marginal if settings.log_marginal else np.nan,
    )
    return found, of_proposal.theta


def _named(at: IntegratedCounts, theta: Floats, settings: LociSettings) -> ParameterDraws:
    """All parameters but the effects, from theta (n_total, n), chain after chain."""
    values = parameter_values(at.model.plain_buffer(1.0), np.ascontiguousarray(theta))
    values[:, : at.model.p] = coefficients_at_zero(at.model, values)
    by_chain = values.reshape(settings.chains, settings.draws, -1)
    return ParameterDraws(at.model.names, np.ascontiguousarray(np.moveaxis(by_chain, -1, 0)))
