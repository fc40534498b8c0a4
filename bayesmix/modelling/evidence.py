"""Log marginal likelihoods of fitted models and of smaller ones on the same rows, whichever route they take."""

from collections.abc import Sequence

from bayesmix.formula.design import Design
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reduced import ReducedModel
from bayesmix.modelling.routes import route_named, route_of
from bayesmix.modelling.samplers.chains import chains_at_once, cores_of
from bayesmix.modelling.samplers.log_marginal import LogMarginal, without_number
from bayesmix.modelling.settings import SamplerSettings
from bayesmix.parallel import COMPILING, in_parallel
from bayesmix.priors.prior import Prior


def log_marginal_of_fit(fit: Fit) -> LogMarginal:
    """In closed form or by the weights that the fit was drawn with, or by bridge sampling from its draws.

    Raises
    ------
    ArgumentError
        Bridge sampling is needed, and the fit does not hold the draws that it takes.
    """
    from bayesmix.modelling.joint.bridge import by_bridge

    how = fit.sampling
    found = route_of(fit.model).log_marginal(
        fit.model, seed=how.seed, cores=how.cores, weights=fit.diagnostics.importance
    )
    if found is not None and (found.reliable or not fit.route.samples_effects):
        return found
    return by_bridge(fit.pymc_model, fit.posterior, seed=how.seed)


def of_smaller_models(fit: Fit, models: Sequence[ReducedModel]) -> list[LogMarginal]:
    """Of models on the rows of `fit`: in closed form, by quadrature, or sampled as `fit` was and bridged.

    Those to be sampled run side by side on the cores that `fit` was given; the draws do not depend on how many.
    """
    how, found = fit.sampling, dict.fromkeys(range(len(models)), _NONE)
    for number, model in enumerate(models):
        smaller = MixedModel(model.design, fit.family, model.priors)
        found[number] = route_of(smaller).log_marginal(smaller, seed=how.seed, cores=how.cores) or _NONE
    sampled = [number for number, one in found.items() if not one.reliable]
    at_once = max(1, min(len(sampled), cores_of(how)))

    def work(number: int) -> None:
        model = models[number]
        found[number] = _sampled(fit, model.design, model.priors, cores=max(1, cores_of(how) // at_once))

    if sampled:
        in_parallel(work, sampled, cores=at_once)
    return list(found.values())


_NONE = without_number("bridge", "not worked out")


def _sampled(fit: Fit, design: Design, priors: dict[str, Prior], *, cores: int) -> LogMarginal:
    from bayesmix.modelling.joint.bridge import by_bridge
    from bayesmix.modelling.pymc_model.build import build_model

    how, joint = fit.sampling, route_named("joint")
    settings = SamplerSettings(
        sampler="nutpie",
        draws=how.draws,
        chains=how.chains,
        cores=chains_at_once(how.chains, min(cores, how.chains)),
        seed=how.seed,
        tune=how.tune or joint.tune,
        target_accept=how.target_accept,
        progress=False,
    )
    found = joint.draw(MixedModel(design, fit.family, priors), settings)
    with COMPILING:
        built = build_model(design, fit.family, priors, centred=found.sampling.centred)
    return by_bridge(built.model, found.posterior, seed=how.seed)
