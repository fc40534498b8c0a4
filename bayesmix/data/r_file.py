"""R's own files, .rds and .RData: the data frame in them, its factors with their levels in order."""

import datetime
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from bayesmix.data.layout import Layout, refuse_doubled
from bayesmix.data.text_file import reason_of
from bayesmix.errors import DataError, did_you_mean, listing

_EPOCH = datetime.date(1970, 1, 1)
_NO_INTEGER64 = np.iinfo(np.int64).min
_KINDS = {
    "ndarray": "a vector",
    "MaskedArray": "a vector",
    "DataArray": "a matrix",
    "dict": "a list",
    "list": "a list",
    "Categorical": "a factor",
    "RFunction": "a function",
    "SimpleNamespace": "an S4 object",
    "NoneType": "NULL",
}

type Constructor = Callable[[Any, Mapping[str, Any]], Any]


def read_r(file: Path, layout: Layout, ending: str) -> pd.DataFrame:
    """The data frame in a file that R's `saveRDS` or `save` wrote.

    A column of a class that is not known here is what R's `unclass` makes of it.

    Raises
    ------
    DataError
        rdata is not installed, the file cannot be read, it has no data frame or several and none is named, or a column
        is a matrix.
    """
    if file.stat().st_size == 0:
        raise DataError(f"{str(file)!r} is empty.")
    content = _content(file, layout.encoding, ending)
    if ending == ".rds":
        if layout.object is not None:
            raise DataError(f"object= says nothing of an .rds file, which holds one object alone ({str(file)!r}).")
        return _require_frame(file, content)
    return _named(file, content, layout.object)


def _content(file: Path, encoding: str | None, ending: str) -> Any:
    try:
        import rdata
    except ImportError:
        raise DataError(
            f'{str(file)!r}: files of R are read with rdata; run pip install "bayesmix[r]", or write it in R by '
            "write.csv(data, file, row.names = FALSE)."
        ) from None
    classes = {
        **rdata.conversion.DEFAULT_CLASS_MAP,
        "data.frame": lambda columns, attributes: _frame(file, columns, attributes),
        "Date": _dates,
        "POSIXct": _times,
        "integer64": _integers,
        "difftime": _durations,
    }
    read = rdata.read_rds if ending == ".rds" else rdata.read_rda
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of classes that it does not know
            return read(file, constructor_dict=classes, default_encoding=encoding)
    except (DataError, OSError):
        raise
    except Exception as error:  # of a damaged file it raises what its bytes lead it to
        raise DataError(f"{str(file)!r} cannot be read as {ending}: {reason_of(error)}.") from error


def _named(file: Path, objects: Any, name: str | None) -> pd.DataFrame:
    if not isinstance(objects, Mapping):
        raise DataError(f"{str(file)!r} holds one object without a name, as saveRDS writes it; name the file .rds.")
    if name is not None:
        if name not in objects:
            near = did_you_mean(name, objects)
            raise DataError(f"{str(file)!r} has no object {name!r}.{near} Objects: {listing(objects)}.")
        return _require_frame(file, objects[name], name)
    frames = [name for name, value in objects.items() if isinstance(value, pd.DataFrame)]
    if len(frames) > 1:
        raise DataError(
            f'{str(file)!r} has {len(frames)} data frames ({listing(frames)}); name one: object="{frames[0]}" (at a '
            f"shell: --object {frames[0]})."
        )
    if not frames:
        contents = listing((f"{one}, {_kind(value)}" for one, value in objects.items()), at_most=6)
        raise DataError(f"{str(file)!r} has no data frame; it holds {contents or 'nothing'}.")
    return _require_frame(file, objects[frames[0]], frames[0])


def _kind(value: Any) -> str:
    return "a data frame" if isinstance(value, pd.DataFrame) else _KINDS.get(type(value).__name__, type(value).__name__)


def _require_frame(file: Path, value: Any, name: str = "") -> pd.DataFrame:
    if isinstance(value, pd.DataFrame):
        return value
    inside = [one for one, part in value.items() if isinstance(part, pd.DataFrame)] if isinstance(value, dict) else []
    instead = {
        "DataArray": f"save as.data.frame({name or 'x'})",
        "SimpleNamespace": "of a fit save its data, model.frame(fit)",
    }.get(type(value).__name__, "save a data frame")
    if inside:
        instead = f"save a data frame of it, {name or 'x'}${inside[0]}"
    raise DataError(f"{str(file)!r} has no data frame but {_kind(value)}; {instead}.")


def _frame(file: Path, columns: Any, attributes: Mapping[str, Any]) -> pd.DataFrame:
    names = [str(name) for name in attributes.get("names", ())]
    refuse_doubled(file, names)
    values = list(columns.values()) if isinstance(columns, Mapping) else list(columns)
    data = pd.DataFrame({name: _column(file, name, one) for name, one in zip(names, values, strict=True)})
    units = {name: one.unit for name, one in zip(names, values, strict=True) if isinstance(one, _Durations)}
    if units:
        data.attrs["units"] = units
    rows = attributes.get("row.names")
    # R writes rows that have no names as NA and their number.
    if rows is None or (isinstance(rows, np.ma.MaskedArray) and np.ma.getmaskarray(rows).tolist() == [True, False]):
        return data
    return data.set_axis(pd.Index(np.asarray(rows)))


def _column(file: Path, name: str, values: Any) -> Any:
    if getattr(values, "ndim", 1) == 2:
        if values.shape[1] != 1:
            raise DataError(
                f"{str(file)!r}: column {name!r} is a matrix of {values.shape[1]} columns; in R do.call(data.frame, x) "
                "gives each a column of its own."
            )
        values = np.asarray(values)[:, 0]  # scale() makes such
    if isinstance(values, _Durations):
        values = values.values
    if isinstance(values, pd.Series):
        values = values.to_numpy()
    if isinstance(values, np.ma.MaskedArray):
        missing, plain = np.ma.getmaskarray(values), np.asarray(values.data)
        if plain.dtype == bool:
            return pd.arrays.BooleanArray(plain, missing) if missing.any() else plain
        return np.where(missing, np.nan, plain) if missing.any() else plain
    return values


def _days(values: Any) -> list[float]:
    return [float(value) for value in np.ma.filled(np.ma.asarray(values, dtype=float), np.nan)]


def _dates(values: Any, _: Mapping[str, Any]) -> Any:
    days = [_EPOCH + datetime.timedelta(days=np.floor(day)) if np.isfinite(day) else None for day in _days(values)]
    return pd.Series(days, dtype=object)


def _times(values: Any, attributes: Mapping[str, Any]) -> Any:
    """Instants in their zone; R keeps those without one as of UTC and shows them as of where it runs."""
    seconds = np.array(_days(values))
    whole = np.where(np.isfinite(seconds), np.round(np.nan_to_num(seconds) * 1e6), 0).astype("int64")
    times = pd.Series(whole.astype("datetime64[us]")).mask(~np.isfinite(seconds)).dt.tz_localize("UTC")
    zone = next((str(name) for name in attributes.get("tzone", ()) if name), "UTC")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return times.array
    return times.dt.tz_convert(zone).array


def _integers(values: Any, _: Mapping[str, Any]) -> Any:
    """Whole numbers of package bit64, which keeps them in the bytes of floating-point ones."""
    whole = np.asarray(values, dtype=np.float64).view(np.int64)
    missing = whole == _NO_INTEGER64
    return pd.arrays.IntegerArray(whole.copy(), missing) if missing.any() else whole.copy()


class _Durations:
    """Numbers with a unit of time, which a plain column does not have."""

    def __init__(self, values: Any, unit: str):
        self.values, self.unit = values, unit


def _durations(values: Any, attributes: Mapping[str, Any]) -> Any:
    return _Durations(np.asarray(values, dtype=float), str(next(iter(attributes.get("units", ())), "")))
