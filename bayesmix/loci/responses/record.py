"""`Many`, what a run over responses gives."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from bayesmix.loci.held_folder import HeldFolder
from bayesmix.loci.responses.model import ManyModel
from bayesmix.loci.stored_results import StoredResults, stored_draws, stored_table


@dataclass(frozen=True, eq=False)
class Many(StoredResults):
    """The results of one Gaussian model at many responses; prints how many there are of each status.

    `store` is the folder that holds them. `report` has what was read.
    """

    WHAT = "responses"

    model: ManyModel
    store: Path
    report: pd.DataFrame
    _held: HeldFolder | None = field(default=None, repr=False)

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row for each response, in the order of the columns of Y; `docs/many_responses.md` has the columns."""
        settings = self.model.settings
        return stored_table(self.store, self.model.schema, n_draws=settings.draws, prob=settings.prob)

    @property
    def draws(self) -> pd.DataFrame:
        """A row for each draw of the responses whose draws were kept.

        Raises
        ------
        DataError
            None were.
        """
        return stored_draws(self.store, asked_by="keep= of bm.fit_many names the responses")

    def __str__(self) -> str:
        settings, table = self.model.settings, self.table
        alone = int((table["sampler"] == "fit").sum())
        shared = int((table["sampler"] == "shared").sum())
        lines = [
            f"Responses: {len(table)}, one Gaussian model each",
            f"Formula: {self.model.formula.text}",
            f"Draws:   {settings.draws} a response; seed {settings.seed}",
            self.status_line,
            f"Values:  shared by {shared}; {alone} fitted alone, as their weights could not be trusted",
        ]
        lines += [] if self._held is not None else [f"Store:   {self.store}"]
        return "\n".join([*lines, *self.failure_lines])

    __repr__ = __str__
