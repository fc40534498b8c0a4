"""Columns of text that were meant as numbers: with a mark for missing, or with a comma."""

import re

import pandas as pd

from bayesmix.errors import DataError

_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*")
_WITH_COMMA = re.compile(r"\s*[+-]?\d+(?:,\d+)*(?:\.\d*)?\s*")
_MARKS = frozenset({"", ".", "..", "?", "-", "--", "*"})
"""What other programs write for a missing number; a word, such as None, may be a level."""


def refuse_number_texts(column: pd.Series) -> None:
    """Refuse text as a predictor that is numbers but for marks of missing values or commas; a factor it is not.

    Raises
    ------
    DataError
        With what the column holds beside numbers, in how many rows, and how either meaning is written.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        return
    texts = {text for text in column.dropna().unique() if isinstance(text, str)}
    others = {text for text in texts if not _NUMBER.fullmatch(text)}
    if not others or not all(text.strip() in _MARKS or _WITH_COMMA.fullmatch(text) for text in others):
        return
    if len(others) < len(texts) or any("," in text for text in others):
        raise DataError(
            f"'{column.name}' is text: {_said(column, others)}. Write numbers with a point and missing ones as NA; as "
            f"a factor it is factor(`{column.name}`)."
        )


def beside_numbers(column: pd.Series) -> str:
    """What a column of text that is numbers for the most part holds beside them, for a message; else empty."""
    texts = {text for text in column.dropna().unique() if isinstance(text, str)}
    others = {text for text in texts if not _NUMBER.fullmatch(text)}
    if not texts:
        return ""
    if not others:
        some = min(texts, key=lambda text: (not text.strip().startswith("0"), text))
        return f" (such as {some!r}, which is kept as it stands)"
    commas = all(_WITH_COMMA.fullmatch(text) for text in others)
    if 2 * len(others) > len(texts) and not commas:
        return ""
    return f" ({_said(column, others)}; write numbers with a point and missing ones as NA)"


def _said(column: pd.Series, others: set[str]) -> str:
    rows = column.isin(list(others)).to_numpy()
    first = int(rows.argmax())
    return (
        f"it holds {column.iloc[first]!r} in row {column.index[first]}, which is no number, and {int(rows.sum())} of "
        f"{len(rows)} rows have such texts"
    )
