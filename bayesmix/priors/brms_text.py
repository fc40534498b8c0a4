"""Priors as brms and Stan write them, ``student_t(3, 0, 2.5)`` and ``prior(normal(0, 5), class = b)``.

Read is what means exactly the same here; all else is refused by its name. Nothing is evaluated.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bayesmix.errors import PriorError, listing

_CALL = re.compile(r"\s*([a-z_A-Z]\w*)\s*\((.*)\)\s*", re.DOTALL)
_SET_PRIOR = re.compile(r"\s*(?:brms::)?(?:set_prior|prior_string|prior)\s*\((.*)\)\s*", re.DOTALL)
_TOGETHER = re.compile(r"\s*c\s*\((.*)\)\s*", re.DOTALL)
_KEYWORD = re.compile(r"\s*(\w+)\s*=(?!=)\s*(.*?)\s*", re.DOTALL)

type Numbers = tuple[str, ...]


def _about_zero(name: str, rest: Callable[[Numbers], Numbers]) -> Callable[[Numbers], str]:
    """What a symmetric distribution is on positive numbers: `rest` are its numbers without the location, before it."""

    def half(numbers: Numbers) -> str:
        location = numbers[-2] if len(numbers) > 1 else "0"
        if float(location) != 0:
            raise ValueError(
                f"cut off at 0 and with its peak at {location}, which is not there for a positive parameter; write "
                f"{name}({', '.join(rest(numbers))}), LogNormal(mu, sigma) or Gamma(shape, rate)"
            )
        return f"{name}({', '.join(rest(numbers))})"

    return half


def _called(name: str) -> Callable[[Numbers], str]:
    return lambda numbers: f"{name}({', '.join(numbers)})"


@dataclass(frozen=True)
class _Stan:
    """A distribution of Stan: names of its `arguments`, and what it is called here; `half`: on positive numbers."""

    arguments: tuple[str, ...]
    ours: Callable[[Numbers], str]
    half: Callable[[Numbers], str] | None = None


_STAN: Mapping[str, _Stan] = {
    "normal": _Stan(("mu", "sigma"), _called("Normal"), _about_zero("HalfNormal", lambda n: n[1:])),
    "std_normal": _Stan((), lambda _: "Normal(0, 1)", lambda _: "HalfNormal(1)"),
    "student_t": _Stan(
        ("nu", "mu", "sigma"), _called("StudentT"), _about_zero("HalfStudentT", lambda n: (n[0], *n[2:]))
    ),
    "cauchy": _Stan(("mu", "sigma"), _called("Cauchy"), _about_zero("HalfCauchy", lambda n: n[1:])),
    "double_exponential": _Stan(("mu", "sigma"), _called("Laplace")),
    "exponential": _Stan(("rate",), _called("Exponential")),
    "gamma": _Stan(("shape", "rate"), _called("Gamma")),
    "inv_gamma": _Stan(("shape", "scale"), _called("InverseGamma")),
    "lognormal": _Stan(("mu", "sigma"), _called("LogNormal")),
    "uniform": _Stan(("lower", "upper"), _called("Uniform")),
    "beta": _Stan(("alpha", "beta"), _called("Beta")),
    "lkj": _Stan(("eta",), _called("LKJ")),
    "lkj_corr_cholesky": _Stan(("eta",), _called("LKJ")),
}
_NOT_THERE = (
    "horseshoe",
    "R2D2",
    "r2d2",
    "lasso",
    "constant",
    "logistic",
    "chi_square",
    "weibull",
    "dirichlet",
    "gumbel",
)
_POSITIVE = "standard deviation"


def from_stan(text: str, *, parameter: str, kind: str) -> str | None:
    """A prior of Stan in the words that are used here, or None where `text` is none of Stan's.

    Parameters
    ----------
    kind
        What the parameter is, as `reading.parameter_kind` says: of a positive one a normal distribution is half of it.

    Raises
    ------
    PriorError
        It is a prior of Stan that has no like here, or has another number of arguments.
    """
    call = _CALL.fullmatch(text)
    if call is None or (call[1] not in _STAN and call[1] not in _NOT_THERE):
        return None
    name, numbers = call[1], tuple(piece.strip() for piece in call[2].split(",") if piece.strip())
    whose = f"Prior of {parameter!r}: {text.strip()}"
    if name in _NOT_THERE or (name == "dirichlet" and kind != "set of thresholds"):
        raise PriorError(f"{whose} of brms is not there; docs/priors.md has those that are.")
    if parameter == "nu":
        raise PriorError(
            f"{whose} of brms is cut off at nu = 1, which is not there; write Gamma(2, 0.1), of all nu > 0."
        )
    stan = _STAN[name]
    if len(numbers) != len(stan.arguments):
        written = f"{name}({', '.join(stan.arguments)})"
        raise PriorError(f"{whose}: {written} has {len(stan.arguments)} numbers, {len(numbers)} given.")
    try:
        return (stan.half if kind == _POSITIVE and stan.half else stan.ours)(numbers)
    except ValueError as error:
        what = str(error) if "cut off" in str(error) else f"holds what is no number; write {name} with plain numbers"
        raise PriorError(f"{whose} {'is ' if 'cut off' in what else ''}{what}.") from None


@dataclass(frozen=True)
class Address:
    """Whose prior it is in brms's words: `cls` is its class, such as ``"b"`` or ``"sd"``; empty texts: of all."""

    cls: str
    coef: str = ""
    group: str = ""
    dpar: str = ""


def from_set_prior(text: str) -> list[tuple[Address, str]]:
    """What ``prior(normal(0, 5), class = b)``, or ``c()`` of several, gives to whom.

    Raises
    ------
    PriorError
        It is no such call, or has an argument that is not there.
    """
    together = _TOGETHER.fullmatch(text)
    if together is not None:
        return [one for piece in _pieces(together[1]) for one in from_set_prior(piece)]
    call = _SET_PRIOR.fullmatch(text)
    if call is None:
        raise PriorError(
            f'priors: {text!r} does not say whose prior it is; write priors={{"Days": "Normal(0, 5)"}} or, as in brms, '
            '["prior(normal(0, 5), class = b)"].'
        )
    given: dict[str, str] = {}
    order = ["prior", "class", "coef", "group"]
    for place, piece in enumerate(_pieces(call[1])):
        keyword = _KEYWORD.fullmatch(piece)
        name, value = (keyword[1], keyword[2]) if keyword else (order[min(place, 3)], piece.strip())
        given[name] = value.strip("\"'")
    odd = [name for name in given if name not in (*order, "dpar") and given[name]]
    if odd:
        raise PriorError(f"priors: {listing(odd)} of {text.strip()!r} is not there; class, coef, group and dpar are.")
    if "prior" not in given:
        raise PriorError(f"priors: {text.strip()!r} has no distribution, such as normal(0, 5).")
    address = Address(given.get("class", "b"), *(given.get(name, "") for name in ("coef", "group", "dpar")))
    return [(address, given["prior"])]


def _pieces(text: str) -> Sequence[str]:
    """The arguments of a call: `text` parted at commas outside of parentheses and quotes."""
    pieces, depth, quote = [""], 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "()":
            depth += 1 if character == "(" else -1
        elif character == "," and depth == 0:
            pieces.append("")
            continue
        pieces[-1] += character
    return [piece for piece in pieces if piece.strip()]
