"""What is compiled of a model: its log density with gradient, and its variables at a point; data are handed in."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numba
import numpy as np
import pytensor
import pytensor.tensor as pt
from pymc.pytensorf import compile as compile_graph
from pytensor.compile.mode import Mode
from pytensor.graph.replace import clone_replace
from pytensor.graph.rewriting.utils import rewrite_graph

from bayesmix.arrays import Floats
from bayesmix.modelling.joint.lifted import LiftedGraph, Numbers, known_beforehand

Shapes = Sequence[tuple[int, ...]]

_BY_NUMPY = Mode(linker="py", optimizer="fast_compile")  # leaves no compiled code behind
_REWRITES = ("canonicalize", "stabilize")
_DOUBLES = numba.types.CPointer(numba.types.double)
_LOG_DENSITY = numba.types.int64(numba.types.uint64, _DOUBLES, _DOUBLES, _DOUBLES, numba.types.voidptr)
_EXPAND = numba.types.int64(numba.types.uint64, numba.types.uint64, _DOUBLES, _DOUBLES, numba.types.voidptr)


@dataclass(frozen=True)
class _Layout:
    """Where arrays lie in the one that compiled code is given: doubles first, 64-bit integers after them."""

    shapes: tuple[tuple[int, ...], ...]
    whole: tuple[bool, ...]

    @classmethod
    def of(cls, variables: Sequence[Any]) -> "_Layout":
        types = [variable.type for variable in variables]
        return cls(tuple(kind.shape for kind in types), tuple(kind.dtype == "int64" for kind in types))

    def n(self, *, whole: bool) -> int:
        return sum(prod(shape) for shape, is_whole in zip(self.shapes, self.whole, strict=True) if is_whole == whole)

    def packed(self, values: Sequence[Numbers]) -> Floats:
        doubles = [np.ravel(array) for array, whole in zip(values, self.whole, strict=True) if not whole]
        integers = [np.ravel(array).view(np.float64) for array, whole in zip(values, self.whole, strict=True) if whole]
        return np.concatenate([np.empty(0), *doubles, *integers])

    def parts(self, doubles: Any, integers: Any) -> list[Any]:
        at, found = {False: 0, True: 0}, []
        for shape, whole in zip(self.shapes, self.whole, strict=True):
            first, at[whole] = at[whole], at[whole] + prod(shape)
            found.append((integers if whole else doubles)[first : at[whole]].reshape(shape))
        return found


@dataclass(frozen=True)
class Program:
    """Functions in C for all models of one structure.

    `shapes` are those of the free variables and of the kept ones; `functions` have to live as long as the C ones.
    """

    n_dim: int
    shapes: tuple[tuple[int, ...], ...]
    log_density: Any
    expand: Any
    functions: tuple[Any, Any]
    layout: _Layout
    beforehand: Callable[..., list[Numbers]]
    starts: Callable[..., list[Numbers]]

    def data(self, values: Sequence[Numbers]) -> Floats:
        """What the functions are given of a model's data, as one array."""
        return self.layout.packed([*values, *self.beforehand(*values)])


def compile_program(graph: LiftedGraph) -> Program:
    """Compile a graph of free variables whose outputs are the log density, a start of each, and what is kept."""
    free, log_density = graph.inputs, graph.outputs[0]
    starts, kept = graph.outputs[1 : 1 + len(free)], graph.outputs[1 + len(free) :]
    start_of = _by_numpy(graph.data, starts)
    at_start = start_of(*graph.values)
    shapes_of_kept = _by_numpy([*free, *graph.data], [pt.as_tensor(variable).shape for variable in kept])
    shapes = [start.shape for start in at_start]
    n_dim = sum(prod(shape) for shape in shapes)
    point = pt.TensorType("float64", shape=(n_dim,))("point")
    places = _places(point, free, shapes)
    written = [*_with_slopes(log_density, free, places), _joined([*places.values(), *clone_replace(kept, places)])]
    outputs: Any = rewrite_graph(written, include=[*_REWRITES, "specialize"], exclude=["cxx_only"])
    known = known_beforehand(outputs, graph.data)
    layout = _Layout.of([*graph.data, *known])
    doubles, integers = layout.n(whole=False), layout.n(whole=True)
    inputs = [point, pt.TensorType("float64", shape=(doubles,))(), pt.TensorType("int64", shape=(integers,))()]
    parts = dict(zip([*graph.data, *known], layout.parts(*inputs[1:]), strict=True))
    outputs = clone_replace(outputs, parts)
    density = compile_graph(inputs, outputs[:2], mode="NUMBA", on_unused_input="ignore")
    expand = compile_graph(inputs, outputs[2:], mode="NUMBA", on_unused_input="ignore")
    shapes += [tuple(int(n) for n in shape) for shape in shapes_of_kept(*at_start, *graph.values)]
    n_expanded = sum(prod(shape) for shape in shapes)
    return Program(
        n_dim=n_dim,
        shapes=tuple(shapes),
        log_density=_log_density_in_c(density.vm.jit_fn, n_dim, doubles, integers),
        expand=_expand_in_c(expand.vm.jit_fn, n_dim, n_expanded, doubles, integers),
        functions=(density, expand),
        layout=layout,
        beforehand=_by_numpy(graph.data, known),
        starts=start_of,
    )


def compile_log_density(graph: LiftedGraph) -> Callable[[Sequence[Numbers]], Callable[[Floats], float]]:
    """Compile a graph of one point whose output is a log density: a function of the data, which gives one of the point.

    It has no gradient, which saves nine tenths of the compilation.
    """
    (written,) = clone_replace(list(graph.outputs))
    outputs: Any = rewrite_graph([written], include=[*_REWRITES, "specialize"], exclude=["cxx_only"])
    known = known_beforehand(outputs, graph.data)
    beforehand = _by_numpy(graph.data, known)
    worked_out = [variable.type() for variable in known]
    outputs = clone_replace(outputs, dict(zip(known, worked_out, strict=True)))
    function = compile_graph([*graph.inputs, *graph.data, *worked_out], outputs[0], on_unused_input="ignore")
    function.trust_input = True

    def of_data(values: Sequence[Numbers]) -> Callable[[Floats], float]:
        data = [*values, *beforehand(*values)]
        return lambda point: float(function(point, *data))

    return of_data


def _by_numpy(inputs: Sequence[Any], outputs: Sequence[Any]) -> Callable[..., list[Numbers]]:
    return pytensor.function(list(inputs), list(outputs), mode=_BY_NUMPY, on_unused_input="ignore")


def _places(point: Any, free: Sequence[Any], shapes: Shapes) -> dict[Any, Any]:
    """The free variables as parts of a point."""
    found: dict[Any, Any] = {}
    at = 0
    for variable, shape in zip(free, shapes, strict=True):
        found[variable] = point[at : at + prod(shape)].reshape(shape).astype(variable.dtype)
        at += prod(shape)
    return found


def _with_slopes(log_density: Any, free: Sequence[Any], places: dict[Any, Any]) -> list[Any]:
    (own,) = clone_replace([log_density])  # rewrites change a graph where it stands
    stable: Any = rewrite_graph(own, include=_REWRITES)
    slopes: Any = pt.grad(stable, list(free))
    return clone_replace([stable, _joined(slopes)], places)


def _joined(variables: Sequence[Any]) -> Any:
    return pt.concatenate([pt.as_tensor(variable).ravel() for variable in variables])


def _log_density_in_c(evaluate: Callable[..., Any], n_dim: int, n_doubles: int, n_integers: int) -> Any:
    """The log density and its gradient at a point; a status other than 0 says that they cannot be used."""

    def log_density(n: int, point: Any, gradient: Any, value: Any, data: Any) -> int:
        if n != n_dim:
            return -1
        try:
            doubles = numba.carray(data, (n_doubles,), np.float64)
            integers = numba.carray(data, (n_doubles + n_integers,), np.int64)[n_doubles:]
            log_p, slopes = evaluate(numba.carray(point, (n_dim,)), doubles, integers)
            value[0] = log_p.item()
            usable = np.isfinite(value[0])
            for i in range(n_dim):
                gradient[i] = slopes[i]
                usable = usable and np.isfinite(slopes[i])
        except Exception:
            return 1
        return 0 if usable else 3

    return _compile(_LOG_DENSITY, log_density)


def _expand_in_c(evaluate: Callable[..., Any], n_dim: int, n_expanded: int, n_doubles: int, n_integers: int) -> Any:
    """All kept variables at a point, one after the other."""

    def expand(n: int, n_out: int, point: Any, out: Any, data: Any) -> int:
        if n != n_dim or n_out != n_expanded:
            return -1
        try:
            doubles = numba.carray(data, (n_doubles,), np.float64)
            integers = numba.carray(data, (n_doubles + n_integers,), np.int64)[n_doubles:]
            (values,) = evaluate(numba.carray(point, (n_dim,)), doubles, integers)
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
