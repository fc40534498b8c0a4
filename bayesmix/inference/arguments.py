"""Arguments of the questions, checked once: each function returns the value that can be trusted."""

from collections.abc import Iterable, Sequence
from numbers import Integral

from bayesmix.errors import ArgumentError, UnknownTermError, did_you_mean, listing
from bayesmix.formula.design import Design
from bayesmix.modelling.record import Fit


def probability(prob: float) -> float:
    """The probability of an interval, strictly between 0 and 1."""
    if isinstance(prob, bool) or not isinstance(prob, int | float) or not 0 < prob < 1:
        hint = f" For a {prob:g} % interval write prob={prob / 100:g}." if _is_percentage(prob) else ""
        raise ArgumentError(f"prob is the probability of the interval, between 0 and 1; got {prob!r}.{hint}")
    return float(prob)


def _is_percentage(prob: object) -> bool:
    return isinstance(prob, int | float) and not isinstance(prob, bool) and 1 < prob < 100


def one_of(value: str, options: Sequence[str], *, argument: str) -> str:
    """`value`, when it is among `options`."""
    if value not in options:
        hint = did_you_mean(value, options) if isinstance(value, str) else ""
        raise ArgumentError(f"{argument}={value!r} is not known.{hint} Known: {listing(options)}.")
    return value


def all_of(values: str | Iterable[str], options: Sequence[str], *, argument: str) -> tuple[str, ...]:
    """`values`, when each is among `options`; a single text is taken as one value."""
    chosen = (values,) if isinstance(values, str) else tuple(values)
    return tuple(one_of(value, options, argument=argument) for value in chosen)


def groups_of(design: Design, group: str | None) -> tuple[str, ...]:
    """Names of all grouping factors in the order of the formula, or `group` alone.

    Raises
    ------
    UnknownTermError
        `group` is no grouping factor of the model; the message lists those that are.
    """
    known = tuple(dict.fromkeys(term.group for term in design.all_random))
    if group is None:
        return known
    if group not in known:
        hint = did_you_mean(str(group), known)
        have = f"Groups of the model: {listing(known)}." if known else "The model has no random terms."
        raise UnknownTermError(f"{group!r} is no grouping factor of the model.{hint} {have}")
    return (group,)


def a_count(value: int, *, argument: str) -> int:
    """A whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ArgumentError(f"{argument} is a whole number of at least 1; got {value!r}.")
    return int(value)


def a_seed(seed: int | None, fit: Fit) -> int:
    """`seed`, or that of the fit, so that a question asked twice has one answer."""
    return a_whole_seed(seed, fit.sampling.seed)


def a_whole_seed(seed: int | None, otherwise: int) -> int:
    """`seed`, or `otherwise` where it is None."""
    if seed is None:
        return otherwise
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise ArgumentError(f"seed is a whole number from 0; got {seed!r}.")
    return int(seed)
