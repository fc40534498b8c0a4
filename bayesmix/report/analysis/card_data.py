"""The data of a card, with the order of levels and the units that the card gives."""

import pandas as pd

from bayesmix.data.catalogue import load_data
from bayesmix.data.read import read_table
from bayesmix.errors import DataError, counted, did_you_mean, listing
from bayesmix.formula.columns import unknown_column
from bayesmix.formula.parse import parse
from bayesmix.report.analysis.card import Card, DataPart

LAYOUT = ("sep", "decimal", "encoding", "na_values", "sheet", "object")
"""The keys of ``[data]`` that `read_table` takes."""


def card_data(card: Card) -> pd.DataFrame:
    """The data of a card: from the bundled set or the file, the rows that ``[data.keep]`` names.

    Columns under ``[data.factors]`` are Categoricals with the levels in that order, the response an ordered one.
    ``attrs["units"]`` has the units by column, the card's before the catalogue's. Columns and levels of the card that
    the data lack are refused.
    """
    part = card.data
    data = _read(part)
    for name in (*part.factors, *part.units, *part.keep, *([part.weights] if part.weights else [])):
        if name not in data.columns:
            raise unknown_column(name, data)
    for name, levels in part.keep.items():
        data = data[_kept(data[name], levels)]
    response = parse(card.model.formula).response.text if part.factors else ""
    ordered = {name: _factor(data[name], levels, name == response) for name, levels in part.factors.items()}
    data = data.assign(**ordered)
    data.attrs["units"] = {**data.attrs.get("units", {}), **part.units}
    return data


def _read(part: DataPart) -> pd.DataFrame:
    given = {name: value for name in LAYOUT if (value := getattr(part, name)) is not None}
    if part.source is None:
        return read_table(part.path, **given)  # type: ignore[arg-type]
    if given:
        raise DataError(f"{listing(given)} say how a file is written; the bundled set {part.source!r} needs none.")
    return load_data(part.source)


def _kept(column: pd.Series, levels: tuple[str, ...]) -> pd.Series:
    texts = column.astype(object).map(_as_text, na_action="ignore")
    absent = [level for level in levels if level not in set(texts)]
    if absent:
        raise DataError(
            f"The card keeps levels of {column.name!r} that do not occur: {listing(map(repr, absent))}; in the data "
            f"are {listing(map(repr, texts.dropna().unique()))}."
        )
    return texts.isin(levels)


def _factor(column: pd.Series, levels: tuple[str, ...], ordered: bool) -> pd.Series:
    texts = column.astype(object).map(_as_text, na_action="ignore")
    present = texts.dropna().unique().tolist()
    twice = [level for level in dict.fromkeys(levels) if levels.count(level) > 1]
    if twice:
        raise DataError(f"The card lists level {twice[0]!r} of {column.name!r} {levels.count(twice[0])} times.")
    unlisted = sorted(set(present) - set(levels))
    if unlisted:
        rows = int(texts.isin(unlisted).sum())
        near = did_you_mean(unlisted[0], levels) if len(unlisted) == 1 else _near_ones(unlisted, levels)
        raise DataError(
            f"{column.name!r} has {counted(len(unlisted), 'level')} that the card does not list "
            f"({listing(map(repr, unlisted))}; {rows} of {len(column)} rows).{near} The card lists "
            f"{listing(map(repr, levels))}."
        )
    absent = [level for level in levels if level not in present]
    if absent:
        raise DataError(
            f"The card lists levels of {column.name!r} that do not occur: {listing(map(repr, absent))}; "
            f"in the data are {listing(map(repr, present))}."
        )
    return pd.Series(pd.Categorical(texts, categories=list(levels), ordered=ordered), index=column.index)


def _near_ones(unlisted: list[str], levels: tuple[str, ...]) -> str:
    """A sentence on the listed levels that those of the data may be, with a leading blank; empty where none is near."""
    questions = {level: did_you_mean(level, levels) for level in unlisted}
    near = [
        f"{question.removeprefix(' Did you mean ').removesuffix('?')} for {level!r}"
        for level, question in questions.items()
        if question
    ]
    return f" Did you mean {listing(near, at_most=3)}?" if near else ""


def _as_text(value: object) -> str:
    """A level as it is written in the file: whole numbers lose the decimal point that missing values add."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
