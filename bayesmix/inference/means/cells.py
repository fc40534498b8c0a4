"""Numbers that cells of a reference grid may have."""

from numbers import Integral, Real
from typing import Any

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError, shown
from bayesmix.inference.shared.arguments import items_of

LARGEST = 1e150
"""Numbers in cells of data are no larger."""


def mean_of(numbers: Floats) -> float:
    """The mean; 0 where it is but a rounding error, as that of a centred column."""
    mean = float(numbers.mean())
    return mean if abs(mean) > 1e-12 * float(np.abs(numbers).max()) else 0.0


def is_cell(value: object) -> bool:
    """Whether a value is a number that a cell of data may have."""
    if not isinstance(value, Real) or isinstance(value, bool | np.bool_):
        return False
    number = int(value) if isinstance(value, Integral) else float(value)
    return abs(number) <= LARGEST


def distinct_numbers(given: Any, *, argument: str) -> list[float]:
    """One number or several as a list.

    Raises
    ------
    ArgumentError
        There is none, a value is no finite number, or one is there twice.
    """
    items = items_of(given)
    wanted = [given] if items is None else items
    if not wanted:
        raise ArgumentError(f"{argument} is empty; give a number or more.")
    for value in wanted:
        if not is_cell(value):
            raise ArgumentError(f"{argument} is a number or more, finite ones; got {shown(value)}.")
    numbers = [float(value) for value in wanted]
    if len(set(numbers)) < len(numbers):
        raise ArgumentError(f"{argument} has a number twice.")
    return numbers
