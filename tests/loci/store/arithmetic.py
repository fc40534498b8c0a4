"""An engine that adds numbers, sleeps, raises, or kills its process, as the loci ask; and a source of such loci."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa

from bayesmix.loci.block import LociBlock
from bayesmix.loci.coordinator import Coordinator
from bayesmix.loci.store.manifest import Manifest
from bayesmix.loci.store.store import Store

SCHEMA = pa.schema([("locus", pa.string()), ("pos", pa.int64()), ("status", pa.string()), ("total", pa.float64())])
DRAWS = pa.schema([("locus", pa.string()), ("value", pa.float64())])


@dataclass(frozen=True)
class Model:
    """`deadly` loci kill the process that fits them; each locus is noted in `log` and takes `seconds`."""

    log: str | None = None
    deadly: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def schema(self) -> pa.Schema:
        return SCHEMA


def fit_block(model: Model, block: LociBlock) -> SimpleNamespace:
    rows = []
    for number, name in enumerate(block.names):
        if model.log is not None:
            with Path(model.log).open("a") as file:
                file.write(name + "\n")
        if name in model.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(model.seconds)
        values = block.columns["y"][block.rows(number)]
        rows.append({"locus": name, "pos": int(block.places["pos"][number]), "status": "ok", "total": values.sum()})
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    return SimpleNamespace(table=table, draws=table.select(["locus", "total"]).rename_columns(DRAWS.names))


@dataclass(frozen=True)
class Source:
    """`n` loci of three rows each."""

    n: int = 60

    sheet = pd.DataFrame({"x": [1, 2, 3]})
    digest = "a"
    report = pd.DataFrame()
    places = ("pos",)

    @property
    def n_loci(self) -> int:
        return self.n

    def blocks(self, size: int = 1000) -> Iterator[LociBlock]:
        for first in range(0, self.n, size):
            last = min(first + size, self.n)
            y = np.sqrt(np.arange(3 * first, 3 * last, dtype=float))
            yield LociBlock(
                tuple(f"l{i}" for i in range(first, last)),
                3 * np.arange(last - first + 1),
                np.tile(np.arange(3), last - first),
                {"y": y},
                {"pos": 10 * np.arange(first, last)},
            )


def run(folder: Path, model: Model, *, n: int = 60, workers: int = 1, executor=None, advance=None) -> bytes:
    """The bytes of the final tables of a run."""
    store = Store(folder)
    store.begin(Manifest({"formula": "y ~ x"}))
    Coordinator(Source(n), model, fit_block, store, workers=workers, executor=executor, advance=advance).run()
    return (folder / "loci.parquet").read_bytes() + (folder / "draws.parquet").read_bytes()


if __name__ == "__main__":
    from arithmetic import Model, run  # by a name under which its workers find it, too

    run(Path(sys.argv[1]), Model(log=sys.argv[2], seconds=float(sys.argv[3])), workers=int(sys.argv[4]))
