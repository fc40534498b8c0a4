"""The scale on which contrasts are shown: differences, ratios or odds ratios."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.inference.means.contrast_rows import ContrastRows
from bayesmix.inference.means.linear_functions import LinearFunctions
from bayesmix.inference.shared.arguments import one_of

_OF_RATIOS = "Intervals and tests are those of the logarithms of the ratios."
_OF_RESPONSES = "Contrasts are of responses: averages of these have no link scale."
_SCALES = ("link", "response")
_ZERO = 1e-6  # of the largest weight: a sum that is none


@dataclass(frozen=True)
class ContrastScale:
    """How contrasts are shown: the name of their `column`; of ratios, `ratio` makes them of differences."""

    column: str
    ratio: Callable[[Floats], Floats] | None = None
    note: str | None = None

    @property
    def is_ratio(self) -> bool:
        return self.ratio is not None

    def shown(self, values: Floats) -> Floats:
        return values if self.ratio is None else self.ratio(values)

    def slope(self, values: Floats) -> Floats:
        """What standard errors are multiplied with, by the delta method."""
        return np.ones_like(values) if self.ratio is None else self.ratio(values) * np.log(self.ratio(np.ones(1)))

    def named(self, labels: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
        """The labels, with a stroke for the minus of ratios."""
        if self.ratio is None:
            return labels
        return labels.assign(**{name: labels[name].str.replace(" - ", " / ", regex=False) for name in names})


def contrast_scale(linear: LinearFunctions, rows: ContrastRows, type: str | None) -> ContrastScale:
    """Ratios where they are asked for, all contrasts compare, and the link makes ratios of differences."""
    asked = linear.type if type is None else one_of(type, _SCALES, argument="type")
    transformation = linear.transformation
    if transformation is None:
        return ContrastScale("estimate", note=_OF_RESPONSES if linear.regridded and asked == "link" else None)
    sums = np.abs(rows.weights.sum(axis=1))
    compares = bool(np.all(sums <= _ZERO * np.abs(rows.weights).max(axis=1)))
    compares = compares and asked == "response"
    if compares and transformation.name == "logit":
        return ContrastScale("odds_ratio", np.exp, _OF_RATIOS)
    if compares and _is_exponential(transformation.inverse):
        return ContrastScale("ratio", transformation.inverse, _OF_RATIOS)
    return ContrastScale("estimate", note=f"Contrasts are of the {transformation.name} scale.")


def _is_exponential(inverse: Callable[[Floats], Floats]) -> bool:
    """Whether differences become ratios, as of log, log2 and log10."""
    with np.errstate(divide="ignore", invalid="ignore"):  # of inverses that 0 has no value in
        zero, one, two = inverse(np.arange(3.0))
    return bool(np.isclose(zero, 1.0) and np.isclose(one**2, two) and one > 1)
