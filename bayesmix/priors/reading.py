"""Priors as text: how they are read, which are allowed, and which suits which parameter.

A prior is text such as ``"HalfStudentT(3, 56.33)"``, or for a group sd ``"HalfCauchy(0.5) * sigma"``. It is compared
with a list of distributions, never evaluated. This module imports neither PyMC nor Bambi, so that a misspelt prior is
refused before they load.
"""

import re
from collections.abc import Sequence
from math import isfinite
from numbers import Real

from bayesmix.errors import PriorError, did_you_mean, listing
from bayesmix.priors.distribution import Argument
from bayesmix.priors.prior import FLAT, Prior, to_text
from bayesmix.priors.table import DISTRIBUTIONS

_IMPROPER = {"flat", "halfflat", "improper", "improperuniform"}

_INSTEAD = {
    "coefficient": "a prior on the real line, such as Normal(0, 10)",
    "standard deviation": "a prior on positive numbers, such as HalfStudentT(3, 10)",
    "probability": "a prior on 0 to 1, such as Beta(1, 1)",
    "correlation": "LKJ(eta), such as LKJ(2)",
    "set of thresholds": "Dirichlet(alpha), such as Dirichlet(1), of the categories' probabilities",
    "bounded parameter": "Uniform(lower, upper) within its bounds; a shift lies below every response",
}
_SUPPORTS = {
    "coefficient": ("real", "interval"),
    "standard deviation": ("positive", "interval"),
    "probability": ("share", "interval"),
    "correlation": ("correlation",),
    "set of thresholds": ("simplex",),
    "bounded parameter": ("interval",),
}

_CALL = re.compile(r"\s*([A-Za-z_]\w*)\s*\((.*)\)\s*(?:\*\s*([^)]*?)\s*)?", re.DOTALL)
_ARGUMENT = re.compile(r"\s*(?:([A-Za-z_]\w*)\s*=)?\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*")


_KIND_OF_SUPPORT = {
    "real": "coefficient",
    "positive": "standard deviation",
    "share": "probability",
    "correlation": "correlation",
    "simplex": "set of thresholds",
    "interval": "bounded parameter",
}


def parameter_kind(default: Prior) -> str:
    """The kind of a parameter, according to its default prior: a key of `_SUPPORTS`, such as ``"coefficient"``."""
    return _KIND_OF_SUPPORT[default.distribution.support]


def read_prior(prior: str | Prior, parameter: str | None = None, kind: str | None = None) -> Prior:
    """The prior that a text such as ``"Normal(0, 2.5)"`` or ``"Normal(mu=0, sigma=2.5)"`` stands for.

    Parameters
    ----------
    prior
        A text, or a `Prior`, which is checked in the same way.
    parameter
        Name of the parameter, such as ``"sd_Subject__Days"``, for messages.
    kind
        Kind of the parameter, from `parameter_kind`; without it any distribution is allowed.

    Returns
    -------
    Prior
        The prior, with arguments in the order of the distribution's signature.

    Raises
    ------
    PriorError
        The text is not a distribution with numbers, the distribution is unknown or improper, an argument is missing or
        out of range, or the distribution does not suit the parameter.
    """
    whose = f"Prior of {parameter!r}" if parameter is not None else "Prior"
    if isinstance(prior, Prior):
        _require_name_and_numbers(prior, whose)
        _require_known(prior.name, whose, kind)
        args = _match([("", value) for value in prior.args], prior.name, whose)
        read = Prior(prior.name, args, bool(prior.of_sigma))
    elif isinstance(prior, str):
        read = _read_text(prior, whose, kind)
    else:
        raise PriorError(f'{whose}: write it as text, such as "Normal(0, 10)"; got {type(prior).__name__}.')
    _require_in_range(read, whose)
    if kind is not None:
        _require_suited(read, kind, whose)
    if read.of_sigma:
        _require_ratio(read, kind, whose)
    return read


def _read_text(text: str, whose: str, kind: str | None) -> Prior:
    call = _CALL.fullmatch(text)
    if call is None:
        name = text.strip().partition("(")[0].strip()
        if name.isidentifier():
            _require_known(name, whose, kind)
            raise PriorError(f"{whose}: {text!r} lacks its numbers; write {_signature(name)}.")
        raise PriorError(f"{whose}: {text!r} is no distribution with numbers, such as Normal(0, 10).")
    name, inside, factor = call.groups()
    _require_known(name, whose, kind)
    if factor not in (None, "sigma"):
        raise PriorError(f"{whose}: {text!r} is times {factor!r}; a prior may be times sigma alone.")
    arguments = []
    for piece in inside.split(",") if inside.strip() else []:
        argument = _ARGUMENT.fullmatch(piece)
        if argument is None:
            raise PriorError(f"{whose}: {piece.strip()!r} in {text!r} is not a number; write {_signature(name)}.")
        arguments.append((argument[1] or "", float(argument[2])))
    return Prior(name, _match(arguments, name, whose), of_sigma=factor is not None)


def _match(given: list[tuple[str, float]], name: str, whose: str) -> tuple[float, ...]:
    """The numbers in the order of the signature; a keyword is the argument's own name or PyMC's."""
    arguments = DISTRIBUTIONS[name].arguments
    if len(given) != len(arguments):
        numbers = "number" if len(arguments) == 1 else "numbers"
        raise PriorError(f"{whose}: {_signature(name)} takes {len(arguments)} {numbers}, {len(given)} given.")
    values: dict[str, float] = {}
    for position, (keyword, value) in enumerate(given):
        if not keyword and len(values) == position:
            argument: Argument | None = arguments[position]
        else:
            argument = next((a for a in arguments if keyword in (a.name, a.pymc)), None)
        if argument is None or argument.name in values:
            problem = (
                f"argument {keyword!r} is unknown or given twice" if keyword else "numbers without a name come first"
            )
            raise PriorError(f"{whose}: {problem}; write {_signature(name)}.")
        values[argument.name] = float(value)
    return tuple(values[argument.name] for argument in arguments)


def _signature(name: str) -> str:
    return DISTRIBUTIONS[name].signature


def _require_name_and_numbers(prior: Prior, whose: str) -> None:
    """A record can be made of anything."""
    numbers = prior.args if isinstance(prior.args, Sequence) and not isinstance(prior.args, str) else [None]
    if not isinstance(prior.name, str) or any(isinstance(n, bool) or not isinstance(n, Real) for n in numbers):
        raise PriorError(
            f'{whose}: a Prior is a name with numbers, such as Prior("Normal", (0.0, 2.5)); got {prior.name!r} with '
            f"{prior.args!r}."
        )


def _require_known(name: str, whose: str, kind: str | None) -> None:
    if name.lower() in _IMPROPER and not (name == FLAT and kind in (None, "coefficient")):
        instead = _INSTEAD[kind] if kind else "a wide proper one, such as Normal(0, 1000)"
        if kind == "coefficient":
            instead = f"{FLAT}(), or {instead}"
        raise PriorError(f"{whose}: {name} is improper and priors must be proper; write {instead}, as wide as needed.")
    if name not in DISTRIBUTIONS:
        raise PriorError(
            f"{whose}: distribution {name!r} is not known.{did_you_mean(name, DISTRIBUTIONS)} "
            f"Known: {listing(DISTRIBUTIONS, at_most=len(DISTRIBUTIONS))}."
        )


def _require_in_range(prior: Prior, whose: str) -> None:
    for argument, value in zip(prior.distribution.arguments, prior.args, strict=True):
        if not isfinite(value) or (argument.positive and value <= 0):
            needed = "a finite number > 0" if argument.positive else "a finite number"
            raise PriorError(
                f"{whose}: {argument.name} ({argument.meaning}) of {prior.distribution.signature} must be {needed}; "
                f"got {value:g}."
            )
    if prior.distribution.support == "interval" and prior.args[0] >= prior.args[1]:
        raise PriorError(f"{whose}: lower must be below upper in {prior.distribution.signature}; got {to_text(prior)}.")


def _require_suited(prior: Prior, kind: str, whose: str) -> None:
    support = prior.distribution.support
    if support not in _SUPPORTS[kind]:
        raise PriorError(f"{whose}: {prior} does not suit a {kind}; write {_INSTEAD[kind]}.")
    if kind == "standard deviation" and support == "interval" and prior.args[0] < 0:
        raise PriorError(f"{whose}: {prior} reaches below 0, which a standard deviation cannot; raise lower to 0.")
    if kind == "probability" and support == "interval" and (prior.args[0] < 0 or prior.args[1] > 1):
        raise PriorError(f"{whose}: {prior} reaches beyond 0 to 1, which a probability cannot; write Uniform(0, 1).")


def _require_ratio(prior: Prior, kind: str | None, whose: str) -> None:
    if not prior.distribution.of_sigma or kind not in (None, "standard deviation"):
        those = listing(name for name, distribution in DISTRIBUTIONS.items() if distribution.of_sigma)
        raise PriorError(f"{whose}: only priors of group sds may be times sigma, by {those}; got {prior}.")
