"""The workers of a Dask cluster: how tasks get there, and how a cluster that has none left, or is closed, is told."""

import re
import sys
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager
from time import monotonic
from typing import Any

from bayesmix.errors import ArgumentError, SamplingError, shown
from bayesmix.terminal import tell

_KEPT = "What was done is kept: call again with the same store to go on."
_PATIENCE = 300.0  # seconds that a cluster which had workers may be without any
_LOOK = 2.0  # seconds between two looks at the workers of a cluster
_PER_THREAD = 3  # tasks in flight for each thread of the workers, so that an adaptive cluster sees that there is work
_AT_FIRST = 4
_UNREAD = "Error during deserialization"  # what Dask says of a task that it cannot read
_DESERTED = ("NoWorkerError", "NoValidWorkerError")  # what its scheduler says where its own patience has ended
_ADDRESS = re.compile(r"[a-z]+://[!-~]+")
_TO_ANSWER = 10  # seconds in which a scheduler has to answer


def _unread(what: str) -> SamplingError:
    return SamplingError(
        f"The Dask cluster lacks what this process has ({what}): install the same bayesmix, and the modules of "
        "functions=, where its scheduler and workers run."
    )


@contextmanager
def workers_of(executor: Any, *, progress: bool) -> Iterator["Executor | Cluster | None"]:
    """Who does the tasks: the executor that was given, or the cluster of a client or of the address of a scheduler.

    Raises
    ------
    ArgumentError
        It is neither, Dask is not installed, or nobody answers at the address.
    """
    _require_executor(executor)
    client = _client_at(executor) if isinstance(executor, str) else executor
    try:
        yield Cluster(client, progress=progress) if is_client(client) else client
    finally:
        if client is not executor:
            client.close()


def _client_at(address: str) -> Any:
    if not _ADDRESS.fullmatch(address):
        raise ArgumentError(f"{shown(address)} is no address of a Dask scheduler, such as 'tcp://10.0.0.5:8786'.")
    try:
        from dask.distributed import Client
    except ImportError:
        raise ArgumentError(
            f'{shown(address)}: clusters are reached through Dask; run pip install "bayesmix[cluster]".'
        ) from None
    try:
        return Client(address, timeout=_TO_ANSWER, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise ArgumentError(f"No Dask scheduler answers at {shown(address)}: {reason}.") from None


def _require_executor(executor: Any) -> None:
    if executor is None or isinstance(executor, str | Executor) or is_client(executor):
        return
    if hasattr(executor, "scheduler_address"):
        raise ArgumentError(f"executor={shown(executor)} is a Dask cluster; give its client, executor=Client(cluster).")
    raise ArgumentError(
        "executor is a Dask client, the address of a Dask scheduler, or an executor of concurrent.futures such as "
        f"ProcessPoolExecutor(4); got {shown(executor)}."
    )


def is_client(executor: Any) -> bool:
    """Whether it is a client of Dask, which is loaded if somebody has one."""
    client = getattr(sys.modules.get("distributed"), "Client", None)
    return client is not None and isinstance(executor, client)


class Cluster:
    """What the coordinator knows of a Dask cluster, through its `client`.

    A task whose worker dies is given to another one by Dask itself, by default three times; after that the worker's
    death is the task's answer, one of `deadly`.
    """

    def __init__(self, client: Any, *, progress: bool = True):
        from dask.distributed import KilledWorker
        from distributed import scheduler

        if client.asynchronous:
            raise ArgumentError("executor is a Dask client that is asynchronous; give Client(..., asynchronous=False).")
        self.deadly: tuple[type[Exception], ...] = (KilledWorker,)
        self._deserted = tuple(getattr(scheduler, name) for name in _DESERTED if hasattr(scheduler, name))
        self._client, self._executor = client, client.get_executor(pure=False)
        self._n_threads, self._had, self._told, self._progress = 0, False, "", progress
        self._looked, self._seen = -_LOOK, monotonic()
        self.attend()

    @property
    def n_threads(self) -> int:
        """The threads of all workers, as they were when they were last looked at."""
        self._look()
        return self._n_threads

    @property
    def at_most(self) -> int:
        """Tasks that are in flight together."""
        return max(_AT_FIRST, _PER_THREAD * self.n_threads)

    def submit(self, work: Any, *arguments: Any) -> "Future[Any]":
        """Have work done by any worker.

        Raises
        ------
        SamplingError
            The cluster is closed.
        """
        try:
            return self._executor.submit(work, *arguments)
        except RuntimeError:
            raise self.closed() from None

    def result(self, future: "Future[Any]") -> Any:
        """What came of a task that is over.

        Raises
        ------
        SamplingError
            The cluster is closed, has no workers any more, or cannot read the task.
        """
        try:
            return future.result()
        except CancelledError:
            raise self.closed() from None
        except self._deserted:
            raise self._gone() from None
        except ImportError as error:
            raise _unread(str(error)) from None
        except RuntimeError as error:
            if _UNREAD not in str(error):
                raise
            raise _unread(str(error.__cause__ or "its graph")) from None

    def attend(self) -> None:
        """Look whether somebody is there to work; to be called from time to time while nothing comes back.

        Raises
        ------
        SamplingError
            The cluster is closed, or has had no workers for too long.
        """
        self._look()
        if self._n_threads:
            return
        if not self._had:
            self._tell("The Dask cluster has no workers yet; loci are fitted as soon as there are some.")
            return
        self._tell(f"The Dask cluster has lost its workers; others have {self._patience:.0f} seconds to come.")
        if monotonic() - self._seen > self._patience:
            raise self._gone()

    def closed(self) -> SamplingError:
        """The error that says that nobody takes tasks any more."""
        return SamplingError(f"The Dask client or its cluster was closed before all loci were done. {_KEPT}")

    def _gone(self) -> SamplingError:
        return SamplingError(
            f"All workers of the Dask cluster are gone, and none came in {self._patience:.0f} seconds. {_KEPT}"
        )

    @property
    def _patience(self) -> float:
        """As long as Dask itself waits for workers, where its configuration says that."""
        import dask
        from dask.utils import parse_timedelta

        given = dask.config.get("distributed.scheduler.no-workers-timeout", None)
        return _PATIENCE if given is None else float(parse_timedelta(given))

    def _look(self) -> None:
        if self._client.status not in ("running", "connecting"):
            raise self.closed()
        now = monotonic()
        if now - self._looked < _LOOK:
            return
        self._looked = now
        self._n_threads = sum(self._client.nthreads().values())
        if self._n_threads:
            self._had, self._seen, self._told = True, now, ""

    def _tell(self, line: str) -> None:
        """Say it once while it lasts."""
        if line != self._told:
            self._told = line
            tell(line, shown=self._progress)
