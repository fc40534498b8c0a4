"""Parameters as the compiled densities read them: the columns of coefficients, and the priors of all parameters."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.formula.design import Design
from bayesmix.posterior.layout import corr_name, sd_names
from bayesmix.priors.prior import Prior, prior_numbers, sd_prior


@dataclass(frozen=True)
class FixedColumns:
    """Columns (n_obs, p) of the coefficients `names` in the order of the PyMC model: predictors less their `means`, and
    the intercept last; `means` (p - 1,) is empty without an intercept or without predictors."""

    matrix: Floats
    names: tuple[str, ...]
    means: Floats


def fixed_columns(design: Design) -> FixedColumns:
    """The fixed part in the order of the PyMC model, with the intercept at the predictors' means."""
    fixed = design.fixed
    others = [column for term in fixed.terms if term.kind != "intercept" for column in term.columns]
    names = tuple(fixed.names[column] for column in others)
    matrix = fixed.matrix[:, others]
    if not fixed.has_intercept:
        return FixedColumns(matrix, names, np.empty(0))
    means = matrix.mean(axis=0)
    return FixedColumns(np.column_stack([matrix - means, np.ones(len(matrix))]), (*names, "Intercept"), means)


def coefficient_numbers(fixed: FixedColumns, priors: Mapping[str, Prior]) -> Floats:
    """Location, scale and degrees of freedom (1 except for Student's t) of every coefficient's prior, (p, 3)."""
    return np.array([prior_numbers(priors[name]) for name in fixed.names], dtype=float).reshape(-1, 3)


def theta_priors(design: Design, priors: Mapping[str, Prior], *, sigma: bool = False) -> tuple[Integers, Floats]:
    """Kinds (n_theta,) and numbers (n_theta, 2) of the priors, in the order of `numerics.variance_parameters`.

    Each term has its standard deviations and, under LKJ, its partial correlations as Beta (shape, shape); `sigma`
    comes last where it is asked for.
    """
    read: list[tuple[int, tuple[float, float]]] = []
    for term in design.random:
        read += [sd_prior(priors[name]) for name in sd_names(term)]
        if term.k > 1:
            (eta,) = priors[corr_name(term, design.random)].args
            read += [(0, (float(shape), 0.0)) for shape in partial_shapes(eta, term.k)]
    if sigma:
        read.append(sd_prior(priors["sigma"]))
    kinds = np.array([kind for kind, _ in read], dtype=np.int64)
    return kinds, np.array([numbers for _, numbers in read], dtype=float).reshape(-1, 2)


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
