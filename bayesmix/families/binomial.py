"""Two values, successes out of trials, and successes with extra zeros."""

from typing import Literal

from bayesmix.families.auxiliary import ZI
from bayesmix.families.record import OF_A_PROBABILITY, FamilyRecord, PymcRecipe, as_is, with_zeros
from bayesmix.numerics import row_codes as codes
from bayesmix.numerics.laplace import likelihood
from bayesmix.numerics.row_distribution import counts, latent_variance, zeros

type BinomialText = Literal[
    "bernoulli", "bernoulli(logit)", "bernoulli(probit)", "bernoulli(cloglog)",
    "binomial", "binomial(logit)", "binomial(probit)", "binomial(cloglog)",
    "zero_inflated_binomial", "zero_inflated_binomial(logit)", "zero_inflated_binomial(probit)",
    "zero_inflated_binomial(cloglog)",
]  # fmt: skip

_BY_BETA = 'family="beta_binomial", or an effect of each row, (1 | row)'
_ROW_CODES = {"logit": codes.BINOMIAL_LOGIT, "probit": codes.BINOMIAL_PROBIT, "cloglog": codes.BINOMIAL_CLOGLOG}

# Compiled densities take it as a binomial with one trial in each row.
BERNOULLI = FamilyRecord(
    name="bernoulli",
    called="logistic",
    resembled=("logistic", "logit", "binary"),
    links=OF_A_PROBABILITY,
    response="binary",
    distribution=counts.BERNOULLI,
    in_pymc="bernoulli",
    laplace=likelihood.BINOMIAL,
    row_codes=_ROW_CODES,
    latent_variance=latent_variance.of_link,
)

BINOMIAL = FamilyRecord(
    name="binomial",
    called="logistic",
    links=OF_A_PROBABILITY,
    response="proportion",
    distribution=counts.BINOMIAL,
    in_pymc="binomial",
    overdispersed=_BY_BETA,
    laplace=likelihood.BINOMIAL,
    row_codes=_ROW_CODES,
    latent_variance=latent_variance.of_link,
)

ZERO_INFLATED_BINOMIAL = FamilyRecord(
    name="zero_inflated_binomial",
    links=OF_A_PROBABILITY,
    response="trials_with_zeros",
    auxiliary=(ZI,),
    distribution=zeros.ZERO_INFLATED_BINOMIAL,
    in_pymc=PymcRecipe("ZeroInflatedBinomial", with_zeros(as_is, "zi"), parent="p", of_trials=True),
    overdispersed=_BY_BETA,
)
