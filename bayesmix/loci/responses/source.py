"""A frame of responses, a column for each, as a source of blocks."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.errors import DataError, counted, listing, shown
from bayesmix.formula.frame_kinds import as_pandas
from bayesmix.loci.block import LociBlock

COLUMN = "response"
"""What the response is called in the data of a single fit, unless a formula has another name for it."""


@dataclass(frozen=True, eq=False)
class ResponseFrame:
    """Responses `values` (n_samples, n_responses), nan where one is missing, with their `names`; `sheet` has the
    samples.

    It is a `LociSource`, whose blocks have every sample of each response.
    """

    sheet: pd.DataFrame
    names: tuple[str, ...]
    values: Floats

    @property
    def n_loci(self) -> int:
        return len(self.names)

    @property
    def places(self) -> tuple[str, ...]:
        return ()

    @property
    def digest(self) -> str:
        """What tells these responses from others."""
        sha = sha256(np.ascontiguousarray(self.values))
        sha.update("\x1f".join(self.names).encode("utf-8", "surrogatepass"))
        return sha.hexdigest()[:16]

    @property
    def report(self) -> pd.DataFrame:
        """What was read: responses, samples, and missing values."""
        missing = np.isnan(self.values)
        told = {
            "responses": len(self.names),
            "samples": len(self.sheet),
            "missing values": int(missing.sum()),
            "responses with missing values": int(missing.any(axis=0).sum()),
        }
        return pd.DataFrame({"what": list(told), "n": list(told.values())})

    def blocks(self, size: int = 1000) -> Iterator[LociBlock]:
        """All responses, `size` in a block; the last has what is left."""
        n = len(self.sheet)
        for first in range(0, len(self.names), size):
            names = self.names[first : first + size]
            values = np.ascontiguousarray(self.values[:, first : first + size].T).ravel()
            starts = np.arange(len(names) + 1, dtype=np.int64) * n
            samples = np.tile(np.arange(n, dtype=np.int64), len(names))
            yield LociBlock(names, starts, samples, {COLUMN: values})


def read_responses(Y: Any, design: Any) -> ResponseFrame:
    """The responses in the order of the samples of `design`.

    Raises
    ------
    DataError
        The samples of both are not the same, a response is no number or is there twice; with the first that is so.
    """
    sheet = as_pandas(design)
    frame = _as_frame(Y, sheet)
    if not len(sheet):
        raise DataError("The design has no rows; it has one for each sample.")
    if not frame.shape[1]:
        raise DataError("Y has no columns; it has one for each response.")
    frame = _aligned(frame, sheet)
    names = tuple(str(name) for name in frame.columns)
    twice = pd.Index(names).duplicated()
    if twice.any():
        raise DataError(f"Y has the response {names[int(np.argmax(twice))]!r} twice; each has a name of its own.")
    return ResponseFrame(sheet.reset_index(drop=True), names, _numbers(frame))


def _as_frame(Y: Any, sheet: pd.DataFrame) -> pd.DataFrame:
    """Y as a frame; an array has the samples of the design in their order."""
    if not isinstance(Y, np.ndarray):
        return as_pandas(Y)
    if Y.ndim != 2:
        raise DataError(f"Y has a row for each sample and a column for each response; it has {Y.ndim} dimensions.")
    if len(Y) != len(sheet):
        raise DataError(_other_rows(len(Y), len(sheet), turned=Y.shape[1] == len(sheet)))
    return pd.DataFrame(Y, index=sheet.index)


def _other_rows(rows: int, samples: int, *, turned: bool) -> str:
    hint = " Its columns are as many: give Y.T, with samples as rows." if turned else ""
    return (
        f"Y has {counted(rows, 'row')}, the design {counted(samples, 'sample')}; both have one for each sample.{hint}"
    )


def _aligned(frame: pd.DataFrame, sheet: pd.DataFrame) -> pd.DataFrame:
    """The rows of Y in the order of the design, by the names in their indices."""
    if frame.index.equals(sheet.index):
        return frame
    for index, whose in ((frame.index, "Y"), (sheet.index, "The design")):
        if not index.is_unique:
            first = index[index.duplicated()][0]
            raise DataError(f"{whose} has the sample {shown(first)} twice in its index.")
    if len(frame) != len(sheet):
        turned = set(frame.columns) == set(sheet.index) or (
            frame.shape[1] == len(sheet) and not frame.index.isin(sheet.index).any()
        )
        raise DataError(_other_rows(len(frame), len(sheet), turned=turned))
    absent = sheet.index[~sheet.index.isin(frame.index)]
    if len(absent):
        turned = set(frame.columns) == set(sheet.index)
        hint = (
            "Its columns are the samples: give Y.T."
            if turned
            else "Both have the same samples in their index, in any order."
        )
        raise DataError(f"The index of Y lacks {counted(len(absent), 'sample')}: {listing(list(absent[:3]))}. {hint}")
    return frame.loc[sheet.index]


def _numbers(frame: pd.DataFrame) -> Floats:
    """All cells as numbers, nan where one is missing."""
    for position, kind in enumerate(frame.dtypes):
        if not pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_complex_dtype(kind):
            raise DataError(
                f"Column {str(frame.columns[position])!r} of Y is {kind}, not numbers; a response is Gaussian."
            )
    return np.asarray(frame.to_numpy(dtype=float, na_value=np.nan))
