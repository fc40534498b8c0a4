"""Further parameters of families: what they mean, and the priors that they have by default."""

from dataclasses import dataclass
from math import log


@dataclass(frozen=True)
class Auxiliary:
    """A further parameter of a family, under its name in brms.

    A formula for it is linear on the scale of `link`. `prior` is its default prior; `centre`, where it has a formula,
    is mean and sd of the intercept's normal prior on the scale of the link. Both are None where the data decide.
    """

    name: str
    link: str
    meaning: str
    prior: str | None
    centre: tuple[float, float] | None


SIGMA = Auxiliary("sigma", "log", "standard deviation; of student_t the scale", None, None)

# Juarez & Steel (2010), doi:10.1198/jbes.2009.07145; as brms
NU = Auxiliary("nu", "log", "degrees of freedom of student_t", "Gamma(2, 0.1)", (log(20), 1.0))

# 1 / shape, the variance beyond the mean's own, is Gamma(0.4, 0.3); as brms
SHAPE = Auxiliary(
    "shape",
    "log",
    "gamma: mean^2 / variance; negative binomial: variance = mean + mean^2 / shape",
    "InverseGamma(0.4, 0.3)",
    (0.0, 2.5),
)

# from correlations 1 / (1 + phi) near 1 to near 0, half of it above 1/11
PHI = Auxiliary(
    "phi",
    "log",
    "precision: beta, and the probabilities of beta_binomial, are Beta(mu phi, (1 - mu) phi)",
    "HalfCauchy(10)",
    (log(10), 2.5),
)

ZI = Auxiliary(
    "zi", "logit", "probability that a row is 0 whatever its count would have been", "Beta(1, 1)", (0.0, 2.5)
)

HU = Auxiliary(
    "hu",
    "logit",
    "probability that a row is 0; those that are not follow the family without its zeros",
    "Beta(1, 1)",
    (0.0, 2.5),
)
