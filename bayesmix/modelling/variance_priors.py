"""Priors of variance parameters as the compiled densities read them, and these parameters on the whole line."""

from collections.abc import Mapping

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.formula.design import Design
from bayesmix.posterior.layout import corr_name, sd_names
from bayesmix.priors.prior import Prior, sd_prior


def theta_priors(design: Design, priors: Mapping[str, Prior], *, sigma: bool = False) -> tuple[Integers, Floats]:
    """Kinds (n_theta,) and numbers (n_theta, 2) of the priors, in the order of `numerics.variance_parameters`.

    Each term has its standard deviations and, under LKJ, its partial correlations as Beta (shape, shape); `sigma`
    comes last where it is asked for.
    """
    found: list[tuple[int, tuple[float, float]]] = []
    for term in design.random:
        found += [sd_prior(priors[name]) for name in sd_names(term)]
        if term.k > 1:
            (eta,) = priors[corr_name(term, design.random)].args
            found += [(0, (float(shape), 0.0)) for shape in partial_shapes(eta, term.k)]
    if sigma:
        found.append(sd_prior(priors["sigma"]))
    kinds = np.array([kind for kind, _ in found], dtype=np.int64)
    return kinds, np.array([numbers for _, numbers in found], dtype=float).reshape(-1, 2)


def partial_shapes(eta: float, k: int) -> Floats:
    """Both parameters of the Beta of each partial correlation of k columns under LKJ(eta), shape (k (k - 1) / 2,)."""
    conditioned_on = np.tril_indices(k, -1)[1]
    return eta + (k - 2 - conditioned_on) / 2


def on_the_line(sd: float, prior: Prior) -> float:
    """x of a standard deviation near `sd`: its logarithm, or between bounds the logit of its place."""
    if prior.distribution.support != "interval":
        return float(np.log(sd))
    lower, upper = prior.args
    share = np.clip((sd - lower) / (upper - lower), 0.05, 0.95)
    return float(np.log(share / (1 - share)))
