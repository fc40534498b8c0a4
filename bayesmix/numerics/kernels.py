"""Compiled functions, kept on disk so that a second fit, in this process or the next, compiles nothing.

Numba's own cache looks at the file of a function alone: an edited callee in another file, inlined before the edit,
stays as it was. And its index of a function's signatures is read, changed and written back: two processes that
compile different signatures at once can leave an index that points to the other's code. Here

- the folder's name is a digest of all sources next to this file and of the versions that decide what they compile to;
- every signature is a file of its own, which carries its whole key and a checksum and appears in one step.

So there is no index, nothing needs a lock, and what a file means never changes. A folder that cannot be written, or a
file that is damaged, costs a compilation and nothing else. The folder may be deleted at any time.

Leans on these internals of Numba: `Dispatcher._cache` and `CFunc._cache`, which call `load_overload` and
`save_overload` of a `caching._Cache`; `CompileResult._reduce` and `_rebuild`, with `serialize.dumps`, as
`caching.CompileResultCacheImpl` uses them; `lifted` and `library.has_dynamic_globals`, which forbid a cache;
`codegen().magic_tuple()`, the processor and its features; the constructor of `CFunc`.
"""

import os
import pickle
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import llvmlite
import numba
import numpy as np
import scipy
from numba.core import config, serialize
from numba.core.caching import _Cache
from numba.core.ccallback import CFunc
from numba.core.compiler import CompileResult
from numba.misc.appdirs import AppDirs


def kernel(function: Callable | None = None, /, **options: Any) -> Any:
    """Compile `function` without Python objects, free of the interpreter's lock, and keep the code on disk.

    Used bare or with options of `numba.njit`, as in ``@kernel(fastmath={"contract"})``.
    """
    if function is None:
        return partial(kernel, **options)
    compiled = numba.njit(nogil=True, **options)(function)
    compiled._cache = KernelCache(function)
    return compiled


def kernel_pointer(signature: Any, function: Callable) -> CFunc:
    """`function` as a C function of `signature`, its code kept on disk; it may stand in any file and call kernels."""
    compiled: Any = CFunc(function, (signature.args, signature.return_type), locals={}, options={})
    compiled._cache = KernelCache(function)
    compiled.compile()
    return compiled


def cache_folder() -> Path:
    """Where the code of these sources and these versions is kept, below NUMBA_CACHE_DIR or the user's cache."""
    chosen = getattr(config, "CACHE_DIR", "")
    users = AppDirs(appname="bayesmix", appauthor=False).user_cache_dir
    return (Path(chosen, "bayesmix") if chosen else Path(users)) / f"kernels-{_STAMP}"


def _stamp() -> str:
    """Digest of the sources next to this file and below, and of what decides which code they compile to."""
    versions = (numba.__version__, llvmlite.__version__, np.__version__, scipy.__version__, sys.version)
    found = sha256(repr(versions).encode())
    here = Path(__file__).parent
    for path in sorted(here.rglob("*.py")):
        found.update(path.relative_to(here).as_posix().encode())
        found.update(sha256(path.read_bytes()).digest())
    return found.hexdigest()[:16]


_STAMP = _stamp()


class KernelCache(_Cache):
    """The compiled signatures of one function, as Numba asks for them and hands them over."""

    def __init__(self, function: Callable) -> None:
        code = function.__code__
        self._name = function.__name__
        self._place = (function.__module__, function.__qualname__, code.co_firstlineno)
        self.enable()
        # The own file too: a function for `kernel_pointer` stands outside the sources that the folder's name covers.
        try:
            self._source = sha256(Path(code.co_filename).read_bytes()).hexdigest()
        except OSError:  # sources in an archive, or typed in: nothing tells one version from the next
            self._source = ""
            self.disable()

    @property
    def cache_path(self) -> str:
        return str(cache_folder())

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The code of a signature, or None."""
        target_context.refresh()
        key, path = self._key(sig, target_context.codegen())
        try:
            content = path.read_bytes()
        except OSError:
            return None
        checksum, content = content[:32], content[32:]
        if not self._enabled or sha256(content).digest() != checksum:
            return None
        found, reduced = pickle.loads(content)
        return CompileResult._rebuild(target_context, *reduced) if found == key else None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the code of a signature, unless the sources on disk are no longer the ones that were imported."""
        if not self._enabled or data.lifted or data.library.has_dynamic_globals or _stamp() != _STAMP:
            return
        key, path = self._key(sig, data.codegen)
        content = serialize.dumps((key, data._reduce()))
        scratch = path.with_name(f"{path.name}.{uuid4().hex[:8]}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            scratch.write_bytes(sha256(content).digest() + content)
            os.replace(scratch, path)
        except OSError:  # no room, no right to write, or on Windows a reader that holds the same code
            with suppress(OSError):
                scratch.unlink()

    def enable(self) -> None:
        self._enabled = True

    def disable(self) -> None:
        self._enabled = False

    def flush(self) -> None:
        """Nothing: what a file means never changes."""

    def _key(self, sig: Any, codegen: Any) -> tuple[Any, Path]:
        key = (self._place, self._source, sig, codegen.magic_tuple())
        digest = sha256(repr(key).encode()).hexdigest()[:24]
        return key, cache_folder() / f"{self._name}-{digest}.kernel"
