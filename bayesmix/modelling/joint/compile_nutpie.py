"""A PyMC model compiled for nutpie, once for all models of one structure.

nutpie compiles the data of each model into its code: this takes 2 to 4 s of CPU, and some MiB that Numba cannot give
back. Here the structure (`lifted`) is compiled and then given the data, so that the code serves the next model with
other data. The file relies on nutpie's `_prepare_dims_and_coords` and `CompiledPyMCModel`. nutpie's own function
compiles a model that has random numbers in its density or start.
"""

from collections.abc import Callable, Sequence
from itertools import accumulate
from math import prod

import numpy as np
import pymc as pm
from nutpie.compile_pymc import CompiledPyMCModel, _prepare_dims_and_coords, compile_pymc_model
from pymc.initial_point import make_initial_point_expression
from pytensor.graph.basic import Variable

from bayesmix.arrays import Floats
from bayesmix.modelling.joint.lifted import ByStructure, LiftedGraph, lifted_graph
from bayesmix.modelling.joint.program import Program, arithmetic_as_written, compile_program
from bayesmix.modelling.samplers.nutpie_chains import compiled_model
from bayesmix.parallel import COMPILING

MOST_PROGRAMS = 16
"""The number of programs that are kept, the most recently used ones; each holds some 20 MiB of code."""

_PROGRAMS = ByStructure[Program](MOST_PROGRAMS)


def compile_model(model: pm.Model, var_names: Sequence[str]) -> CompiledPyMCModel:
    """Compile the log density with its gradient, and the function that computes `var_names` of each draw.

    The result samples the same density from the same starts as `nutpie.compile_pymc_model`. Nothing is compiled after a
    model of the same structure: the same families, links, kinds of priors, terms, and numbers of rows and levels. The
    draws are the same, to the last bit, either way.
    """
    with COMPILING, arithmetic_as_written():
        return _compiled(model, var_names)


def _compiled(model: pm.Model, var_names: Sequence[str]) -> CompiledPyMCModel:
    graph = graph_of(model, var_names)
    if graph is None:
        return compile_pymc_model(model, var_names=list(var_names))
    program = _PROGRAMS.of(graph, compile_program)
    names = [variable.name for variable in (*_free(model), *_kept(model, var_names))]
    ends = list(accumulate(prod(shape) for shape in program.shapes))
    shape_info = (names, [slice(*ends) for ends in zip([0, *ends], ends, strict=False)], list(program.shapes))
    transformed = [model.rvs_to_values[rv].name for rv in model.free_RVs if model.rvs_to_transforms[rv] is not None]
    dims, coords = _prepare_dims_and_coords(model, shape_info, transformed)
    return compiled_model(
        n_dim=program.n_dim,
        shape_info=shape_info,
        dims=dims,
        coords=coords,
        functions=(program.log_density, program.expand),
        start=_start_about(program.starts(*graph.values)),
        data=program.data(graph.values),
        owners=program.functions,
        transformed=transformed,
    )


def graph_of(model: pm.Model, var_names: Sequence[str]) -> LiftedGraph | None:
    """Log density, starts of the free variables, and `var_names`, with data as inputs; None as by `lifted_graph`."""
    return lifted_graph(_free(model), [model.logp(), *_starts(model), *_kept(model, var_names)])


def _free(model: pm.Model) -> list[Variable]:
    return [model.rvs_to_values[variable] for variable in model.free_RVs]


def _kept(model: pm.Model, var_names: Sequence[str]) -> list[Variable]:
    """The variables of `var_names` that are not free."""
    free = {variable.name for variable in model.value_vars}
    names = set(var_names) - free
    return [variable for variable in model.unobserved_value_vars if variable.name in names]


def _starts(model: pm.Model) -> list[Variable]:
    return make_initial_point_expression(
        free_rvs=model.free_RVs,
        rvs_to_transforms=model.rvs_to_transforms,
        initval_strategies=model.rvs_to_initial_values,
        return_transformed=True,
    )


def _start_about(centres: Sequence[Floats]) -> Callable[[int], Floats]:
    """PyMC's start: uniform in the cube of half width 1 about the middle of the priors on the unconstrained scale."""

    def start(seed: int) -> Floats:
        seeds = np.random.SeedSequence(seed).spawn(len(centres))[::-1]  # in the order in which PyMC gives them
        return np.concatenate(
            [
                np.ravel(centre + np.random.Generator(np.random.PCG64(child)).uniform(-1, 1, size=np.shape(centre)))
                for centre, child in zip(centres, seeds, strict=True)
            ]
        )

    return start
