"""The compiled model gives nutpie's own draws to the last digit; here are the internals of nutpie it leans on."""

import numpy as np
import nutpie
import nutpie.compile_pymc
import pymc as pm
import pytest

from bayesmix.modelling.arithmetic import arithmetic_as_written
from bayesmix.modelling.compile_nutpie import compile_model

INTERNALS = ["CompiledPyMCModel", "_make_functions", "_prepare_dims_and_coords", "make_user_data"]
NAMES = ["mean", "sd", "effect", "twice"]


def small_model(*, shared: bool = False, impossible: bool = False) -> pm.Model:
    with pm.Model(coords={"group": ["a", "b"]}) as model:
        y = np.array([1.2, 0.3, 2.5, 1.9])
        mean, sd = pm.Normal("mean"), pm.HalfNormal("sd")
        effect = pm.Normal("effect", 0, 1, dims="group")
        pm.Deterministic("twice", 2 * effect, dims="group")
        pm.Deterministic("unwanted", mean + np.zeros(100))
        x = pm.Data("x", np.ones(4)) if shared else np.ones(4)
        pm.Normal("y", mean * x + effect[[0, 1, 0, 1]], sd, observed=y)
        if impossible:
            pm.Uniform("z", 0, 1, observed=[2.0])
    return model


def sampled(compiled):
    return nutpie.sample(compiled, draws=50, tune=100, chains=2, seed=3, progress_bar=False)


@pytest.mark.parametrize("name", INTERNALS)
def test_nutpie_still_has(name):
    assert hasattr(nutpie.compile_pymc, name)


@pytest.mark.slow
@pytest.mark.parametrize("shared", [False, True])
def test_draws_are_nutpies_own(shared):
    model = small_model(shared=shared)
    ours = sampled(compile_model(model, NAMES))
    with arithmetic_as_written():
        theirs = sampled(nutpie.compile_pymc_model(model))
    assert set(NAMES) <= set(ours["posterior"].data_vars)
    assert "unwanted" not in ours["posterior"]
    for name in NAMES:
        assert ours["posterior"][name].dims == theirs["posterior"][name].dims
        np.testing.assert_array_equal(ours["posterior"][name], theirs["posterior"][name])
    np.testing.assert_array_equal(ours["posterior"]["group"], ["a", "b"])


def test_a_density_that_is_not_finite_is_reported():
    with pytest.raises(RuntimeError, match="initialization points failed"):
        sampled(compile_model(small_model(impossible=True), NAMES))
