"""Log marginal likelihoods of fitted models and of smaller ones on the same rows, by any route."""

from collections.abc import Sequence

from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reduced import ReducedModel
from bayesmix.modelling.routes import route_named, route_of
from bayesmix.modelling.samplers.chains import chains_at_once, cores_of
from bayesmix.modelling.samplers.log_marginal import LogMarginal, without_number
from bayesmix.modelling.settings import SamplerSettings
from bayesmix.parallel import COMPILING, in_parallel

_NONE = without_number("bridge", "not worked out")


def log_marginal_of_fit(fit: Fit) -> LogMarginal:
    """The evidence of a fit by its own route or from its weights; otherwise by bridge sampling from its draws.

    Raises
    ------
    ArgumentError
        Bridge sampling is needed, and the fit does not hold the draws that it takes.
    """
    from bayesmix.modelling.joint.bridge import by_bridge

    sampling, weights = fit.sampling, fit.diagnostics.importance
    by_route = route_of(fit.model).log_marginal(fit.model, seed=sampling.seed, cores=sampling.cores, weights=weights)
    if by_route is not None and (by_route.reliable or not fit.route.samples_effects):
        return by_route
    return by_bridge(fit.pymc_model, fit.posterior, seed=sampling.seed)


def of_smaller_models(fit: Fit, models: Sequence[ReducedModel]) -> list[LogMarginal]:
    """The evidence of models on the rows of `fit`, by their own routes; otherwise they are sampled as `fit` was.

    Models that must be sampled run side by side on the cores that `fit` had; the draws do not depend on how many.
    """
    sampling, smaller = fit.sampling, [MixedModel(model.design, fit.family, model.priors) for model in models]
    results = [
        route_of(model).log_marginal(model, seed=sampling.seed, cores=sampling.cores) or _NONE for model in smaller
    ]
    sampled = [number for number, result in enumerate(results) if not result.reliable]
    at_once = max(1, min(len(sampled), cores_of(sampling)))

    def work(number: int) -> None:
        results[number] = _sampled(fit, smaller[number], cores=max(1, cores_of(sampling) // at_once))

    if sampled:
        in_parallel(work, sampled, cores=at_once)
    return results


def _sampled(fit: Fit, model: MixedModel, *, cores: int) -> LogMarginal:
    from bayesmix.modelling.joint.bridge import by_bridge
    from bayesmix.modelling.pymc_model.bambi_bridge import build_model

    sampling, joint = fit.sampling, route_named("joint")
    settings = SamplerSettings(
        sampler="nutpie",
        draws=sampling.draws,
        chains=sampling.chains,
        cores=chains_at_once(sampling.chains, min(cores, sampling.chains)),
        seed=sampling.seed,
        tune=sampling.tune or joint.tune,
        target_accept=sampling.target_accept,
        progress=False,
    )
    drawn = joint.draw(model, settings)
    with COMPILING:
        built = build_model(model.design, model.family, model.priors, centred=drawn.sampling.centred)
    return by_bridge(built.model, drawn.posterior, seed=sampling.seed)
