"""From the linear predictor to the scale of the response: the link's inverse, or that of a function of the response."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, singledispatch

import numpy as np
from scipy.special import expit

from bayesmix.arrays import Floats
from bayesmix.formula.design import Design
from bayesmix.formula.syntax import Binary, Call, Node, Number, Parenthesis, unparse
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit, no_answer
from bayesmix.numerics.links import LINKS
from bayesmix.numerics.row_distribution.parts import mu_of

Function = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Transformation:
    """What leads from the linear predictor to the response: `inverse`, and its derivative `slope`.

    `name` is the link or the function of the response, ``"logit"`` or ``"log(y + 1)"``; `column` what a table calls the
    result: ``"prob"``, ``"rate"``, ``"response"``. `of_response`: the response itself was transformed in the formula.
    """

    name: str
    column: str
    inverse: Function
    slope: Function
    of_response: bool = False


def _one(values: Floats) -> Floats:
    return np.ones_like(values)


def _logit_slope(eta: Floats) -> Floats:
    return expit(eta) * expit(-eta)


def _probit_slope(eta: Floats) -> Floats:
    return np.exp(-(eta**2) / 2) / np.sqrt(2 * np.pi)


def _cloglog_slope(eta: Floats) -> Floats:
    return np.exp(eta - np.exp(np.minimum(eta, 700.0)))


SLOPES: dict[str, Function] = {
    "identity": _one,
    "log": np.exp,
    "logit": _logit_slope,
    "probit": _probit_slope,
    "cloglog": _cloglog_slope,
}
"""Derivatives of the inverse links."""


def transformation_of(fit: Fit | RemlFit | LaplaceFit | LmFit) -> Transformation | None:
    """What leads to the response scale of a fit; None where the linear predictor is the expected response."""
    return _transformation(fit)


@singledispatch
def _transformation(fit: object) -> Transformation | None:
    raise no_answer(_transformation, fit, question="emmeans")


@_transformation.register
def _of_link(fit: Fit | LaplaceFit) -> Transformation | None:
    record, link = fit.family.record, fit.family.link
    of_response = _of_response(fit.design)
    is_plain = record.distribution.mean is mu_of and record.ordered_categories is None
    if link == "identity" and is_plain and not record.of_log:
        return of_response
    column = "prob" if link in ("logit", "probit", "cloglog") and is_plain else "response"
    if fit.family.name == "poisson":
        column = "rate"
    name = "log" if record.of_log else link
    return Transformation(name, column, LINKS[name].inverse, SLOPES[name])


@_transformation.register
def _of_formula(fit: RemlFit | LmFit) -> Transformation | None:
    return _of_response(fit.design)


_FUNCTIONS: dict[str, tuple[Function, Function]] = {
    "log": (np.exp, np.exp),
    "log1p": (np.expm1, np.exp),
    "log2": (np.exp2, lambda eta: np.exp2(eta) * np.log(2)),
    "log10": (lambda eta: 10.0**eta, lambda eta: 10.0**eta * np.log(10)),
    "sqrt": (np.square, lambda eta: 2 * eta),
    "exp": (np.log, lambda eta: 1 / eta),
}
"""Inverses of the functions of a response, and their derivatives."""


def _of_response(design: Design) -> Transformation | None:
    """The inverse of what the formula makes of the response, ``log(y)`` or ``sqrt(y + 1)``; None of other functions."""
    node = design.formula.response.values
    while isinstance(node, Parenthesis):
        node = node.inside
    if not isinstance(node, Call):
        return None
    if (
        node.function in _FUNCTIONS
        and node.function not in design.functions
        and len(node.arguments) == 1
        and not node.keywords
    ):
        inverse, slope = _FUNCTIONS[node.function]
        constant = _added(node.arguments[0])
        if constant is None:
            return None
        return Transformation(unparse(node), "response", partial(_less, inverse, constant), slope, of_response=True)
    learnt = design.learnt.get(unparse(node))
    if node.function == "scale" and isinstance(learnt, tuple) and len(learnt) == 2:
        centre, spread = learnt
        return Transformation(
            unparse(node), "response", partial(_unscaled, centre, spread), partial(_times, spread), of_response=True
        )
    return None


def is_transformed(design: Design) -> bool:
    """Whether the response is a function of a column."""
    node = design.formula.response.values
    return isinstance(node, Call | Binary) and design.formula.response.trials is None


def _less(inverse: Function, constant: float, eta: Floats) -> Floats:
    return inverse(eta) - constant


def _unscaled(centre: float, spread: float, eta: Floats) -> Floats:
    return centre + spread * eta


def _times(spread: float, eta: Floats) -> Floats:
    return np.full_like(eta, spread)


def _added(node: Node) -> float | None:
    """The constant c in ``y + c``; 0 of a column alone, None of other expressions."""
    match node:
        case Parenthesis(inside):
            return _added(inside)
        case Binary("+", left, Number(value)) if _added(left) == 0.0:
            return value
        case Binary("+", Number(value), right) if _added(right) == 0.0:
            return value
        case Binary() | Call() | Number():
            return None
    return 0.0
