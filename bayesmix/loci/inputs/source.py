"""`LociSource`, what every input of loci is to those who fit them."""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import pandas as pd

from bayesmix.loci.block import LociBlock


@runtime_checkable
class LociSource(Protocol):
    """Loci that are read block by block, in the same order each time, without all being in memory at once.

    `sheet` has a row for each sample, to which the `samples` of blocks point. `digest` tells these data, read with
    these settings, from others. `report` has a row for each thing that was counted, with columns ``what``, ``sample``
    and ``n``. `n_loci` is how many there are in all blocks together. `places` are the names of what says where a locus
    is.
    """

    @property
    def sheet(self) -> pd.DataFrame: ...
    @property
    def digest(self) -> str: ...
    @property
    def report(self) -> pd.DataFrame: ...
    @property
    def n_loci(self) -> int | None: ...
    @property
    def places(self) -> tuple[str, ...]: ...

    def blocks(self, size: int = 1000) -> Iterator[LociBlock]:
        """All loci, `size` in a block; the last has what is left."""
        ...
