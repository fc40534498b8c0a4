"""How records print: the room above registers its printers here, so that a record need not know it.

`report.summary` registers for `Fit`; without it a record prints as its type and formula.
"""

from collections.abc import Callable
from typing import Any

_text: dict[type, Callable[[Any], str]] = {}
_html: dict[type, Callable[[Any], str]] = {}


def register(record: type, *, text: Callable[[Any], str], html: Callable[[Any], str]) -> None:
    """Print instances of `record` with `text` at a shell and with `html` in a notebook."""
    _text[record], _html[record] = text, html


def as_text(value: object) -> str:
    printer = _text.get(type(value))
    return printer(value) if printer else f"<{type(value).__name__}>"


def as_html(value: object) -> str:
    printer = _html.get(type(value))
    return printer(value) if printer else f"&lt;{type(value).__name__}&gt;"
