"""Which way a model is sampled, and why."""

from collections.abc import Mapping
from dataclasses import dataclass

from bayesmix.errors import ArgumentError
from bayesmix.formula.design import Design
from bayesmix.modelling.families import Family
from bayesmix.modelling.priors import Prior

METHODS = ("auto", "marginal", "joint")
SAMPLERS = ("nutpie", "pymc", "numpyro")
SEEDS = 2**32  # the samplers take seeds below it
TUNING_STEPS = {"marginal": 200, "joint": 1000}
_MOST_DENSE = 400  # effects outside the largest factor: a gradient takes their number to the third power


@dataclass(frozen=True)
class Choice:
    """`method` is ``"marginal"`` or ``"joint"``; `reason` says why, in words."""

    method: str
    reason: str


def choose_method(method: str, design: Design, family: Family, priors: Mapping[str, Prior], *, sampler: str) -> Choice:
    """How to sample a model.

    ``"marginal"``: coefficients and group effects are integrated out in closed form, NUTS runs on the variance
    parameters alone, and the rest is drawn exactly. ``"joint"``: NUTS on all parameters. ``"auto"`` takes the first
    where it applies and is the cheaper.

    Raises
    ------
    ArgumentError
        ``"marginal"`` does not apply; the message says why.
    """
    if method == "joint":
        return Choice("joint", "as asked")
    obstacle = _why_not_marginal(design, family, priors, sampler)
    if method == "marginal":
        if obstacle:
            raise ArgumentError(f'method="marginal" does not apply: {obstacle}. Write method="joint" or "auto".')
        return Choice("marginal", "as asked")
    n_dense = _n_dense(design)
    if obstacle is None and n_dense > _MOST_DENSE:
        obstacle = f"{n_dense} effects outside the largest factor make an exact gradient dear"
    return Choice("joint", obstacle) if obstacle else Choice("marginal", "Gaussian, Normal priors on the coefficients")


def _why_not_marginal(design: Design, family: Family, priors: Mapping[str, Prior], sampler: str) -> str | None:
    if not family.is_gaussian_identity:
        return f"{family} has no closed form"
    for name in design.fixed.names:
        if priors[name].name != "Normal":
            return f"the prior {priors[name]} of {name} has no closed form, a Normal has"
    if sampler != "nutpie":
        return f"sampler {sampler} takes all parameters"
    return None


def _n_dense(design: Design) -> int:
    """Group effects that are not those of the grouping factor with the most."""
    by_factor: dict[str, int] = {}
    for term in design.random:
        by_factor[term.group] = by_factor.get(term.group, 0) + term.n_levels * term.k
    return sum(by_factor.values()) - max(by_factor.values(), default=0)
