"""Draws of a locus whose group effects are integrated out: by NUTS, or by importance sampling with NUTS as audit."""

from dataclasses import replace

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.loci.engine.chains import chains_of_nuts
from bayesmix.loci.engine.drawn import Drawn, distance, drawn, weighted
from bayesmix.loci.engine.parameters import ParameterDraws
from bayesmix.loci.engine.screening import Screened, screened
from bayesmix.loci.engine.settings import LociSettings, seed_of
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.quadrature.integrated import IntegratedCounts, integrated_counts
from bayesmix.modelling.quadrature.model import coefficients_at_zero
from bayesmix.modelling.samplers.log_marginal import by_importance
from bayesmix.modelling.samplers.mode import climb
from bayesmix.numerics.importance import resample
from bayesmix.numerics.level_quadrature.posterior import log_posterior_at, parameter_values
from bayesmix.numerics.mode import Mode

_THIN, _CAREFUL = (
    4,
    0.95,
)  # of the second attempt: of how many draws one is kept, and the acceptance
_VALUES, _OF_EVIDENCE = (
    2000,
    99,
)  # for the log marginal likelihood, and the number of its seed


def sampled(model: MixedModel, settings: LociSettings, *, locus: str, audited: bool) -> Drawn:
    """Draws of all parameters but the group effects.

    Importance sampling comes first where it is asked for, and NUTS if its weights cannot be trusted or the locus is
    audited. NUTS is tried once more, with longer chains and a smaller step, if its chains disagree, are worth too few
    draws, or diverge.

    Raises
    ------
    SamplingError
        No starting point has a finite density, or the quadrature is not precise.
    """
    counts, attempts, screening = integrated_counts(model), 0, None
    if settings.sampler == "importance":
        attempts, seed = 1, seed_of(settings.seed, locus)
        values = screened(counts, settings, seed)
        screening = None if values is None else _resampled(counts, values, settings, seed)
        if screening is not None and not audited:
            return screening
    found = _by_nuts(counts, settings, locus, attempts)
    if screening is not None:
        found = replace(found, pareto_k=screening.pareto_k, audit_z=distance(screening, found))
    if settings.log_marginal:
        found = replace(
            found,
            log_marginal=_log_marginal(counts, settings, seed_of(settings.seed, locus, _OF_EVIDENCE)),
        )
    return found


def _by_nuts(counts: IntegratedCounts, settings: LociSettings, locus: str, before: int) -> Drawn:
    """Draws by NUTS after the attempts `before`; where the quadrature was not precise at them, from closer nodes."""
    model = counts.model
    mode = climb(log_posterior_at, model.plain_buffer(counts.fineness), model.start, model.spread)
    found, theta = _attempts_of_nuts(counts, mode, settings, locus, before)
    if counts.accuracy(theta).enough:
        return found
    for at, mode in counts.approximations():
        found, theta = _attempts_of_nuts(at, mode, settings, locus, before)
        if at.accuracy(theta).enough:
            break
    return found


def _attempts_of_nuts(
    at: IntegratedCounts, mode: Mode, settings: LociSettings, locus: str, before: int
) -> tuple[Drawn, Floats]:
    """Draws, and theta (n_total, n) behind them."""
    longer = replace(
        settings,
        tune=2 * settings.tune,
        target_accept=max(_CAREFUL, settings.target_accept),
    )
    for attempt, (chosen, thin) in enumerate(((settings, 1), (longer, _THIN)), start=before + 1):
        seed = seed_of(settings.seed, locus, attempt)
        theta, divergences = chains_of_nuts(at, mode, chosen, seed, thin=thin)
        found = drawn(_named(at, theta, settings), seed=seed, attempts=attempt, divergences=divergences)
        if found.converged:
            break
    return found, theta


def _resampled(counts: IntegratedCounts, values: Screened, settings: LociSettings, seed: int) -> Drawn:
    chosen = resample(values.weights, settings.n_draws, np.random.default_rng([seed, 1]))
    return weighted(
        _named(counts, values.theta[chosen], settings),
        seed=seed,
        effective_size=values.importance.effective_size,
        pareto_k=values.importance.pareto_k,
        log_marginal=values.importance.log_marginal if settings.log_marginal else np.nan,
    )


def _log_marginal(counts: IntegratedCounts, settings: LociSettings, seed: int) -> float:
    """The log marginal likelihood, nan where it cannot be trusted."""
    values = screened(counts, settings, seed)
    if values is not None:
        return values.importance.log_marginal
    return by_importance(counts, n_values=_VALUES, seed=seed, cores=1).value


def _named(counts: IntegratedCounts, theta: Floats, settings: LociSettings) -> ParameterDraws:
    """All parameters but the effects, from theta (n_total, n), chain after chain."""
    values = parameter_values(counts.model.plain_buffer(1.0), np.ascontiguousarray(theta))
    values[:, : counts.model.p] = coefficients_at_zero(counts.model, values)
    by_chain = values.reshape(settings.chains, settings.draws, -1)
    return ParameterDraws(counts.model.names, np.ascontiguousarray(np.moveaxis(by_chain, -1, 0)))
