"""How long Numba compiled while something else was timed, and a line that says so."""

from time import perf_counter
from types import TracebackType

from numba.core.event import Event, Listener, register, unregister
from rich.console import Console

from bayesmix.modelling.samplers.progress import can_show, tell
from bayesmix.numerics.kernels import KernelCache

_COMPILING = "numba:compiler_lock"
_NOT_ON_DISK = "numba:compile"
_NOTICE = "Compiling, once per installation: this takes up to half a minute ..."


class CompileClock(Listener):
    """A context; `seconds`: how long Numba was compiling in it, in any thread."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth, self._started = 0, 0.0

    def __enter__(self) -> "CompileClock":
        register(_COMPILING, self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        unregister(_COMPILING, self)

    def on_start(self, event: Event) -> None:  # noqa: ARG002 (Numba gives it)
        """Compiled code asks for other code to be compiled: the outermost call counts."""
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


class CompileNotice(Listener):
    """A context in which a line on standard error says once that kernels are compiled; none where all are on disk.

    `shown`: whether progress is wanted; `has_bar`: whether a progress bar says it in a terminal or a notebook.
    """

    def __init__(self, *, shown: bool, has_bar: bool = True) -> None:
        self._silent = not shown or (has_bar and can_show(Console(stderr=True)))

    def __enter__(self) -> "CompileNotice":
        register(_NOT_ON_DISK, self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        unregister(_NOT_ON_DISK, self)

    def on_start(self, event: Event) -> None:
        """A function is not on disk: those of other packages, compiled anew in every process, are none of ours."""
        is_kernel = isinstance(getattr(event.data["dispatcher"], "_cache", None), KernelCache)
        if is_kernel and not self._silent:
            self._silent = True
            tell(_NOTICE, shown=True)

    def on_end(self, event: Event) -> None:
        """Nothing: the seconds are those of `CompileClock`."""
