"""The log marginal likelihood of a model without a closed form: bridge sampling over all parameters of its PyMC model.

The draws on the unconstrained scale are those of nutpie. The density is PyTensor's, compiled without gradient, once for
all models of one structure: it is as fast as nutpie's own function, and compiled in a tenth of the time.
"""

from collections.abc import Callable

import numpy as np
import pymc as pm
import xarray as xr
from pymc.pytensorf import join_nonshared_inputs

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError, StoredFitError
from bayesmix.modelling.joint.lifted import ByStructure, lifted_graph
from bayesmix.modelling.joint.program import arithmetic_as_written, compile_log_density
from bayesmix.modelling.samplers.chains import points_of
from bayesmix.modelling.samplers.log_marginal import LogMarginal, without_number
from bayesmix.modelling.settings import MOST_UNCONSTRAINED
from bayesmix.numerics.bridge import bridge
from bayesmix.parallel import COMPILING, one_blas_thread

_MOST_PARAMETERS = 100  # up to this number, draws that mix have always been enough
_AGREES = 1e-6  # relative, for log densities that are the same sum in another order
_DENSITIES = ByStructure[Callable[..., Callable[[Floats], float]]](16)


def by_bridge(model: pm.Model, posterior: xr.DataTree, *, seed: int) -> LogMarginal:
    """Bridge sampling from the draws in `posterior` of `model`; no number, but a reason, if they do not suffice.

    Raises
    ------
    ArgumentError
        The unconstrained draws were not kept.
    StoredFitError
        The draws are of another model.
    """
    draws = points_of(posterior)
    if draws is None:
        raise ArgumentError(
            "Bridge sampling takes the draws on the unconstrained scale, which this fit does not hold: fit with "
            f'sampler="nutpie", and with draws= for at most {MOST_UNCONSTRAINED} numbers, draws times parameters.'
        )
    with one_blas_thread():
        log_densities = log_density_of(model)
        _require_same_density(log_densities, draws, posterior["sample_stats"]["lp"].to_numpy())
        estimate = bridge(log_densities, draws, seed=seed)
    if estimate.reason:
        return without_number("bridge", f"{estimate.reason}. {_remedy(draws.shape[2])}")
    return LogMarginal(estimate.log_integral, estimate.error, "bridge")


def _remedy(n_parameters: int) -> str:
    if n_parameters <= _MOST_PARAMETERS:
        return "Fit again with more draws (draws=), or with tighter priors (priors=)."
    return (
        f"{n_parameters} parameters are many for the normal distribution that bridge sampling goes by: fit with four "
        "times the draws (draws=), or test by likelihood, bm.rand(bm.laplace(...))."
    )


def log_density_of(model: pm.Model) -> Callable[[Floats], Floats]:
    """The log density of `model` at unconstrained points (n_points, n), Jacobians included.

    Parameters stand in the order of `model.value_vars`. Nothing is compiled after a model of the same structure.
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
        # Far out an sd overflows, and the density is 0.
        with np.errstate(all="ignore"):
            return np.array([float(function(point)) for point in np.ascontiguousarray(points)])

    return log_densities


def _require_same_density(log_densities: Callable[[Floats], Floats], draws: Floats, lp: Floats) -> None:
    """Refuse draws whose log densities, as the sampler kept them, are not those of the model."""
    if not np.allclose(log_densities(draws[:, -1]), lp[:, -1], rtol=_AGREES, atol=_AGREES):
        raise StoredFitError(
            "The log densities of the draws are not those of the fit's model; another version made them. Fit again."
        )
