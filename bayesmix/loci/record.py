"""`Loci`, what a run over loci gives."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow as pa

from bayesmix.errors import DataError
from bayesmix.loci.engine.model import LociModel
from bayesmix.loci.held_folder import HeldFolder
from bayesmix.loci.inputs.source import LociSource
from bayesmix.loci.pooled import PRIORS_OF_DRAWS, PooledPriors
from bayesmix.loci.store.audits import AuditRecord, read_audits
from bayesmix.loci.store.store import Store


@dataclass(frozen=True, eq=False)
class Loci:
    """The results of one model at many loci; prints how many there are of each status.

    `store` is the folder that holds them, `source` what was read.
    """

    model: LociModel
    store: Path
    source: LociSource
    _held: HeldFolder | None = field(default=None, repr=False)

    @property
    def report(self) -> pd.DataFrame:
        """What was read and what was filtered, as the source counted it."""
        return self.source.report

    @property
    def audits(self) -> tuple[AuditRecord, ...]:
        """What `bm.audit_loci` fitted again, the oldest first."""
        return read_audits(self.store)

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row for each locus, in the order of the data; `docs/loci.md` has the columns."""
        frame = self._arrow.to_pandas()
        frame.attrs["n_draws"] = self.model.settings.n_draws
        frame.attrs["prob"] = self.model.settings.prob
        return frame

    @cached_property
    def status(self) -> pd.Series:
        """The number of loci of each status, the most frequent first; reasons of failures are left out."""
        words = self.table["status"].str.partition(":")[0]
        return words.value_counts().rename("loci").rename_axis("status")

    @property
    def draws(self) -> pd.DataFrame:
        """A row for each draw of the loci whose draws were kept.

        Raises
        ------
        DataError
            None were.
        """
        draws = Store(self.store).draws()
        if draws is None:
            raise DataError("No draws were kept; keep= of bm.fit_loci names the loci whose draws are.")
        frame = draws.to_pandas()
        frame.attrs[PRIORS_OF_DRAWS] = {name: str(prior) for name, prior in self.model.priors.items()}
        return frame

    @property
    def pooled(self) -> PooledPriors | None:
        """The priors from many loci that these were fitted with; None if there are none."""
        return self.model.pooled

    @property
    def _arrow(self) -> pa.Table:
        table = Store(self.store).table()
        return self.model.schema.empty_table() if table is None else table

    def __str__(self) -> str:
        settings = self.model.settings
        formula = self.model.formula if isinstance(self.model.formula, str) else "; ".join(self.model.formula)
        lines = [
            f"Loci: {len(self.table)}, one model each, {self.model.family}",
            f"Formula: {formula}",
            f"Draws:   {settings.chains} x {settings.draws} a locus; seed {settings.seed}",
            *(f"Prior:   {line}" for line in (() if self.pooled is None else self.pooled.lines)),
            "Status:  " + ", ".join(f"{n} {status}" for status, n in self.status.items()),
        ]
        lines += [f"Audit:   {audit.line}" for audit in self.audits]
        lines += [] if self._held is not None else [f"Store:   {self.store}"]
        failed = self.table.loc[self.table["status"].str.startswith("failed"), ["locus", "status"]]
        lines += [f"  {row.locus}: {row.status}" for row in failed.head(5).itertuples()]
        if len(failed) > 5:
            lines.append(f"  and {len(failed) - 5} more")
        return "\n".join(lines)

    __repr__ = __str__
