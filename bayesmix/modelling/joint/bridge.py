"""The log marginal likelihood of a model without a closed form: bridge sampling over all parameters of its PyMC model.

The posterior's draws on the unconstrained scale are kept as nutpie made them. The density is PyTensor's, compiled
without gradient, once for all models of one structure: as fast as nutpie's own function, and compiled in a tenth of the
time.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pymc as pm
import xarray as xr
from numpy.typing import NDArray
from pymc.pytensorf import join_nonshared_inputs

from bayesmix.errors import ArgumentError, StoredFitError
from bayesmix.formula.design import Design
from bayesmix.modelling.arithmetic import arithmetic_as_written
from bayesmix.modelling.exact.log_marginal import LogMarginal, log_marginal_of
from bayesmix.modelling.joint.draws import draw_joint
from bayesmix.modelling.joint.lifted import ByStructure, lifted_graph
from bayesmix.modelling.joint.nutpie_nuts import MOST_UNCONSTRAINED
from bayesmix.modelling.joint.program import compile_log_density
from bayesmix.modelling.method import TUNING_STEPS, why_not_marginal
from bayesmix.modelling.parallel import COMPILING, in_parallel, one_blas_thread
from bayesmix.modelling.priors import Prior
from bayesmix.modelling.pymc_model.build import build_model
from bayesmix.modelling.quadrature.log_marginal import log_marginal_of_counts
from bayesmix.modelling.quadrature_families import why_not_quadrature
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reduced import ReducedModel
from bayesmix.modelling.samplers.chains import cores_of
from bayesmix.numerics.bridge import bridge

Floats = NDArray[np.float64]

_MOST_PARAMETERS = 100  # up to which draws that mix have always been enough
_AGREES = 1e-6  # of a log density, relative: the same sum in another order
_DENSITIES = ByStructure[Callable[..., Callable[[Floats], float]]](16)


def by_bridge(model: pm.Model, posterior: xr.DataTree, *, seed: int) -> LogMarginal:
    """From the draws of `posterior`, which are of `model`; no number, and the reason, where they do not suffice.

    Raises
    ------
    ArgumentError
        The unconstrained draws were not kept.
    StoredFitError
        The draws are of another model.
    """
    draws = _unconstrained(posterior)
    with one_blas_thread():
        log_densities = log_density_of(model)
        _require_same_density(log_densities, draws, posterior["sample_stats"]["lp"].to_numpy())
        found = bridge(log_densities, draws, seed=seed)
    if found.reason:
        reason = f"{found.reason}. {_what_to_do(draws.shape[2])}"
        return LogMarginal(np.nan, np.nan, "bridge", reason)
    return LogMarginal(found.log_integral, found.error, "bridge")


def _what_to_do(n_parameters: int) -> str:
    if n_parameters <= _MOST_PARAMETERS:
        return "Fit again with more draws (draws=), or with tighter priors (priors=)."
    return (
        f"{n_parameters} parameters are many for the normal distribution that bridge sampling goes by: fit with four "
        "times the draws (draws=), or test by likelihood, bm.rand(bm.laplace(...))."
    )


def of_smaller_models(fit: Fit, models: Sequence[ReducedModel]) -> list[LogMarginal]:
    """Of models on the rows of `fit`: in closed form, by quadrature, or sampled as `fit` was and bridged.

    Those to be sampled run side by side on the cores that `fit` was given; the draws do not depend on how many.
    """
    how, found = fit.sampling, dict.fromkeys(range(len(models)), _NONE)
    sampled = []
    for number, model in enumerate(models):
        if why_not_quadrature(model.design, fit.family, model.priors) is None:
            found[number] = log_marginal_of_counts(
                model.design, fit.family, model.priors, seed=how.seed, cores=how.cores
            )
        if found[number].reliable:
            continue
        if why_not_marginal(model.design, fit.family, model.priors) is None:
            found[number] = log_marginal_of(model.design, model.priors, seed=how.seed, cores=how.cores)
        else:
            sampled.append(number)
    at_once = max(1, min(len(sampled), cores_of(how)))

    def work(number: int) -> None:
        model = models[number]
        found[number] = _sampled(fit, model.design, model.priors, cores=max(1, cores_of(how) // at_once))

    if sampled:
        in_parallel(work, sampled, cores=at_once)
    return list(found.values())


_NONE = LogMarginal(np.nan, np.nan, "bridge", "not worked out")


def _sampled(fit: Fit, design: Design, priors: Mapping[str, Prior], *, cores: int) -> LogMarginal:
    how = fit.sampling
    found = draw_joint(
        design,
        fit.family,
        priors,
        sampler="nutpie",
        draws=how.draws,
        tune=how.tune or TUNING_STEPS["joint"],
        chains=how.chains,
        cores=min(cores, how.chains),
        seed=how.seed,
        target_accept=how.target_accept,
        progress=False,
    )
    with COMPILING:
        built = build_model(design, fit.family, priors, centred=found.sampling.centred)
    return by_bridge(built.model, found.posterior, seed=how.seed)


def log_density_of(model: pm.Model) -> Callable[[Floats], Floats]:
    """The log density of `model` at unconstrained points (n_points, n), Jacobians included.

    Parameters stand in the order of `model.value_vars`. Nothing is compiled where a model of the same structure was.
    """
    with COMPILING, arithmetic_as_written():
        outputs, joined = join_nonshared_inputs(
            point=model.initial_point(), outputs=[model.logp()], inputs=model.value_vars
        )
        graph = lifted_graph([joined], outputs)
        if graph is None:
            function = model.compile_fn(outputs[0], inputs=[joined], point_fn=False)
        else:
            function = _DENSITIES.of(graph, compile_log_density)(graph.values)

    def log_densities(points: Floats) -> Floats:
        # Far out a sd overflows; the density is then 0, which is all there is to say.
        with np.errstate(all="ignore"):
            return np.array([float(function(point)) for point in np.ascontiguousarray(points)])

    return log_densities


def _unconstrained(posterior: xr.DataTree) -> Floats:
    group = posterior.children.get("unconstrained_posterior")
    if group is None or "point" not in group.data_vars:
        raise ArgumentError(
            "Bridge sampling takes the draws on the unconstrained scale, which this fit does not hold: fit with "
            f'sampler="nutpie", and with draws= for at most {MOST_UNCONSTRAINED} numbers, draws times parameters.'
        )
    return group["point"].transpose("chain", "draw", ...).to_numpy()


def _require_same_density(log_densities: Callable[[Floats], Floats], draws: Floats, lp: Floats) -> None:
    """What the sampler said of its draws is what the density says, or the draws stand in another order."""
    if not np.allclose(log_densities(draws[:, -1]), lp[:, -1], rtol=_AGREES, atol=_AGREES):
        raise StoredFitError(
            "The log densities of the draws are not those of the fit's model; another version made them. Fit again."
        )
