"""A PyTensor graph with its data as inputs, so that models of one structure with different data share one graph.

The data of a model are constants in its graph: design matrices, responses, indices, and means and sds in priors. Here
these become inputs. What is left is the structure, and code compiled from it runs on other data.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytensor
from numpy.typing import NDArray
from pytensor.compile.mode import Mode
from pytensor.graph.basic import Constant, Variable
from pytensor.graph.fg import FrozenFunctionGraph
from pytensor.graph.replace import clone_replace
from pytensor.graph.traversal import ancestors, io_toposort
from pytensor.tensor.elemwise import DimShuffle
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.type import TensorType
from pytensor.tensor.variable import TensorConstant

Numbers = NDArray[Any]

_BY_NUMPY = Mode(linker="py", optimizer="minimum_compile")
_DTYPES = ("float64", "int64")
_FEW = 8  # whole numbers in arrays up to this size may be shapes, exponents or places in a matrix
_GREATEST = 16.0


@dataclass(frozen=True)
class LiftedGraph:
    """`outputs` depend on `inputs` and `data`; graphs with equal `structure` differ only in the `values` of data."""

    inputs: tuple[Variable, ...]
    data: tuple[Variable, ...]
    outputs: tuple[Variable, ...]
    values: tuple[Numbers, ...]
    structure: FrozenFunctionGraph


class ByStructure[T]:
    """A cache of what was compiled from graphs, by their structure; it keeps the `most` recently used."""

    def __init__(self, most: int):
        self._most = most
        self._kept: OrderedDict[FrozenFunctionGraph, T] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, graph: LiftedGraph, compiled: Callable[[LiftedGraph], T]) -> T:
        """The code that is kept for the structure of `graph`, or else `compiled(graph)`."""
        code = self._kept.pop(graph.structure, None) or compiled(graph)
        self._kept[graph.structure] = code
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return code


def lifted_graph(inputs: Sequence[Variable], outputs: Sequence[Variable]) -> LiftedGraph | None:
    """The graph with its data as inputs, and shared variables at their present values.

    None if the graph contains anything else, such as a random generator.
    """
    outputs = clone_replace(list(outputs), _shared(outputs))
    if any(not isinstance(root, Constant) and root not in inputs for root in _roots(outputs)):
        return None
    outputs = clone_replace(outputs, _settled(outputs))
    constants: list[Any] = list(dict.fromkeys(_data_of(inputs, outputs)))
    data = [TensorType(constant.type.dtype, shape=constant.data.shape)() for constant in constants]
    outputs = clone_replace(outputs, dict(zip(constants, data, strict=True)))
    return LiftedGraph(
        inputs=tuple(inputs),
        data=tuple(data),
        outputs=tuple(outputs),
        values=tuple(np.array(constant.data) for constant in constants),
        structure=FrozenFunctionGraph.from_io([*inputs, *data], outputs),
    )


def known_beforehand(outputs: Sequence[Variable], data: Sequence[Variable]) -> list[Variable]:
    """Variables that depend on `data` alone and enter others that do not: computed once, they serve all points."""
    order = io_toposort(list(_roots(outputs)), outputs)
    fixed = _fixed(order, data)
    known: dict[Variable, None] = {}

    def look(variable: Variable) -> None:
        if variable not in fixed or variable.owner is None:
            return
        is_array = variable.type.dtype in _DTYPES and None not in variable.type.shape
        if isinstance(variable.owner.op, DimShuffle) or not is_array:
            for parent in variable.owner.inputs:
                look(parent)
        else:
            known[variable] = None

    for node in order:
        if not fixed.issuperset(node.outputs):
            for parent in node.inputs:
                look(parent)
    return list(known)


def _roots(outputs: Sequence[Variable]) -> Iterator[Variable]:
    return (variable for variable in ancestors(outputs) if variable.owner is None)


def _fixed(order: Sequence[Any], data: Sequence[Variable]) -> set[Variable]:
    """Variables that depend on `data` and constants alone."""
    fixed = set(data)
    for node in order:
        if all(parent in fixed or isinstance(parent, Constant) for parent in node.inputs):
            fixed.update(node.outputs)
    return fixed


def _shared(outputs: Sequence[Variable]) -> dict[Variable, Variable]:
    """The values of shared variables: lengths of dims, and data that can be set."""
    shared = (variable for variable in ancestors(outputs) if isinstance(variable, TensorSharedVariable))
    return {variable: TensorConstant(variable.type, variable.get_value()) for variable in shared}


def _settled(outputs: Sequence[Variable]) -> dict[Variable, Variable]:
    """Conditions on data alone that all values fulfil, or none; these are part of the structure.

    For example no count is negative, and no sd of a prior is 0. If that were left open, both branches would be computed
    at every point.
    """
    order = io_toposort(list(_roots(outputs)), outputs)
    fixed = _fixed(order, ())
    conditions = [output for node in order for output in node.outputs if output in fixed and _is_condition(output)]
    values = pytensor.function([], conditions, mode=_BY_NUMPY)()
    return {
        condition: TensorConstant(condition.type, value)
        for condition, value in zip(conditions, values, strict=True)
        if value.size and value.all() == value.any()
    }


def _is_condition(variable: Variable) -> bool:
    return isinstance(variable.type, TensorType) and variable.type.dtype == "bool"


def _data_of(inputs: Sequence[Variable], outputs: Sequence[Variable]) -> Iterator[TensorConstant]:
    for node in io_toposort(inputs, outputs):
        for variable in node.inputs:
            if isinstance(variable, TensorConstant) and _is_data(variable):
                yield variable


def _is_data(constant: TensorConstant) -> bool:
    """Whether a constant is data; the few whole numbers that every density has, and rewrites look for, are not."""
    values = np.asarray(constant.data)
    if str(values.dtype) not in _DTYPES:
        return False
    if values.size > _FEW:
        return True
    return values.dtype.kind == "f" and not (values == np.round(values).clip(-_GREATEST, _GREATEST)).all()
