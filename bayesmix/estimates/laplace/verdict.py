"""Whether a Laplace fit found a maximum, in words: what runs away, and what to do."""

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import listing
from bayesmix.families.family import Family
from bayesmix.formula.design import Design
from bayesmix.numerics.laplace.estimate import LaplaceEstimate
from bayesmix.numerics.separation import pure_levels
from bayesmix.separated_data.find import separation_of
from bayesmix.separated_data.words import count, place, ways

_AT_OPTIMUM = 1e-3  # of the gradient, by standard errors
_FLAT = 1e-7  # a standard error some thousands of times what the rows tell
# A sd of eta beyond these takes the odds, or the mean, three thousand times up or down: levels are all but separated.
_FARTHEST = {"probit": 4.5}
_FARTHEST_ELSE = 8.0

_INSTEAD = "bm.fit, with proper priors, has a posterior all the same"


def verdict(design: Design, family: Family, trials: Floats, estimate: LaplaceEstimate) -> tuple[bool, str]:
    """Whether the estimates are a finite maximum, and why not; what is worst comes first."""
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
    found = triage.found
    if not found:
        return ""
    where = listing(dict.fromkeys(way for one in found for way in ways(design.fixed.names, one)))
    cells = listing((f"{place(one)}: {count(one, family)}" for one in found if one.kind == "cell"), at_most=4)
    if not any(one.separates for one in found):
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
