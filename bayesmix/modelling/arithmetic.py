"""Arithmetic of compiled models: as it is written, so that the same seed gives the same draws in any process.

By default PyTensor lets LLVM put sums into another order, divide by multiplying and fuse a product with a sum. What
LLVM then does depends on which functions it sees together, and those that PyTensor reads from its cache on disk it sees
otherwise than those just compiled: whoever fitted a model for the second time, or after another model with a part in
common, got other last digits, and chains that soon went their own ways. Without these liberties the digits do not
depend on how the code came about. A density takes a tenth longer, that of a Gaussian model on all parameters half as
long again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import pytensor

_LOCK = Lock()
_HELD: list[bool] = []  # PyTensor's own setting, once for everyone inside: a setting is of the process, not of a thread


@contextmanager
def arithmetic_as_written() -> Iterator[None]:
    """A context in which PyTensor compiles arithmetic as it is written; several threads may be inside at once."""
    with _LOCK:
        _HELD.append(_HELD[0] if _HELD else pytensor.config.numba__fastmath)
        pytensor.config.numba__fastmath = False
    try:
        yield
    finally:
        with _LOCK:
            before = _HELD.pop()
            if not _HELD:
                pytensor.config.numba__fastmath = before
