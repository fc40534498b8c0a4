"""The log marginal likelihood of a model whose effects are integrated out: the integral over theta."""

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.modelling.samplers.importance import draw_by_importance
from bayesmix.modelling.samplers.integrated import IntegratedModel
from bayesmix.modelling.samplers.log_marginal import LogMarginal, from_weights, without_number
from bayesmix.modelling.samplers.nuts import run_chains
from bayesmix.modelling.samplers.progress import SamplingProgress
from bayesmix.modelling.samplers.weights import importance_of
from bayesmix.modelling.settings import SamplerSettings
from bayesmix.numerics.bridge import bridge

N_VALUES = 8000
"""Of importance sampling: an error of about 0.005."""

_CHAINS = 4


def by_importance(model: IntegratedModel, *, n_values: int = N_VALUES, seed: int, cores: int) -> LogMarginal:
    """The mean of the weights."""
    return from_weights(importance_of(weighted_values(model, n_values=n_values, seed=seed, cores=cores)[1]))


def weighted_values(model: IntegratedModel, *, n_values: int, seed: int, cores: int) -> tuple[Floats, Floats]:
    """theta (n_values, n) and log weights (n_values,)."""
    at, mode = next(model.approximations())
    settings = SamplerSettings("importance", draws=1, chains=1, cores=cores, seed=seed)
    values = draw_by_importance(at, mode, settings, n_values=n_values).groups["importance"]
    return values["theta"].to_numpy(), values["log_weight"].to_numpy()


def by_bridge(model: IntegratedModel, *, seed: int, cores: int) -> LogMarginal:
    """From draws of theta by NUTS, as often as importance sampling does not suffice."""
    at, mode = next(model.approximations())
    settings = SamplerSettings("nutpie", draws=1000, chains=_CHAINS, cores=cores, seed=seed)
    with SamplingProgress(_CHAINS, shown=False) as bar:
        theta, _ = run_chains(at, mode, settings, bar)
    points = np.linalg.solve(mode.scale, (theta - mode.point).T).T

    buffer = at.buffer(mode.point, mode.scale)

    def log_densities(x: Floats) -> Floats:
        return at.log_densities(buffer, x, cores=cores)

    found = bridge(log_densities, points.reshape(_CHAINS, -1, len(mode.point)), seed=seed)
    if found.reason:
        return without_number(
            "bridge",
            f"{found.reason}. Give the standard deviations tighter priors (priors=), or simplify the random terms.",
        )
    return LogMarginal(found.log_integral + mode.log_volume, found.error, "bridge")
