"""Files that exist as a whole or not at all, and the errors by which a disk refuses.

A file that is being written has the name `.name.unfinished-xxxxxxxx` beside its place until it is complete. Its process
holds a lock on it, which the system drops when the process ends in whatever way. A file that nobody holds was left
behind by a process that was killed, and the next process that writes under the same name removes it.

This room imports the standard library only; every other room may import it.
"""

import errno
import os
import re
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no such locks
    fcntl = None  # type: ignore[assignment]

REFUSALS = frozenset(
    {
        errno.EACCES,
        errno.EDQUOT,
        errno.EEXIST,
        errno.EFBIG,
        errno.EIO,
        errno.EISDIR,
        errno.ELOOP,
        errno.ENAMETOOLONG,
        errno.ENOENT,
        errno.ENOSPC,
        errno.ENOTDIR,
        errno.ENOTEMPTY,
        errno.EPERM,
        errno.EROFS,
        errno.ETXTBSY,
    }
)
"""The error numbers by which a disk refuses a file: no space, no right, no such place."""

_MARK = ".unfinished-"
_NAME_LENGTH = 40  # characters of up to 4 bytes each, where a name may have 255
_A_DAY = 86400.0  # seconds


def fault_of_name(path: Path) -> str | None:
    """The reason why no file can have this name, such as "has a NUL in it", or None."""
    if "\0" in str(path):
        return "has a NUL in it"
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return "has half of a surrogate pair in it"
    return None


def read_regular(path: Path, *, beginning: bytes = b"") -> bytes:
    """The bytes of a regular file; only its first bytes if they differ from `beginning`.

    It does not wait for a pipe or read a device, which may have no end.

    Raises
    ------
    OSError
        There is no such file, it may not be read, or it is not a regular file; `strerror` says which.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "It is no regular file", str(path))
        with os.fdopen(handle, "rb", closefd=False) as file:
            start = file.read(len(beginning))
            if start != beginning:
                return start
            file.seek(0)
            return file.read()
    finally:
        os.close(handle)


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Write a file that replaces an earlier one once all of it is on the disk.

    Files that killed processes left under this name are removed first.

    Raises
    ------
    OSError
        The disk refuses. An earlier file is untouched and nothing is left behind.
    """
    _remove_abandoned(path)
    handle, scratch = _scratch_file(path)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(handle)
            os.chmod(scratch, 0o666 & ~current_umask())
            if fcntl is not None:  # while it is held; Windows renames no file that is open
                os.replace(scratch, path)
        if fcntl is None:
            os.replace(scratch, path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _scratch_prefix(path: Path) -> str:
    return f".{path.name[:_NAME_LENGTH]}{_MARK}"


def _scratch_file(path: Path) -> tuple[int, str]:
    """A new file beside `path`, open and held by this process."""
    while True:
        handle, scratch = tempfile.mkstemp(prefix=_scratch_prefix(path), dir=path.parent)
        # Another process may have considered it abandoned before it was held.
        if _hold(handle) is not False and os.fstat(handle).st_nlink > 0:
            return handle, scratch
        os.close(handle)
        Path(scratch).unlink(missing_ok=True)


def _hold(handle: int) -> bool | None:
    """Whether this process now holds an open file until it is closed; None where the system cannot tell."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return None
    return True


def _remove_abandoned(path: Path) -> None:
    """Remove the files that killed processes left of `path`, or without locks those that are a day old."""
    name = re.compile(re.escape(_scratch_prefix(path)) + r"[a-z0-9_]{8}")
    with suppress(OSError):  # a folder that may be written to but not listed
        for entry in os.listdir(path.parent):
            if name.fullmatch(entry):
                _remove_if_abandoned(path.parent / entry)


def _remove_if_abandoned(scratch: Path) -> None:
    with suppress(OSError):  # it is gone by now, or another user's
        if fcntl is None:
            if _is_old(scratch.lstat()):
                scratch.unlink()
            return
        handle = os.open(scratch, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            about, held = os.fstat(handle), _hold(handle)
            if stat.S_ISREG(about.st_mode) and (held or (held is None and _is_old(about))):
                scratch.unlink()  # while it is held: a process that has just made it sees that and makes another
        finally:
            os.close(handle)


def _is_old(about: os.stat_result) -> bool:
    return time.time() - about.st_mtime > _A_DAY


def sync_folder(folder: Path) -> None:
    """Have the names in a folder written to the disk, which Windows cannot do."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        return
    finally:
        os.close(handle)


def current_umask() -> int:
    """The rights that new files of this process lack."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def sync_files(folder: Path) -> None:
    """Have the files in a folder, and their names, written to the disk.

    Raises
    ------
    OSError
        The disk refuses.
    """
    for path in folder.iterdir():
        with path.open("rb+") as file:  # Windows syncs only what is open for writing
            os.fsync(file.fileno())
    sync_folder(folder)
