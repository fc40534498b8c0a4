"""A printed page as data: headings, lines and tables of texts, rendered as plain text or as HTML."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch
from html import escape
from textwrap import wrap
from typing import Protocol

from bayesmix.visible import visible

_BREAK = re.compile(r"[ \t]*(?:\r?\n[ \t]*)+")


@dataclass(frozen=True)
class Table:
    """Texts in rows under a header; the first `labels` columns are aligned to the left, the rest to the right."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    labels: int = 1


def ending_in_words(header: Sequence[str], rows: Sequence[Sequence[str]], labels: int = 1) -> Table:
    """A table whose last column holds words and is aligned to the left."""
    width = max(len(cells[-1]) for cells in (header, *rows))
    heads, *cells = ([*cells[:-1], cells[-1].ljust(width)] for cells in (header, *rows))
    return Table(heads, cells, labels)


def wrapped(text: str, width: int) -> tuple[str, ...]:
    """`text` in lines of at most `width` columns."""
    return tuple(wrap(visible(text), width, break_on_hyphens=False))


class Part(Protocol):
    """One part of a page; parts stand below each other."""

    def text(self) -> str: ...

    def html(self) -> str: ...


@dataclass(frozen=True)
class Block:
    """A heading with lines or a table below it."""

    heading: str
    lines: Sequence[str] = ()
    table: Table | None = None

    def text(self) -> str:
        """The block as plain text; characters that a terminal would obey are written out."""
        lines = [visible(f"{self.heading}:")] if self.heading else []
        lines += map(_one_line, self.lines)
        if self.table is not None:
            lines += _text_rows(self.table)
        return "\n".join(line.rstrip() for line in lines)

    def html(self) -> str:
        """The block as HTML; every text is escaped."""
        parts = []
        if self.heading:
            parts.append(f"<p style='margin:0.8em 0 0.2em'><b>{_escaped(self.heading)}</b></p>")
        if self.lines:
            text = "<br>".join(escape(_one_line(line)).replace("  ", "&ensp;") for line in self.lines)
            parts.append(f"<p style='margin:0.4em 0'>{text}</p>")
        if self.table is not None:
            parts.append(_html_table(self.table))
        return "".join(parts)


@dataclass(frozen=True, repr=False)
class Page:
    """The page of a record: `str()` gives its text, a notebook shows the same as HTML."""

    blocks: tuple[Part, ...]

    def __str__(self) -> str:
        return "\n\n".join(block.text() for block in self.blocks)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<div class='bayesmix'>{''.join(block.html() for block in self.blocks)}</div>"


@singledispatch
def blocks_of(record: object, **_: object) -> tuple[Part, ...]:
    """The parts of a record's page; `prob=` sets the probability of a fit's intervals, `ddf=` the tests by REML."""
    raise TypeError(f"{type(record).__name__} has no page")


def _text_rows(table: Table) -> list[str]:
    rows = [list(map(visible, cells)) for cells in (*([table.header] if any(table.header) else []), *table.rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  "
        + "  ".join(
            cell.ljust(width) if j < table.labels else cell.rjust(width)
            for j, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        for cells in rows
    ]


def _html_table(table: Table) -> str:
    head = _html_row("th", table.header, table.labels) if any(table.header) else ""
    body = "".join(_html_row("td", cells, table.labels) for cells in table.rows)
    style = "border-collapse:collapse;margin:0;font-size:inherit;font-variant-numeric:tabular-nums"
    return f"<table style='{style}'>{head}{body}</table>"


def _html_row(tag: str, cells: Sequence[str], labels: int) -> str:
    style = "padding:0 0.7em 0 0;text-align:"
    texts = [_escaped(cell).replace(" ", "&nbsp;") for cell in cells]
    shown = [
        f"<{tag} style='{style}{'left' if j < labels else 'right'}'>{text}</{tag}>" for j, text in enumerate(texts)
    ]
    return f"<tr>{''.join(shown)}</tr>"


def _one_line(text: str) -> str:
    """`text` without line breaks, as in a formula that was written over several lines."""
    return visible(_BREAK.sub(" ", text))


def _escaped(text: str) -> str:
    return escape(visible(text))
