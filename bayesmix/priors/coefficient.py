"""The prior of a coefficient as a distribution, also that of an intercept at predictors of 0."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite, nan

import numpy as np
from scipy import stats

from bayesmix.formula.design import FixedEffects
from bayesmix.priors.prior import Prior, scipy_form

_N_VALUES = 20_000
_AT_ZERO = "at predictors of 0"


@dataclass(frozen=True)
class CoefficientPrior:
    """A prior as printed, `text`; its `sd`, nan if there is none (Cauchy); `below` gives its distribution function."""

    text: str
    sd: float
    below: Callable[[float], float]


def coefficient_prior(fixed: FixedEffects, priors: Mapping[str, Prior], name: str) -> CoefficientPrior:
    """The prior of one coefficient.

    An intercept has its prior at the predictors' means. At predictors equal to 0 it is that intercept less the means
    times the other coefficients: normal if all priors are, else simulated with a fixed seed.
    """
    means = _shares(fixed) if name == "Intercept" else {name: 1.0}
    if len(means) == 1:
        distribution = scipy_form(priors[name])
        sd = float(distribution.std())
        return CoefficientPrior(
            str(priors[name]), sd if isfinite(sd) else nan, lambda value: float(distribution.cdf(value))
        )
    if all(priors[other].name == "Normal" for other in means):
        centre = sum(share * priors[other].args[0] for other, share in means.items())
        sd = float(np.sqrt(sum((share * priors[other].args[1]) ** 2 for other, share in means.items())))
        implied = Prior("Normal", (float(centre), sd))
        return CoefficientPrior(f"{implied} {_AT_ZERO}", sd, lambda value: float(stats.norm.cdf(value, centre, sd)))
    rng = np.random.default_rng(0)
    values = np.zeros(_N_VALUES)
    for other, share in means.items():
        values += share * scipy_form(priors[other]).rvs(_N_VALUES, random_state=rng)
    return CoefficientPrior(
        f"what the priors imply {_AT_ZERO}", float(values.std()), lambda value: float(np.mean(values < value))
    )


def _shares(fixed: FixedEffects) -> dict[str, float]:
    """The intercept at predictors equal to 0, as a weighted sum of parameters with priors."""
    means = fixed.matrix.mean(axis=0)
    return {name: 1.0 if name == "Intercept" else -float(mean) for name, mean in zip(fixed.names, means, strict=True)}
