"""Shares between 0 and 1, and counts out of trials whose probability varies like such a share."""

from typing import Literal

from bayesmix.families.auxiliary import PHI
from bayesmix.families.record import OF_A_PROBABILITY, Arguments, FamilyRecord, PymcRecipe
from bayesmix.numerics import row_codes as codes
from bayesmix.numerics.row_distribution import continuous, counts

type BetaText = Literal[
    "beta", "beta(logit)", "beta(probit)", "beta(cloglog)",
    "beta_binomial", "beta_binomial(logit)", "beta_binomial(probit)", "beta_binomial(cloglog)",
    "betabinomial",
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
