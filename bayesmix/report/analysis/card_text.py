"""A card as TOML: `read_card` of the text gives the card again."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from bayesmix.errors import CardError
from bayesmix.formula.contrasts import read_contrasts
from bayesmix.report.analysis.card import Card
from bayesmix.visible import visible


def to_toml(card: Card, *, folder: Path) -> str:
    """The text of `card` as it was written, or a new text for a card that was made in Python or at a shell.

    The text will be in `folder`, to which the path of a data file is relative.
    """
    if card.text is not None:
        return card.text
    data = {**_given(card.data), "units": card.data.units, "factors": card.data.factors}
    if card.data.path is not None:
        data["path"] = Path(os.path.relpath(card.data.path.expanduser().resolve(), folder.resolve())).as_posix()
    tables: dict[str, Mapping[str, Any]] = {
        "data": data,
        "model": _given(card.model) | {"contrasts": read_contrasts(card.model.contrasts)},
        "priors": card.priors,
        "sampler": _given(card.sampler),
        "questions": _given(card.questions),
        "means": {name: _given(part) for name, part in card.means.items()},
        "trial": {} if card.trial is None else _given(card.trial),
        "report": _given(card.report),
    }
    head = {key: text for key, text in (("title", card.title), ("description", card.description)) if text}
    return "\n".join([*_lines(head), *(line for name, table in tables.items() for line in _table(name, table))]) + "\n"


def require_writable_texts(card: Card) -> None:
    """Refuse half characters, which no file can hold: Python's texts may have them, a card that was read has none."""
    for text in _texts(asdict(card)):
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            shown = visible(text[:60], keep="\n")
            fault = f"The card has a text with half a character in it, '{shown}': no file can hold it."
            raise CardError(fault) from None


def _texts(value: Any) -> Iterator[str]:
    """Every text in a card, names and values."""
    if isinstance(value, str | Path):
        yield str(value)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from (str(key), *_texts(inner))
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from _texts(inner)


def _given(part: Any) -> dict[str, Any]:
    values = {entry.name: getattr(part, entry.name) for entry in fields(part)}
    return {key: value for key, value in values.items() if value is not None}


def _table(name: str, table: Mapping[str, Any]) -> list[str]:
    """The lines of a table, then those of the tables in it; an empty table has none."""
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    lines = ["", f"[{name}]", *_lines(plain)] if plain else []
    for key, value in table.items():
        if isinstance(value, Mapping):
            lines += _table(f"{name}.{_key(key)}", value)
    return lines


def _lines(values: Mapping[str, Any]) -> list[str]:
    return [f"{_key(key)} = {_value(value)}" for key, value in values.items()]


def _key(key: str) -> str:
    return key if key.isascii() and key.replace("_", "").replace("-", "").isalnum() else _value(key)


def _value(value: Any) -> str:
    # Texts and numbers are the same in JSON and TOML, except that TOML wants DEL escaped.
    if isinstance(value, tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
