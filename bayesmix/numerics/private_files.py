"""Files that are read only if nobody else can have written them.

Compiled code is kept as pickles, and to read a pickle is to run it. Into a folder that others may write to, such as a
shared NUMBA_CACHE_DIR, another user could have put it. The checks look at the open folder and the open file, not at
their names, so that nothing can be exchanged in between: a folder that is ours and that nobody else may write to holds
only what we put there, whoever owns the folders above it. Windows has no such owners and modes, and keeps a user's
cache out of others' reach.
"""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

HAS_OWNERS = os.open in os.supports_dir_fd and hasattr(os, "geteuid")


class NotOwnError(PermissionError):
    """Another user could have written a folder or a file; the text is one clear line."""


def read_own(path: Path) -> bytes:
    """The content of a file of ours.

    Raises
    ------
    NotOwnError
        The file or its folder is another user's, others may write to it, or it is a link.
    OSError
        There is no such file, or it cannot be read.
    """
    if not HAS_OWNERS:
        return path.read_bytes()
    with _own_folder(path.parent) as folder:
        # A named pipe that stands there would otherwise wait for somebody to write to it.
        handle = os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        with os.fdopen(handle, "rb") as file:
            _require_own(os.fstat(handle), path, stat.S_ISREG)
            return file.read()


def write_own(path: Path, content: bytes) -> None:
    """Write a file for us alone, in one step, into a folder that is made for us alone.

    Raises
    ------
    NotOwnError
        The folder exists and is another user's, or others may write to it, or it is a link.
    OSError
        There is no room, or no right to write.
    """
    path.parent.parent.parent.mkdir(parents=True, exist_ok=True)
    for made in (path.parent.parent, path.parent):
        made.mkdir(mode=0o700, exist_ok=True)
    scratch = f"{path.name}.{uuid4().hex[:8]}"
    if not HAS_OWNERS:
        _write(path.parent / scratch, path, content, None)
        return
    with _own_folder(path.parent) as folder:
        _write(scratch, path.name, content, folder)


def is_own_folder(path: Path) -> bool:
    """Whether nobody else can have put anything there."""
    if not HAS_OWNERS:
        return True
    try:
        with _own_folder(path):
            return True
    except OSError:
        return False


def _write(scratch: str | Path, name: str | Path, content: bytes, folder: int | None) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(scratch, flags, 0o600, dir_fd=folder), "wb") as file:
            file.write(content)
        os.replace(scratch, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        with suppress(OSError):
            os.unlink(scratch, dir_fd=folder)
        raise


@contextmanager
def _own_folder(path: Path) -> Iterator[int]:
    """The open folder."""
    if path.is_symlink():
        raise NotOwnError(f"{path} is a link, which may lead anywhere")
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _require_own(os.fstat(folder), path, stat.S_ISDIR)
        yield folder
    finally:
        os.close(folder)


def _require_own(status: os.stat_result, path: Path, is_kind: Callable[[int], bool]) -> None:
    if status.st_uid not in (os.geteuid(), 0):  # the administrator can do anything anyway
        raise NotOwnError(f"{path} belongs to another user, number {status.st_uid}")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise NotOwnError(f"{path} may be written to by others (mode {stat.S_IMODE(status.st_mode):04o})")
    if not is_kind(status.st_mode):
        raise NotOwnError(f"{path} is neither a file nor a folder")
