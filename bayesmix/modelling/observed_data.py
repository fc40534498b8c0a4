"""The response of a fit as a group of its tree, with the names and numbers that ArviZ and Bambi expect."""

import numpy as np
import xarray as xr

from bayesmix.arrays import Floats, Integers
from bayesmix.families.family import Family
from bayesmix.formula.design import Design
from bayesmix.formula.response import measure_of
from bayesmix.posterior.layout import OBSERVATIONS, without_slash

OBSERVED = "observed_data"


def with_observed_data(posterior: xr.DataTree, design: Design, family: Family) -> xr.DataTree:
    """The tree with the group `observed_data`, from which `bambi.interpret` and ArviZ's checks take the rows."""
    values = as_bambi_has_it(design.response.values, design, family)
    variables = {response_variable(design): (OBSERVATIONS, values)}
    posterior[OBSERVED] = xr.Dataset(variables, coords={OBSERVATIONS: np.arange(design.n_obs)})
    return posterior


def response_variable(design: Design) -> str:
    """The name of the response as a variable of the tree; the name of the dim of rows is taken."""
    name = without_slash(design.response.name)
    return f"{name}_" if name == OBSERVATIONS else name


def as_bambi_has_it(values: Floats, design: Design, family: Family) -> Floats | Integers:
    """Responses in Bambi's numbers: counts as integers, ordered categories from 0 instead of 1."""
    if design.response.categories:
        return values.astype(np.int64) - 1
    return values.astype(np.int64) if measure_of(family.response) == "probability" else values
