"""How a table of answers prints: in as many panels as the width asks for, long texts below their rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from shutil import get_terminal_size
from textwrap import wrap

import numpy as np
import pandas as pd

from bayesmix.inference.shared.readable_table import ReadableTable
from bayesmix.report.pages.frame_cells import numbers, spread_of, text_of
from bayesmix.report.pages.page import blocks_of

_LONG = 28  # a text with more letters stands below its row, where the whole does not fit into the width
_LONG_LABEL = 36
_NARROWEST = 40
_BETWEEN = 2


@dataclass(frozen=True)
class Column:
    """A column as it is shown: `cells` are texts, one a row."""

    name: str
    cells: list[str]
    is_number: bool = False

    @property
    def width(self) -> int:
        return max(map(len, (self.name, *self.cells)))


@dataclass(frozen=True)
class Frame:
    """A whole table as a part of a page."""

    table: pd.DataFrame

    def text(self) -> str:
        """What `print(table)` shows, in the width of the terminal."""
        width = max(_NARROWEST, get_terminal_size((pd.get_option("display.width") or 80, 24)).columns)
        return in_width(self.table, width)

    def html(self) -> str:
        """What a notebook shows: all columns, texts whole."""
        return _html(self.table)


@blocks_of.register
def _blocks(table: ReadableTable) -> tuple[Frame, ...]:
    return (Frame(table),)


def in_width(table: pd.DataFrame, width: int) -> str:
    """The table in lines of at most `width` letters, unless a single column is wider."""
    if not len(table):
        return f"No rows (columns: {', '.join(map(text_of, table.columns))})"
    rows, cut = _rows_shown(table)
    labels, columns = _labels(rows, cut), _columns(rows, cut)
    below: list[Column] = []
    if _width([*labels, *columns]) > width:
        below = [column for column in columns if not column.is_number and column.width > _LONG]
        columns = [column for column in columns if column not in below]
    panels = _panels(labels, columns, width)
    lines: list[str] = []
    for panel in panels:
        last = panel is panels[-1]
        lines += [*([""] if lines else []), *_panel_lines(labels, panel, below if last else [], width)]
    footer = [f"[{len(table)} rows x {table.shape[1]} columns]"] if cut is not None else []
    return "\n".join(line.rstrip() for line in (*lines, *footer))


def _rows_shown(table: pd.DataFrame) -> tuple[pd.DataFrame, int | None]:
    """All rows; of too many the first and last, and after how many there is a gap."""
    most, shown = pd.get_option("display.max_rows"), pd.get_option("display.min_rows")
    if not most or len(table) <= most:
        return table, None
    half = max(1, min(shown or most, most) // 2)
    return table.iloc[np.r_[:half, len(table) - half : len(table)]], half


def _labels(rows: pd.DataFrame, cut: int | None) -> list[Column]:
    """The levels of the index; one that repeats the row above is not written again."""
    found = []
    for level in range(rows.index.nlevels):
        texts = [text_of(value) for value in rows.index.get_level_values(level)]
        if level + 1 < rows.index.nlevels:
            keys = [key[: level + 1] for key in rows.index]
            texts = ["" if i and key == keys[i - 1] else texts[i] for i, key in enumerate(keys)]
        name = rows.index.names[level]
        found.append(Column("" if name is None else text_of(name), _with_gap(texts, cut)))
    return found


def _columns(rows: pd.DataFrame, cut: int | None) -> list[Column]:
    spread = spread_of(rows)
    found = []
    for position, name in enumerate(rows.columns):
        values = rows.iloc[:, position]
        is_float = bool(pd.api.types.is_float_dtype(values))
        if is_float:
            cells = numbers(str(name), values.to_numpy(float), spread, rows.columns)
        else:
            cells = [text_of(one) for one in values]
        found.append(Column(text_of(name), _with_gap(cells, cut), bool(pd.api.types.is_numeric_dtype(values))))
    return found


def _with_gap(texts: list[str], cut: int | None) -> list[str]:
    return texts if cut is None else [*texts[:cut], "...", *texts[cut:]]


def _width(columns: Sequence[Column]) -> int:
    return sum(column.width + _BETWEEN for column in columns) - _BETWEEN


def _panels(labels: list[Column], columns: list[Column], width: int) -> list[list[Column]]:
    """The columns in as many parts as the width asks for, each beside the labels."""
    used = _width(labels) if _width(labels) <= _LONG_LABEL else _BETWEEN
    panels: list[list[Column]] = [[]]
    for column in columns:
        if panels[-1] and used + _BETWEEN + _width([*panels[-1], column]) > width:
            panels.append([])
        panels[-1].append(column)
    return panels


def _panel_lines(labels: list[Column], panel: list[Column], below: list[Column], width: int) -> Iterator[str]:
    """Header and rows; labels that are long stand in lines of their own, and so do the texts of `below`."""
    apart = _width(labels) > _LONG_LABEL
    gap = " " * _BETWEEN
    heads = [column.name.rjust(column.width) for column in panel]
    yield gap.join([gap, *heads] if apart else [*(label.name.ljust(label.width) for label in labels), *heads])
    for row in range(len(labels[0].cells)):
        cells = [column.cells[row].rjust(column.width) for column in panel]
        if apart:
            yield gap.join(label.cells[row] for label in labels if label.cells[row])
            yield gap.join([gap, *cells])
        else:
            yield gap.join([*(label.cells[row].ljust(label.width) for label in labels), *cells])
        for column in below:
            if column.cells[row]:
                yield from _indented(f"{column.name}: {column.cells[row]}", width)


def _indented(text: str, width: int) -> list[str]:
    return wrap(text, width, initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False)


def _html(table: pd.DataFrame) -> str:
    rows, cut = _rows_shown(table)
    labels, columns = _labels(rows, cut), _columns(rows, cut)
    head = "".join(f"<th style='text-align:left'>{escape(label.name)}</th>" for label in labels)
    head += "".join(f"<th>{escape(column.name)}</th>" for column in columns)
    lines = []
    for row in range(len(labels[0].cells)):
        cells = "".join(f"<th style='text-align:left'>{escape(label.cells[row])}</th>" for label in labels)
        cells += "".join(_html_cell(column, row) for column in columns)
        lines.append(f"<tr>{cells}</tr>")
    size = f"<p>{len(table)} rows x {table.shape[1]} columns</p>" if cut is not None else ""
    style = "font-variant-numeric:tabular-nums"
    body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody>"
    return f"<table class='dataframe' style='{style}'>{body}</table>{size}"


def _html_cell(column: Column, row: int) -> str:
    text = escape(column.cells[row])
    if column.is_number:  # spaces after a number stand for decimals that it does not have
        return f"<td style='text-align:right;white-space:pre'>{text}</td>"
    return f"<td style='text-align:left;white-space:normal;max-width:50em'>{text}</td>"
