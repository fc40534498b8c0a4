"""The bundled data sets: what there is, where it comes from, and its columns with their units.

Everything that is known of a set stands in `catalogue.toml`; the values are in `files/<name>.csv`.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import resources
from io import BytesIO
from types import MappingProxyType
from typing import Any, Literal

import pandas as pd

from bayesmix.errors import DataError, did_you_mean, listing, shown

Kind = Literal["number", "count", "factor"]


@dataclass(frozen=True)
class Column:
    """A column of a bundled data set.

    `kind` is ``"number"``, ``"count"`` (whole numbers from 0) or ``"factor"``. `unit` is None where there
    is none or none is known. `levels` of a factor in order, the first the reference; ``"sorted"``: by value
    where all levels are whole numbers, else by text; None for numbers and counts.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str | None = None
    levels: tuple[str, ...] | Literal["sorted"] | None = None


@dataclass(frozen=True)
class DataSet:
    """A bundled data set: its origin, its terms, the hash of its file, and a mixed model that suits it.

    `licence` are the terms of the data, which are not those of bayesmix. `formula` is in lme4's notation.
    `sha256` is the hash of the CSV's bytes, in hexadecimal.
    """

    name: str
    title: str
    source: str
    licence: str
    note: str
    rows: int
    sha256: str
    formula: str
    columns: tuple[Column, ...]
    family: str = "gaussian"
    doi: str | None = None


@cache
def catalogue() -> Mapping[str, DataSet]:
    """Every bundled data set by name, in the order of the catalogue."""
    entries = tomllib.loads(_content("catalogue.toml").decode("utf-8"))
    return MappingProxyType({name: _data_set(name, entry) for name, entry in entries.items()})


def datasets() -> pd.DataFrame:
    """The bundled data sets.

    Returns
    -------
    pandas.DataFrame
        A row a set: `name rows columns title formula family licence source`; `rows` and `columns` are
        numbers, `formula` and `family` a mixed model that suits the data.

    Examples
    --------
    >>> datasets().loc[0, ["name", "formula"]].tolist()
    ['sleepstudy', 'Reaction ~ Days + (Days | Subject)']
    """
    return pd.DataFrame(
        {
            "name": data_set.name,
            "rows": data_set.rows,
            "columns": len(data_set.columns),
            "title": data_set.title,
            "formula": data_set.formula,
            "family": data_set.family,
            "licence": data_set.licence,
            "source": _citation(data_set),
        }
        for data_set in catalogue().values()
    )


def describe(name: str) -> pd.DataFrame:
    """The columns of a bundled data set.

    Parameters
    ----------
    name
        A set as `datasets` names it.

    Returns
    -------
    pandas.DataFrame
        A row a column of the data: `column kind unit meaning levels`; `unit` and `levels` are empty texts
        where there are none; of many levels the first twelve are named.

    Raises
    ------
    DataError
        There is no such set; the message lists the near matches.
    """
    data = load_data(name)
    return pd.DataFrame(
        {
            "column": column.name,
            "kind": column.kind,
            "unit": column.unit or "",
            "meaning": column.meaning,
            "levels": listing(data[column.name].cat.categories) if column.kind == "factor" else "",
        }
        for column in _entry(name).columns
    )


def load_data(name: str) -> pd.DataFrame:
    """A bundled data set, ready for a formula.

    Parameters
    ----------
    name
        A set as `datasets` names it, such as ``"sleepstudy"``.

    Returns
    -------
    pandas.DataFrame
        A fresh frame at each call. Factors are unordered categoricals whose levels are texts in the
        catalogue's order, also where they look like numbers (``cbpp.period``); the first is the reference.
        ``attrs["units"]`` has the units that are known, by column, for the axes of pictures.

    Raises
    ------
    DataError
        There is no such set (the message lists the near matches), or its file is not the one that was
        catalogued.

    Examples
    --------
    >>> load_data("cbpp")["period"].cat.categories.tolist()
    ['1', '2', '3', '4']
    """
    data_set = _entry(name)
    data = _as_frame(data_set, _content(f"files/{data_set.name}.csv"))
    data.attrs["units"] = {column.name: column.unit for column in data_set.columns if column.unit}
    return data


def _as_frame(data_set: DataSet, content: bytes) -> pd.DataFrame:
    """The data of `content`, the bytes of the set's CSV."""
    digest = sha256(content).hexdigest()
    if digest != data_set.sha256:
        raise DataError(
            f"The file of data set {data_set.name!r} was changed: its sha256 begins {digest[:12]}, "
            f"the catalogue's {data_set.sha256[:12]}. Install bayesmix anew."
        )
    factors = [column for column in data_set.columns if column.kind == "factor"]
    # na_filter: the sets have no missing values, and a level may well be spelt NA.
    data = pd.read_csv(BytesIO(content), dtype={column.name: str for column in factors}, na_filter=False)
    for column in factors:
        texts = data[column.name]
        levels = _sorted_levels(texts) if column.levels == "sorted" else list(column.levels or ())
        data[column.name] = pd.Categorical(texts, categories=levels)
    return data


def _sorted_levels(texts: pd.Series) -> list[str]:
    levels = texts.unique().tolist()
    return sorted(levels, key=int) if all(level.isdecimal() for level in levels) else sorted(levels)


def _entry(name: str) -> DataSet:
    known = catalogue()
    if not isinstance(name, str) or name not in known:
        hint = did_you_mean(name, known) if isinstance(name, str) else ""
        raise DataError(
            f"There is no bundled data set {shown(name)}.{hint} Data sets: {listing(known, at_most=len(known))}."
        )
    return known[name]


def _citation(data_set: DataSet) -> str:
    return f"{data_set.source} doi:{data_set.doi}" if data_set.doi else data_set.source


def _data_set(name: str, entry: dict[str, Any]) -> DataSet:
    columns = tuple(_column(column, described) for column, described in entry["columns"].items())
    return DataSet(**{**entry, "name": name, "columns": columns})


def _column(name: str, described: dict[str, Any]) -> Column:
    levels = described.get("levels")
    return Column(**{**described, "name": name, "levels": tuple(levels) if isinstance(levels, list) else levels})


def _content(file: str) -> bytes:
    """The bytes of a file that is installed with this room."""
    try:
        return resources.files("bayesmix.data").joinpath(file).read_bytes()
    except FileNotFoundError:
        raise DataError(f"{file!r} is missing from this installation of bayesmix. Install it anew.") from None
