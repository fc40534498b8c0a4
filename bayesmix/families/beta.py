"""Shares between 0 and 1 or up to both, and counts out of trials whose probability varies like such a share."""

from typing import Literal

from bayesmix.families.auxiliary import COI, CUTWIDTH, CUTZERO, PHI, ZOI
from bayesmix.families.record import OF_A_PROBABILITY, Arguments, FamilyRecord, PymcRecipe
from bayesmix.numerics import row_codes as codes
from bayesmix.numerics.row_distribution import continuous, counts, ends

type BetaText = Literal[
    "beta", "beta(logit)", "beta(probit)", "beta(cloglog)",
    "beta_binomial", "beta_binomial(logit)", "beta_binomial(probit)", "beta_binomial(cloglog)",
    "betabinomial",
    "ordered_beta", "ordered_beta(logit)", "ordbeta",
    "zero_one_inflated_beta", "zero_one_inflated_beta(logit)",
]  # fmt: skip


def _shapes_in_pymc(arguments: Arguments) -> Arguments:
    mean, phi = arguments.pop("mu"), arguments.pop("phi")
    return arguments | {"alpha": mean * phi, "beta": (1 - mean) * phi}


BETA = FamilyRecord(
    name="beta",
    resembled=("beta_family",),
    links=OF_A_PROBABILITY,
    response="share",
    auxiliary=(PHI,),
    distribution=continuous.BETA,
    in_pymc=PymcRecipe("Beta", _shapes_in_pymc),
)

BETA_BINOMIAL = FamilyRecord(
    name="beta_binomial",
    aliases=("betabinomial",),
    resembled=("quasibinomial", "betabinom"),
    links=OF_A_PROBABILITY,
    response="trials",
    auxiliary=(PHI,),
    distribution=counts.BETA_BINOMIAL,
    in_pymc=PymcRecipe("BetaBinomial", _shapes_in_pymc, of_trials=True),
    overdispersed='family="zero_inflated_binomial", further predictors or groups',
    row_codes={
        "logit": codes.BETA_BINOMIAL_LOGIT,
        "probit": codes.BETA_BINOMIAL_PROBIT,
        "cloglog": codes.BETA_BINOMIAL_CLOGLOG,
    },
)

ORDERED_BETA = FamilyRecord(
    name="ordered_beta",
    aliases=("ordbeta",),
    resembled=("ord_beta_reg", "ordbetareg"),
    links=("logit",),
    response="share_with_ends",
    auxiliary=(PHI, CUTZERO, CUTWIDTH),
    distribution=ends.ORDERED_BETA,
    in_pymc=PymcRecipe("OrderedBeta"),
)

ZERO_ONE_INFLATED_BETA = FamilyRecord(
    name="zero_one_inflated_beta",
    resembled=("zoib", "zero_inflated_beta", "beinf"),
    links=("logit",),
    response="share_with_ends",
    auxiliary=(PHI, ZOI, COI),
    distribution=ends.ZERO_ONE_INFLATED_BETA,
    in_pymc=PymcRecipe("ZeroOneInflatedBeta"),
)
