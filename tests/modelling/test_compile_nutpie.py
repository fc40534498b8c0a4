"""The compiled model is nutpie's own to rounding, from the same starts; what it leans on of nutpie is there."""

import ctypes

import numpy as np
import nutpie
import nutpie.compile_pymc
import pymc as pm
import pytest

from bayesmix.modelling.joint.compile_nutpie import compile_model
from bayesmix.modelling.joint.program import arithmetic_as_written

INTERNALS = ["CompiledPyMCModel", "_prepare_dims_and_coords", "compile_pymc_model"]
NAMES = ["mean", "sd", "effect", "twice"]
DOUBLES = ctypes.POINTER(ctypes.c_double)


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


def at(compiled, point):
    """The log density, its gradient, and the variables that are kept, as nutpie calls for them."""
    n, n_out = len(point), compiled.n_expanded
    value, gradient, kept = np.zeros(1), np.zeros(n), np.zeros(n_out)
    given = [array.ctypes.data_as(DOUBLES) for array in (point, gradient, value, kept)]
    data = ctypes.c_void_p(compiled.user_data.ctypes.data)
    assert compiled.compiled_logp_func.ctypes(n, *given[:3], data) == 0
    assert compiled.compiled_expand_func.ctypes(n, n_out, given[0], given[3], data) == 0
    return np.concatenate([value, gradient, kept])


@pytest.mark.parametrize("name", INTERNALS)
def test_nutpie_still_has(name):
    assert hasattr(nutpie.compile_pymc, name)


@pytest.mark.slow
@pytest.mark.parametrize("shared", [False, True])
def test_density_variables_and_starts_are_nutpies_own(shared):
    model = small_model(shared=shared)
    ours = compile_model(model, NAMES)
    with arithmetic_as_written():
        theirs = nutpie.compile_pymc_model(model, var_names=NAMES)
    for seed in range(5):
        start = theirs.initial_point_func(seed)
        np.testing.assert_array_equal(ours.initial_point_func(seed), start)
        np.testing.assert_allclose(at(ours, start), at(theirs, start), rtol=1e-12)
    assert ours.shapes == theirs.shapes


@pytest.mark.slow
def test_draws_have_the_names_and_dims_that_nutpie_gives_them():
    ours = sampled(compile_model(small_model(), NAMES))
    assert set(NAMES) <= set(ours["posterior"].data_vars)
    assert "unwanted" not in ours["posterior"]
    assert ours["posterior"]["twice"].dims == ("chain", "draw", "group")
    np.testing.assert_array_equal(ours["posterior"]["twice"], 2 * ours["posterior"]["effect"])
    np.testing.assert_array_equal(ours["posterior"]["group"], ["a", "b"])


def test_a_density_that_is_not_finite_is_reported():
    with pytest.raises(RuntimeError, match="initialization points failed"):
        sampled(compile_model(small_model(impossible=True), NAMES))
