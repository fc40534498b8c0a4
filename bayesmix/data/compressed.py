"""Files that may be compressed, opened as what they hold."""

import bz2
import gzip
import lzma
import zipfile
import zlib
from io import TextIOWrapper
from pathlib import Path
from typing import IO, cast

from bayesmix.errors import DataError, listing


def _of_zip(file: Path) -> IO[bytes]:
    """The one file in an archive; folders and what macOS puts beside it are none."""
    with zipfile.ZipFile(file) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX/")]
        if len(names) != 1:
            inside = f" ({listing(names, at_most=6)})" if names else ""
            raise DataError(f"{str(file)!r} holds {len(names)} files{inside}, where one is expected; unpack it.")
        return archive.open(names[0])


COMPRESSIONS = (".gz", ".bz2", ".xz", ".zip")
"""The endings of compressed files."""

DAMAGES = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError)
"""What is raised of a file that cannot be unpacked: damaged, cut short, or an archive with a password."""


def opened(file: Path) -> IO[bytes]:
    """The bytes of a file, unpacked where its ending says that it is compressed."""
    match file.suffix.lower():
        case ".gz":
            return cast(IO[bytes], gzip.open(file))
        case ".bz2":
            return cast(IO[bytes], bz2.open(file))
        case ".xz":
            return cast(IO[bytes], lzma.open(file))
        case ".zip":
            return _of_zip(file)
        case _:
            return open(file, "rb")


def opened_text(file: Path, encoding: str) -> IO[str]:
    """The text of a file, with its line ends as they are."""
    return TextIOWrapper(opened(file), encoding=encoding, newline="")
