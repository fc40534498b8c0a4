"""How much does the evidence for a term depend on the scale of its prior?"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log, nan

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.inference.evidence.cauchy_test import cauchy_test, evidence_of
from bayesmix.inference.evidence.log_marginal import log_marginals
from bayesmix.inference.evidence.tested_term import reduction_named, tested_scales
from bayesmix.inference.shared.arguments import positive_numbers
from bayesmix.inference.shared.question import table
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reduced import ReducedModel, reduced_model
from bayesmix.modelling.routes import route_of
from bayesmix.modelling.samplers.log_marginal import LogMarginal
from bayesmix.priors.prior import scaled

MULTIPLIERS = tuple(float(value) for value in np.logspace(-1, 1, 13))
_RANGE = tuple(float(value) for value in np.logspace(-1, 1, 9))
SECONDS = 3.0
"""What the range of one term may take, roughly, if values have to be drawn anew."""


@table
def prior_sensitivity(
    fit: Fit,
    drop: str | Sequence[str],
    *,
    multipliers: Sequence[float] = MULTIPLIERS,
    prior: str = "auto",
    scale: float | None = None,
) -> pd.DataFrame:
    """The Bayes factor for a term as the scale of its priors changes: of its standard deviations, or its coefficients.

    Parameters
    ----------
    fit
        A fit; by nutpie if it has no closed form.
    drop
        A random term or a part of one, as `rand` prints it, or a term of the fixed part, or a list of these.
    multipliers
        Positive numbers that the scales of the tested priors are multiplied by; by default 13 from 0.1 to 10.
    prior, scale
        The prior of fixed terms, as `bayes_factor` takes them: by default Cauchy, in units of the residual sd, for
        Gaussian models.

    Returns
    -------
    pandas.DataFrame
        Indexed by `multiplier`: `prior` of the first tested parameter, `log10_bf`, its `mcse`, and
        `probability` of the term with prior odds 1:1. nan if no number can be trusted, with the `reason`.

    Raises
    ------
    UnknownTermError, ArgumentError, PriorError
        As `bayes_factor`.

    Notes
    -----
    For Gaussian models quadrature is repeated with every prior, or the values of importance sampling are weighted anew,
    and drawn anew if they do not cover the other prior. For other models the posterior's draws are weighted by the
    ratio of the priors; if a prior holds few of them, values are drawn anew for counts with one random intercept, and
    other models have no number: fit with that prior.

    The evidence against a coefficient grows with the scale of its prior without bound (Lindley's paradox): a prior that
    was made to be vague decides such a test, and a curve that falls through 0 says that the data do not.
    """
    factors = list(positive_numbers(multipliers, argument="multipliers"))
    reduction = reduction_named(fit, drop)
    test = cauchy_test(fit, reduction, prior=prior, scale=scale)
    if test is None:
        smaller = reduced_model(fit, reduction.formula)
        of_larger, of_smaller = log_marginals(fit, [fit.design.written, reduction.formula])
        curve = _scale_curve(fit, smaller, factors, of_larger=of_larger, of_smaller=of_smaller)
    else:
        (of_smaller,) = log_marginals(fit, [reduction.formula])
        curve = _curve(evidence_of(fit, test, factors), of_smaller, [test.first_prior(factor) for factor in factors])
    log_bf = np.clip(curve.log10_bf * log(10), -700, 700)
    return pd.DataFrame(
        {
            "prior": curve.priors,
            "log10_bf": curve.log10_bf,
            "mcse": curve.errors,
            "probability": 1 / (1 + np.exp(-log_bf)),
            "reason": curve.reasons,
        },
        index=pd.Index(factors, name="multiplier"),
    )


@dataclass(frozen=True)
class _Curve:
    """For each scale `log10_bf` and its `errors`, (n,), nan if one of `reasons` says why; `priors` in words.

    The priors are those of the first tested parameter.
    """

    log10_bf: Floats
    errors: Floats
    reasons: tuple[str, ...]
    priors: tuple[str, ...]


def _scale_curve(
    fit: Fit,
    smaller: ReducedModel,
    factors: Sequence[float],
    *,
    of_larger: LogMarginal,
    of_smaller: LogMarginal,
    seconds: float = inf,
) -> _Curve:
    """The factor for `fit` against `smaller` with the scales of the tested priors times each of `factors`.

    `of_larger` and `of_smaller` are the log marginal likelihoods under the priors of `fit`; that of the smaller model
    does not change. If drawing values anew would take more than `seconds`, roughly, priors that the values of the fit
    do not cover have no number.
    """
    tested = tested_scales(fit, smaller)
    priors = [fit.priors | {name: scaled(fit.priors[name], factor) for name in tested} for factor in factors]
    route = route_of(fit.model)
    anew = seconds == inf or route.seconds_anew(fit.model) * len(factors) < seconds
    evidence = [route.with_other_priors(fit, of_larger, other, anew=anew) for other in priors]
    return _curve(evidence, of_smaller, [str(other[tested[0]]) for other in priors])


def _curve(evidence: Sequence[LogMarginal], of_smaller: LogMarginal, priors: Sequence[str]) -> _Curve:
    """The curve of larger models with this `evidence` under `priors`."""
    if of_smaller.reason:
        evidence = [of_smaller] * len(priors)
    return _Curve(
        log10_bf=np.array([larger.value - of_smaller.value for larger in evidence]) / log(10),
        errors=np.hypot([larger.error for larger in evidence], of_smaller.error) / log(10),
        reasons=tuple(larger.reason for larger in evidence),
        priors=tuple(priors),
    )


def evidence_range(
    fit: Fit, smaller: ReducedModel, of_larger: LogMarginal, of_smaller: LogMarginal
) -> tuple[float, float]:
    """Least and greatest log10 of the factor over prior scales from 0.1 to 10 times those of `fit`.

    nan if nothing with a scale is tested, or one of the scales has no number that can be trusted.
    """
    if not tested_scales(fit, smaller):
        return nan, nan
    curve = _scale_curve(fit, smaller, _RANGE, of_larger=of_larger, of_smaller=of_smaller, seconds=SECONDS)
    return float(curve.log10_bf.min()), float(curve.log10_bf.max())
