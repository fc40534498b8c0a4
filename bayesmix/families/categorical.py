"""Categories without an order."""

from typing import Literal

from bayesmix.families.record import FamilyRecord, PymcRecipe
from bayesmix.numerics.row_distribution.categories import CATEGORICAL as ROWS

type CategoricalText = Literal["categorical", "categorical(logit)"]

CATEGORICAL = FamilyRecord(
    name="categorical",
    resembled=("softmax", "multinom", "multinomial_logit", "mlogit", "nominal"),
    links=("logit",),
    response="nominal",
    distribution=ROWS,
    in_pymc=PymcRecipe("Softmax"),
)
