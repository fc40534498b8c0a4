"""The prior of a Bayes factor of fixed terms: one made for tests in the place of that of the fit.

The default prior of a coefficient is wide, so that it does not weigh on an estimate. As the prior of a test it says
that effects of several sds of the response are to be expected; the wider it is, the more it speaks against any effect.
Made for tests is a multivariate Cauchy distribution in units of the residual sd: effects of a term are independent
Normal(0, g sigma^2) with g ~ InverseGamma(1/2, r^2 / 2) (Rouder, Morey, Speckman & Province 2012,
doi:10.1016/j.jmp.2012.08.001). Given g the term is one more random term, with an effect for each column.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

from bayesmix.errors import ArgumentError, shown
from bayesmix.formula.reduce import Reduction
from bayesmix.formula.terms import INTERCEPT
from bayesmix.inference.evidence.tested_columns import TestedColumns, tested_columns
from bayesmix.inference.shared.arguments import a_positive_number, one_of
from bayesmix.modelling.exact.further_effects import log_marginals_with
from bayesmix.modelling.exact.model import SharedSd
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reduced import ReducedModel, reduced_model
from bayesmix.modelling.routes import route_named
from bayesmix.modelling.samplers.log_marginal import LogMarginal
from bayesmix.priors.default_priors import default_priors
from bayesmix.priors.prior import Prior

PRIORS = ("auto", "cauchy", "fit")

_SMALLEST = 1e-6  # residual sds that an effect can be expected to have

MULTIPLIED = (0.25, 0.5, 1.0, 2.0, 4.0)
"""What the scales are multiplied by for the range that is printed: r of 0.125 to 2 for a factor."""


@dataclass(frozen=True, eq=False)
class CauchyTest:
    """The model without the tested terms, and their columns with the scales r of their priors."""

    model: MixedModel
    tested: tuple[TestedColumns, ...]

    def priors(self, factor: float = 1.0) -> tuple[str, ...]:
        """In words, for each of `tested`, with the scales times `factor`."""
        return tuple(f"{one.label} ({one.what}) ~ {_cauchy(one.scale * factor)}" for one in self.tested)

    def first_prior(self, factor: float) -> str:
        """That of the first of `tested` alone."""
        return _cauchy(self.tested[0].scale * factor)


def _cauchy(scale: float) -> str:
    return f"{Prior('Cauchy', (scale,))} * sigma"


def cauchy_test(
    fit: Fit, reduction: Reduction, *, prior: str = "auto", scale: float | None = None
) -> CauchyTest | None:
    """The test of fixed terms under a prior made for tests; None where the priors of the fit are those of the test.

    These are with `prior` "fit", and with "auto" for a random term, for a model that the prior is not made for, and if
    one of the tested coefficients was given a prior of its own. `scale` takes the place of every r.

    Raises
    ------
    ArgumentError
        `prior` or `scale` is none, or "cauchy" is asked for where there is no such prior; one line says why.
    """
    wanted = one_of(prior, PRIORS, argument="prior") == "cauchy" or scale is not None
    if scale is not None:
        scale = a_positive_number(scale, argument="scale", meaning="r of the Cauchy prior, such as 0.5")
        if not _SMALLEST <= scale <= 1 / _SMALLEST:
            raise ArgumentError(f"scale is from {_SMALLEST:g} to {1 / _SMALLEST:g} residual sds; got {shown(scale)}.")
    if prior == "fit" or reduction.group:
        of_random = "it is of fixed terms, and this one varies by group"
        _refuse_if(wanted, reduction, of_random if reduction.group else 'prior="fit" asks for the priors of the fit')
        return None
    smaller = reduced_model(fit, reduction.formula)
    if not wanted and _is_given(fit, smaller):
        return None
    model = MixedModel(smaller.design, fit.family, smaller.priors)
    obstacle = _obstacle(model)
    tested = () if obstacle else tested_columns(fit.design, smaller.design)
    if not tested:
        nothing = "its columns depend on those of the other terms, and the data say nothing of it"
        _refuse_if(wanted, reduction, obstacle or nothing)
        return None
    return CauchyTest(model, tuple(one if scale is None else replace(one, scale=scale) for one in tested))


def _refuse_if(wanted: bool, reduction: Reduction, why: str) -> None:
    if wanted:
        raise ArgumentError(f"The Cauchy prior is not there for {reduction.label}: {why}.")


def _obstacle(smaller: MixedModel) -> str:
    """What keeps a test of a model against this one from having the prior; empty if nothing does."""
    if INTERCEPT not in smaller.design.written.fixed:
        return "the model without it has no intercept, which its effects could be differences from"
    reason = route_named("exact").why_not(smaller)
    if not reason:
        return ""
    instead = (
        'one on the link scale is given to the fit, priors={"x": "Cauchy(0, 0.5)"}, and prior="fit" tests under it'
    )
    return f"it is in units of a residual sd that goes with a closed form, and {reason}; {instead}"


def _is_given(fit: Fit, smaller: ReducedModel) -> bool:
    """Whether the fit has another prior than the default for one of the tested coefficients."""
    default = default_priors(fit.design, fit.family)
    return any(fit.priors[name] != default[name] for name in smaller.tested)


def evidence_of(fit: Fit, test: CauchyTest, factors: Sequence[float], *, seconds: float = inf) -> list[LogMarginal]:
    """The log marginal likelihoods of the larger model, with the scales of the tested priors times each of `factors`.

    `seconds` as `log_marginals_with` takes them.
    """
    further = [SharedSd(one.columns, Prior("InverseHalfNormal", (one.scale,), of_sigma=True)) for one in test.tested]
    sampling = fit.sampling
    return log_marginals_with(test.model, further, factors, seed=sampling.seed, cores=sampling.cores, seconds=seconds)
