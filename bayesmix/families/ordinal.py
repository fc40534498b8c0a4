"""Ordered categories."""

from typing import Literal

from bayesmix.families.record import OF_A_PROBABILITY, FamilyRecord, PymcRecipe
from bayesmix.numerics.row_distribution import latent_variance
from bayesmix.numerics.row_distribution import ordinal as rows

type OrdinalText = Literal[
    "cumulative", "cumulative(logit)", "cumulative(probit)", "cumulative(cloglog)",
    "stopping_ratio", "stopping_ratio(logit)", "stopping_ratio(probit)", "stopping_ratio(cloglog)",
    "sratio",
    "adjacent_category", "adjacent_category(logit)", "adjacent_category(probit)", "adjacent_category(cloglog)",
    "acat",
]  # fmt: skip

CUMULATIVE = FamilyRecord(
    name="cumulative",
    resembled=("ordinal", "clmm", "polr", "ordered_logistic", "proportional_odds"),
    links=OF_A_PROBABILITY,
    response="ordinal",
    distribution=rows.CUMULATIVE,
    in_pymc="cumulative",
    latent_variance=latent_variance.of_link,
)

STOPPING_RATIO = FamilyRecord(
    name="stopping_ratio",
    aliases=("sratio",),
    resembled=("cratio",),
    links=OF_A_PROBABILITY,
    response="ordinal",
    distribution=rows.STOPPING_RATIO,
    in_pymc="sratio",
)

ADJACENT_CATEGORY = FamilyRecord(
    name="adjacent_category",
    aliases=("acat",),
    links=OF_A_PROBABILITY,
    response="ordinal",
    distribution=rows.ADJACENT_CATEGORY,
    in_pymc=PymcRecipe("AdjacentCategory"),
)
