"""Processes that fit blocks of loci: started anew, one core each, and what is done when one dies.

They are spawned, not forked, since compiled code and its threads do not survive a fork. The script of the user is not
run again in them, so that it needs no ``if __name__ == "__main__"``.
"""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any

from threadpoolctl import threadpool_limits

_HIDDEN = ("__spec__", "__file__")


class Process(SpawnProcess):
    """A process that does not run the user's script first."""

    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802, the name that multiprocessing calls
        with _without_script():
            return SpawnProcess._Popen(process_obj)


class Context(SpawnContext):
    """multiprocessing's context of such processes."""

    Process = Process


@contextmanager
def _without_script() -> Iterator[None]:
    main = sys.modules["__main__"]
    kept = {name: getattr(main, name) for name in _HIDDEN if hasattr(main, name)}
    for name in kept:
        setattr(main, name, None)
    try:
        yield
    finally:
        for name, value in kept.items():
            setattr(main, name, value)


def _begin() -> None:
    """Keep linear algebra of a worker in one thread, for as long as it lives."""
    _LIMITS.append(threadpool_limits(limits=1))


_LIMITS: list[Any] = []


def pool(workers: int) -> ProcessPoolExecutor:
    """A pool of `workers` processes."""
    return ProcessPoolExecutor(workers, mp_context=Context(), initializer=_begin)


class Here:
    """An executor that does the work at once, in this process."""

    def submit(self, work: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        future.set_result(work(*arguments))
        return future
