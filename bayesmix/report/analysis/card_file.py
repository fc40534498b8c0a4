"""The file of a card: found, read as TOML, or refused with the place of the fault."""

import os
import re
import stat
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from bayesmix.disk import fault_of_name
from bayesmix.errors import ArgumentError, CardError, listing
from bayesmix.report.analysis.card_values import shortened

MOST_BYTES = 1 << 20


def read_card_file(path: str | os.PathLike[str]) -> tuple[Path, str, dict[str, Any]]:
    """The file that `path` names, its text, and what TOML makes of it.

    Raises
    ------
    CardError
        There is no such file (with near matches), it is not a file or larger than 1 MiB, or it is not TOML (with the
        line).
    ArgumentError
        `path` is no path.
    """
    file = _card_file(path)
    text = _text_of(file)
    return file, text, _parsed(text, file)


def _card_file(path: Any) -> Path:
    try:
        file = Path(path)
    except TypeError:
        raise ArgumentError(f"An analysis card is named by its path; got {type(path).__name__}.") from None
    fault = fault_of_name(file)
    if fault:
        raise CardError(f"There is no card {str(file)!r}: it {fault}, as no file's name may.")
    return at_home(file, f"There is no card {str(file)!r}")


def at_home(path: Path, consequence: str) -> Path:
    """`path` with its ``~`` resolved."""
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise CardError(f"{consequence}: {str(error).rstrip('.')}.") from None


def _text_of(file: Path) -> str:
    try:
        return _content(file).decode("utf-8-sig")
    except FileNotFoundError:
        raise CardError(f"There is no card {str(file)!r}.{_near_cards(file)}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise CardError(f"{file}, line {line}: this is not UTF-8 text; save it as UTF-8.") from None
    except OSError as error:
        raise CardError(f"The card {str(file)!r} cannot be read: {error.strerror or error}.") from error


def _content(file: Path) -> bytes:
    """The bytes of a card, whose kind of file is checked before it is read: a device or a pipe may never end."""
    status = file.stat()
    if stat.S_ISDIR(status.st_mode):
        raise CardError(f"{str(file)!r} is a folder, not a card.{_cards_inside(file)}")
    if not stat.S_ISREG(status.st_mode):
        raise CardError(f"{str(file)!r} is a device or a pipe; a card is a file.")
    with file.open("rb") as opened:
        content = opened.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        size = max(status.st_size, len(content))
        raise CardError(f"{str(file)!r} has {size} bytes, a card at most {MOST_BYTES}; is it a table of data?")
    return content


def _parsed(text: str, file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason, _, place = str(error).partition(" (at ")
        match = re.match(r"line (\d+), column (\d+)", place)
        # At the end of the document the parser gives no number.
        number = int(match[1]) if match else max(1, len(text.splitlines()))
        where = f"line {number}" + (f", column {match[2]}" if match else "")
        lines = text.splitlines()[number - 1 : number]
        shown = f": {shortened(lines[0].strip())}" if lines and lines[0].strip() else ""
        raise CardError(f"{file}, {where}: {reason}{shown}") from None
    except ValueError:
        raise CardError(f"{file}: a number in it has thousands of digits; TOML's have 64 bits.") from None
    except RecursionError:
        raise CardError(f"{file}: brackets in it are nested too deep for a card.") from None


def _near_cards(file: Path) -> str:
    if not file.parent.is_dir():
        return f" Neither is there a folder {str(file.parent)!r}."
    # Names are compared without their endings, which would make any two short names similar.
    by_stem = {card.stem.lower(): card for card in _cards_in(file.parent)}
    matches = get_close_matches(file.name.lower().removesuffix(".toml"), list(by_stem), n=3, cutoff=0.6)
    if matches:
        return " Did you mean " + " or ".join(repr(str(by_stem[match])) for match in matches) + "?"
    return _cards_inside(file.parent)


def _cards_inside(folder: Path) -> str:
    names = [card.name for card in _cards_in(folder)]
    return f" Cards there: {listing(names)}." if names else ""


def _cards_in(folder: Path) -> list[Path]:
    try:
        return sorted(file for file in folder.iterdir() if file.suffix.lower() == ".toml" and file.is_file())
    except OSError:
        return []
