"""The run of a model over all loci of a source: chunks to workers, rows to the store, and nothing twice."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import Any, Protocol

import pyarrow as pa

from bayesmix.errors import SamplingError
from bayesmix.loci.cluster import Cluster
from bayesmix.loci.inputs.source import LociSource
from bayesmix.loci.store.store import Store, missing
from bayesmix.loci.tasks import FitBlock, Rate, Task, Timed, drop, nothing, own_version, timed
from bayesmix.loci.workers import Here, pool

DIED = "failed: its worker died"
_AT_ONCE = 1000  # loci that are read together
_WAITING = 2  # tasks in flight for each worker: the memory does not depend on the number of loci
_ATTENTION = 2.0  # seconds without a result, after which workers are looked at

type Advance = Callable[[pa.Table], None]


class Model(Protocol):
    """What the coordinator knows of a model: the columns of its rows."""

    @property
    def schema(self) -> pa.Schema: ...


@dataclass
class Coordinator:
    """Fits what the `store` lacks of a `source`.

    `fit_block` is called with the model and a block, in this process (`workers` 1), in processes of its own, or by an
    `executor` that was given: one of `concurrent.futures`, or a cluster.
    """

    source: LociSource
    model: Model
    fit_block: FitBlock
    store: Store
    workers: int = 1
    executor: Executor | Cluster | None = None
    advance: Advance | None = None
    rate: Rate = field(default_factory=Rate)

    def run(self) -> None:
        """Fit the rest, and write the final table.

        Raises
        ------
        SamplingError
            Workers die whatever they are given, or there are none any more; what was done is kept.
        """
        if self.store.finished:
            return
        if isinstance(self.executor, Cluster):
            self._on_cluster(self.executor)
        elif self.executor is not None:
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
        try:
            while more or running:
                while more and len(running) < at_most:
                    task = next(tasks, None)
                    if task is None:
                        more = False
                        break
                    try:
                        running[workers.submit(timed, self.fit_block, self.model, task.block)] = task
                    except BrokenProcessPool:
                        return [*died, *running.values(), task]
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    task = running.pop(future)
                    try:
                        self._keep(task, future.result())
                    except BrokenProcessPool:
                        died.append(task)
                if died:
                    return [*died, *running.values()]
        finally:
            drop(running)
        return died

    def _on_cluster(self, cluster: Cluster) -> None:
        """Have a cluster do the rest, and halve what its workers die of, down to the loci that kill them.

        Dask suspects all that a dead worker was given: each suspect is done by itself.
        """
        died = self._by_cluster(cluster, self._tasks())
        tried: set[int] = set()
        while died:
            if not self.rate.n_loci and len(died) > 1:
                raise SamplingError(
                    f"Workers of the Dask cluster died of each of {len(died)} tasks and none came back: they may have "
                    "too little memory."
                )
            smaller: list[Task] = []
            for task in died:
                if len(task.block) > 1:
                    smaller += task.halves
                elif task.first in tried:
                    self._keep_row(task)
                else:
                    tried.add(task.first)
                    smaller.append(task)
            died = self._by_cluster(cluster, smaller, alone=True)

    def _by_cluster(self, cluster: Cluster, tasks: Iterable[Task], *, alone: bool = False) -> list[Task]:
        """Have a cluster do tasks, one at a time if `alone`; those that its workers died of."""
        waiting = iter(tasks)
        running: dict[Future[Any], Task] = {}
        died: list[Task] = []
        more = True
        try:
            while more or running:
                self.rate.workers = max(1, cluster.n_threads)
                while more and len(running) < (1 if alone else cluster.at_most):
                    task = next(waiting, None)
                    if task is None:
                        more = False
                        break
                    running[cluster.submit(timed, self.fit_block, self.model, task.block)] = task
                done = wait(running, timeout=_ATTENTION, return_when=FIRST_COMPLETED).done
                if not done:
                    cluster.attend()
                for future in done:
                    task = running.pop(future)
                    try:
                        self._keep(task, cluster.result(future))
                    except cluster.deadly:
                        died.append(task)
        finally:
            drop(running)
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
                alone.submit(nothing, self.fit_block, self.model).result()
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
                    done = alone.submit(timed, self.fit_block, self.model, task.block).result()
                except BrokenProcessPool:
                    continue
            self._keep(task, done)
            return
        if tries == 2:
            self._keep_row(task)
            return
        for half in task.halves:
            self._apart(half)

    def _keep(self, task: Task, done: Timed) -> None:
        if done.version != own_version():
            raise SamplingError(
                f"A worker has bayesmix {done.version}, this process {own_version()}, and rows would differ: install "
                "one version everywhere."
            )
        self.rate.add(done.seconds, len(task.block))
        self.store.add(task.first, done.fitted.table, done.fitted.draws)
        self._tell(done.fitted.table)

    def _keep_row(self, task: Task) -> None:
        """The row of a locus that kills whoever fits it."""
        names = set(self.model.schema.names)
        places = {name: values[0] for name, values in task.block.places.items() if name in names}
        row = {self.model.schema.names[0]: task.block.names[0], **places, "status": DIED}
        table = pa.Table.from_pylist([row], schema=self.model.schema)
        self.store.add(task.first, table, None)
        self._tell(table)

    def _tell(self, table: pa.Table) -> None:
        if self.advance is not None:
            self.advance(table)
