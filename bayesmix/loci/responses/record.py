"""`Many`, what a run over responses gives."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow as pa

from bayesmix.errors import DataError
from bayesmix.loci.held_folder import HeldFolder
from bayesmix.loci.responses.model import ManyModel
from bayesmix.loci.store.store import Store


@dataclass(frozen=True, eq=False)
class Many:
    """The results of one Gaussian model at many responses; prints how many there are of each status.

    `store` is the folder that holds them. `report` has what was read.
    """

    model: ManyModel
    store: Path
    report: pd.DataFrame
    _held: HeldFolder | None = field(default=None, repr=False)

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row for each response, in the order of the columns of Y; `docs/many_responses.md` has the columns."""
        table = Store(self.store).table()
        frame = (self.model.schema.empty_table() if table is None else table).to_pandas()
        frame.attrs["n_draws"] = self.model.settings.draws
        frame.attrs["prob"] = self.model.settings.prob
        return frame

    @cached_property
    def status(self) -> pd.Series:
        """The number of responses of each status, the most frequent first; reasons of failures are left out."""
        words = self.table["status"].str.partition(":")[0]
        return words.value_counts().rename("responses").rename_axis("status")

    @property
    def draws(self) -> pd.DataFrame:
        """A row for each draw of the responses whose draws were kept.

        Raises
        ------
        DataError
            None were.
        """
        draws: pa.Table | None = Store(self.store).draws()
        if draws is None:
            raise DataError("No draws were kept; keep= of bm.fit_many names the responses whose draws are.")
        return draws.to_pandas()

    def __str__(self) -> str:
        settings, table = self.model.settings, self.table
        alone = int((table["sampler"] == "fit").sum())
        shared = int((table["sampler"] == "shared").sum())
        lines = [
            f"Responses: {len(table)}, one Gaussian model each",
            f"Formula: {self.model.formula.text}",
            f"Draws:   {settings.draws} a response; seed {settings.seed}",
            "Status:  " + ", ".join(f"{n} {status}" for status, n in self.status.items()),
            f"Values:  shared by {shared}; {alone} fitted alone, as their weights could not be trusted",
        ]
        lines += [] if self._held is not None else [f"Store:   {self.store}"]
        failed = table.loc[table["status"].str.startswith("failed"), ["response", "status"]]
        lines += [f"  {row.response}: {row.status}" for row in failed.head(5).itertuples()]
        if len(failed) > 5:
            lines.append(f"  and {len(failed) - 5} more")
        return "\n".join(lines)

    __repr__ = __str__
