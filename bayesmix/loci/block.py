"""Rows of some loci, the unit that is read, sent to a worker, and fitted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesmix.arrays import Integers


@dataclass(frozen=True)
class LociBlock:
    """The rows of `names`, locus after locus: those of locus i are `starts[i]` to `starts[i + 1]`.

    `samples` (n_rows,) are rows of the sample sheet, which holds what is known of a sample whatever the locus;
    `columns` (n_rows,) by name are what differs by locus, such as methylated and unmethylated reads. `places` (n_loci,)
    by name, such as chromosome and position, are handed on to the results.
    """

    names: tuple[str, ...]
    starts: Integers
    samples: Integers
    columns: Mapping[str, NDArray[Any]]
    places: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.names)

    def rows(self, number: int) -> slice:
        """Where the rows of one locus are."""
        return slice(int(self.starts[number]), int(self.starts[number + 1]))

    def part(self, first: int, last: int) -> "LociBlock":
        """The loci from `first` up to, but without, `last`."""
        rows = slice(int(self.starts[first]), int(self.starts[last]))
        return LociBlock(
            self.names[first:last],
            self.starts[first : last + 1] - self.starts[first],
            self.samples[rows],
            {name: values[rows] for name, values in self.columns.items()},
            {name: values[first:last] for name, values in self.places.items()},
        )


def joined(blocks: list[LociBlock]) -> LociBlock:
    """The loci of all `blocks`, which have the same columns, one after the other."""
    sizes = np.concatenate([np.diff(block.starts) for block in blocks])
    return LociBlock(
        tuple(name for block in blocks for name in block.names),
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        np.concatenate([block.samples for block in blocks]),
        {name: np.concatenate([block.columns[name] for block in blocks]) for name in blocks[0].columns},
        {name: np.concatenate([block.places[name] for block in blocks]) for name in blocks[0].places},
    )
