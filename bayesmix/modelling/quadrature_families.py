"""For which models of counts the group effects can be integrated out by quadrature."""

from collections.abc import Mapping

import numpy as np

from bayesmix.families.family import Family
from bayesmix.formula.design import Design
from bayesmix.priors.prior import Prior


def why_not_quadrature(
    design: Design,
    family: Family,
    priors: Mapping[str, Prior],
    sampler: str = "auto",
) -> str | None:
    """What keeps the group effects of a model from being integrated out by quadrature, in words; None: nothing does."""
    if family.link not in family.record.row_codes:
        return f"{family} has no closed form"
    if design.parts:
        return f"{family} with a formula for {', '.join(design.parts)} has no closed form"
    if len(design.random) > 1:
        return (
            f"{family} with {len(design.random)} random terms has no closed form, one random intercept has a quadrature"
        )
    for term in design.random:
        if term.k > 1 or not np.all(term.columns == 1.0):
            return f"{family} with ({term.label}) has no closed form, one random intercept has a quadrature"
    for name in design.fixed.names:
        if not priors[name].distribution.proper:
            return f"the quadrature takes proper priors, that of {name} is {priors[name]}"
    if sampler in ("pymc", "numpyro"):
        return f"sampler {sampler} takes all parameters"
    return None
