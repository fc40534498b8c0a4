"""Which counts, and which loci, are left out, and how many of each."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from bayesmix.arrays import Flags, Floats, Integers
from bayesmix.loci.block import LociBlock

ALL = "all"
"""The sample of counts of loci."""


@dataclass(frozen=True)
class CountFilter:
    """Counts of fewer than `least_reads` reads are left out, and those above `most_reads` (n_samples,).

    Loci with fewer than `least_samples` samples, or with fewer than `least_per_group` of a group of `groups`, a number
    for each sample, are left out.
    """

    least_reads: int
    most_reads: Floats
    least_samples: int
    least_per_group: int = 0
    groups: Integers | None = None

    def kept(self, block: LociBlock, tally: "Tally") -> LociBlock:
        """What is left of a block; `tally` counts the rest."""
        reads = block.columns["methylated"] + block.columns["unmethylated"]
        few = reads < self.least_reads
        reasons = {
            NO_READS: reads == 0,
            FEW_READS: few & (reads > 0),
            MANY_READS: reads > self.most_reads[block.samples],
        }
        cells = ~(few | (reads == 0) | reasons[MANY_READS])
        tally.count_cells(block.samples, reasons, cells)
        locus = np.repeat(np.arange(len(block)), np.diff(block.starts))
        n_samples = np.bincount(locus[cells], minlength=len(block))
        loci = n_samples >= max(1, self.least_samples)
        tally.loci[NO_SAMPLES] += int((n_samples == 0).sum())
        tally.loci[FEW_SAMPLES] += int((~loci & (n_samples > 0)).sum())
        if self.groups is not None:
            enough = self._enough_of_each(self.groups, block.samples[cells], locus[cells], len(block))
            tally.loci[FEW_OF_GROUP] += int((loci & ~enough).sum())
            loci &= enough
        tally.loci[LOCI_KEPT] += int(loci.sum())
        return _taken(block, loci, cells & loci[locus], locus)

    def _enough_of_each(self, groups: Integers, samples: Integers, locus: Integers, n_loci: int) -> Flags:
        n_groups = int(groups.max()) + 1
        pairs = np.bincount(locus * n_groups + groups[samples], minlength=n_loci * n_groups)
        return (pairs.reshape(n_loci, n_groups) >= self.least_per_group).all(axis=1)


NO_READS, FEW_READS, MANY_READS = "counts without reads", "counts of too few reads", "counts of too many reads"
CELLS_KEPT = "counts kept"
NO_SAMPLES, FEW_SAMPLES = "loci without any count", "loci with too few samples"
FEW_OF_GROUP, LOCI_KEPT = "loci with too few samples of a group", "loci kept"


@dataclass
class Tally:
    """What a pass over the data counts: `cells` (what: (n_samples,)), and `loci` by what."""

    n_samples: int
    cells: dict[str, Integers] = field(default_factory=dict)
    loci: Counter[str] = field(default_factory=Counter)

    def count_cells(self, samples: Integers, reasons: Mapping[str, Flags], kept: Flags) -> None:
        """Add the counts of a block."""
        for what, chosen in {**reasons, CELLS_KEPT: kept}.items():
            found = np.bincount(samples[chosen], minlength=self.n_samples)
            self.cells[what] = self.cells.get(what, 0) + found

    def table(self, names: pd.Series) -> pd.DataFrame:
        """A row for each thing that was counted, of each sample by its name, and of loci."""
        rows = [(what, name, int(n)) for what, ns in self.cells.items() for name, n in zip(names, ns, strict=True)]
        rows += [(what, ALL, int(n)) for what, n in self.loci.items()]
        return pd.DataFrame(rows, columns=["what", "sample", "n"])


def _taken(block: LociBlock, loci: Flags, cells: Flags, locus: Integers) -> LociBlock:
    sizes = np.bincount(locus[cells], minlength=len(block))[loci]
    return LociBlock(
        tuple(name for name, kept in zip(block.names, loci, strict=True) if kept),
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        block.samples[cells],
        {name: values[cells] for name, values in block.columns.items()},
        {name: values[loci] for name, values in block.places.items()},
    )
