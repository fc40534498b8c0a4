"""A PyTensor graph with its data as inputs, so that models of one structure with other data are one graph.

What a model is made of stands in its graph as constants: design matrices, responses, indices, means and sds of the data
in priors. Here these become inputs, and what is left is the structure: code that is compiled of it runs on other data.
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
_FEW = 8  # numbers: arrays up to this size that are whole may be shapes, exponents or places in a matrix
_GREATEST = 16.0


@dataclass(frozen=True)
class LiftedGraph:
    """`outputs` depend on `inputs` and on `data`, which had `values`; where `structure` is equal, so is the rest."""

    inputs: tuple[Variable, ...]
    data: tuple[Variable, ...]
    outputs: tuple[Variable, ...]
    values: tuple[Numbers, ...]
    structure: FrozenFunctionGraph


class ByStructure[T]:
    """What was compiled of graphs, by their structure: the `most` that were used last."""

    def __init__(self, most: int):
        self._most = most
        self._kept: OrderedDict[FrozenFunctionGraph, T] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, graph: LiftedGraph, compiled: Callable[[LiftedGraph], T]) -> T:
        """What is kept of the structure of `graph`, or else `compiled` of it."""
        found = self._kept.pop(graph.structure, None) or compiled(graph)
        self._kept[graph.structure] = found
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return found


def lifted_graph(inputs: Sequence[Variable], outputs: Sequence[Variable]) -> LiftedGraph | None:
    """The graph with its data as inputs; what is shared has the value that it has now.

    None where something else is in it, such as a random generator.
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
    """What is worked out of `data` alone and goes into something that is not: once is enough for all points."""
    order = io_toposort(list(_roots(outputs)), outputs)
    fixed = _fixed(order, data)
    found: dict[Variable, None] = {}

    def look(variable: Variable) -> None:
        if variable not in fixed or variable.owner is None:
            return
        if isinstance(variable.owner.op, DimShuffle) or not _is_array(variable):
            for parent in variable.owner.inputs:
                look(parent)
        else:
            found[variable] = None

    for node in order:
        if not fixed.issuperset(node.outputs):
            for parent in node.inputs:
                look(parent)
    return list(found)


def _is_array(variable: Variable) -> bool:
    return variable.type.dtype in _DTYPES and None not in variable.type.shape


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
    """Values of shared variables: lengths of dims, and data that may be set."""
    found = (variable for variable in ancestors(outputs) if isinstance(variable, TensorSharedVariable))
    return {variable: TensorConstant(variable.type, variable.get_value()) for variable in found}


def _settled(outputs: Sequence[Variable]) -> dict[Variable, Variable]:
    """Conditions on data alone that all of them fulfil, or none: those are part of the structure.

    No count is negative, no sd of a prior is 0; were that left open, both branches would be worked out at every point.
    """
    order = io_toposort(list(_roots(outputs)), outputs)
    fixed = _fixed(order, ())
    conditions = [output for node in order for output in node.outputs if output in fixed and _is_condition(output)]
    found = pytensor.function([], conditions, mode=_BY_NUMPY)()
    return {
        condition: TensorConstant(condition.type, value)
        for condition, value in zip(conditions, found, strict=True)
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
    """Not so the few whole numbers that stand in every density, which rewrites of the graph look for."""
    values = np.asarray(constant.data)
    if str(values.dtype) not in _DTYPES:
        return False
    if values.size > _FEW:
        return True
    return values.dtype.kind == "f" and not (values == np.round(values).clip(-_GREATEST, _GREATEST)).all()
