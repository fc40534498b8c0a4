"""A Bayes factor under other scales of the priors of what it tests, without sampling again."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log, nan
from typing import TYPE_CHECKING

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.inference.evidence.tested_term import tested_scales
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reduced import ReducedModel
from bayesmix.modelling.routes import route_of
from bayesmix.priors.prior import scaled

if TYPE_CHECKING:
    from bayesmix.modelling.samplers.log_marginal import LogMarginal

_RANGE = tuple(float(value) for value in np.logspace(-1, 1, 9))
_SECONDS = 3.0  # that the range of one term may take where values have to be drawn anew


@dataclass(frozen=True)
class Curve:
    """For each scale `log10_bf` and its `errors`, both (n,), nan where a `reasons` says why; and the `priors` in words.

    `priors`: of the first tested parameter.
    """

    log10_bf: Floats
    errors: Floats
    reasons: tuple[str, ...]
    priors: tuple[str, ...]


def curve(
    fit: Fit,
    smaller: ReducedModel,
    factors: Sequence[float],
    *,
    of_larger: "LogMarginal",
    of_smaller: "LogMarginal",
    seconds: float = inf,
) -> Curve:
    """The factor for `fit` against `smaller` with the scales of the tested priors times each of `factors`.

    Parameters
    ----------
    of_larger, of_smaller
        The log marginal likelihoods of both under the priors of `fit`; that of the smaller does not change.
    seconds
        That drawing values anew may take, roughly; where it would take more, what the values of the fit do not reach
        has no number.
    """
    tested = tested_scales(fit, smaller)
    priors = [fit.priors | {name: scaled(fit.priors[name], factor) for name in tested} for factor in factors]
    route = route_of(fit.model)
    anew = seconds == inf or route.seconds_anew(fit.model) * len(factors) < seconds
    found = [route.with_other_priors(fit, of_larger, other, anew=anew) for other in priors]
    if of_smaller.reason:
        found = [of_smaller] * len(priors)
    return Curve(
        log10_bf=np.array([one.value - of_smaller.value for one in found]) / log(10),
        errors=np.hypot([one.error for one in found], of_smaller.error) / log(10),
        reasons=tuple(one.reason for one in found),
        priors=tuple(str(other[tested[0]]) for other in priors),
    )


def evidence_range(
    fit: Fit, smaller: ReducedModel, of_larger: "LogMarginal", of_smaller: "LogMarginal"
) -> tuple[float, float]:
    """Least and greatest log10 of the factor over prior scales from 0.1 to 10 times those of `fit`.

    nan where nothing with a scale is tested, or one of the scales has no number that can be trusted.
    """
    if not tested_scales(fit, smaller):
        return nan, nan
    found = curve(fit, smaller, _RANGE, of_larger=of_larger, of_smaller=of_smaller, seconds=_SECONDS).log10_bf
    return float(found.min()), float(found.max())
