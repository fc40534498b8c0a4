"""`Loci`, what a run over loci gives."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from bayesmix.loci.engine.model import LociModel
from bayesmix.loci.held_folder import HeldFolder
from bayesmix.loci.inputs.source import LociSource
from bayesmix.loci.pooled import PRIORS_OF_DRAWS, PooledPriors
from bayesmix.loci.store.audits import AuditRecord, read_audits
from bayesmix.loci.stored_results import StoredResults, stored_draws, stored_table


@dataclass(frozen=True, eq=False)
class Loci(StoredResults):
    """The results of one model at many loci; prints how many there are of each status.

    `store` is the folder that holds them, `source` what was read.
    """

    WHAT = "loci"

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
        settings = self.model.settings
        return stored_table(self.store, self.model.schema, n_draws=settings.n_draws, prob=settings.prob)

    @property
    def draws(self) -> pd.DataFrame:
        """A row for each draw of the loci whose draws were kept.

        Raises
        ------
        DataError
            None were.
        """
        frame = stored_draws(self.store, asked_by="keep= of bm.fit_loci names the loci")
        frame.attrs[PRIORS_OF_DRAWS] = {name: str(prior) for name, prior in self.model.priors.items()}
        return frame

    @property
    def pooled(self) -> PooledPriors | None:
        """The priors from many loci that these were fitted with; None if there are none."""
        return self.model.pooled

    def __str__(self) -> str:
        settings = self.model.settings
        formula = self.model.formula if isinstance(self.model.formula, str) else "; ".join(self.model.formula)
        lines = [
            f"Loci: {len(self.table)}, one model each, {self.model.family}",
            f"Formula: {formula}",
            f"Draws:   {settings.chains} x {settings.draws} a locus; seed {settings.seed}",
            *(f"Prior:   {line}" for line in (() if self.pooled is None else self.pooled.lines)),
            self.status_line,
        ]
        lines += [f"Audit:   {audit.line}" for audit in self.audits]
        lines += [] if self._held is not None else [f"Store:   {self.store}"]
        return "\n".join([*lines, *self.failure_lines])

    __repr__ = __str__
