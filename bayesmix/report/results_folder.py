"""A folder of results that is there as a whole or not at all."""

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bayesmix.errors import OutputError, listing

SESSION = "session.json"
WRITTEN_BY = ("written_by", "bayesmix")
_LITTER = {".DS_Store", "Thumbs.db", "desktop.ini", ".ipynb_checkpoints"}


def refuse_foreign(target: Path) -> None:
    """Refuse a place that holds anything but an earlier run's results: these alone are replaced.

    Raises
    ------
    OutputError
        `target` is a file, the current directory or one above it, or a folder with files that no run wrote.
    """
    name = str(target)
    if not os.path.lexists(target):
        return
    if not target.is_dir():
        raise OutputError(f"{name!r} is a file; results are written to a folder. Name another with --out.")
    if target.resolve() in (Path.cwd(), *Path.cwd().parents):
        raise OutputError(f"{name!r} is the current directory or one above it; name a new folder with --out.")
    found = {file.name for file in target.iterdir()} - _LITTER
    if not found:
        return
    foreign = sorted(found - _own_files(target))
    if foreign:
        raise OutputError(
            f"{name!r} holds {len(foreign)} files that bayesmix did not write ({listing(foreign, at_most=4)}), "
            "which replacing it would delete; move them, or name another folder with --out."
        )


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A fresh folder to write into, which takes the place of `target` when the block ends well.

    When it does not, for an error or an interrupt, nothing is left behind and an earlier `target` is untouched.

    Raises
    ------
    OutputError
        As `refuse_foreign`, or the disk refuses.
    """
    refuse_foreign(target)
    target = target.resolve()
    made: list[Path] = []
    unfinished: Path | None = None
    try:
        made = _make_parents(target.parent)
        unfinished = Path(tempfile.mkdtemp(prefix=f".{target.name}.unfinished-", dir=target.parent))
        yield unfinished
        _grant_usual_rights(unfinished)
        _take_place(unfinished, target)
    except BaseException as error:
        if unfinished is not None:
            shutil.rmtree(unfinished, ignore_errors=True)
        for folder in reversed(made):
            _remove_if_empty(folder)
        if isinstance(error, OSError) and error.errno in _DISK:
            raise OutputError(f"Results cannot be written to {str(target)!r}: {error.strerror}.") from error
        raise


_DISK = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.ENAMETOOLONG,
    errno.EIO,
}


def _own_files(folder: Path) -> set[str]:
    """The files that an earlier run lists as its own; none where there was no such run."""
    try:
        session = json.loads((folder / SESSION).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    key, value = WRITTEN_BY
    if not isinstance(session, dict) or session.get(key) != value or not isinstance(session.get("files"), list):
        return set()
    return {str(name) for name in session["files"]}


def _make_parents(folder: Path) -> list[Path]:
    """Make `folder`; returns the folders that were not there, outermost first."""
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()][::-1]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _grant_usual_rights(folder: Path) -> None:
    """The rights that a plain `mkdir` gives: a temporary folder is closed to all others."""
    mask = os.umask(0)
    os.umask(mask)
    folder.chmod(0o777 & ~mask)


def _take_place(finished: Path, target: Path) -> None:
    if not target.exists():
        finished.rename(target)
        return
    old = finished.with_name(finished.name.replace("unfinished", "replaced"))
    target.rename(old)
    try:
        finished.rename(target)
    except BaseException:
        if not target.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
