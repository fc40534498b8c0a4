"""How long Numba compiled while something else was timed."""

from time import perf_counter
from types import TracebackType

from numba.core.event import Event, Listener, register, unregister

_COMPILING = "numba:compiler_lock"


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
