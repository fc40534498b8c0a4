"""How responses are fitted, and what is told of them."""

from dataclasses import dataclass
from numbers import Integral
from typing import Any

from bayesmix.errors import ArgumentError, shown

_LARGEST_SEED = 2**32
_LEAST_DRAWS, _MOST_DRAWS = 100, 100_000


@dataclass(frozen=True)
class ManySettings:
    """The settings of every response.

    `draws`: how many of equal weight what is told is worked out from; `prob` is the probability of the intervals;
    `bayes_factors` and `shares`: whether there are Bayes factors of the random terms, and shares of the variance.
    `keep`: the responses whose draws are kept, None for all.
    """

    draws: int = 1000
    seed: int = 0
    prob: float = 0.95
    bayes_factors: bool = True
    shares: bool = True
    keep: frozenset[str] | None = frozenset()

    def keeps(self, response: str) -> bool:
        """Whether the draws of a response are kept."""
        return self.keep is None or response in self.keep


def checked_many(settings: ManySettings) -> ManySettings:
    """The settings, if every one of them means something.

    Raises
    ------
    ArgumentError
        One line with the setting, its possible values and the given one.
    """
    if not _is_whole(settings.draws) or not _LEAST_DRAWS <= settings.draws <= _MOST_DRAWS:
        raise ArgumentError(
            f"draws is a whole number from {_LEAST_DRAWS} to {_MOST_DRAWS}; got {shown(settings.draws)}."
        )
    if not _is_whole(settings.seed) or not 0 <= settings.seed < _LARGEST_SEED:
        raise ArgumentError(f"seed is a whole number from 0 to {_LARGEST_SEED - 1}; got {shown(settings.seed)}.")
    prob = settings.prob
    if isinstance(prob, bool) or not isinstance(prob, int | float) or not 0 < prob < 1:
        raise ArgumentError(f"prob is a number between 0 and 1, such as 0.95; got {shown(prob)}.")
    for name in ("bayes_factors", "shares"):
        if not isinstance(getattr(settings, name), bool):
            raise ArgumentError(f"{name} is True or False; got {shown(getattr(settings, name))}.")
    return settings


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
