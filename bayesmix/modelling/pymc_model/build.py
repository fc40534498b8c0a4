"""The PyMC model of a design."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pymc as pm

from bayesmix.families.family import Family
from bayesmix.formula.design import Design
from bayesmix.modelling.pymc_model.bambi_bridge import build_bambi_model
from bayesmix.posterior import layout
from bayesmix.priors.prior import Prior


@dataclass(frozen=True)
class BuiltModel:
    """`model` is sampled; `kept` names the variables that make the posterior."""

    model: pm.Model
    kept: tuple[str, ...]


def build_model(
    design: Design, family: Family, priors: Mapping[str, Prior], *, centred: Collection[str] = ()
) -> BuiltModel:
    """The PyMC model with every parameter sampled jointly; group effects non-centred but for the terms `centred`."""
    built = build_bambi_model(design, family, priors, for_prediction=False, centred=centred)
    kept = [layout.THRESHOLD] if design.response.categories else []
    for part in design.predictors:
        kept += [layout.fixed_variable(term) for term in part.fixed.terms]
        for term in part.random:
            kept += layout.sd_names(term)
            if term.k > 1:
                kept.append(layout.corr_name(term, part.random))
            kept += [layout.group_variable(owner, term) for owner in term.terms]
    return BuiltModel(built.backend.model, (*kept, *layout.constant_parameters(design, family.auxiliary)))
