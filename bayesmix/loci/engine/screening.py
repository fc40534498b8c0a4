"""Screening of a locus by importance sampling with few values, all of it compiled but the weights' diagnostics."""

from math import lgamma, log, pi

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.modelling.quadrature.model import Counts
from bayesmix.numerics.loci.screening import DEGREES, screen

N_VALUES = 512


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
    n_nodes = screen(buffer, model.start, model.p, lowest, uniforms, normals, constant, theta, log_weights)
    return (theta, log_weights) if n_nodes > 1 else None
