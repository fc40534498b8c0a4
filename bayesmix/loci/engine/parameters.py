"""The parameters of a model in the order of the result table, and their draws from a fit."""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.families.family import Family
from bayesmix.formula.design import Design
from bayesmix.modelling.diagnostics import parameter_blocks
from bayesmix.modelling.record import Fit
from bayesmix.posterior.layout import column_pairs, constant_parameters, corr_name, sd_names, threshold_names


@dataclass(frozen=True)
class Parameter:
    """A parameter's name, and whether its sign is of interest, as that of coefficients is."""

    name: str
    signed: bool


@dataclass(frozen=True)
class ParameterDraws:
    """Draws (n_parameters, n_chains, n_draws) of the parameters `names`."""

    names: tuple[str, ...]
    values: Floats


def parameters_of(design: Design, family: Family) -> tuple[Parameter, ...]:
    """Thresholds, coefficients, sds and correlations of every predictor, and the family's further parameters."""
    found = [Parameter(name, True) for name in threshold_names(design)]
    for part in design.predictors:
        found += [Parameter(name, True) for name in part.fixed.names]
        for term in part.random:
            found += [Parameter(name, False) for name in sd_names(term)]
            if term.k > 1:
                whole, pairs = corr_name(term, part.random), column_pairs(term)
                names = [whole] if len(pairs) == 1 else [f"{whole}[{first}, {second}]" for first, second in pairs]
                found += [Parameter(name, True) for name in names]
    return (*found, *(Parameter(name, False) for name in constant_parameters(design, family.auxiliary)))


def draws_of_fit(fit: Fit) -> ParameterDraws:
    """The draws of every parameter of a fit but the group effects."""
    blocks = list(parameter_blocks(fit.posterior["posterior"].to_dataset(), fit.design, fit.family.auxiliary))
    names = tuple(name for block_names, _, _ in blocks for name in block_names)
    return ParameterDraws(names, np.concatenate([values for _, _, values in blocks]))
