"""Compiled work on several cores."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager
from functools import cache
from threading import RLock

from threadpoolctl import ThreadpoolController

COMPILING = RLock()
"""Held while PyTensor or Numba compile, since neither is thread-safe."""


@cache
def _libraries() -> ThreadpoolController:
    """The loaded libraries of linear algebra; finding them takes longer than many a density."""
    return ThreadpoolController()


def one_blas_thread() -> AbstractContextManager:
    """A context in which linear algebra stays in the thread that calls it.

    Several threads take longer over products of small matrices than one: if other work keeps the cores busy, up to 30
    times as long for 40 group effects outside the largest factor, and 3 times for 1,000.
    """
    return _libraries().limit(limits=1, user_api="blas")


def in_parallel[Part](
    work: Callable[[Part], None], parts: Sequence[Part], *, cores: int, advance: Callable[[], None] | None = None
) -> None:
    """Call `work` on every part; its results must not depend on the order.

    Threads are enough, since kernels release Python's lock; linear algebra is held to one thread, or its threads would
    compete with these. An interrupt drops the parts that have not begun. `advance` is called in this thread after
    every part.
    """
    with one_blas_thread():
        if cores == 1 or len(parts) == 1:
            for part in parts:
                work(part)
                if advance:
                    advance()
            return
        with ThreadPoolExecutor(cores) as pool:
            running = [pool.submit(work, part) for part in parts]
            try:
                for finished in as_completed(running):
                    finished.result()
                    if advance:
                        advance()
            except BaseException:
                for waiting in running:
                    waiting.cancel()
                raise
