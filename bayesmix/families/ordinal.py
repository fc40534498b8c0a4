"""Ordered categories."""

from typing import Literal

from bayesmix.families.record import OF_A_PROBABILITY, FamilyRecord
from bayesmix.numerics.row_distribution import ordinal as rows

type OrdinalText = Literal[
    "cumulative", "cumulative(logit)", "cumulative(probit)", "cumulative(cloglog)",
    "stopping_ratio", "stopping_ratio(logit)", "stopping_ratio(probit)", "stopping_ratio(cloglog)",
    "sratio",
]  # fmt: skip

CUMULATIVE = FamilyRecord(
    name="cumulative",
    resembled=("ordinal", "clmm", "polr", "ordered_logistic", "proportional_odds"),
    links=OF_A_PROBABILITY,
    response="ordinal",
    distribution=rows.CUMULATIVE,
    in_pymc="cumulative",
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
