"""The cells of a table of answers as texts: digits by the standard deviation where the table has one."""

from collections.abc import Collection
from math import isnan

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.report.pages.numbers import aligned, decimals_for, number, p_value, rhat, whole
from bayesmix.visible import visible

_DIGITS = 5  # of numbers whose precision the table does not tell
_MOST_PLACES = 12  # before the point

_SPREADS = ("sd", "se", "std.error")
_IN_UNITS = {"mean", "median", "estimate", "lower", "upper", "conf.low", "conf.high", *_SPREADS}
_WHOLE = {"ess_bulk", "ess_tail", "min_ess_bulk", "min_ess_tail"}
_P_VALUES = {"p", "p_boundary"}
_NO_TESTS = {"observed", "ratio", "elpd"}  # beside which p is a share of draws, or a number of parameters
_OF_SEVERAL_KINDS = {"value", "limit"}  # R-hat in one row, effective draws in the next


def spread_of(rows: pd.DataFrame) -> Floats | None:
    """The standard deviation or error of each row, (n_rows,), where the table has one."""
    for name in _SPREADS:
        if list(rows.columns).count(name) == 1 and pd.api.types.is_float_dtype(rows[name]):
            return rows[name].to_numpy(dtype=float)
    return None


def numbers(name: str, values: Floats, spread: Floats | None, beside: Collection[object] = ()) -> list[str]:
    """A column's numbers (n_rows,), by its `name`, the spread of each row and the names of the columns `beside` it."""
    if name in _WHOLE:
        return [whole(value) for value in values]
    if "rhat" in name:
        return [rhat(value) for value in values]
    if name in _P_VALUES and not _NO_TESTS & set(beside):
        return [p_value(value) for value in values]
    if name in _OF_SEVERAL_KINDS:
        return aligned(["-" if isnan(value) else f"{value:.{_DIGITS}g}" for value in values])
    if spread is not None and name in _IN_UNITS:
        return aligned(["-" if isnan(v) else number(v, decimals_for(s)) for v, s in zip(values, spread, strict=True)])
    return aligned(_with_same_decimals(values))


def _with_same_decimals(values: Floats) -> list[str]:
    """Unless they are of too many sizes for that; no more than tell them."""
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    highest, lowest = np.floor(np.log10([sizes.max(), sizes.min()])).astype(int) if len(sizes) else (0, 0)
    if highest - lowest >= _DIGITS or not -_DIGITS < highest < _MOST_PLACES:
        return ["-" if isnan(value) else f"{value:.{_DIGITS}g}" for value in values]
    decimals = max(0, _DIGITS - 1 - int(highest))
    while decimals and np.allclose(sizes, np.round(sizes, decimals - 1), rtol=1e-6, atol=0):
        decimals -= 1
    return ["-" if isnan(value) else f"{value:.{decimals}f}" for value in values]


def text_of(value: object) -> str:
    """Any value in one line; nothing for a missing one."""
    if value is None or value is pd.NA or (isinstance(value, float) and isnan(value)):
        return ""
    return visible(f"{value:.{_DIGITS}g}" if isinstance(value, float) else str(value))
