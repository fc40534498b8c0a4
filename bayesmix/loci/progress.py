"""How far a run over loci is: a bar for who watches, a line at each tenth for a log."""

from collections.abc import Callable
from time import perf_counter

import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from bayesmix.terminal import can_show, tell

_TENTHS = 10
_SOON = 10.0  # seconds: a run that is over by then says nothing in a log


class LociProgress:
    """A context whose `advance` is told of the rows that were kept; `total` loci, of which `done` were there before;
    `what` they are called."""

    def __init__(self, total: int | None, done: int, *, shown: bool, what: str = "loci"):
        console = Console(stderr=True)
        self._shown, self._watched = shown, can_show(console)
        self._total, self._done, self._before, self._failed, self._told = total, done, done, 0, 0
        self._begun, self._what = perf_counter(), what
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not (shown and self._watched),
        )
        self._task = self._bar.add_task(f"Fitting {what}", total=total, completed=done)

    def __enter__(self) -> "LociProgress":
        self._bar.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._bar.stop()

    @property
    def advance(self) -> Callable[[pa.Table], None]:
        """To be called with the rows of a chunk."""
        return self._advance

    def _advance(self, table: pa.Table) -> None:
        self._done += table.num_rows
        self._failed += pc.sum(pc.starts_with(table["status"], "failed")).as_py() or 0
        seconds = perf_counter() - self._begun
        rate = (self._done - self._before) / max(seconds, 1e-9)
        failed = f", {self._failed} failed" if self._failed else ""
        self._bar.update(self._task, completed=self._done, description=f"Fitting {self._what} ({rate:.3g}/s{failed})")
        if self._watched or not self._total or seconds < _SOON:
            return
        tenth = _TENTHS * self._done // self._total
        if tenth > self._told:
            self._told = tenth
            left = (self._total - self._done) / max(rate, 1e-9)
            tell(
                f"{self._done} of {self._total} {self._what}{failed}, {rate:.3g} a second, {left:.0f} s left",
                shown=self._shown,
            )
