"""Screening of a locus by importance sampling with few values, all of it compiled but the weights' diagnostics."""

from dataclasses import dataclass
from math import lgamma, log, pi

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.loci.engine.chains import COARSE
from bayesmix.loci.engine.settings import LociSettings
from bayesmix.modelling.quadrature.integrated import IntegratedCounts
from bayesmix.modelling.quadrature.model import Counts
from bayesmix.modelling.samplers.importance import draw_by_importance, number_of_values
from bayesmix.modelling.samplers.weights import Importance, importance_of, trouble_with
from bayesmix.modelling.settings import SamplerSettings
from bayesmix.numerics.importance import weigh
from bayesmix.numerics.loci.screening import DEGREES, screen

N_VALUES = 512
_FEWEST_SHARE = 0.2  # of the values that are effective


@dataclass(frozen=True, eq=False)
class Screened:
    """Values of theta (n_values, n) with weights (n_values,) that can be trusted, and the diagnostics of these."""

    theta: Floats
    weights: Floats
    importance: Importance


def screened(counts: IntegratedCounts, settings: LociSettings, seed: int) -> Screened | None:
    """Weighted values, or None if the weights cannot be trusted.

    With one sd and no further parameter they come from a grid of conditional fits; else as `bm.fit` makes them.
    """
    if counts.model.n_levels and not counts.family.auxiliary:
        values = screening_values(counts.model, COARSE * counts.fineness, np.random.default_rng(seed))
    else:
        values = _as_by_fit(counts, settings, seed)
    if values is None:
        return None
    theta, log_weights = values
    importance = importance_of(log_weights)
    if importance.pareto_k > importance.greatest_k or importance.effective_size < _FEWEST_SHARE * len(theta):
        return None
    return Screened(theta, weigh(log_weights).weights, importance)


def screening_values(model: Counts, fineness: float, rng: np.random.Generator) -> tuple[Floats, Floats] | None:
    """Values of theta (n_values, n) and their log weights (n_values,); None if no grid of sds is found.

    The values are spread evenly over the distribution of the sd, one in each of as many parts of equal probability.
    """
    n = model.parameters.n
    m = n - 1
    uniforms = (np.arange(N_VALUES) + rng.random(N_VALUES)) / N_VALUES
    normals = rng.standard_normal((N_VALUES, m)) * np.sqrt(DEGREES / rng.chisquare(DEGREES, N_VALUES))[:, None]
    constant = lgamma((DEGREES + m) / 2) - lgamma(DEGREES / 2) - m / 2 * log(DEGREES * pi)
    theta, log_weights = np.empty((N_VALUES, n)), np.empty(N_VALUES)
    lowest = -np.inf if model.folded is None else 0.0
    buffer = model.plain_buffer(fineness)
    n_nodes = screen(
        buffer,
        model.start,
        model.p,
        lowest,
        uniforms,
        normals,
        constant,
        theta,
        log_weights,
    )
    return (theta, log_weights) if n_nodes > 1 else None


def _as_by_fit(counts: IntegratedCounts, settings: LociSettings, seed: int) -> tuple[Floats, Floats] | None:
    at, mode = next(iter(counts.approximations()))
    plain = SamplerSettings("importance", draws=settings.draws, chains=settings.chains, cores=1, seed=seed)
    group = draw_by_importance(at, mode, plain, n_values=number_of_values(at, plain)).groups["importance"]
    theta, log_weights = group["theta"].to_numpy(), group["log_weight"].to_numpy()
    return None if trouble_with(theta, log_weights, settings.chains) else (theta, log_weights)
