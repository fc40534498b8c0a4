"""Counts of samples at loci, filtered as they are read: what the readers of files and matrices return."""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

import pandas as pd

from bayesmix.errors import ArgumentError, counted, shown
from bayesmix.loci.block import LociBlock
from bayesmix.loci.inputs.count_filter import LOCI_KEPT, CountFilter, Tally
from bayesmix.loci.inputs.rebatch import rebatched


class FilteredCounts:
    """Methylated and unmethylated reads of samples at loci, a `LociSource`.

    It is shown as what was read and what was left out. `report`, `n_loci` and the text read all data once when they are
    first asked for.

    Attributes
    ----------
    sheet : pandas.DataFrame
        A row for each sample.
    digest : str
        What tells these data, read and filtered in this way, from others.
    places : tuple of str
        What says where a locus is.
    """

    def __init__(
        self,
        read: Callable[[], Iterable[LociBlock]],
        *,
        sheet: pd.DataFrame,
        names: pd.Series,
        chosen: CountFilter,
        digest: str,
        places: tuple[str, ...],
        origin: str,
        before: pd.DataFrame | None = None,
    ) -> None:
        self._read, self._names, self._filter, self._origin = read, names, chosen, origin
        self._before = before
        self.sheet, self.digest, self.places = sheet, digest, places

    def blocks(self, size: int = 1000) -> Iterator[LociBlock]:
        """All loci that are kept, `size` in a block; the last has what is left."""
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise ArgumentError(f"size is a whole number from 1; got {shown(size)}.")
        return rebatched(self._kept(Tally(len(self.sheet))), size)

    def _kept(self, tally: Tally) -> Iterator[LociBlock]:
        return (self._filter.kept(block, tally) for block in self._read())

    @cached_property
    def _tally(self) -> Tally:
        tally = Tally(len(self.sheet))
        for _ in self._kept(tally):
            pass
        return tally

    @property
    def n_loci(self) -> int:
        """How many loci are kept."""
        return self._tally.loci[LOCI_KEPT]

    @property
    def report(self) -> pd.DataFrame:
        """What was counted: columns ``what``, ``sample`` (``all`` for loci) and ``n``."""
        table = self._tally.table(self._names)
        return table if self._before is None else pd.concat([self._before, table], ignore_index=True)

    def __repr__(self) -> str:
        report = self.report
        of_samples = report[report["sample"].isin(self._names)]
        wide = of_samples.pivot_table(index="sample", columns="what", values="n", sort=False)
        loci = report[~report["sample"].isin(self._names)]
        lines = [
            f"{counted(self.n_loci, 'locus').replace('locuss', 'loci')}, {counted(len(self.sheet), 'sample')}: "
            f"{self._origin}",
            "",
            *(f"{row.n:>12,}  {row.what}" for row in loci.itertuples()),
            "",
            wide.loc[:, wide.any()]
            .rename(columns=_without_noun)
            .astype(int)
            .rename_axis(columns=None)
            .to_string(max_rows=30),
        ]
        return "\n".join(lines)


def _without_noun(what: str) -> str:
    """What is counted, without "counts" and "rows of" before it."""
    return what.removeprefix("rows of ").removeprefix("counts ").removeprefix("of ")
