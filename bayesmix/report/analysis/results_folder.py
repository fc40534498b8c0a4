"""A folder of results that exists as a whole or not at all."""

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
_PROBE = 1 << 20  # bytes that a disk must accept before anything is fitted


def results_path(out: Any) -> Path:
    """The path `out` with its ``~`` resolved; refuses what is no path, and names that no folder can have."""
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
    """Refuse a place where no folder of results can be made or replaced: a file, a link, the current directory.

    The `target` has its parent folders resolved; messages call it as it was `named`.
    """
    name = str(named)
    try:
        kind = os.lstat(target).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(kind):
        advice = "name the folder that it points to with --out"
        raise OutputError(f"{name!r} is a link, which results would replace; {advice}.")
    if not stat.S_ISDIR(kind):
        raise OutputError(f"{name!r} is a file; results are written to a folder. Name another with --out.")
    if target in (Path.cwd(), *Path.cwd().parents):
        raise OutputError(f"{name!r} is the current directory or one above it; name a new folder with --out.")


def refuse_foreign(target: Path, named: Path) -> None:
    """Refuse, as `refuse_no_folder` does, and also a folder with other files than an earlier run's results."""
    refuse_no_folder(target, named)
    if not os.path.lexists(target):
        return
    results = _own_files(target)
    foreign = sorted(file for file in os.listdir(target) if file not in results or not is_regular(target / file))
    if foreign:
        raise OutputError(
            f"{str(named)!r} holds {len(foreign)} files that bayesmix did not write ({listing(foreign, at_most=4)}), "
            "which replacing it would delete; move them, or name another folder with --out."
        )


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A new folder to write into, which replaces `target` when the block ends well.

    The folder is hidden beside `target`, is locked against other runs, and a trial file was written to it. If the block
    ends with an error or an interrupt, nothing is left behind and an earlier `target` is untouched; the next run clears
    what a killed run left. An OutputError says that the folder is refused, that another run is writing there, or that
    the disk refuses, at once or when the block has ended.
    """
    named = results_path(target)
    with ExitStack() as stack:
        with disk_refusals(named):
            target = _with_folders_resolved(named)
            refuse_no_folder(target, named)
            stack.enter_context(_held(target, named))
            refuse_foreign(target, named)  # while it is held: before, another run may be replacing it
            unfinished = target.parent / f"{hidden_name(target, UNFINISHED)}-{token_hex(16)}"
            stack.callback(shutil.rmtree, unfinished, ignore_errors=True)  # first, as a signal may come with mkdir
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
    """Say in one line that the disk refuses what is written."""
    try:
        yield
    except OSError as error:
        if error.errno not in disk.REFUSALS:
            raise
        raise OutputError(f"Results cannot be written to {str(named)!r}: {error.strerror}.") from error


def _own_files(folder: Path) -> set[str]:
    """The files that an earlier run lists as its own and that a run can have written, besides those of systems."""
    session, content = folder / SESSION, None
    with suppress(OSError, ValueError, RecursionError):
        if is_regular(session) and session.stat().st_size <= _MOST_SESSION:
            content = json.loads(session.read_text(encoding="utf-8"))
    key, value = WRITTEN_BY
    files = content.get("files") if isinstance(content, dict) and content.get(key) == value else None
    names = map(str, files) if isinstance(files, list) else ()
    return {*LITTER, *filter(is_result, names)}


def _with_folders_resolved(path: Path) -> Path:
    """`path` from the root, with links followed in its parent folders but not in itself."""
    # A path that ends in .. has no name of its own.
    return path.resolve() if path.name in ("", "..") else path.parent.resolve() / path.name


@contextmanager
def _held(target: Path, named: Path) -> Iterator[None]:
    """The parent folder of `target` exists, made where it was missing, and `target` is locked against other runs."""
    with ExitStack() as stack:
        for attempt in range(_ATTEMPTS):
            try:
                for folder in _make_parents(target.parent):
                    stack.callback(_remove_if_empty, folder)
                stack.enter_context(sole_writer(target, named))
                break
            except FileNotFoundError:
                # A run that ended has removed the empty folder.
                if attempt == _ATTEMPTS - 1:
                    raise
        yield


def _make_parents(folder: Path) -> list[Path]:
    """Make `folder`; returns the folders that were missing, outermost first."""
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()][::-1]
    for parent in missing:
        parent.mkdir(exist_ok=True)
    return missing


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def _try_to_write(folder: Path) -> None:
    """Write and remove a file of the size of small results: a disk may make folders and yet refuse files."""
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
