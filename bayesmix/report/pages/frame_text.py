"""How a table of answers prints: in as many panels as the width requires, with long texts below their rows."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import isnan
from shutil import get_terminal_size
from textwrap import wrap

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.inference.shared.readable_table import NOTES, ReadableTable
from bayesmix.report.pages.numbers import aligned, decimals_for, number, p_value, rhat, whole
from bayesmix.report.pages.page import Block, Part, blocks_of, wrapped
from bayesmix.visible import visible

_LONG = 28  # a text with more letters stands below its row, where the whole does not fit into the width
_LONG_LABEL = 36
_NARROWEST = 40
_NOTES_WIDTH = 80
_BETWEEN = 2

_DIGITS = 5  # of numbers whose precision the table does not tell
_MOST_PLACES = 12  # before the point

_SPREADS = ("sd", "se", "std.error", "std_error")
_INTERVALS = {"lower", "upper", "conf.low", "conf.high", "conf_low", "conf_high"}
_IN_UNITS = {"mean", "median", "estimate", *_INTERVALS, *_SPREADS}
_WHOLE = {"ess_bulk", "ess_tail", "min_ess_bulk", "min_ess_tail"}
_P_VALUES = {"p", "p_boundary", "p_value"}
_NO_TESTS = {"observed", "ratio", "elpd"}  # beside which p is a share of draws, or a number of parameters
_DECIMALS = {"p_best": 3, "p_top": 3, "rank": 1, "rank_lower": 0, "rank_upper": 0, "reliability": 3}
_DECIMALS |= dict.fromkeys(("p_direction", "p_outside", "p_inside"), 3)
_OF_SEVERAL_KINDS = {"value", "limit"}  # R-hat in one row, effective draws in the next


@dataclass(frozen=True)
class Column:
    """A column as it is shown: `cells` are the texts of its rows."""

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
        """What a notebook shows: all columns with their whole texts."""
        return _html(self.table)


@blocks_of.register
def _blocks(table: ReadableTable) -> tuple[Part, ...]:
    """The table, and below it what its ``attrs["notes"]`` say of the numbers."""
    lines = tuple(line for note in table.attrs.get(NOTES, ()) for line in wrapped(note, _NOTES_WIDTH))
    return (Frame(table), Block("", lines=lines)) if lines else (Frame(table),)


@dataclass(frozen=True)
class TitledFrame:
    """A heading with a table below it."""

    title: str
    table: pd.DataFrame

    def text(self) -> str:
        return f"{Block(self.title).text()}\n{Frame(self.table).text()}"

    def html(self) -> str:
        return Block(self.title).html() + Frame(self.table).html()


def in_width(table: pd.DataFrame, width: int) -> str:
    """The table in lines of at most `width` letters, unless a single column is wider."""
    if not len(table):
        return f"No rows (columns: {', '.join(map(_text_of, table.columns))})"
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
    """The rows that are shown, and the number of rows before the gap; None where all rows are shown."""
    most, shown = pd.get_option("display.max_rows"), pd.get_option("display.min_rows")
    if not most or len(table) <= most:
        return table, None
    half = max(1, min(shown or most, most) // 2)
    return table.iloc[np.r_[:half, len(table) - half : len(table)]], half


def _labels(rows: pd.DataFrame, cut: int | None) -> list[Column]:
    """The levels of the index; a level that repeats the row above is not written again."""
    labels = []
    for level in range(rows.index.nlevels):
        texts = [_text_of(value) for value in rows.index.get_level_values(level)]
        if level + 1 < rows.index.nlevels:
            keys = [key[: level + 1] for key in rows.index]
            texts = ["" if i and key == keys[i - 1] else texts[i] for i, key in enumerate(keys)]
        name = rows.index.names[level]
        labels.append(Column("" if name is None else _text_of(name), _with_gap(texts, cut)))
    return labels


def _columns(rows: pd.DataFrame, cut: int | None) -> list[Column]:
    spread, columns = _spread_of(rows), []
    for position, name in enumerate(rows.columns):
        values = rows.iloc[:, position]
        if pd.api.types.is_float_dtype(values):
            cells = numbers(str(name), values.to_numpy(float), spread, rows.columns)
        else:
            cells = [_text_of(value) for value in values]
        columns.append(Column(_text_of(name), _with_gap(cells, cut), bool(pd.api.types.is_numeric_dtype(values))))
    return columns


def _with_gap(texts: list[str], cut: int | None) -> list[str]:
    return texts if cut is None else [*texts[:cut], "...", *texts[cut:]]


def _width(columns: Sequence[Column]) -> int:
    return sum(column.width + _BETWEEN for column in columns) - _BETWEEN


def _panels(labels: list[Column], columns: list[Column], width: int) -> list[list[Column]]:
    """The columns in as many parts as the width requires, each beside the labels."""
    used = _width(labels) if _width(labels) <= _LONG_LABEL else _BETWEEN
    panels: list[list[Column]] = [[]]
    for column in columns:
        if panels[-1] and used + _BETWEEN + _width([*panels[-1], column]) > width:
            panels.append([])
        panels[-1].append(column)
    return panels


def _panel_lines(labels: list[Column], panel: list[Column], below: list[Column], width: int) -> Iterator[str]:
    """Header and rows; long labels stand in lines of their own, and so do the texts of the columns `below`."""
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
                text, indents = f"{column.name}: {column.cells[row]}", ("    ", "      ")
                yield from wrap(
                    text, width, initial_indent=indents[0], subsequent_indent=indents[1], break_on_hyphens=False
                )


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


def _spread_of(rows: pd.DataFrame) -> Floats | None:
    """The standard deviation or error of each row, (n_rows,), or None where the table has none."""
    for name in _SPREADS:
        if list(rows.columns).count(name) == 1 and pd.api.types.is_float_dtype(rows[name]):
            return rows[name].to_numpy(dtype=float)
    return None


def numbers(name: str, values: Floats, spread: Floats | None, beside: Collection[object] = ()) -> list[str]:
    """A column's numbers (n_rows,), by its `name`, the spread of each row and the names of the columns `beside` it."""
    if name in _WHOLE:
        return [whole(value) for value in values]
    if "rhat" in name:
        return [rhat(value) for value in values]
    if name in _P_VALUES and not _NO_TESTS & set(beside):
        return [p_value(value) for value in values]
    if name in _DECIMALS:
        return ["-" if isnan(value) else f"{value:.{_DECIMALS[name]}f}" for value in values]
    if name in _OF_SEVERAL_KINDS:
        return aligned(["-" if isnan(value) else f"{value:.{_DIGITS}g}" for value in values])
    if spread is not None and name in _IN_UNITS:
        return aligned(["-" if isnan(v) else number(v, decimals_for(s)) for v, s in zip(values, spread, strict=True)])
    return aligned(_with_same_decimals(values))


def _with_same_decimals(values: Floats) -> list[str]:
    """The fewest decimals that tell the values apart; significant digits where the values differ too much in size."""
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    highest, lowest = np.floor(np.log10([sizes.max(), sizes.min()])).astype(int) if len(sizes) else (0, 0)
    if highest - lowest >= _DIGITS or not -_DIGITS < highest < _MOST_PLACES:
        return ["-" if isnan(value) else f"{value:.{_DIGITS}g}" for value in values]
    decimals = max(0, _DIGITS - 1 - int(highest))
    while decimals and np.allclose(sizes, np.round(sizes, decimals - 1), rtol=1e-6, atol=0):
        decimals -= 1
    return ["-" if isnan(value) else f"{value:.{decimals}f}" for value in values]


def _text_of(value: object) -> str:
    """Any value in one line; an empty text for a missing value."""
    if value is None or value is pd.NA or (isinstance(value, float) and isnan(value)):
        return ""
    return visible(f"{value:.{_DIGITS}g}" if isinstance(value, float) else str(value))
