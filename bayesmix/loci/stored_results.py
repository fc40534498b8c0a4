"""What the records of runs over loci and over responses have in common: rows in a store, and how they are told."""

from functools import cached_property
from pathlib import Path
from typing import ClassVar

import pandas as pd
import pyarrow as pa

from bayesmix.errors import DataError
from bayesmix.loci.store.store import Store

_SHOWN = 5  # failures that are printed


def stored_table(store: Path, schema: pa.Schema, *, n_draws: int, prob: float) -> pd.DataFrame:
    """All rows of a store, none where there are none yet; `attrs` has the draws behind them and the intervals'
    probability."""
    table = Store(store).table()
    frame = (schema.empty_table() if table is None else table).to_pandas()
    frame.attrs |= {"n_draws": n_draws, "prob": prob}
    return frame


def stored_draws(store: Path, *, asked_by: str) -> pd.DataFrame:
    """The draws that were kept.

    Raises
    ------
    DataError
        None were.
    """
    draws = Store(store).draws()
    if draws is None:
        raise DataError(f"No draws were kept; {asked_by} whose draws are.")
    return draws.to_pandas()


class StoredResults:
    """A record with a `table` whose first column names its rows and which has the status of each; `WHAT` they are."""

    WHAT: ClassVar[str]
    table: cached_property[pd.DataFrame]

    @cached_property
    def status(self) -> pd.Series:
        """The number of rows of each status, the most frequent first; reasons of failures are left out."""
        words = self.table["status"].str.partition(":")[0]
        return words.value_counts().rename(self.WHAT).rename_axis("status")

    @property
    def status_line(self) -> str:
        """The statuses in one line."""
        return "Status:  " + ", ".join(f"{n} {status}" for status, n in self.status.items())

    @property
    def failure_lines(self) -> list[str]:
        """The first failures with their reasons."""
        failed = self.table[self.table["status"].str.startswith("failed")]
        names = failed.iloc[:, 0]
        lines = [f"  {name}: {status}" for name, status in zip(names[:_SHOWN], failed["status"], strict=False)]
        return [*lines, f"  and {len(failed) - _SHOWN} more"] if len(failed) > _SHOWN else lines
