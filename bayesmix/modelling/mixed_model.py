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


def count_effects(design: Design) -> tuple[int, int]:
    """Group effects of the grouping factor that has the most of them, and of all others."""
    by_factor: dict[str, int] = {}
    for term in design.all_random:
        by_factor[term.group] = by_factor.get(term.group, 0) + term.n_levels * term.k
    largest = max(by_factor.values(), default=0)
    return largest, sum(by_factor.values()) - largest
