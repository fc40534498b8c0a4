"""Columns of text that were meant as numbers: with a mark for missing, or with a comma."""

import json
import re
from dataclasses import dataclass

import pandas as pd

from bayesmix.errors import DataError, listing, shown

_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*")
_WITH_COMMA = re.compile(r"\s*[+-]?\d+(?:,\d+)*(?:\.\d*)?\s*")
_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*")
_THOUSANDS = re.compile(r"\s*[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?\s*")
_MARKS = frozenset({"", ".", "..", "?", "-", "--", "*"})
"""What other programs write for a missing number; a word, such as None, may be a level."""

_SHOWN = 4
"""Texts, and rows of each, that a message names."""


@dataclass(frozen=True)
class _Reading:
    """The distinct `texts` of a column, `others` among them that are no numbers; `comma`: decimals follow a comma."""

    texts: frozenset[str]
    others: frozenset[str]
    comma: bool


def refuse_number_texts(column: pd.Series) -> None:
    """Refuse text as a predictor that is numbers but for marks of missing values or commas; a factor it is not.

    Raises
    ------
    DataError
        With what the column holds beside numbers, in which rows, and how either meaning is written.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        return
    read = _reading(column)
    if not all(text.strip() in _MARKS or _WITH_COMMA.fullmatch(text) for text in read.others):
        return
    if read.comma or any("," in text for text in read.others) or 0 < len(read.others) < len(read.texts):
        raise DataError(
            f"'{column.name}' is text: {_description(column, read)}; as a factor it is factor(`{column.name}`)."
        )


def beside_numbers(column: pd.Series) -> str:
    """What a column of text that is numbers for the most part holds beside them, with the cure; else empty."""
    read = _reading(column)
    if not read.texts:
        return ""
    if not read.others and not read.comma:
        some = min(read.texts, key=lambda text: (not text.strip().startswith("0"), text))
        return (
            f"its texts are numbers, such as {shown(some)}, which is kept as it stands. Write pd.to_numeric(data"
            f"[{column.name!r}])"
        )
    words = [text for text in read.others if not _WITH_COMMA.fullmatch(text)]
    return "" if 2 * len(words) > len(read.texts) else _description(column, read)


def _reading(column: pd.Series) -> _Reading:
    texts = frozenset(text for text in column.dropna().unique() if isinstance(text, str))
    others = frozenset(text for text in texts if not _NUMBER.fullmatch(text))
    with_comma = {text for text in others if _DECIMAL_COMMA.fullmatch(text)}
    points = any("." in text for text in texts - others)
    comma = not points and any(not _THOUSANDS.fullmatch(text) for text in with_comma)
    return _Reading(texts, others - with_comma if comma else others, comma)


def _description(column: pd.Series, read: _Reading) -> str:
    """How many cells are numbers, which are not in which rows, in their order, and what to write."""
    if not read.others:
        first = next(row for row, text in enumerate(column) if text in read.texts and "," in text)
        where = f"{shown(column.iloc[first])} in row {column.index[first]}"
        return f"its numbers have decimal commas, {where}. {_cure(column, read)}"
    n_values = int(column.notna().sum())
    odd = column[column.isin(list(read.others)).to_numpy()]
    n_numbers = n_values - len(odd)
    texts = [f"{shown(text)} ({_rows(odd.index[(odd == text).to_numpy()])})" for text in odd.unique()]
    are = "is a number" if n_numbers == 1 else "are numbers"
    are_not = "1 is not" if len(odd) == 1 else f"{len(odd)} are not"
    return f"{n_numbers} of {n_values} values {are}, {are_not}: {listing(texts, at_most=_SHOWN)}. {_cure(column, read)}"


def _rows(labels: pd.Index) -> str:
    return f"row{'s' if len(labels) > 1 else ''} {listing(labels, at_most=_SHOWN)}"


def _cure(column: pd.Series, read: _Reading) -> str:
    """What to write, by what the texts look like."""
    data = f"data[{column.name!r}]"
    if read.comma and not read.others:
        return f'Read the file with decimal=",", or write {data}.str.replace(",", ".").astype(float)'
    if not read.comma and all(_THOUSANDS.fullmatch(text) for text in read.others):
        return f'Take the separators of thousands away, {data}.str.replace(",", "").astype(float)'
    if any(_WITH_COMMA.fullmatch(text) for text in read.others):
        return "Write numbers with a point and missing ones as NA"
    marks = [json.dumps(text.strip(), ensure_ascii=False) for text in sorted(read.others) if text.strip()]
    listed = f"na_values=[{', '.join(marks[:6])}{', ...' if len(marks) > 6 else ''}]"
    if read.comma:
        return f'If they mean missing, read the file with decimal="," and {listed}'
    coerced = f'pd.to_numeric({data}, errors="coerce")'
    again = f"read the file with {listed} (at a shell: --na-values), or " if marks else ""
    return f"If they mean missing, {again}write {coerced}"
