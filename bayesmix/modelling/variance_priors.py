"""Priors of variance parameters as the compiled densities read them, and where these parameters begin on the line."""

from collections.abc import Mapping

import numpy as np

from bayesmix.formula.design import GroupTerm
from bayesmix.posterior.layout import corr_name, sd_names
from bayesmix.priors.prior import Prior, sd_prior


def term_priors(
    term: GroupTerm, random: tuple[GroupTerm, ...], priors: Mapping[str, Prior]
) -> tuple[list[int], list[tuple[float, float]]]:
    """Kinds and numbers for a term's sds and, under LKJ, for its partial correlations: Beta (shape, shape)."""
    found = [sd_prior(priors[name]) for name in sd_names(term)]
    kinds, numbers = [kind for kind, _ in found], [pair for _, pair in found]
    if term.k > 1:
        (eta,) = priors[corr_name(term, random)].args
        shapes = [eta + (term.k - 2 - i) / 2 for j in range(term.k) for i in range(j)]
        kinds += [0] * len(shapes)
        numbers += [(shape, 0.0) for shape in shapes]
    return kinds, numbers


def on_the_line(sd: float, prior: Prior) -> float:
    """x of a standard deviation near `sd`: its logarithm, between bounds the logit of its place."""
    if prior.distribution.support != "interval":
        return float(np.log(sd))
    lower, upper = prior.args
    share = np.clip((sd - lower) / (upper - lower), 0.05, 0.95)
    return float(np.log(share / (1 - share)))
