"""Further parameters of families: what they mean, and the priors that they have by default."""

from dataclasses import dataclass
from math import log


@dataclass(frozen=True)
class Auxiliary:
    """A further parameter of a family, under its name in brms.

    A formula for it is linear on the scale of `link`. `prior` is its default prior; `centre`, where it has a formula,
    is mean and sd of the intercept's normal prior on the scale of the link. With a `unit` the last number of the prior
    is in that unit, and the logarithm of the unit is added to the mean of `centre`: ``"sd"`` or ``"mean"`` of the
    response, ``"root_mean"``, the root of its mean, or ``"least"``, its smallest value. Where `centre` is None the
    parameter takes no formula.
    """

    name: str
    link: str
    meaning: str
    prior: str
    centre: tuple[float, float] | None
    unit: str | None = None


SIGMA = Auxiliary(
    "sigma", "log", "standard deviation; of student_t the scale", "HalfStudentT(3, 1)", (0.0, 2.5), unit="sd"
)

# Juarez & Steel (2010), doi:10.1198/jbes.2009.07145; as brms
NU = Auxiliary("nu", "log", "degrees of freedom of student_t", "Gamma(2, 0.1)", (log(20), 1.0))

# 1 / shape, the variance beyond the mean's own, is Gamma(0.4, 0.3); as brms
SHAPE = Auxiliary(
    "shape",
    "log",
    "gamma: mean^2 / variance; negative binomial: variance = mean + mean^2 / shape; Weibull: power of the time",
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

# a share of 0 between 0.02 and 0.8 where the predictor is 0
CUTZERO = Auxiliary("cutzero", "identity", "predictor below which 0 is likelier than not", "Normal(-1, 2)", (-1.0, 2.0))

CUTWIDTH = Auxiliary(
    "cutwidth", "log", "distance from there to the predictor above which 1 is", "Gamma(2, 0.5)", (log(3), 1.0)
)

ZOI = Auxiliary("zoi", "logit", "probability that a share is 0 or 1", "Beta(1, 1)", (0.0, 2.5))

COI = Auxiliary("coi", "logit", "probability that a share that is 0 or 1 is 1", "Beta(1, 1)", (0.0, 2.5))

# as brms
ALPHA = Auxiliary("alpha", "identity", "slant of a skew normal: below 0 to the left", "Normal(0, 4)", (0.0, 4.0))

BETA = Auxiliary(
    "beta", "log", "mean of the exponential part of an ex-Gaussian", "HalfStudentT(3, 1)", (0.0, 2.5), unit="sd"
)

NDT = Auxiliary(
    "ndt", "identity", "shift: time that is over before a log-normal one begins", "Uniform(0, 1)", None, unit="least"
)

# mean / lam, the square of the coefficient of variation, is Gamma(0.4, 0.3)
LAM = Auxiliary(
    "lam", "log", "inverse Gaussian: variance = mean^3 / lam", "InverseGamma(0.4, 0.3)", (0.0, 2.5), unit="mean"
)

# mean / dispersion at power 1.5 is half the expected number of amounts: 95 % zeros to none are within its bulk
DISPERSION = Auxiliary(
    "dispersion", "log", "Tweedie: variance = dispersion mean^power", "HalfCauchy(2)", (log(2), 2.5), unit="root_mean"
)

# nearer to 1 all positive responses are multiples of one number, nearer to 2 none is 0; as mgcv
POWER = Auxiliary("power", "identity", "power of the mean in the variance of a Tweedie", "Uniform(1.01, 1.99)", None)
