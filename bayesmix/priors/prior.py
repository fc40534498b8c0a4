"""Priors: which distributions may be written, how they are read, and which suits which parameter.

A prior is text such as ``"HalfStudentT(3, 56.33)"``, that of a group sd also ``"HalfCauchy(0.5) * sigma"``; it is read
by a whitelist, never evaluated. This module imports neither PyMC nor Bambi: a misspelt prior is refused before those
load.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from numbers import Real

from bayesmix.errors import PriorError, did_you_mean, listing
from bayesmix.posterior.layout import without_slash
from bayesmix.priors.distributions import DISTRIBUTIONS, OF_SIGMA, Argument, signature


@dataclass(frozen=True, repr=False)
class Prior:
    """A distribution by name with its numbers, such as ``Prior("Normal", (0.0, 2.5))``; proper but for ``Flat()``.

    It prints as it is written, with at most 4 significant digits; `args` and `to_text` keep every digit. `of_sigma`: of
    a group sd over the residual one, written ``"HalfCauchy(0.5) * sigma"``.
    """

    name: str
    args: tuple[float, ...]
    of_sigma: bool = False

    def __str__(self) -> str:
        return _written(self, _short)

    __repr__ = __str__


class Priors(dict[str, Prior]):
    """The prior of every parameter by name; it prints a line for each."""

    def __repr__(self) -> str:
        width = max(map(len, self), default=0)
        return "\n".join(f"{name.ljust(width)}  {prior}" for name, prior in self.items())


FLAT = "Flat"
"""The one improper prior: constant density, for coefficients."""

_SMALLEST, _LARGEST = 1e-50, 1e50

_IMPROPER = {"flat", "halfflat", "improper", "improperuniform"}

_INSTEAD = {
    "coefficient": "a prior on the real line, such as Normal(0, 10)",
    "standard deviation": "a prior on positive numbers, such as HalfStudentT(3, 10)",
    "probability": "a prior on 0 to 1, such as Beta(1, 1)",
    "correlation": "LKJ(eta), such as LKJ(2)",
    "set of thresholds": "Dirichlet(alpha), such as Dirichlet(1), of the categories' probabilities",
}
_SUPPORTS = {
    "coefficient": ("real", "interval"),
    "standard deviation": ("positive", "interval"),
    "probability": ("share", "interval"),
    "correlation": ("correlation",),
    "set of thresholds": ("simplex",),
}

_CALL = re.compile(r"\s*([A-Za-z_]\w*)\s*\((.*)\)\s*(?:\*\s*([^)]*?)\s*)?", re.DOTALL)
_ARGUMENT = re.compile(r"\s*(?:([A-Za-z_]\w*)\s*=)?\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*")


def _short(value: float) -> str:
    return f"{float(f'{value:.4g}'):.10g}"


def to_text(prior: Prior) -> str:
    """`prior` with every digit, for storage: ``read_prior(to_text(prior)) == prior``."""
    return _written(prior, lambda value: repr(float(value)))


def _written(prior: Prior, number: Callable[[float], str]) -> str:
    return f"{prior.name}({', '.join(map(number, prior.args))})" + " * sigma" * prior.of_sigma


_KIND_OF_SUPPORT = {
    "real": "coefficient",
    "positive": "standard deviation",
    "share": "probability",
    "correlation": "correlation",
    "simplex": "set of thresholds",
}


def parameter_kind(default: Prior) -> str:
    """What a parameter is, by its default prior: a key of `_SUPPORTS`, such as ``"coefficient"``."""
    return _KIND_OF_SUPPORT[DISTRIBUTIONS[default.name].support]


def read_prior(prior: str | Prior, parameter: str | None = None, kind: str | None = None) -> Prior:
    """The prior that a text such as ``"Normal(0, 2.5)"`` or ``"Normal(mu=0, sigma=2.5)"`` stands for.

    Parameters
    ----------
    prior
        The text, or a `Prior`, which is checked in the same way.
    parameter
        The parameter it is meant for, such as ``"sd_Subject__Days"``, for messages.
    kind
        What the parameter is, as `parameter_kind` says; without it any distribution will do.

    Returns
    -------
    Prior
        With its arguments in the order of the distribution's signature.

    Raises
    ------
    PriorError
        The text is no distribution with numbers, the distribution is unknown or improper, an argument is
        missing or out of its range, or the distribution does not suit the parameter.
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


def settle_priors(
    defaults: Mapping[str, Prior],
    given: Mapping[str, str | Prior] | None,
    column_sds: Mapping[str, float] | None = None,
) -> dict[str, Prior]:
    """The defaults with those replaced that were `given`, in the order of the defaults.

    Parameters
    ----------
    column_sds
        By group sd the sd of the column that varies by group, as `default_priors.column_sds` has them: those of which
        sd(z) sd / sigma is a number without unit, and whose prior may be relative to sigma.

    Raises
    ------
    PriorError
        A given name is no parameter of the model, or its prior cannot be read or does not suit it.
    """
    if given is not None and not isinstance(given, Mapping):
        raise PriorError(f'priors is a mapping, such as {{"sigma": "HalfNormal(20)"}}; got {type(given).__name__}.')
    settled = Priors(defaults)
    for written, prior in (given or {}).items():
        parameter = str(written) if written in defaults else without_slash(str(written))
        if parameter not in defaults:
            raise PriorError(
                f"A prior is given for {written!r}, which the model does not have."
                f"{did_you_mean(parameter, defaults)} Its parameters: {listing(defaults)}."
            )
        read = read_prior(prior, parameter, parameter_kind(defaults[parameter]))
        _require_moderate(read, parameter)
        settled[parameter] = _settled_ratio(read, parameter, column_sds or {})
    return settled


def _settled_ratio(prior: Prior, parameter: str, column_sds: Mapping[str, float]) -> Prior:
    """``ScaleFree(r)`` worked out; a prior relative to sigma is refused where sigma has another unit."""
    if not (prior.of_sigma or prior.name == "ScaleFree"):
        return prior
    if parameter == "sigma":
        raise PriorError(f"Prior of 'sigma': {prior} is relative to sigma itself; write HalfStudentT(3, 10).")
    if parameter not in column_sds:
        raise PriorError(
            f"Prior of {parameter!r}: {prior} is relative to the residual sd, whose unit group sds have in families "
            "with sigma and identity link alone; write HalfNormal(1) or HalfStudentT(3, 1)."
        )
    if prior.name == "ScaleFree":
        return Prior("HalfCauchy", (prior.args[0] / column_sds[parameter],), of_sigma=True)
    return prior


def _read_text(text: str, whose: str, kind: str | None) -> Prior:
    call = _CALL.fullmatch(text)
    if call is None:
        name = text.strip().partition("(")[0].strip()
        if name.isidentifier():
            _require_known(name, whose, kind)
            raise PriorError(f"{whose}: {text!r} lacks its numbers; write {signature(name)}.")
        raise PriorError(f"{whose}: {text!r} is no distribution with numbers, such as Normal(0, 10).")
    name, inside, factor = call.groups()
    _require_known(name, whose, kind)
    if factor not in (None, "sigma"):
        raise PriorError(f"{whose}: {text!r} is times {factor!r}; a prior may be times sigma alone.")
    arguments = []
    for piece in inside.split(",") if inside.strip() else []:
        argument = _ARGUMENT.fullmatch(piece)
        if argument is None:
            raise PriorError(f"{whose}: {piece.strip()!r} in {text!r} is not a number; write {signature(name)}.")
        arguments.append((argument[1] or "", float(argument[2])))
    return Prior(name, _match(arguments, name, whose), of_sigma=factor is not None)


def _match(given: list[tuple[str, float]], name: str, whose: str) -> tuple[float, ...]:
    """The numbers in the order of the signature; a keyword is the argument's own name or PyMC's."""
    arguments = DISTRIBUTIONS[name].arguments
    if len(given) != len(arguments):
        numbers = "number" if len(arguments) == 1 else "numbers"
        raise PriorError(f"{whose}: {signature(name)} takes {len(arguments)} {numbers}, {len(given)} given.")
    values: dict[str, float] = {}
    for position, (keyword, value) in enumerate(given):
        if not keyword and len(values) == position:
            argument: Argument | None = arguments[position]
        else:
            argument = next((a for a in arguments if keyword in (a.name, a.pymc)), None)
        if argument is None or argument.name in values:
            what = f"argument {keyword!r} is unknown or given twice" if keyword else "numbers without a name come first"
            raise PriorError(f"{whose}: {what}; write {signature(name)}.")
        values[argument.name] = float(value)
    return tuple(values[argument.name] for argument in arguments)


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
    for argument, value in zip(DISTRIBUTIONS[prior.name].arguments, prior.args, strict=True):
        if not isfinite(value) or (argument.positive and value <= 0):
            needed = "a finite number > 0" if argument.positive else "a finite number"
            raise PriorError(
                f"{whose}: {argument.name} ({argument.meaning}) of {signature(prior.name)} must be {needed}; "
                f"got {value:g}."
            )
    if prior.name == "Uniform" and prior.args[0] >= prior.args[1]:
        raise PriorError(f"{whose}: lower must be below upper in {signature('Uniform')}; got {to_text(prior)}.")


def _require_moderate(prior: Prior, parameter: str) -> None:
    """Powers of the numbers, and their ratios to the data, are to be numbers."""
    for argument, value in zip(DISTRIBUTIONS[prior.name].arguments, prior.args, strict=True):
        if value and not _SMALLEST <= abs(value) <= _LARGEST:
            raise PriorError(
                f"Prior of {parameter!r}: {argument.name} ({argument.meaning}) of {signature(prior.name)} is "
                f"{value:g}, and its size may be {_SMALLEST:g} to {_LARGEST:g}; give the response or the column "
                "another unit."
            )


def _require_suited(prior: Prior, kind: str, whose: str) -> None:
    support = DISTRIBUTIONS[prior.name].support
    if support not in _SUPPORTS[kind]:
        raise PriorError(f"{whose}: {prior} does not suit a {kind}; write {_INSTEAD[kind]}.")
    if kind == "standard deviation" and support == "interval" and prior.args[0] < 0:
        raise PriorError(f"{whose}: {prior} reaches below 0, which a standard deviation cannot; raise lower to 0.")
    if kind == "probability" and support == "interval" and (prior.args[0] < 0 or prior.args[1] > 1):
        raise PriorError(f"{whose}: {prior} reaches beyond 0 to 1, which a probability cannot; write Uniform(0, 1).")


def _require_ratio(prior: Prior, kind: str | None, whose: str) -> None:
    if prior.name not in OF_SIGMA or kind not in (None, "standard deviation"):
        raise PriorError(f"{whose}: only priors of group sds may be times sigma, by {listing(OF_SIGMA)}; got {prior}.")
