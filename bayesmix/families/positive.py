"""Positive responses, among them times, and those that are 0 in some rows."""

from typing import Literal

from bayesmix.families.auxiliary import DISPERSION, HU, LAM, NDT, POWER, SHAPE, SIGMA
from bayesmix.families.record import Arguments, FamilyRecord, PymcRecipe, as_is, with_zeros
from bayesmix.numerics.row_distribution import continuous as rows
from bayesmix.numerics.row_distribution import latent_variance, positive, tweedie, zeros

type PositiveText = Literal[
    "lognormal", "lognormal(identity)",
    "gamma", "gamma(log)",
    "exponential", "exponential(log)",
    "weibull", "weibull(log)",
    "inverse_gaussian", "inverse_gaussian(log)", "inverse.gaussian",
    "shifted_lognormal", "shifted_lognormal(identity)",
    "tweedie", "tweedie(log)", "tw",
    "hurdle_gamma", "hurdle_gamma(log)",
    "hurdle_lognormal", "hurdle_lognormal(identity)",
]  # fmt: skip


def _gamma_in_pymc(arguments: Arguments) -> Arguments:
    mean, shape = arguments.pop("mu"), arguments.pop("shape")
    return arguments | {"alpha": shape, "beta": shape / mean}


LOGNORMAL = FamilyRecord(
    name="lognormal",
    resembled=("log_normal",),
    links=("identity",),
    response="positive",
    auxiliary=(SIGMA,),
    distribution=rows.LOGNORMAL,
    in_pymc="lognormal",
    censored="CensoredLogNormal",
    of_log=True,
    latent_variance=latent_variance.of_normal_logarithm,
)

HURDLE_LOGNORMAL = FamilyRecord(
    name="hurdle_lognormal",
    links=("identity",),
    response="positive_with_zeros",
    auxiliary=(SIGMA, HU),
    distribution=zeros.HURDLE_LOGNORMAL,
    in_pymc=PymcRecipe("HurdleLogNormal", with_zeros(as_is, "hu")),
    of_log=True,
)

GAMMA = FamilyRecord(
    name="gamma",
    links=("log",),
    response="positive",
    auxiliary=(SHAPE,),
    distribution=rows.GAMMA,
    in_pymc=PymcRecipe("Gamma", _gamma_in_pymc),
    latent_variance=latent_variance.of_gamma,
)

HURDLE_GAMMA = FamilyRecord(
    name="hurdle_gamma",
    links=("log",),
    response="positive_with_zeros",
    auxiliary=(SHAPE, HU),
    distribution=zeros.HURDLE_GAMMA,
    in_pymc=PymcRecipe("HurdleGamma", with_zeros(_gamma_in_pymc, "hu")),
)

EXPONENTIAL = FamilyRecord(
    name="exponential",
    links=("log",),
    response="positive",
    distribution=positive.EXPONENTIAL,
    in_pymc=PymcRecipe("Exponential", lambda arguments: {"lam": 1 / arguments.pop("mu")} | arguments),
    censored="CensoredExponential",
    latent_variance=latent_variance.of_exponential,
)

WEIBULL = FamilyRecord(
    name="weibull",
    called="Weibull",
    resembled=("survreg",),
    links=("log",),
    response="positive",
    auxiliary=(SHAPE,),
    distribution=positive.WEIBULL,
    in_pymc=PymcRecipe("WeibullOfMean"),
    censored="CensoredWeibull",
    latent_variance=latent_variance.of_weibull,
)

INVERSE_GAUSSIAN = FamilyRecord(
    name="inverse_gaussian",
    called="inverse Gaussian",
    aliases=("inverse.gaussian",),
    resembled=("wald",),
    links=("log",),
    response="positive",
    auxiliary=(LAM,),
    distribution=positive.INVERSE_GAUSSIAN,
    in_pymc=PymcRecipe("Wald"),
)

SHIFTED_LOGNORMAL = FamilyRecord(
    name="shifted_lognormal",
    links=("identity",),
    response="positive",
    auxiliary=(SIGMA, NDT),
    distribution=positive.SHIFTED_LOGNORMAL,
    in_pymc=PymcRecipe("ShiftedLogNormal"),
    of_log=True,
    latent_variance=latent_variance.of_normal_logarithm,
)

TWEEDIE = FamilyRecord(
    name="tweedie",
    called="Tweedie",
    aliases=("tw",),
    resembled=("compound_poisson", "cpglm"),
    links=("log",),
    response="not_negative",
    auxiliary=(DISPERSION, POWER),
    distribution=tweedie.TWEEDIE,
    in_pymc=PymcRecipe("Tweedie"),
)
