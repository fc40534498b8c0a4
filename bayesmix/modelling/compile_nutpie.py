"""A PyMC model compiled for nutpie, in half the time of `nutpie.compile_pymc_model`.

nutpie wraps what PyTensor compiles in two C functions. They assign whole arrays, for which Numba compiles, in
every process anew, the text of an error about shapes: 1.7 s of some 4. Here the same two functions copy element by
element. The one file that leans on nutpie's internals: `_make_functions`, `_prepare_dims_and_coords`,
`CompiledPyMCModel`, `make_user_data`; a model with shared data goes through nutpie's own function.
"""

import warnings
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

import numba
import numpy as np
import pymc as pm
from nutpie.compile_pymc import (
    CompiledPyMCModel,
    _make_functions,
    _prepare_dims_and_coords,
    compile_pymc_model,
    make_user_data,
)
from pymc.initial_point import make_initial_point_fn

from bayesmix.modelling.arithmetic import arithmetic_as_written
from bayesmix.modelling.parallel import COMPILING

_DOUBLES = numba.types.CPointer(numba.types.double)
_LOG_DENSITY = numba.types.int64(numba.types.uint64, _DOUBLES, _DOUBLES, _DOUBLES, numba.types.voidptr)
_EXPAND = numba.types.int64(numba.types.uint64, numba.types.uint64, _DOUBLES, _DOUBLES, numba.types.voidptr)


def compile_model(model: pm.Model, var_names: Sequence[str]) -> CompiledPyMCModel:
    """Compile the log density with its gradient, and the function that computes `var_names` of each draw.

    Returns
    -------
    CompiledPyMCModel
        Gives the same draws as the result of `nutpie.compile_pymc_model(model, var_names=var_names)` where that
        compiles arithmetic as it is written (`arithmetic`).
    """
    with COMPILING, arithmetic_as_written():
        return _compiled(model, var_names)


def _compiled(model: pm.Model, var_names: Sequence[str]) -> CompiledPyMCModel:
    initial_point = _one_at_a_time(
        make_initial_point_fn(
            model=model, default_strategy="support_point", jitter_rvs=set(model.free_RVs), return_transformed=True
        )
    )
    n_dim, n_expanded, log_density, expand, start, shape_info, transformed = _make_functions(
        model,
        mode="NUMBA",
        compute_grad=True,
        join_expanded=True,
        pymc_initial_point_fn=initial_point,
        var_names=list(var_names),
    )
    if log_density.get_shared() or expand.get_shared():
        return compile_pymc_model(model, var_names=list(var_names))
    dims, coords = _prepare_dims_and_coords(model, shape_info, transformed)
    return CompiledPyMCModel(
        _n_dim=n_dim,
        dims=dims,
        _coords=coords,
        _shapes={name: tuple(shape) for name, _, shape in zip(*shape_info, strict=True)},
        compiled_logp_func=_log_density_in_c(log_density.vm.jit_fn, n_dim),
        compiled_expand_func=_expand_in_c(expand.vm.jit_fn, n_dim, n_expanded),
        initial_point_func=start,
        shared_data={},
        shared_var_keys={},
        user_data=make_user_data({}, {}),
        n_expanded=n_expanded,
        shape_info=shape_info,
        logp_func=log_density,
        expand_func=expand,
        reparameterized_names=transformed,
    )


def _log_density_in_c(evaluate: Callable[..., Any], n_dim: int) -> Any:
    """The log density and its gradient at a point; a status other than 0 says that they cannot be used."""

    def log_density(n: int, point: Any, gradient: Any, value: Any, _: Any) -> int:
        if n != n_dim:
            return -1
        try:
            log_p, slopes = evaluate(numba.carray(point, (n_dim,)))
            value[0] = log_p.item()
            usable = np.isfinite(value[0])
            for i in range(n_dim):
                gradient[i] = slopes[i]
                usable = usable and np.isfinite(slopes[i])
        except Exception:
            return 1
        return 0 if usable else 3

    return _compile(_LOG_DENSITY, log_density)


def _expand_in_c(evaluate: Callable[..., Any], n_dim: int, n_expanded: int) -> Any:
    """All kept variables at a point, one after the other."""

    def expand(n: int, n_out: int, point: Any, out: Any, _: Any) -> int:
        if n != n_dim or n_out != n_expanded:
            return -1
        try:
            (values,) = evaluate(numba.carray(point, (n_dim,)))
            for i in range(n_expanded):
                out[i] = values[i]
        except Exception:
            return -2
        return 0

    return _compile(_EXPAND, expand)


def _compile(signature: Any, function: Callable[..., int]) -> Any:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Cannot cache compiled function", category=numba.NumbaWarning)
        return numba.cfunc(signature)(function)


def _one_at_a_time(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """PyTensor functions are not safe to call from several threads, which nutpie's chains are."""
    lock = Lock()

    def locked(seed: Any) -> Any:
        with lock:
            return function(seed)

    return locked
