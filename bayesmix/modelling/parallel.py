"""Compiled work on several cores."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, nullcontext
from functools import cache

from threadpoolctl import ThreadpoolController

_SMALL = 400  # rows of a dense matrix, below which a second thread is woken for longer than it works


@cache
def _libraries() -> ThreadpoolController:
    """The linear algebra that is loaded; to look for it takes longer than many a density."""
    return ThreadpoolController()


def one_blas_thread() -> AbstractContextManager:
    """A context in which linear algebra keeps to the thread that calls it."""
    return _libraries().limit(limits=1, user_api="blas")


def threads_for(n_dense: int) -> AbstractContextManager:
    """A context for linear algebra with matrices of `n_dense` rows: one thread where they are small.

    To hand small products to several threads takes up to 50 times as long as to work them out, on a busy machine.
    """
    return one_blas_thread() if n_dense <= _SMALL else nullcontext()


def in_parallel[Part](
    work: Callable[[Part], None], parts: Sequence[Part], *, cores: int, advance: Callable[[], None] | None = None
) -> None:
    """Call `work` on every part; what it fills must not depend on the order.

    Threads are enough, since kernels release Python's lock; linear algebra is held to one thread, or its threads
    would fight with these. An interrupt drops the parts that have not begun.

    Parameters
    ----------
    advance
        Called in this thread after every part.
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
