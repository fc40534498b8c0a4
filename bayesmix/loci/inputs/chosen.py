"""Some loci of a source, by name."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from bayesmix.loci.block import LociBlock, joined
from bayesmix.loci.inputs.rebatch import rebatched
from bayesmix.loci.inputs.source import LociSource

_AT_ONCE = 1000


@dataclass(frozen=True)
class ChosenLoci:
    """The loci of `source` that have one of the `names`, a source of their own, in the same order."""

    source: LociSource
    names: frozenset[str]

    @property
    def sheet(self) -> pd.DataFrame:
        """That of all loci."""
        return self.source.sheet

    @property
    def digest(self) -> str:
        """That of all loci."""
        return self.source.digest

    @property
    def report(self) -> pd.DataFrame:
        """That of all loci."""
        return self.source.report

    @property
    def n_loci(self) -> int:
        """How many were chosen."""
        return len(self.names)

    @property
    def places(self) -> tuple[str, ...]:
        """Those of all loci."""
        return self.source.places

    def blocks(self, size: int = 1000) -> Iterator[LociBlock]:
        """The chosen loci, `size` in a block."""
        return rebatched(self._parts(), size)

    def _parts(self) -> Iterator[LociBlock]:
        left = len(self.names)
        for block in self.source.blocks(_AT_ONCE):
            chosen = [block.part(at, at + 1) for at, name in enumerate(block.names) if name in self.names]
            if chosen:
                yield joined(chosen)
            left -= len(chosen)
            if not left:
                return
