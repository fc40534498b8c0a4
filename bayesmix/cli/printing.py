"""How results look in a shell: as wide as the terminal, or as plain text where the output goes to a file or a pipe."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bayesmix.report.analysis.result_files import FORMATS
from bayesmix.visible import visible

if TYPE_CHECKING:
    from bayesmix.report.analysis.analysis import Written

INCOMPLETE = 1
"""The exit code of results that lack a part, such as a picture."""

_WIDTH_OF_A_PIPE = 200
_KINDS = {".csv": "tables", ".parquet": "tables", **{f".{ending}": "pictures" for ending in FORMATS}}
_OTHER = "besides"


@dataclass
class Ending:
    """What a command that is interrupted leaves behind, in words; it says so itself if that is not nothing."""

    kept: str = "nothing was written"


def console() -> Console:
    """The terminal, or a stream that is wide enough for whole lines and without colours and frames."""
    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(file=sys.stdout, width=_WIDTH_OF_A_PIPE, no_color=True, highlight=False)


def print_table(frame: pd.DataFrame, *, wrap: Sequence[str] = ()) -> None:
    """Print a frame without its index; the columns in `wrap` are broken into lines where there is little room."""
    terminal = console()
    table = Table(box=box.SIMPLE_HEAD if terminal.is_terminal else None, pad_edge=False, header_style="bold")
    for name in frame.columns:
        numeric = pd.api.types.is_numeric_dtype(frame[name])
        table.add_column(
            _plain(str(name)), justify="right" if numeric else "left", no_wrap=name not in wrap, overflow="fold"
        )
    for row in frame.astype(str).itertuples(index=False):
        table.add_row(*map(_plain, row))
    _print(terminal, table)


def print_fields(fields: Mapping[str, str]) -> None:
    """Print names and texts in two columns; long texts are broken into lines."""
    terminal = console()
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for name, text in fields.items():
        table.add_row(_plain(name), _plain(text))
    _print(terminal, table)


def print_written(written: "Written", *, quiet: bool = False) -> None:
    """Print the folder of results and its files, and on standard error the parts that are missing."""
    for failure in written.failures:
        print_error(failure)
    folder = visible(str(written.folder))
    if quiet:
        print(folder)
        return
    by_kind: dict[str, list[str]] = {kind: [] for kind in (*_KINDS.values(), _OTHER)}
    for file in written.files:
        by_kind[_KINDS.get(Path(file).suffix, _OTHER)].append(file)
    print(f"\nWritten to {folder}:")
    print_fields({f"  {kind}": ", ".join(files) for kind, files in by_kind.items() if files})


def print_error(message: str) -> None:
    """Print an error with its line breaks: only an error in a formula has more than one line."""
    print(f"bayesmix: {visible(message, keep=chr(10))}", file=sys.stderr)


def note(text: str) -> None:
    """Say on standard error what is being done."""
    print(f"{visible(text)} ...", file=sys.stderr, flush=True)


def _plain(text: str) -> Text:
    """`text` without a meaning: rich would read `[b]` in a plain text as bold, and a terminal obeys escapes."""
    return Text(visible(text))


def _print(terminal: Console, table: Table) -> None:
    with terminal.capture() as captured:
        terminal.print(table)
    lines = captured.get().split("\n")
    sys.stdout.write("\n".join(line.rstrip() for line in lines).strip("\n") + "\n")
