"""A mixed model as every route takes it."""

from dataclasses import dataclass

from bayesmix.families.family import Family
from bayesmix.formula.design import Design
from bayesmix.priors.prior import Prior


@dataclass(frozen=True, eq=False)
class MixedModel:
    """Data as arrays, response distribution and link, and a prior for every parameter by its name."""

    design: Design
    family: Family
    priors: dict[str, Prior]
