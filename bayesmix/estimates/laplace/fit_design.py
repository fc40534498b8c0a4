"""From a design to a `LaplaceFit`, with a verdict in words: whether it is a maximum, what runs away, what to do."""

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import listing
from bayesmix.estimates.laplace.record import LaplaceFit
from bayesmix.estimates.lme4_order import lme4_theta
from bayesmix.families.family import Family
from bayesmix.formula.dependent_columns import independent_columns
from bayesmix.formula.design import Design
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.laplace.estimate import LaplaceEstimate, laplace_estimate
from bayesmix.numerics.separation import pure_levels
from bayesmix.parallel import one_blas_thread
from bayesmix.separated_data.find import separation_of
from bayesmix.separated_data.words import count, place, ways

_AT_OPTIMUM = 1e-3  # greatest gradient at a maximum, by standard errors
_FLAT = 1e-7  # least curvature; here a standard error is some thousands of times what the rows tell
# A sd of eta above these makes the odds, or the mean, three thousand times larger or smaller: levels are all but
# separated.
_FARTHEST = {"probit": 4.5}
_FARTHEST_ELSE = 8.0

_INSTEAD = "bm.fit, with proper priors, has a posterior all the same"


def fit_laplace(design: Design, family: Family) -> LaplaceFit:
    """Fit a design of counts by maximum likelihood; columns of its fixed part that depend on others are left out."""
    design = independent_columns(design)
    terms = tuple(GroupColumns(term.index, term.columns, term.n_levels) for term in design.random)
    trials = np.ones(design.n_obs) if design.response.trials is None else design.response.trials
    with one_blas_thread():
        estimate = laplace_estimate(
            y=design.response.values,
            trials=trials,
            X=design.fixed.matrix,
            terms=terms,
            offset=design.offset,
            likelihood=family.record.laplace[family.link],
        )
    converged, reason = _verdict(design, family, trials, estimate)
    return LaplaceFit(
        design=design,
        family=family,
        converged=converged,
        reason=reason,
        criterion=estimate.criterion,
        theta=lme4_theta(estimate.L, tuple(term.n_levels for term in design.random)),
        L=estimate.L,
        ranks=estimate.ranks,
        beta=estimate.coefficients,
        vcov=estimate.covariance,
        effects=estimate.modes,
        effect_covariances=estimate.mode_covariances,
        eta=estimate.eta,
        gradient_size=estimate.gradient_size,
    )


def _verdict(design: Design, family: Family, trials: Floats, estimate: LaplaceEstimate) -> tuple[bool, str]:
    """Whether the estimates are a finite maximum, and if not the gravest reason."""
    trouble = (
        _run_away(design, family)
        or _separated_levels(design, family, trials, estimate)
        or _not_found(estimate)
        or _far_out(design, family, estimate)
    )
    if trouble:
        return False, trouble
    short = [
        f"({term.label}) has rank {rank} of {term.k}" if term.k > 1 else f"the sd of ({term.label}) is 0"
        for term, rank in zip(design.random, estimate.ranks, strict=True)
        if rank < term.k
    ]
    return True, "a maximum on the boundary: " + ", ".join(short) if short else "a maximum"


def _run_away(design: Design, family: Family) -> str:
    triage = separation_of(design, family)
    patterns = triage.found
    if not patterns:
        return ""
    where = listing(dict.fromkeys(way for pattern in patterns for way in ways(design.fixed.names, pattern)))
    cells = listing((f"{place(cell)}: {count(cell, family)}" for cell in patterns if cell.kind == "cell"), at_most=4)
    if not any(pattern.separates for pattern in patterns):
        return f"Nothing was observed in {cells}: {where}. Leave out what has no trials; {_INSTEAD}."
    seen = f" ({cells})" if cells else ""
    return (
        f"The data are separated{seen}: the likelihood rises without end along {where}, which fits {triage.n_rows} of "
        f"{design.n_obs} rows ever better. There is no estimate; {_INSTEAD}."
    )


def _separated_levels(design: Design, family: Family, trials: Floats, estimate: LaplaceEstimate) -> str:
    if family.response == "count":
        return ""
    for term, spread in zip(design.random, estimate.spread, strict=True):
        if "Intercept" in term.names and pure_levels(term.index, design.response.values, trials, term.n_levels):
            return (
                f"Every level of '{term.group}' has successes alone or failures alone: the sd of ({term.label}) cannot "
                f"be estimated by maximum likelihood, and the {spread:.3g} of Laplace's approximation means nothing; "
                f"{_INSTEAD}."
            )
    return ""


def _not_found(estimate: LaplaceEstimate) -> str:
    if not np.isfinite(estimate.criterion):
        return "The criterion is not finite where the search began; are predictors or offset very large? Scale them."
    if not estimate.curvature > _FLAT:
        return (
            f"The Hessian is not positive definite (least eigenvalue {estimate.curvature:.2g}): estimates run away or "
            f"are not determined, and standard errors mean nothing. Leave terms out; {_INSTEAD}."
        )
    if not estimate.gradient_size <= _AT_OPTIMUM:
        return (
            f"The search stopped before a maximum: gradient {estimate.gradient_size:.2g}, at most {_AT_OPTIMUM:g} is "
            "asked for. Leave random terms out, or scale predictors."
        )
    return ""


def _far_out(design: Design, family: Family, estimate: LaplaceEstimate) -> str:
    farthest = _FARTHEST.get(family.link, _FARTHEST_ELSE)
    for term, spread in zip(design.random, estimate.spread, strict=True):
        if spread > farthest:
            return (
                f"The sd of ({term.label}) is {spread:.3g} on the {family.link} scale, beyond {farthest:g}: levels are "
                f"all but separated, and Laplace's approximation cannot be trusted there; {_INSTEAD}."
            )
    return ""
