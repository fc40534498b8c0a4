"""Which way a model is sampled, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bayesmix.errors import ArgumentError, did_you_mean, shown
from bayesmix.families.family import Family
from bayesmix.formula.design import Design
from bayesmix.modelling.quadrature_families import why_not_quadrature
from bayesmix.priors.prior import FLAT, Prior

type Method = Literal["auto", "marginal", "joint"]
type Sampler = Literal["auto", "importance", "nutpie", "pymc", "numpyro"]

METHODS: tuple[Method, ...] = ("auto", "marginal", "joint")
JOINT_SAMPLERS: tuple[Sampler, ...] = ("nutpie", "pymc", "numpyro")
SAMPLERS: tuple[Sampler, ...] = ("auto", "importance", *JOINT_SAMPLERS)
SEEDS = 2**32  # the samplers take seeds below it
RHAT_LIMIT = 1.01  # Vehtari et al. (2021), doi:10.1214/20-BA1221
EFFECTIVE_PER_CHAIN = 100  # draws, for means and intervals; Vehtari et al. (2021), doi:10.1214/20-BA1221
TUNING_STEPS = {"marginal": 200, "joint": 1000}
MOST_KEPT = 2**25  # numbers, 256 MiB, up to which draws of the largest factor's effects are kept unless asked otherwise

# Effects outside the largest factor, of which a density takes the third power: up to here importance sampling is the
# faster (docs/exact_path.md has the curve), and NUTS, which takes some thirty times as many gradients.
MOST_DENSE = {"importance": 2500, "nutpie": 400}
_MOST_COEFFICIENTS = 30  # of counts, for weights that are even enough
_MOST_VARIANCES = 30  # of more variance parameters weights are too uneven


@dataclass(frozen=True)
class Choice:
    """`method` is ``"marginal"`` or ``"joint"``, `sampler` one that goes with it; `reason` says why, in words.

    `otherwise`: what to do when the weights of importance sampling cannot be trusted; None: keep them and say so.
    """

    method: str
    sampler: str
    reason: str
    otherwise: "Choice | None" = None


def choose_method(
    method: str,
    design: Design,
    family: Family,
    priors: Mapping[str, Prior],
    *,
    sampler: str,
    of_nuts: Sequence[str] = (),
) -> Choice:
    """How to sample a model.

    ``"marginal"``: coefficients and group effects are integrated out in closed form, only the variance parameters are
    sampled, and the rest is drawn exactly; for counts with one random intercept its effects are integrated out by
    quadrature. ``"joint"``: NUTS on all parameters. ``"auto"`` takes the first where it applies and is the cheaper; of
    the samplers it takes importance sampling where that promises to do.

    Parameters
    ----------
    of_nuts
        Arguments that were given and mean something to NUTS alone: with ``"auto"`` they ask for it.

    Raises
    ------
    ArgumentError
        The sampler is not known, or what is asked for does not apply; the message says why.
    """
    if not isinstance(sampler, str) or sampler not in SAMPLERS:
        hint = did_you_mean(sampler, SAMPLERS) if isinstance(sampler, str) else ""
        raise ArgumentError(f"sampler={shown(sampler)} is not known.{hint} Samplers: {', '.join(SAMPLERS)}.")
    if sampler == "importance" and of_nuts:
        raise ArgumentError(f'{of_nuts[0]}= is for NUTS; leave it out, or write sampler="nutpie".')
    by_quadrature = not family.is_gaussian_identity
    why_not = why_not_quadrature if by_quadrature else why_not_marginal
    obstacle = why_not(design, family, priors, sampler)
    if method == "joint":
        if sampler == "importance":
            raise ArgumentError('sampler="importance" goes with method="marginal"; the joint path has NUTS alone.')
        return _joint(sampler, "as asked")
    if obstacle and (method == "marginal" or sampler == "importance"):
        asked, instead = ("method", "joint") if method == "marginal" else ("sampler", "nutpie")
        wanted = method if method == "marginal" else sampler
        raise ArgumentError(f'{asked}="{wanted}" does not apply: {obstacle}. Write {asked}="{instead}" or "auto".')
    if obstacle:
        return _joint(sampler, obstacle)
    if by_quadrature:
        reason = "one random intercept, integrated by quadrature" if design.random else "no group effects"
        return _with_quadrature(design, sampler, reason, of_nuts)
    reason = "as asked" if method == "marginal" else _why_marginal(design, priors)
    if sampler == "auto" and not of_nuts:
        return _cheapest(method, design, reason)
    if sampler == "auto":
        sampler, reason = "nutpie", f"{reason}; NUTS since {of_nuts[0]}= is given"
    n_dense = _n_dense(design)
    if method == "auto" and n_dense > MOST_DENSE[sampler]:
        return _joint("nutpie" if sampler == "importance" else sampler, _dear(n_dense))
    return Choice("marginal", sampler, reason)


def without_quadrature(method: str, choice: Choice, error: Exception) -> Choice:
    """All parameters instead, with the `error` as reason; raised where the quadrature was asked for."""
    if method == "marginal" or (choice.sampler == "importance" and choice.otherwise is None):
        raise error
    return _joint("nutpie", str(error))


def _with_quadrature(design: Design, sampler: str, reason: str, of_nuts: Sequence[str]) -> Choice:
    """The sampler for counts whose group effects are integrated out by quadrature."""
    if sampler != "auto":
        return Choice("marginal", sampler, reason)
    if of_nuts:
        return Choice("marginal", "nutpie", f"{reason}; NUTS since {of_nuts[0]}= is given")
    by_nuts = Choice("marginal", "nutpie", reason)
    if len(design.fixed.names) > _MOST_COEFFICIENTS:
        return by_nuts
    return Choice("marginal", "importance", reason, by_nuts)


def _cheapest(method: str, design: Design, reason: str) -> Choice:
    """The sampler for a model that has a closed form."""
    n_dense = _n_dense(design)
    n_variances = sum(term.k * (term.k + 1) // 2 for term in design.random) + 1
    by_nuts = Choice("marginal", "nutpie", reason)
    otherwise = by_nuts if method == "marginal" or n_dense <= MOST_DENSE["nutpie"] else _joint("nutpie", _dear(n_dense))
    if n_variances > _MOST_VARIANCES or (method == "auto" and n_dense > MOST_DENSE["importance"]):
        return otherwise
    return Choice("marginal", "importance", reason, otherwise)


def _why_marginal(design: Design, priors: Mapping[str, Prior]) -> str:
    kinds = {priors[name].name for name in design.fixed.names} or {"Normal"}
    words = " or ".join({"Normal": "Normal", FLAT: "flat"}[kind] for kind in sorted(kinds, reverse=True))
    return f"Gaussian, {words} priors on the coefficients"


def _joint(sampler: str, reason: str) -> Choice:
    return Choice("joint", "nutpie" if sampler == "auto" else sampler, reason)


def _dear(n_dense: int) -> str:
    return f"{n_dense} effects outside the largest factor make an exact density dear"


def why_not_marginal(design: Design, family: Family, priors: Mapping[str, Prior], sampler: str = "auto") -> str | None:
    """What keeps a model from having a closed form, in words; None: it has one."""
    if not family.is_gaussian_identity:
        return f"{family} has no closed form"
    if design.parts:
        return f"a formula for {' and '.join(design.parts)} has no closed form"
    for name in design.fixed.names:
        if priors[name].name not in ("Normal", FLAT):
            return f"the prior {priors[name]} of {name} has no closed form, a Normal has"
    if sampler in ("pymc", "numpyro"):
        return f"sampler {sampler} takes all parameters"
    return None


def _n_dense(design: Design) -> int:
    """Group effects that are not those of the grouping factor with the most."""
    by_factor: dict[str, int] = {}
    for term in design.random:
        by_factor[term.group] = by_factor.get(term.group, 0) + term.n_levels * term.k
    return sum(by_factor.values()) - max(by_factor.values(), default=0)
