"""Files that are there as a whole or not at all, and what a disk says when it refuses.

This room imports the standard library only; every other room may import it.
"""

import errno
import os
import tempfile
from pathlib import Path

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
"""The error numbers by which a disk refuses to be written: no room, no right, no such place."""


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that takes the place of an earlier one once all of it is on the disk.

    Raises
    ------
    OSError
        The disk refuses; an earlier file is untouched and nothing is left behind.
    """
    handle, scratch = tempfile.mkstemp(prefix=f".{path.name[:60]}.unfinished-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(scratch, 0o666 & ~current_umask())
        os.replace(scratch, path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder written to the disk, where the system can: Windows cannot."""
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
