"""Negative binomial counts, variance mean + mean^2 / shape, those with extra zeros and those without any."""

from typing import Literal

from bayesmix.families.auxiliary import HU, SHAPE, ZI
from bayesmix.families.record import Arguments, FamilyRecord, PymcRecipe, with_zeros, without_zeros
from bayesmix.numerics import row_codes as codes
from bayesmix.numerics.row_distribution import counts, latent_variance, zeros

type NegativeBinomialText = Literal[
    "negative_binomial", "negative_binomial(log)",
    "zero_inflated_negative_binomial", "zero_inflated_negative_binomial(log)",
    "hurdle_negative_binomial", "hurdle_negative_binomial(log)",
    "truncated_negative_binomial", "truncated_negative_binomial(log)", "truncated_nbinom2",
    "negbinomial", "negativebinomial", "nbinom2", "zero_inflated_negbinomial", "hurdle_negbinomial",
]  # fmt: skip

_FURTHER = "further predictors or groups"


def _shape_in_pymc(arguments: Arguments) -> Arguments:
    return arguments | {"alpha": arguments.pop("shape")}


NEGATIVE_BINOMIAL = FamilyRecord(
    name="negative_binomial",
    aliases=("negbinomial", "negativebinomial", "nbinom2"),
    resembled=("nb", "nb2", "nbinom", "nbinom1", "quasipoisson"),
    links=("log",),
    response="count",
    auxiliary=(SHAPE,),
    distribution=counts.NEGATIVE_BINOMIAL,
    in_pymc=PymcRecipe("NegativeBinomial", _shape_in_pymc),
    overdispersed=f'family="zero_inflated_negative_binomial", {_FURTHER}',
    row_codes={"log": codes.NEGATIVE_BINOMIAL_LOG},
    latent_variance=latent_variance.of_negative_binomial,
)

ZERO_INFLATED_NEGATIVE_BINOMIAL = FamilyRecord(
    name="zero_inflated_negative_binomial",
    aliases=("zero_inflated_negbinomial",),
    resembled=("zinb", "zinbinomial"),
    links=("log",),
    response="count_with_zeros",
    auxiliary=(SHAPE, ZI),
    distribution=zeros.ZERO_INFLATED_NEGATIVE_BINOMIAL,
    in_pymc=PymcRecipe("ZeroInflatedNegativeBinomial", with_zeros(_shape_in_pymc, "zi")),
    overdispersed=_FURTHER,
)

HURDLE_NEGATIVE_BINOMIAL = FamilyRecord(
    name="hurdle_negative_binomial",
    aliases=("hurdle_negbinomial",),
    links=("log",),
    response="count_with_zeros",
    auxiliary=(SHAPE, HU),
    distribution=zeros.HURDLE_NEGATIVE_BINOMIAL,
    in_pymc=PymcRecipe("HurdleNegativeBinomial", with_zeros(_shape_in_pymc, "hu")),
    overdispersed=_FURTHER,
)

TRUNCATED_NEGATIVE_BINOMIAL = FamilyRecord(
    name="truncated_negative_binomial",
    aliases=("truncated_nbinom2",),
    resembled=("truncated_negbinomial",),
    links=("log",),
    response="count_without_zeros",
    auxiliary=(SHAPE,),
    distribution=zeros.TRUNCATED_NEGATIVE_BINOMIAL,
    in_pymc=PymcRecipe("HurdleNegativeBinomial", without_zeros(_shape_in_pymc)),
    overdispersed=_FURTHER,
)
