"""A posterior put together from arrays has the names, dims and coords of a sampled one."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayesmix.families.family import read_family
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.modelling.assemble import as_posterior
from bayesmix.modelling.pymc_model.bambi_bridge import build_model
from bayesmix.posterior import layout
from bayesmix.priors.default_priors import default_priors


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    n = 120
    return pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "x": rng.normal(size=n),
            "f": rng.choice(list("abc"), n),
            "g": rng.integers(0, 6, n),
            "h": rng.choice(list("pqrs"), n),
        }
    )


@pytest.mark.parametrize(
    "formula",
    [
        "y ~ x + (x | g)",
        "y ~ f * x + (0 + f | g) + (1 | h)",
        "y ~ 1",
        "y ~ poly(x, 2) + (x * f | g) + (x || h)",
        "y ~ 0 + f + (1 | g/h)",
    ],
)
def test_names_dims_and_coords_are_those_of_the_pymc_model(formula, data):
    design = build_design(parse(formula), data)
    family = read_family("gaussian")
    rng = np.random.default_rng(1)
    shape = (2, 5)
    random = design.random
    fixed = rng.normal(size=(*shape, len(design.fixed.names)))
    sds = [rng.uniform(size=(*shape, term.k)) for term in random]
    correlations = [rng.uniform(size=(*shape, term.k * (term.k - 1) // 2)) for term in random]
    effects = [rng.normal(size=(*shape, term.n_levels, term.k)) for term in random]
    made = as_posterior(
        design,
        fixed=fixed,
        sds=sds,
        correlations=correlations,
        effects=effects,
        auxiliary={"sigma": rng.uniform(size=shape)},
    )
    built = build_model(design, family, default_priors(design, family))
    assert set(made.data_vars) == set(built.kept)
    for name in built.kept:
        dims = tuple(built.model.named_vars_to_dims.get(name, ()))
        assert made[name].dims[2:] == dims
        for dim in dims:
            assert list(made.coords[dim].to_numpy()) == list(built.model.coords[dim])
    np.testing.assert_array_equal(layout.fixed_draws(made, design), fixed)
    for position, term in enumerate(random):
        np.testing.assert_array_equal(layout.group_draws(made, term), effects[position])
        np.testing.assert_array_equal(layout.sd_draws(made, term), sds[position])
        if term.k > 1:
            np.testing.assert_array_equal(layout.corr_draws(made, term, design), correlations[position])
    assert isinstance(made, xr.Dataset)
