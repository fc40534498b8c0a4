"""Two values, successes out of trials, and successes with zeros of their own."""

from typing import Literal

from bayesmix.families.auxiliary import ZI
from bayesmix.families.record import OF_A_PROBABILITY, FamilyRecord, PymcRecipe, as_is, with_zeros
from bayesmix.numerics import response_moments as moments
from bayesmix.numerics import row_codes as codes
from bayesmix.numerics.laplace import likelihood
from bayesmix.numerics.row_distribution import counts, zeros

type BinomialText = Literal[
    "bernoulli", "bernoulli(logit)", "bernoulli(probit)", "bernoulli(cloglog)",
    "binomial", "binomial(logit)", "binomial(probit)", "binomial(cloglog)",
    "zero_inflated_binomial", "zero_inflated_binomial(logit)", "zero_inflated_binomial(probit)",
    "zero_inflated_binomial(cloglog)",
]  # fmt: skip

_BY_BETA = 'family="beta_binomial", or an effect of each row, (1 | row)'
_LAPLACE = {
    "logit": likelihood.BINOMIAL_LOGIT,
    "probit": likelihood.BINOMIAL_PROBIT,
    "cloglog": likelihood.BINOMIAL_CLOGLOG,
}
_ROW_CODES = {
    "logit": codes.BINOMIAL_LOGIT,
    "probit": codes.BINOMIAL_PROBIT,
    "cloglog": codes.BINOMIAL_CLOGLOG,
}

# One trial a row: compiled densities take it as binomial.
BERNOULLI = FamilyRecord(
    name="bernoulli",
    resembled=("logistic", "logit", "binary"),
    links=OF_A_PROBABILITY,
    response="binary",
    distribution=counts.BINOMIAL,
    moments=moments.BERNOULLI,
    in_pymc="bernoulli",
    laplace=_LAPLACE,
    row_codes=_ROW_CODES,
)

BINOMIAL = FamilyRecord(
    name="binomial",
    links=OF_A_PROBABILITY,
    response="proportion",
    distribution=counts.BINOMIAL,
    moments=moments.BINOMIAL,
    in_pymc="binomial",
    overdispersed=_BY_BETA,
    laplace=_LAPLACE,
    row_codes=_ROW_CODES,
)

ZERO_INFLATED_BINOMIAL = FamilyRecord(
    name="zero_inflated_binomial",
    links=OF_A_PROBABILITY,
    response="trials_with_zeros",
    auxiliary=(ZI,),
    distribution=zeros.ZERO_INFLATED_BINOMIAL,
    moments=moments.ZERO_INFLATED_BINOMIAL,
    in_pymc=PymcRecipe("ZeroInflatedBinomial", with_zeros(as_is, "zi"), parent="p", of_trials=True),
    overdispersed=_BY_BETA,
)
