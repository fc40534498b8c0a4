"""The run of a model over all loci of a source: chunks to workers, rows to the store, and nothing twice."""

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Protocol

import pyarrow as pa

from bayesmix.errors import SamplingError
from bayesmix.loci.block import LociBlock
from bayesmix.loci.inputs.source import LociSource
from bayesmix.loci.store.store import Store, missing
from bayesmix.loci.workers import Here, pool

DIED = "failed: its worker died"
_AT_ONCE = 1000  # loci that are read together
_SECONDS = 2.0  # of a task
_FIRST = 4  # loci of the first tasks, which tell how long one takes
_MOST = 500
_WAITING = 2  # tasks in flight for each worker: the memory does not depend on the number of loci

type FitBlock = Callable[[Any, LociBlock], Any]
type Advance = Callable[[pa.Table], None]


class Model(Protocol):
    """What the coordinator knows of a model: the columns of its rows."""

    @property
    def schema(self) -> pa.Schema: ...


@dataclass(frozen=True)
class Task:
    """The loci of `block`, the first of which is number `first` of the source."""

    first: int
    block: LociBlock


@dataclass
class Rate:
    """How long a locus takes, from the tasks that were done so far."""

    seconds: float = 0.0
    n_loci: int = 0

    def add(self, seconds: float, n_loci: int) -> None:
        self.seconds += seconds
        self.n_loci += n_loci

    @property
    def size(self) -> int:
        """The number of loci of a task of some seconds."""
        if not self.n_loci or not self.seconds:
            return _FIRST
        return max(1, min(_MOST, round(_SECONDS * self.n_loci / self.seconds)))


@dataclass
class Coordinator:
    """Fits what the `store` lacks of a `source`.

    `fit_block` is called with the model and a block, in this process (`workers` 1), in processes of its own, or by an
    `executor` of `concurrent.futures` that was given.
    """

    source: LociSource
    model: Model
    fit_block: FitBlock
    store: Store
    workers: int = 1
    executor: Executor | None = None
    advance: Advance | None = None
    rate: Rate = field(default_factory=Rate)

    def run(self) -> None:
        """Fit the rest, and write the final table.

        Raises
        ------
        SamplingError
            Workers die whatever they are given; what was done is kept.
        """
        if self.store.finished:
            return
        if self.executor is not None:
            if self._work(self.executor, at_most=_WAITING * max(self.workers, 2)):
                raise SamplingError(
                    "A worker of the executor died. What was done is kept: call again with another executor to go on."
                )
        elif self.workers == 1:
            self._work(Here(), at_most=1)
        else:
            self._in_processes()
        self.store.finish()

    def _tasks(self) -> Iterator[Task]:
        """What the store lacks, cut as the rate has it when a task is asked for."""
        done, at = self.store.done(), 0
        for block in self.source.blocks(_AT_ONCE):
            for first, last in missing(done, at, at + len(block)):
                while first < last:
                    end = min(first + self.rate.size, last)
                    yield Task(first, block.part(first - at, end - at))
                    first = end
            at += len(block)

    def _in_processes(self) -> None:
        """Start workers again when one died, after the tasks that it may have died of were done apart."""
        while True:
            workers = pool(self.workers)
            try:
                suspects = self._work(workers, at_most=_WAITING * self.workers)
            finally:
                workers.shutdown(wait=False, cancel_futures=True)
            if not suspects:
                return
            self._require_workers()
            for task in suspects:
                self._apart(task)

    def _work(self, workers: Executor | Here, at_most: int) -> list[Task]:
        """Keep workers busy until all is done, or until one dies: the tasks that were in flight then."""
        tasks = self._tasks()
        running: dict[Future[Any], Task] = {}
        died: list[Task] = []
        more = True
        while more or running:
            while more and len(running) < at_most:
                task = next(tasks, None)
                if task is None:
                    more = False
                    break
                try:
                    running[workers.submit(_timed, self.fit_block, self.model, task.block)] = task
                except BrokenProcessPool:
                    return [*died, *running.values(), task]
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                task = running.pop(future)
                try:
                    seconds, fitted = future.result()
                except BrokenProcessPool:
                    died.append(task)
                else:
                    self.rate.add(seconds, len(task.block))
                    self._keep(task, fitted)
            if died:
                return [*died, *running.values()]
        return died

    def _require_workers(self) -> None:
        """Refuse to blame loci where no process can so much as read the model.

        Raises
        ------
        SamplingError
            Says what to do.
        """
        with pool(1) as alone:
            try:
                alone.submit(_nothing, self.fit_block, self.model).result()
            except BrokenProcessPool:
                raise SamplingError(
                    "Worker processes end as soon as they begin: there may be too little memory for them. "
                    "workers=1 fits the loci in this process."
                ) from None

    def _apart(self, task: Task) -> None:
        """A task in a process of its own; of one that kills it each half by itself, down to the locus that does."""
        tries = 2 if len(task.block) == 1 else 1
        for _ in range(tries):
            with pool(1) as alone:
                try:
                    _, fitted = alone.submit(_timed, self.fit_block, self.model, task.block).result()
                except BrokenProcessPool:
                    continue
            self._keep(task, fitted)
            return
        if tries == 2:
            self._keep_row(task)
            return
        half = len(task.block) // 2
        for first, last in ((0, half), (half, len(task.block))):
            self._apart(Task(task.first + first, task.block.part(first, last)))

    def _keep(self, task: Task, fitted: Any) -> None:
        self.store.add(task.first, fitted.table, fitted.draws)
        self._tell(fitted.table)

    def _keep_row(self, task: Task) -> None:
        """The row of a locus that kills whoever fits it."""
        names = set(self.model.schema.names)
        places = {name: values[0] for name, values in task.block.places.items() if name in names}
        row = {"locus": task.block.names[0], **places, "status": DIED}
        table = pa.Table.from_pylist([row], schema=self.model.schema)
        self.store.add(task.first, table, None)
        self._tell(table)

    def _tell(self, table: pa.Table) -> None:
        if self.advance is not None:
            self.advance(table)


def _nothing(fit_block: FitBlock, model: Any) -> None:
    """What a worker can do that has read the model."""


def _timed(fit_block: FitBlock, model: Any, block: LociBlock) -> tuple[float, Any]:
    """The seconds that a block took, and what came of it; this runs where the worker is."""
    begun = perf_counter()
    fitted = fit_block(model, block)
    return perf_counter() - begun, fitted
