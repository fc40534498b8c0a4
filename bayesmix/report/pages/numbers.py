"""Numbers as they are printed: digits by their uncertainty, columns aligned at the decimal point."""

from collections.abc import Iterable, Sequence
from math import floor, isfinite, log10

import numpy as np

SIGNIFICANT = 3
_MOST_DECIMALS = 12
_MOST_DIGITS = 15  # after the point of a scientific number: a double has no more


def decimals_for(spread: float, significant: int = SIGNIFICANT) -> int:
    """How many decimals show `spread` with `significant` digits; -8 stands for hundreds of millions."""
    if not isfinite(spread) or spread <= 0:
        return significant
    return significant - 1 - floor(log10(spread))


def number(value: float, decimals: int) -> str:
    """`value` with fixed decimals; very large and very small values in scientific notation, to the same last digit."""
    if not isfinite(value):
        return str(value)
    large = decimals <= 0 and abs(value) >= 1e9
    if value and (large or (decimals >= _MOST_DECIMALS and abs(value) < 1e-6)):
        digits = floor(log10(abs(value))) + decimals
        return f"{value:.{min(max(digits, SIGNIFICANT - 1), _MOST_DIGITS)}e}"
    return f"{value:.{min(max(0, decimals), _MOST_DECIMALS)}f}"


def row(values: Iterable[float], spread: float) -> list[str]:
    """The values of one parameter, all with as many decimals as its posterior sd calls for."""
    decimals = decimals_for(spread)
    return [number(float(value), decimals) for value in values]


def or_not_estimable(text: str) -> str:
    """`NA` for what could not be estimated, as R prints it."""
    return "NA" if text in ("nan", "-") else text


def aligned(column: Sequence[str]) -> list[str]:
    """Texts of numbers padded so that their decimal points stand below each other."""
    tails = [len(text) - (text.index(".") if "." in text else len(text)) for text in column]
    longest = max(tails, default=0)
    padded = [text + " " * (longest - tail) for text, tail in zip(column, tails, strict=True)]
    width = max((len(text) for text in padded), default=0)
    return [text.rjust(width) for text in padded]


def aligned_rows(rows: Iterable[Sequence[str]], numeric: slice) -> list[list[str]]:
    """The rows of a table, the numbers in its `numeric` columns with their decimal points below each other."""
    columns = [list(cells) for cells in zip(*rows, strict=True)]
    columns[numeric] = [aligned(column) for column in columns[numeric]]
    return [list(cells) for cells in zip(*columns, strict=True)]


def whole(value: float) -> str:
    """An effective sample size as a whole number."""
    return "-" if np.isnan(value) else f"{value:.0f}"


def rhat(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.4f}"


def p_value(value: float) -> str:
    """A p value with three significant digits, or that it is below 2e-16."""
    if np.isnan(value):
        return "-"
    if value < 2e-16:
        return "< 2e-16"
    return f"{value:.2e}" if value < 1e-4 else number(value, decimals_for(value))


def ordinal(value: int) -> str:
    """`1st`, `2nd`, `11th`, `21st`."""
    ending = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{ending}"
