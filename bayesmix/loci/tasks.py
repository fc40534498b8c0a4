"""Tasks of a run over loci: how large they are, what a worker does with one, and what comes back."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from time import perf_counter
from typing import Any

from bayesmix.loci.block import LociBlock

_SECONDS = 2.0  # of a task; with many workers it takes longer, so that at most _A_SECOND tasks come back in one
_A_SECOND = 25
_FIRST = 4  # loci of the first tasks, which tell how long one takes
_MOST = 500
_REMEMBERED = 0.95  # of the tasks before, with each new one: in the first of a worker it compiles

type FitBlock = Callable[[Any, LociBlock], Any]


@dataclass(frozen=True)
class Task:
    """The loci of `block`, the first of which is number `first` of the source."""

    first: int
    block: LociBlock

    @property
    def halves(self) -> tuple["Task", "Task"]:
        """The same loci in two tasks."""
        half, last = len(self.block) // 2, len(self.block)
        return Task(self.first, self.block.part(0, half)), Task(self.first + half, self.block.part(half, last))


@dataclass
class Rate:
    """How long a locus takes, from the last tasks that were done; `workers` do them together."""

    seconds: float = 0.0
    n_loci: float = 0.0
    workers: int = 1

    def add(self, seconds: float, n_loci: int) -> None:
        self.seconds = _REMEMBERED * self.seconds + seconds
        self.n_loci = _REMEMBERED * self.n_loci + n_loci

    @property
    def size(self) -> int:
        """The number of loci of a task of some seconds."""
        if not self.n_loci or not self.seconds:
            return _FIRST
        of_task = max(_SECONDS, self.workers / _A_SECOND)
        return max(1, min(_MOST, round(of_task * self.n_loci / self.seconds)))


@dataclass(frozen=True)
class Timed:
    """What came of a block, the seconds that it took, and the version of bayesmix that fitted it."""

    seconds: float
    fitted: Any
    version: str


def timed(fit_block: FitBlock, model: Any, block: LociBlock) -> Timed:
    """Fit a block; this runs where the worker is."""
    begun = perf_counter()
    fitted = fit_block(model, block)
    return Timed(perf_counter() - begun, fitted, own_version())


def nothing(fit_block: FitBlock, model: Any) -> None:
    """What a worker can do that has read the model."""


@cache
def own_version() -> str:
    """The version of bayesmix of this process."""
    return version("bayesmix")


def drop(running: Iterable["Future[Any]"]) -> None:
    """Have nobody begin what nobody waits for."""
    for future in running:
        future.cancel()
