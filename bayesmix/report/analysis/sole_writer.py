"""One writer at a time: the writer of a results folder holds a lock beside it, and clears what killed runs left.

What is hidden beside ``X`` has its name: the lock ``.X.lock``, new results ``.X.unfinished-*``, and while these take
their place the old results, ``.X.replaced-*``.
"""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from time import time

from bayesmix.errors import OutputError
from bayesmix.report.analysis.result_files import remove_results

try:
    import fcntl
except ImportError:  # Windows has none
    fcntl = None  # type: ignore[assignment]

UNFINISHED, REPLACED, LOCK = "unfinished", "replaced", "lock"
_RANDOM = r"[a-z0-9_]{8,32}"
_DAY = 24 * 3600.0
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL, errno.EBADF}
_LONGEST = 200  # bytes of a folder's name before its hidden companions are named by a digest of it


def hidden_name(target: Path, kind: str) -> str:
    """The name of a hidden companion of `target`; those of folders lack their random end."""
    name = target.name
    if len(os.fsencode(name)) > _LONGEST:
        name = sha256(os.fsencode(name)).hexdigest()[:32]
    return f".{name}.{kind}"


@contextmanager
def sole_writer(target: Path, named: Path) -> Iterator[None]:
    """Lock `target`, in a folder that exists, against other runs, and clear what killed runs left there.

    Messages call it as it was `named`; an OutputError says that another run holds it. Old results that a killed run had
    moved aside are restored where nothing has taken their place. The lock ends with its process, however that ends. On
    systems without locks (Windows, some network disks) nothing is locked, and what is older than a day counts as left
    behind.
    """
    path = target.parent / hidden_name(target, LOCK)
    handle = None if fcntl is None else _locked(path, named)
    try:
        _clear(target, older_than=None if handle is not None else _DAY)
        yield
    finally:
        if handle is not None:
            # It is removed while it is held: a run that waits for it sees that it is gone and makes its own.
            path.unlink(missing_ok=True)
            os.close(handle)


def _locked(path: Path, named: Path) -> int | None:
    """A handle that holds the lock; None where the disk has no locks."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(handle, path):
                return handle
        except BlockingIOError:
            os.close(handle)
            raise OutputError(
                f"Another run is writing to {str(named)!r}; wait until it ends, or name another folder with --out."
            ) from None
        except OSError as error:
            os.close(handle)
            if error.errno not in _NO_LOCKS:
                raise
            path.unlink(missing_ok=True)
            return None
        os.close(handle)


def _is_at(handle: int, path: Path) -> bool:
    """Whether the open file is still the one at `path`: its last holder may have removed it."""
    try:
        return os.path.samestat(os.fstat(handle), os.lstat(path))
    except FileNotFoundError:
        return False


def _clear(target: Path, *, older_than: float | None) -> None:
    replaced = _left_behind(target, REPLACED, older_than)
    if replaced and not os.path.lexists(target):
        replaced.pop().rename(target)
    for folder in (*replaced, *_left_behind(target, UNFINISHED, older_than)):
        remove_results(folder)


def _left_behind(target: Path, kind: str, older_than: float | None) -> list[Path]:
    """Hidden folders of a kind that no running process holds, the newest last."""
    name = re.compile(re.escape(f"{hidden_name(target, kind)}-") + _RANDOM)
    folders = []
    for other in os.listdir(target.parent):
        folder = target.parent / other
        if name.fullmatch(other) and folder.is_dir() and not folder.is_symlink():
            with suppress(FileNotFoundError):  # another run may clear at the same time where there are no locks
                changed = folder.stat().st_mtime
                if older_than is None or time() - changed >= older_than:
                    folders.append((changed, folder))
    return [folder for _, folder in sorted(folders)]
