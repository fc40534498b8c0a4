"""From the link scale to that of the response."""

from collections.abc import Callable
from dataclasses import dataclass

from bayesmix.arrays import Floats


@dataclass(frozen=True)
class Transformation:
    """What leads from the linear predictor to the response: `inverse`, and its derivative `slope`.

    `name` is the link or the function of the response, ``"logit"`` or ``"sqrt"``; `column` what a table calls the
    result: ``"prob"``, ``"rate"``, ``"response"``. `of_response`: the response itself was transformed in the formula.
    """

    name: str
    column: str
    inverse: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]
    of_response: bool = False
