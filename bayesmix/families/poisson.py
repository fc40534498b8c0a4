"""Poisson counts, those with extra zeros and those without any."""

from typing import Literal

from bayesmix.families.auxiliary import HU, ZI
from bayesmix.families.record import FamilyRecord, PymcRecipe, as_is, with_zeros, without_zeros
from bayesmix.numerics import row_codes as codes
from bayesmix.numerics.laplace import likelihood
from bayesmix.numerics.row_distribution import counts, latent_variance, zeros

type PoissonText = Literal[
    "poisson", "poisson(log)",
    "zero_inflated_poisson", "zero_inflated_poisson(log)",
    "hurdle_poisson", "hurdle_poisson(log)",
    "truncated_poisson", "truncated_poisson(log)",
]  # fmt: skip

_ROW = "an effect of each row, (1 | row)"

POISSON = FamilyRecord(
    name="poisson",
    called="Poisson",
    links=("log",),
    response="count",
    distribution=counts.POISSON,
    in_pymc="poisson",
    overdispersed=f'family="negative_binomial", or {_ROW}',
    laplace=likelihood.POISSON,
    row_codes={"log": codes.POISSON_LOG},
    latent_variance=latent_variance.of_poisson,
)

ZERO_INFLATED_POISSON = FamilyRecord(
    name="zero_inflated_poisson",
    resembled=("zip", "zipoisson"),
    links=("log",),
    response="count_with_zeros",
    auxiliary=(ZI,),
    distribution=zeros.ZERO_INFLATED_POISSON,
    in_pymc=PymcRecipe("ZeroInflatedPoisson", with_zeros(as_is, "zi")),
    overdispersed=f'family="zero_inflated_negative_binomial", or {_ROW}',
)

HURDLE_POISSON = FamilyRecord(
    name="hurdle_poisson",
    links=("log",),
    response="count_with_zeros",
    auxiliary=(HU,),
    distribution=zeros.HURDLE_POISSON,
    in_pymc=PymcRecipe("HurdlePoisson", with_zeros(as_is, "hu")),
    overdispersed=f'family="hurdle_negative_binomial", or {_ROW}',
)

TRUNCATED_POISSON = FamilyRecord(
    name="truncated_poisson",
    resembled=("ztpoisson", "zero_truncated_poisson"),
    links=("log",),
    response="count_without_zeros",
    distribution=zeros.TRUNCATED_POISSON,
    in_pymc=PymcRecipe("HurdlePoisson", without_zeros(as_is)),
    overdispersed=f'family="truncated_negative_binomial", or {_ROW}',
)
