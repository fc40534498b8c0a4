"""A folder of results that is there as a whole or not at all."""

import json
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import Any

from bayesmix import disk
from bayesmix.errors import ArgumentError, OutputError, listing
from bayesmix.report.analysis.result_files import LITTER, SESSION, is_regular, is_result, remove_results
from bayesmix.report.analysis.sole_writer import REPLACED, UNFINISHED, hidden_name, sole_writer

WRITTEN_BY = ("written_by", "bayesmix")
_ATTEMPTS = 10
_MOST_SESSION = 1 << 24  # bytes; one of a run has some thousand
_PROBE = 1 << 20  # bytes that a disk must take before anything is fitted


def results_path(out: Any) -> Path:
    """The path `out` with its ``~`` resolved.

    Raises
    ------
    ArgumentError
        `out` is no path.
    OutputError
        No folder can have this name.
    """
    try:
        path = Path(out)
    except TypeError:
        raise ArgumentError(f"The folder of results is named by its path; got {type(out).__name__}.") from None
    fault = disk.fault_of_name(path)
    if fault:
        raise OutputError(f"{str(path)!r} {fault}, as no folder's name may; name another with --out.")
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise OutputError(f"Results cannot be written to {str(path)!r}: {str(error).rstrip('.')}.") from None


def refuse_no_folder(target: Path, named: Path) -> None:
    """Refuse a place where no folder of results can be made or replaced, whatever it holds.

    Parameters
    ----------
    target, named
        The folder, with the folders around it resolved, and as it was asked for.

    Raises
    ------
    OutputError
        `target` is a file, a link, or the current directory or one above it.
    OSError
        The disk refuses to look.
    """
    name = str(named)
    try:
        kind = os.lstat(target).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(kind):
        raise OutputError(
            f"{name!r} is a link, which results would replace; name the folder that it points to with --out."
        )
    if not stat.S_ISDIR(kind):
        raise OutputError(f"{name!r} is a file; results are written to a folder. Name another with --out.")
    if target in (Path.cwd(), *Path.cwd().parents):
        raise OutputError(f"{name!r} is the current directory or one above it; name a new folder with --out.")


def refuse_foreign(target: Path, named: Path) -> None:
    """Refuse a folder that holds anything but an earlier run's results: these alone are replaced.

    Raises
    ------
    OutputError
        As `refuse_no_folder`, or there are files that no run wrote.
    OSError
        The disk refuses to look.
    """
    refuse_no_folder(target, named)
    if not os.path.lexists(target):
        return
    own = _own_files(target)
    foreign = sorted(file for file in os.listdir(target) if file not in own or not is_regular(target / file))
    if foreign:
        raise OutputError(
            f"{str(named)!r} holds {len(foreign)} files that bayesmix did not write ({listing(foreign, at_most=4)}), "
            "which replacing it would delete; move them, or name another folder with --out."
        )


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A fresh folder to write into, which takes the place of `target` when the block ends well.

    The folder is hidden beside `target`, was written to on trial, and is held against other runs. When the block does
    not end well, for an error or an interrupt, nothing is left behind and an earlier `target` is untouched; what a
    killed run left is cleared by the next one.

    Raises
    ------
    OutputError
        As `refuse_foreign`, another run is writing there, or the disk refuses: at once, or when the block has ended.
    """
    named = results_path(target)
    with ExitStack() as stack:
        with disk_refusals(named):
            target = _with_folders_resolved(named)
            refuse_no_folder(target, named)
            stack.enter_context(_held(target, named))
            refuse_foreign(target, named)  # while it is held: before, another run may be replacing it
            unfinished = target.parent / f"{hidden_name(target, UNFINISHED)}-{token_hex(16)}"
            stack.callback(shutil.rmtree, unfinished, ignore_errors=True)  # first: a signal may come with the folder
            unfinished.mkdir(mode=0o700)
            _try_to_write(unfinished)
        yield unfinished
        with disk_refusals(named):
            disk.sync_files(unfinished)
            unfinished.chmod(0o777 & ~disk.current_umask())  # a temporary folder is closed to all others
            refuse_foreign(target, named)
            _take_place(unfinished, target)


@contextmanager
def disk_refusals(named: Path) -> Iterator[None]:
    """Say in one line that the disk refuses to take what is written."""
    try:
        yield
    except OSError as error:
        if error.errno not in disk.REFUSALS:
            raise
        raise OutputError(f"Results cannot be written to {str(named)!r}: {error.strerror}.") from error


def _own_files(folder: Path) -> set[str]:
    """The files that an earlier run lists as its own and that a run can have written; none where there was none."""
    session = folder / SESSION
    if not is_regular(session):
        return set(LITTER)
    try:
        if session.stat().st_size > _MOST_SESSION:
            return set(LITTER)
        content = json.loads(session.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return set(LITTER)
    key, value = WRITTEN_BY
    if not isinstance(content, dict) or content.get(key) != value or not isinstance(content.get("files"), list):
        return set(LITTER)
    return {*LITTER, *(name for name in map(str, content["files"]) if is_result(name))}


def _with_folders_resolved(path: Path) -> Path:
    """`path` from the root on, links followed in the folders around it but not in itself."""
    # A path that ends in .. has no name of its own.
    return path.resolve() if path.name in ("", "..") else path.parent.resolve() / path.name


@contextmanager
def _held(target: Path, named: Path) -> Iterator[None]:
    """The folder around `target`, made where it is missing, and `target` held against other runs."""
    with ExitStack() as stack:
        for attempt in range(_ATTEMPTS):
            try:
                for folder in _make_parents(target.parent):
                    stack.callback(_remove_if_empty, folder)
                stack.enter_context(sole_writer(target, named))
                break
            except FileNotFoundError:
                # A run that ended has removed the folder, which was empty then.
                if attempt == _ATTEMPTS - 1:
                    raise
        yield


def _make_parents(folder: Path) -> list[Path]:
    """Make `folder`; returns the folders that were not there, outermost first."""
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()][::-1]
    for parent in missing:
        parent.mkdir(exist_ok=True)
    return missing


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def _try_to_write(folder: Path) -> None:
    """Write and remove a file as large as small results are: a disk may make folders and yet take no files."""
    probe = folder / f".{SESSION}.unfinished-probe"
    with probe.open("wb") as file:
        file.write(os.urandom(_PROBE))
        file.flush()
        os.fsync(file.fileno())
    probe.unlink()


def _take_place(finished: Path, target: Path) -> None:
    if not os.path.lexists(target):
        finished.rename(target)
        disk.sync_folder(target.parent)
        return
    end = finished.name.removeprefix(hidden_name(target, UNFINISHED))
    old = finished.with_name(hidden_name(target, REPLACED) + end)
    target.rename(old)
    try:
        finished.rename(target)
    except BaseException:
        if not os.path.lexists(target):
            old.rename(target)
        raise
    disk.sync_folder(target.parent)
    remove_results(old)
