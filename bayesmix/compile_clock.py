"""The time that Numba takes to compile while something else is timed, and a line that says so."""

from time import perf_counter
from typing import Self

from numba.core.event import Event, Listener, register, unregister
from rich.console import Console

from bayesmix.numerics.kernels import KernelCache
from bayesmix.terminal import can_show, tell

_COMPILING = "numba:compiler_lock"
_NOT_ON_DISK = "numba:compile"
_NOTICE = "Compiling, once per installation: this takes up to half a minute ..."


class _Listening(Listener):
    """A context that hears one kind of Numba's events, in any thread."""

    kind: str

    def __enter__(self) -> Self:
        register(self.kind, self)
        return self

    def __exit__(self, *error: object) -> None:
        unregister(self.kind, self)


class CompileClock(_Listening):
    """A context whose `seconds` are the time that Numba compiled in it."""

    kind = _COMPILING

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth, self._started = 0, 0.0

    def on_start(self, event: Event) -> None:  # noqa: ARG002 (Numba gives it)
        """Compiled code may have other code compiled; only the outermost call is timed."""
        if self._depth == 0:
            self._started = perf_counter()
        self._depth += 1

    def on_end(self, event: Event) -> None:  # noqa: ARG002
        """The outermost call is done."""
        if self._depth == 0:
            return
        self._depth -= 1
        if self._depth == 0:
            self.seconds += perf_counter() - self._started


class CompileNotice(_Listening):
    """A context in which a line on standard error says once that kernels are compiled, unless all are on disk.

    `shown`: whether progress is wanted; `has_bar`: whether a progress bar says it in a terminal or a notebook.
    """

    kind = _NOT_ON_DISK

    def __init__(self, *, shown: bool, has_bar: bool = True) -> None:
        self._silent = not shown or (has_bar and can_show(Console(stderr=True)))

    def on_start(self, event: Event) -> None:
        """A function is not on disk. Those of other packages, compiled anew in every process, do not count."""
        is_kernel = isinstance(getattr(event.data["dispatcher"], "_cache", None), KernelCache)
        if is_kernel and not self._silent:
            self._silent = True
            tell(_NOTICE, shown=True)

    def on_end(self, event: Event) -> None:
        """Nothing happens; `CompileClock` keeps the time."""
