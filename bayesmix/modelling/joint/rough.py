"""A rough fit of a design for counts, and which of its terms are sampled centred."""

from collections.abc import Mapping

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.families.family import Family
from bayesmix.formula.design import Design, GroupTerm
from bayesmix.modelling.fixed_columns import coefficient_numbers, fixed_columns
from bayesmix.modelling.variance_priors import on_the_line
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.joint.rough_fit import RoughFit, rough_fit
from bayesmix.numerics.prior_codes import UNBOUNDED
from bayesmix.numerics.prior_densities import standard_deviation
from bayesmix.parallel import one_blas_thread
from bayesmix.posterior import layout
from bayesmix.priors.prior import Prior, coefficient_kind, sd_prior

_GRID = np.linspace(-12.0, 12.0, 481)
_LEAST_SHARE = 0.5


def rough_fit_of(design: Design, family: Family, priors: Mapping[str, Prior]) -> RoughFit | None:
    """A rough fit; None for families and priors that it does not cover, and where the numbers do not let it."""
    likelihood = family.record.laplace.get(family.link)
    if likelihood is None:
        return None
    if not all(coefficient_kind(priors[name]) in UNBOUNDED for name in design.fixed.names):
        return None
    fixed = fixed_columns(design)
    locations, scales, _ = coefficient_numbers(fixed, priors).T
    trials = np.ones(design.n_obs) if design.response.trials is None else design.response.trials
    terms = tuple(GroupColumns(term.index, term.columns, term.n_levels) for term in design.random)
    sds = tuple(np.array([typical_sd(priors[name]) for name in layout.sd_names(term)]) for term in design.random)
    with one_blas_thread(), np.errstate(all="ignore"):
        return rough_fit(
            y=design.response.values,
            trials=trials,
            offset=design.offset,
            X=fixed.matrix,
            locations=locations,
            scales=scales,
            terms=terms,
            sds=sds,
            likelihood=likelihood,
        )


def centred_terms(rough: RoughFit | None, n_terms: int) -> tuple[bool, ...]:
    """Which terms are sampled centred: those whose effects the data tell more about than the sd does.

    The effects themselves then hardly depend on their sd, where b / sd does; of an effect that the data tell little
    about it is the other way round (Papaspiliopoulos, Roberts & Sköld 2007, doi:10.1214/088342307000000014).
    """
    return (False,) * n_terms if rough is None else tuple(share > _LEAST_SHARE for share in rough.shares)


def typical_sd(prior: Prior) -> float:
    """The sd at the mode of the prior's density on the whole line."""
    kind, numbers = sd_prior(prior)
    at = [standard_deviation(kind, *numbers, x) for x in _GRID]
    return float(at[int(np.argmax([density for _, _, density, _ in at]))][0])


def start_of(L: Floats, term: GroupTerm, priors: Mapping[str, Prior], share: float) -> tuple[Floats, Floats]:
    """Where a term's variance parameters (k (k + 1) / 2,) lie, on the whole line, and how far from it they may."""
    sds = np.sqrt((L**2).sum(axis=1))
    at = [on_the_line(sd, priors[name]) for sd, name in zip(sds, layout.sd_names(term), strict=True)]
    for row in range(1, term.k):
        remaining = 1.0
        for column in range(row):
            partial = np.clip(L[row, column] / (sds[row] * np.sqrt(remaining)), -0.95, 0.95)
            at.append(float(np.log((1 + partial) / (1 - partial))))
            remaining *= 1 - partial**2
    # Of the logarithm of a sd seen in J levels 1 / sqrt(2 J); a level counts as far as the data tell about it.
    spread = 1 / np.sqrt(2 * (1 + term.n_levels * share**2))
    return np.array(at), np.array([spread] * term.k + [2 * spread] * (len(at) - term.k))
