"""Checks of the arguments of `fit`; each error is one line that says what is wrong and what to write."""

from numbers import Integral
from typing import Any

from bayesmix.errors import ArgumentError, FamilyError, did_you_mean, shown
from bayesmix.families.family import Family
from bayesmix.formula.model_arguments import check_weights_name
from bayesmix.formula.response import OUT_OF_TRIALS
from bayesmix.modelling.settings import METHODS, SEEDS

MOST_STEPS = 10**8
"""Steps of a chain. They take a quarter of an hour at ten microseconds each, which few models reach; a day at 1 ms."""

MOST_CHAINS = 10**6
"""Fewer chains are compared with the available memory (`memory`)."""

_LEAST = {"draws": 10, "tune": 10, "chains": 1, "cores": 1}


def check_arguments(
    *,
    method: str = "auto",
    draws: int = 1000,
    tune: int | None = None,
    chains: int = 4,
    cores: int | None = None,
    target_accept: float | None = None,
    seed: int | None = None,
    keep_effects: bool | None = None,
    remedies: bool = True,
    progress: bool = True,
) -> None:
    """Refuse an unknown method, numbers out of their range, and other values for true and false.

    Raises
    ------
    ArgumentError
        One line with the argument, its possible values and the given one.
    """
    if not isinstance(method, str) or method not in METHODS:
        hint = did_you_mean(method, METHODS) if isinstance(method, str) else ""
        raise ArgumentError(f"method={shown(method)} is not known.{hint} Methods: {', '.join(METHODS)}.")
    counts = {"draws": draws, "tune": tune, "chains": chains, "cores": cores}
    for name, value in counts.items():
        optional = value is None and name in ("tune", "cores")
        if not optional and (not _is_whole(value) or value < _LEAST[name]):  # type: ignore[operator]
            raise ArgumentError(f"{name} is a whole number of at least {_LEAST[name]}; got {shown(value)}.")
    if chains > MOST_CHAINS:
        raise ArgumentError(f"chains={shown(chains)} are more than {MOST_CHAINS:,}; four are plenty.")
    if draws + (tune or 0) > MOST_STEPS:
        raise ArgumentError(
            f"draws={shown(draws)} and tune={shown(tune or 0)} make more than {MOST_STEPS:,} steps of every chain; "
            "some thousands are plenty."
        )
    is_number = isinstance(target_accept, int | float)
    if target_accept is not None and not (is_number and 0 < target_accept < 1):
        raise ArgumentError(
            f"target_accept is a probability between 0 and 1, such as 0.95; got {shown(target_accept)}."
        )
    if seed is not None and (not _is_whole(seed) or not 0 <= seed < SEEDS):
        raise ArgumentError(f"seed is a whole number from 0 to {SEEDS - 1}; got {shown(seed)}.")
    if keep_effects is not None and not isinstance(keep_effects, bool):
        raise ArgumentError(f"keep_effects is True, False or None (up to a size); got {shown(keep_effects)}.")
    for name, switch in (("remedies", remedies), ("progress", progress)):
        if not isinstance(switch, bool):
            raise ArgumentError(f"{name} is True or False; got {shown(switch)}.")


def check_weights(weights: Any, family: Family) -> None:
    """Refuse weights that do not name a column (ArgumentError), or that the family has no use for (FamilyError)."""
    check_weights_name(weights)
    if weights is not None and family.response != "real" and family.response not in OUT_OF_TRIALS:
        raise FamilyError(
            f"Family {family.name!r} takes no weights (got {weights!r}): they are for a residual variance sigma^2 / "
            'weight, or the trials of a share. Repeat rows, or use family="binomial" for counts out of trials.'
        )


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
