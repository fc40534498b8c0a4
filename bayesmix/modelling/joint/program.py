"""The compiled code of a model: its log density with gradient, and its variables at a point; data are arguments."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from threading import Lock
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
from bayesmix.modelling.samplers.compiled import C_EXPAND, C_LOG_DENSITY

Shapes = Sequence[tuple[int, ...]]

_BY_NUMPY = Mode(linker="py", optimizer="fast_compile")  # leaves no compiled code behind
_REWRITES = ("canonicalize", "stabilize")
_LOCK = Lock()
_HELD: list[bool] = []  # the setting before, once for each thread inside: it belongs to the process


@contextmanager
def arithmetic_as_written() -> Iterator[None]:
    """A context in which PyTensor compiles arithmetic as it is written; several threads may be inside at once.

    By default PyTensor lets LLVM reorder sums, divide by multiplying and fuse a product with a sum. The result depends
    on which functions LLVM sees together, and functions read from PyTensor's cache on disk are compiled in other groups
    than new ones. A model that was fitted for the second time, or after another model with a common part, then had
    other last digits, and its chains soon diverged. Without these liberties the same seed gives the same draws in any
    process. A density takes a tenth longer, and that of a Gaussian model on all parameters half as long again.
    """
    with _LOCK:
        _HELD.append(_HELD[0] if _HELD else pytensor.config.numba__fastmath)
        pytensor.config.numba__fastmath = False
    try:
        yield
    finally:
        with _LOCK:
            before = _HELD.pop()
            if not _HELD:
                pytensor.config.numba__fastmath = before


@dataclass(frozen=True)
class _Layout:
    """The places of arrays in the one that compiled code gets: doubles first, 64-bit integers after them."""

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
        at, parts = {False: 0, True: 0}, []
        for shape, whole in zip(self.shapes, self.whole, strict=True):
            first, at[whole] = at[whole], at[whole] + prod(shape)
            parts.append((integers if whole else doubles)[first : at[whole]].reshape(shape))
        return parts


@dataclass(frozen=True)
class Program:
    """C functions for all models of one structure.

    `shapes` are those of the free variables and of the kept ones; `functions` must live as long as the C functions.
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
        """The data of a model as the one array that the functions read."""
        return self.layout.packed([*values, *self.beforehand(*values)])


def compile_program(graph: LiftedGraph) -> Program:
    """Compile a graph of free variables whose outputs are the log density, a start of each, and the kept variables."""
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
    outputs = _rewritten(written)
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
    """Compile a graph from one point to a log density, as a function of the data that gives one of the point.

    Without a gradient it saves nine tenths of the compilation.
    """
    outputs = _rewritten(clone_replace(list(graph.outputs)))
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


def _rewritten(outputs: Sequence[Any]) -> Any:
    return rewrite_graph(outputs, include=[*_REWRITES, "specialize"], exclude=["cxx_only"])


def _places(point: Any, free: Sequence[Any], shapes: Shapes) -> dict[Any, Any]:
    """The free variables as parts of a point."""
    parts: dict[Any, Any] = {}
    at = 0
    for variable, shape in zip(free, shapes, strict=True):
        parts[variable] = point[at : at + prod(shape)].reshape(shape).astype(variable.dtype)
        at += prod(shape)
    return parts


def _with_slopes(log_density: Any, free: Sequence[Any], places: dict[Any, Any]) -> list[Any]:
    (copy,) = clone_replace([log_density])  # rewrites change a graph in place
    stable: Any = rewrite_graph(copy, include=_REWRITES)
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

    return _compile(C_LOG_DENSITY, log_density)


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

    return _compile(C_EXPAND, expand)


def _compile(signature: Any, function: Callable[..., int]) -> Any:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Cannot cache compiled function", category=numba.NumbaWarning)
        return numba.cfunc(signature)(function)
