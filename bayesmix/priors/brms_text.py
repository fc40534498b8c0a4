"""Priors as brms and Stan write them, ``student_t(3, 0, 2.5)`` and ``prior(normal(0, 5), class = b)``.

Read is what means exactly the same here; all else is refused by its name. Nothing is evaluated.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bayesmix.errors import PriorError, listing
from bayesmix.priors.table import DISTRIBUTIONS

_CALL = re.compile(r"\s*([a-z_A-Z]\w*)\s*\((.*)\)\s*", re.DOTALL)
_SET_PRIOR = re.compile(r"\s*(?:brms::)?(?:set_prior|prior_string|prior)\s*\((.*)\)\s*", re.DOTALL)
_TOGETHER = re.compile(r"\s*c\s*\((.*)\)\s*", re.DOTALL)
_ZERO = re.compile(r"[+-]?(?:0+\.?0*|\.0+)(?:[eE][+-]?\d+)?")
_KEYWORD = re.compile(r"\s*(\w+)\s*=(?!=)\s*(.*?)\s*", re.DOTALL)

_ALIKE = {"std_normal()": "normal(0, 1)"}
_ALIASES = {"lkj_corr_cholesky": "lkj"}
_NOT_THERE = (
    *("horseshoe", "R2D2", "r2d2", "lasso", "constant", "logistic", "chi_square"),
    *("weibull", "dirichlet", "gumbel"),
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
    call = _CALL.fullmatch(_ALIKE.get(text.replace(" ", ""), text))
    if call is None:
        return None
    name, numbers = _ALIASES.get(call[1], call[1]), [piece.strip() for piece in call[2].split(",") if piece.strip()]
    whose = f"Prior of {parameter!r}: {text.strip()}"
    if name in _NOT_THERE:
        raise PriorError(f"{whose} of brms is not there; docs/priors.md has those that are.")
    named = [one for one in DISTRIBUTIONS.values() if one.stan == name]
    if not named:
        return None
    if parameter == "nu":
        raise PriorError(
            f"{whose} of brms is cut off at nu = 1, which is not there; write Gamma(2, 0.1), of all nu > 0."
        )
    whole = next(one for one in named if not one.folded)
    if len(numbers) != len(whole.arguments):
        written = f"{name}({', '.join(argument.name for argument in whole.arguments)})"
        raise PriorError(f"{whose}: {written} has {len(whole.arguments)} numbers, {len(numbers)} given.")
    folded = next((one for one in named if one.folded), None)
    if kind != _POSITIVE or folded is None:
        return f"{whole.name}({', '.join(numbers)})"
    *before, location, scale = numbers
    half = f"{folded.name}({', '.join([*before, scale])})"
    if not _ZERO.fullmatch(location):
        raise PriorError(
            f"{whose} is cut off at 0 and has its peak at {location}, which is not there for a positive parameter; "
            f"write {half}, LogNormal(mu, sigma) or Gamma(shape, rate)."
        )
    return half


@dataclass(frozen=True)
class Address:
    """Whose prior it is in brms's words: `kind` is its class, such as ``"b"`` or ``"sd"``; empty texts: of all."""

    kind: str
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
