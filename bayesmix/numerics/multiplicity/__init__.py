"""Tests and intervals of many contrasts at once: p values and interval quantiles that allow for their number."""

from bayesmix.numerics.multiplicity.adjustment import (
    ADJUSTMENTS,
    ContrastFamily,
    adjusted_p,
    critical_values,
    interval_method,
    p_errors,
    p_method,
)
from bayesmix.numerics.multiplicity.largest_t import LargestT, largest_t

__all__ = [
    "ADJUSTMENTS",
    "ContrastFamily",
    "LargestT",
    "adjusted_p",
    "critical_values",
    "interval_method",
    "largest_t",
    "p_errors",
    "p_method",
]
