"""Contrasts of a posterior: their summaries, signs, and whether they matter."""

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from sys import float_info

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError, shown
from bayesmix.inference.means.linear_functions import Drawn
from bayesmix.inference.shared.arguments import items_of
from bayesmix.inference.shared.draws import by_chain, joined
from bayesmix.inference.shared.summarise import SHOWN, VALUES_AT_ONCE, summarise
from bayesmix.modelling.blocks import stretches


@dataclass(frozen=True)
class Bounds:
    """From `low` to `high` a contrast is practically none, in the unit in which it is shown."""

    low: float
    high: float


def equivalence_bounds(rope: object, *, ratio: bool) -> Bounds | None:
    """The bounds that `rope` means: -r to r of a number r, and 1/r to r where contrasts are ratios; None if it is None.

    Raises
    ------
    ArgumentError
        `rope` is neither a positive number nor two numbers in their order, on either side of no difference.
    """
    if rope is None:
        return None
    none, least = (1.0, 1.0) if ratio else (0.0, 0.0)
    if _is_number(rope) and least < rope:  # type: ignore[operator]
        high = float(rope)  # type: ignore[arg-type]
        return Bounds(1 / high if ratio else -high, high)
    values = items_of(rope) or []
    numbers = [float(one) for one in values if _is_number(one)]
    if len(numbers) == len(values) == 2 and numbers[0] < none < numbers[1]:
        return Bounds(numbers[0], numbers[1])
    example = "1.1 for ratios from 1/1.1 to 1.1, or two, (0.9, 1.1)" if ratio else "0.1, or two, (-0.1, 0.2)"
    kind = "ratio" if ratio else "difference"
    raise ArgumentError(f"rope is the largest {kind} that does not matter, such as {example}; got {shown(rope)}.")


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and bool(abs(value) <= float_info.max)  # type: ignore[operator]


def drawn_columns(
    drawn: Drawn, *, prob: float, bounds: Bounds | None, shown_as: Callable[[Floats], Floats]
) -> dict[str, Floats]:
    """Columns (K,) of the contrasts: `mean`, `sd`, `lower` and `upper` as they are shown, `p_direction`, and of bounds
    `p_outside` and `p_inside`."""
    parts: list[dict[str, Floats]] = []
    for items in stretches(drawn.size, max(1, VALUES_AT_ONCE // (drawn.n_chains * drawn.n_draws))):
        draws = joined(by_chain(drawn.draws(items)))
        seen = shown_as(draws)
        columns = summarise(seen, prob).columns(*SHOWN)
        columns["p_direction"] = np.maximum((draws > 0).mean(axis=-1), (draws < 0).mean(axis=-1))
        if bounds is not None:
            inside = ((seen >= bounds.low) & (seen <= bounds.high)).mean(axis=-1)
            columns |= {"p_outside": 1 - inside, "p_inside": inside}
        parts.append(columns)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def drawn_means(drawn: Drawn) -> Floats:
    """The mean of the draws of each function, (size,), of the link scale."""
    at_once = max(1, VALUES_AT_ONCE // (drawn.n_chains * drawn.n_draws))
    return np.concatenate([drawn.draws(items).mean(axis=(0, 1)) for items in stretches(drawn.size, at_once)])
