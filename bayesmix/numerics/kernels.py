"""Compiled functions, kept on disk so that a second fit, in this process or the next, compiles nothing.

Numba's own cache looks only at the file of the function itself: an edited function of another file that was inlined
stays as it was. And its index of a function's signatures is read, changed and written back: two processes that compile
different signatures at once can leave an index that points to the wrong code. Here

- the folder's name is a digest of all sources next to this file and of the versions that decide what they compile to;
- every signature is a file of its own, which carries its whole key and a checksum and appears in one step.

So there is no index, nothing needs a lock, and the meaning of a file never changes. A folder that cannot be written, or
a file that is damaged, costs a compilation and nothing else. The folder may be deleted at any time. Code that another
user could have put there is not read (`private_files`).

Leans on these internals of Numba: the constructor of `CPUDispatcher`, its `get_call_template` and `get_overload`, which
a function that calls it is compiled with; `Dispatcher._cache` and `CFunc._cache`, which call `load_overload` and
`save_overload` of a `caching._Cache`; `CompileResult._reduce` and `_rebuild`, with `serialize.dumps`, as
`caching.CompileResultCacheImpl` uses them; `lifted` and `library.has_dynamic_globals`, which forbid a cache;
`codegen().magic_tuple()`, the processor and its features; the constructor of `CFunc`. For kernels that stand apart:
`_shared_module` and `_reload_init` of a library, which its callers link with and hand on; the place of the latter in
what `_reduce` gives; `_create_empty_module`; the number `unique_id` in the names of functions; that options are taken
over from the top of `ConfigStack`, a list; `is_symbol_defined`; and that LLVM finds a name in any module that was
added before.
"""

import logging
import pickle
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from shutil import rmtree
from typing import Any

import llvmlite
import numba
import numpy as np
import scipy
from llvmlite.binding import parse_assembly
from numba.core import config, serialize, types
from numba.core.caching import _Cache
from numba.core.ccallback import CFunc
from numba.core.compiler import Compiler, CompileResult
from numba.core.registry import CPUDispatcher
from numba.core.sigutils import normalize_signature
from numba.core.targetconfig import ConfigStack
from numba.misc.appdirs import AppDirs

from bayesmix.numerics.private_files import NotOwnError, is_own_folder, read_own, write_own


def kernel(function: Callable | None = None, /, **options: Any) -> Any:
    """Compile `function` without Python objects, free of the interpreter's lock, and keep the code on disk.

    It is used bare or with options of `numba.njit`, as in ``@kernel(fastmath={"contract"})``. A large kernel that is
    called by only one other takes ``inline="always"``: LLVM compiles everything that a kernel calls once more for every
    kernel around it. One that several call takes ``apart=True``: it is compiled once, and its callers jump to it. Then
    it is a name of its module, and costs a call with all arguments, which matters only within an inner loop.
    """
    if function is None:
        return partial(kernel, **options)
    apart = options.pop("apart", False)
    return function if getattr(config, "DISABLE_JIT", 0) else Kernel(function, targetoptions=options, apart=apart)


def _called(library: Any) -> tuple[str, ...]:
    """The names of the kernels that this code jumps to."""
    declared = (function.name for function in library._final_module.functions if function.is_declaration)
    return tuple(name for name in declared if name.startswith("_ZN"))


def _are_there(names: tuple[str, ...], codegen: Any, load: Iterable[Callable[[], None]]) -> bool:
    """Whether all kernels of these names are loaded, after `load`: LLVM would end the process if one were not."""
    for each in load:
        each()
    return all(map(codegen._engine.is_symbol_defined, names))


def kernel_pointer(signature: Any, function: Callable) -> CFunc:
    """`function` as a C function of `signature`, with its code kept on disk; it may be in any file and call kernels."""
    compiled: Any = CFunc(
        function, (signature.args, signature.return_type), locals={}, options={"error_model": "numpy"}
    )
    compiled._cache = KernelCache(function)
    compiled.compile()
    return compiled


class Kernel(CPUDispatcher):
    """A compiled function: itself for calls from Python, `inner` for calls from other kernels.

    Much of a compiled function converts Python objects to arrays and back. `inner` has no such code, and it is not
    compiled again for every literal number in a call.
    """

    def __init__(
        self, function: Callable, locals: Any = None, targetoptions: Any = None, apart: bool = False, **more: Any
    ) -> None:
        options: dict[str, Any] = {"nopython": True, "nogil": True, "boundscheck": None, "no_cfunc_wrapper": True}
        options |= {"error_model": "numpy"}  # 1 / 0 is infinite: a point that is avoided, no exception
        options |= targetoptions or {}
        super().__init__(function, locals or {}, options, **more)
        self._cache = KernelCache(function)
        of_inner = options | {"no_cpython_wrapper": True}
        inner: Any = (ApartKernel if apart else CPUDispatcher)(function, locals or {}, of_inner, **more)
        inner._cache = KernelCache(function, called_by="kernels")
        self.inner = inner

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """The signature for a call in another kernel that is being compiled."""
        plain = tuple(types.unliteral(type_) for type_ in args)
        return self.inner.get_call_template(plain, {name: types.unliteral(type_) for name, type_ in kws.items()})

    def get_overload(self, sig: Any) -> Any:
        """The code for such a call."""
        return self.inner.get_overload(sig)


class SameNames(Compiler):
    """Numba's compiler, which calls a function the same in every process: its code is kept, and so are its callers'."""

    def _compile_bytecode(self) -> Any:
        self.state.func_id.unique_id = 0  # a number of the process elsewhere; module, name and types tell them apart
        return super()._compile_bytecode()


class ApartKernel(CPUDispatcher):
    """A compiled function that other kernels call where it is, and that is not compiled into each of them again.

    They find its code by its name among all that is loaded, so that it has to be loaded before them.
    """

    def __init__(self, function: Callable, locals: Any, targetoptions: Any, **more: Any) -> None:
        super().__init__(function, locals, targetoptions, pipeline_class=SameNames, **more)

    def compile(self, sig: Any) -> Any:
        """The entry point for a signature."""
        with _own_options():
            entry = super().compile(sig)
        args, _ = normalize_signature(sig)
        compiled: Any = self.overloads[tuple(args)]
        library = compiled.library
        library._shared_module = parse_assembly(str(library.codegen._create_empty_module(library.name)))
        library._reload_init.add(Loading(self.py_func.__module__, self.py_func.__name__, tuple(args)))
        return entry


@contextmanager
def _own_options() -> Iterator[None]:
    """Hide the kernels that are being compiled: options, and with them a name, would be taken over from these."""
    outer = ConfigStack()._stk._stack
    kept = outer.copy()
    outer.clear()
    try:
        yield
    finally:
        outer[:] = kept


@dataclass(frozen=True)
class Loading:
    """Load, or compile, the code of a kernel that stands apart: what is done before the code of its callers is read."""

    module: str
    name: str
    args: tuple[Any, ...]

    def __call__(self) -> None:
        getattr(import_module(self.module), self.name).inner.compile(self.args)


def cache_folder() -> Path:
    """Where the code of these sources and these versions is kept, below NUMBA_CACHE_DIR or the user's cache."""
    chosen = getattr(config, "CACHE_DIR", "")
    users = AppDirs(appname="bayesmix", appauthor=False).user_cache_dir
    return (Path(chosen, "bayesmix") if chosen else Path(users)) / f"kernels-{_STAMP}"


def _stamp() -> str:
    """Digest of all sources next to this file and below, and of the versions that decide what they compile to."""
    versions = (numba.__version__, llvmlite.__version__, np.__version__, scipy.__version__, sys.version)
    digest = sha256(repr(versions).encode())
    here = Path(__file__).parent
    for path in sorted(here.rglob("*.py")):
        digest.update(path.relative_to(here).as_posix().encode())
        digest.update(sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _remove_old_folders(root: Path) -> None:
    """Keep the newest folders: every edit and upgrade leaves one. Older processes compile again."""
    folders = sorted(root.glob("kernels-*"), key=lambda folder: folder.stat().st_mtime)
    for old in folders[:-_FOLDERS]:
        rmtree(old, ignore_errors=True)


@cache
def _tell(trouble: str) -> None:
    """Say once why code is compiled anew instead of being read."""
    logging.getLogger("bayesmix").warning(
        f"bayesmix: {trouble}: compiled code is neither read from there nor kept, which makes every start slow; set "
        "NUMBA_CACHE_DIR to a folder of your own."
    )


_FOLDERS = 8
_TO_LOAD = 7  # the place of what has to be loaded before, in what Numba makes of a compiled function
_STAMP = _stamp()


class KernelCache(_Cache):
    """The compiled signatures of one function, as Numba asks for them and hands them over."""

    def __init__(self, function: Callable, called_by: str = "Python") -> None:
        code = function.__code__
        self._name = function.__name__
        self._place = (function.__module__, function.__qualname__, code.co_firstlineno, called_by)
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
            content = read_own(path)
        except NotOwnError as error:
            _tell(str(error))
            return None
        except OSError:
            return None
        checksum, content = content[:32], content[32:]
        if not self._enabled or sha256(content).digest() != checksum:
            return None
        stored, called, reduced = pickle.loads(content)
        if stored != key or not _are_there(called, target_context.codegen(), reduced[_TO_LOAD]):
            return None
        result: Any = CompileResult._rebuild(target_context, *reduced)
        result.library._reload_init.update(result.reload_init)  # which Numba forgets, and hands on to later callers
        return result

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the code of a signature, unless the sources on disk are no longer the ones that were imported."""
        if not self._enabled or data.lifted or data.library.has_dynamic_globals or _stamp() != _STAMP:
            return
        key, path = self._key(sig, data.codegen)
        content = serialize.dumps((key, _called(data.library), data._reduce()))
        is_first = not path.parent.exists()
        try:
            write_own(path, sha256(content).digest() + content)
        except NotOwnError as error:
            _tell(str(error))
        except OSError:  # no room, no right to write, or on Windows a reader that holds the same code
            return
        else:
            if is_first and is_own_folder(path.parent.parent):
                _remove_old_folders(path.parent.parent)

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
