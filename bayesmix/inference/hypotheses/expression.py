"""The value of an expression of parameters, whether it is linear in them, and its slopes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import Span
from bayesmix.formula.syntax import Binary, Call, Name, Negative, Node, Number, Parenthesis, operations

_FUNCTIONS = {"exp": np.exp, "log": np.log, "sqrt": np.sqrt, "abs": np.abs}
_STEP = 1e-20  # imaginary: nothing is subtracted, so that no digit is lost


def names_in(node: Node) -> tuple[str, ...]:
    """The parameters of an expression, each once, in their order."""
    match node:
        case Name(name):
            return (name,)
        case Binary():
            first, following = operations(node)
            parts = [first, *[operation.right for operation in following]]
            return tuple(dict.fromkeys(name for part in parts for name in names_in(part)))
        case Call(_, (inside,)) | Negative(inside) | Parenthesis(inside):
            return names_in(inside)
    return ()


def replaced(node: Node, by: Mapping[str, Node]) -> Node:
    """The expression with other expressions in place of some parameters."""
    match node:
        case Name(name):
            return by.get(name, node)
        case Binary():
            first, following = operations(node)
            total = replaced(first, by)
            for step in following:
                total = Binary(step.operator, total, replaced(step.right, by), step.span, step.operator_span)
            return total
        case Call(function, (inside,), named, span):
            return Call(function, (replaced(inside, by),), named, span)
        case Negative(inside, span):
            return Negative(replaced(inside, by), span)
        case Parenthesis(inside, span):
            return Parenthesis(replaced(inside, by), span)
    return node


def written_out(linear: "Affine", span: Span) -> Node:
    """A linear expression as a text would have it: the constant plus weights times parameters, in brackets."""
    total: Node = Number(linear.constant, span)
    for name, weight in linear.weights.items():
        product = Binary("*", Number(weight, span), Name(name, span), span, span)
        total = Binary("+", total, product, span, span)
    return Parenthesis(total, span)


def evaluate(node: Node, values: Mapping[str, Floats]) -> Floats:
    """The expression with each parameter's `values`, arrays that broadcast; not finite where it has no value."""
    with np.errstate(all="ignore"):
        return np.asarray(_value(node, values))


def _value(node: Node, values: Mapping[str, Floats]) -> Floats:
    match node:
        case Number(value):
            return np.float64(value)  # type: ignore[return-value]
        case Name(name):
            return values[name]
        case Binary():
            first, following = operations(node)
            total = _value(first, values)
            for operation in following:
                total = _applied(operation.operator, total, _value(operation.right, values))
            return total
        case Call(function, (inside,)):
            return _FUNCTIONS[function](_value(inside, values))
        case Negative(inside):
            return -_value(inside, values)
        case Parenthesis(inside):
            return _value(inside, values)
    raise ValueError(f"{type(node).__name__} is no part of a hypothesis")


def _applied(operator: str, left: Floats, right: Floats) -> Floats:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return np.divide(left, right)
    return np.power(left, right)


def constant_of(node: Node) -> float | None:
    """The value of an expression without parameters; None if it has some."""
    return None if names_in(node) else float(evaluate(node, {}))


@dataclass(frozen=True)
class Affine:
    """`constant` plus the sum of parameters times their `weights`."""

    constant: float
    weights: Mapping[str, float]

    def at(self, values: Mapping[str, Floats]) -> Floats:
        return self.constant + sum((weight * values[name] for name, weight in self.weights.items()), np.zeros(()))


def affine(node: Node) -> Affine | None:
    """The expression as a linear one; None if it is none, or all parameters cancel."""
    found = _affine(node)
    if found is None:
        return None
    weights = {name: weight for name, weight in found.weights.items() if weight}
    return Affine(found.constant, weights) if weights else None


def _affine(node: Node) -> Affine | None:
    match node:
        case Name(name):
            return Affine(0.0, {name: 1.0})
        case Negative(inside):
            found = _affine(inside)
            return found and _sum(Affine(0.0, {}), found, -1.0)
        case Parenthesis(inside):
            return _affine(inside)
        case Binary():
            first, following = operations(node)
            total = _affine(first)
            for operation in following:
                total = _combined(operation.operator, total, _affine(operation.right))
            return total
    constant = constant_of(node)
    return None if constant is None else Affine(constant, {})


def _combined(operator: str, left: Affine | None, right: Affine | None) -> Affine | None:
    if left is None or right is None:
        return None
    if operator in ("+", "-"):
        return _sum(left, right, 1.0 if operator == "+" else -1.0)
    if not left.weights and not right.weights:
        with np.errstate(all="ignore"):
            return Affine(float(_applied(operator, np.float64(left.constant), np.float64(right.constant))), {})  # type: ignore[arg-type]
    if operator == "*" and not (left.weights and right.weights):
        factor, of = (left.constant, right) if right.weights else (right.constant, left)
        return _sum(Affine(0.0, {}), of, factor)
    if operator == "/" and not right.weights and right.constant:
        return _sum(Affine(0.0, {}), left, 1.0 / right.constant)
    return left if operator == "**" and not right.weights and right.constant == 1.0 else None


def _sum(left: Affine, right: Affine, factor: float) -> Affine:
    names = dict.fromkeys((*left.weights, *right.weights))
    weights = {name: left.weights.get(name, 0.0) + factor * right.weights.get(name, 0.0) for name in names}
    return Affine(left.constant + factor * right.constant, weights)


def has_function(node: Node, function: str) -> bool:
    """Whether a function is applied to parameters somewhere in the expression."""
    match node:
        case Binary():
            first, following = operations(node)
            return any(has_function(part, function) for part in (first, *[step.right for step in following]))
        case Call(name, (inside,)):
            return (name == function and bool(names_in(inside))) or has_function(inside, function)
        case Negative(inside) | Parenthesis(inside):
            return has_function(inside, function)
    return False


def slopes(node: Node, values: Mapping[str, float]) -> dict[str, float]:
    """The derivatives by each parameter, where the expression has them, by a step along the imaginary axis.

    References
    ----------
    Squire & Trapp (1998), doi:10.1137/S003614459631241X
    """
    found = {}
    for name in names_in(node):
        moved = {other: np.complex128(value) for other, value in values.items()}
        moved[name] += 1j * _STEP
        found[name] = float(np.imag(evaluate(node, moved)) / _STEP)  # type: ignore[arg-type]
    return found
