"""The kinds of values that keys of a card may have, and the check of a card against a table of keys."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from bayesmix.errors import CardError, did_you_mean, listing


@dataclass(frozen=True)
class Kind:
    """A kind of value: in words, for messages, and as a test."""

    words: str
    fits: Callable[[Any], bool]


@dataclass(frozen=True)
class Key:
    """A key of a card: the kind of its value, whether it is required, and the possible values if they are few."""

    kind: Kind
    required: bool = False
    choices: tuple[str, ...] = ()


_LARGEST = 2**63  # TOML promises 64 bits; Python cannot print numbers that are much longer
_MOST_SHOWN = 80  # characters of a value in a message


def is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -_LARGEST <= value < _LARGEST


def is_number(value: Any) -> bool:
    return isinstance(value, float) or is_whole(value)


def is_level(value: Any) -> bool:
    return isinstance(value, str) or is_whole(value)


def shortened(text: str) -> str:
    """`text` as messages show it: if it is long, its beginning."""
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


TEXT = Kind("a text in quotes", lambda value: isinstance(value, str) and value.strip() != "")
MARK = Kind('one character in quotes, such as ";" or "\\t"', lambda value: isinstance(value, str) and len(value) == 1)
TEXTS = Kind("a list of texts", lambda value: isinstance(value, list) and all(isinstance(text, str) for text in value))
SOME_TEXTS = Kind("a list of one text or more", lambda value: TEXTS.fits(value) and len(value) > 0)
TRUE_OR_FALSE = Kind("true or false", lambda value: isinstance(value, bool))
WHOLE = Kind("a whole number", is_whole)
NUMBER = Kind("a number", is_number)
PROBABILITY = Kind("a number between 0 and 1, such as 0.95", lambda value: is_number(value) and 0 < value < 1)
LEVELS = Kind(
    'a list of two or more levels, such as ["low", "high"]',
    lambda value: isinstance(value, list) and len(value) > 1 and all(is_level(level) for level in value),
)
KEPT = Kind(
    'a list of levels, such as ["72"]',
    lambda value: isinstance(value, list) and len(value) > 0 and all(is_level(level) for level in value),
)

type Keys = Mapping[str, Mapping[str, Key] | Kind]
"""Every table of a card by its dotted name. A table with a `Kind` in place of keys has free names."""


def check_table(content: Mapping[str, Any], table: str, *, card: str, keys: Keys, of: str | None = None) -> None:
    """Refuse unknown keys of a table, with near matches, keys that are missing, and values of another kind.

    Messages call the table by its name and the `card` by its path; `of` is its name in `keys`, if that is another.
    """
    allowed = keys[table if of is None else of]
    for key, value in content.items():
        inner = f"{table}.{key}".lstrip(".")
        if isinstance(allowed, Kind):
            _check_value(value, Key(allowed), in_words(key, table), card)
        elif inner in keys:
            if not isinstance(value, dict):
                raise CardError(f"{card}: {inner!r} is a table and begins with a line [{inner}]; got {given(value)}.")
            check_table(value, inner, card=card, keys=keys)
        elif key in allowed:
            _check_value(value, allowed[key], in_words(key, table), card)
        else:
            raise CardError(f"{card}: {_unknown(key, table, allowed, keys)}")
    for key, entry in allowed.items() if not isinstance(allowed, Kind) else ():
        if entry.required and key not in content:
            raise CardError(f"{card}: {in_words(key, table)} is missing; it is {entry.kind.words}.")


def refuse_other_cards(content: Mapping[str, Any], tables: Collection[str], *, card: str, command: str) -> None:
    """Refuse a card with one of the `tables` that only cards of another `command` have.

    Raises
    ------
    CardError
        Names the table and the command.
    """
    found = [name for name in tables if isinstance(content.get(name), dict)]
    if found:
        raise CardError(f"{card}: [{found[0]}] is a table of the cards that `bayesmix {command} CARD` takes; use that.")


def _unknown(key: str, table: str, allowed: Mapping[str, Key], keys: Keys) -> str:
    """The message for an unknown key, with near matches in its table or the table where it belongs."""
    tables = [name.rpartition(".")[2] for name in keys if name and name.rpartition(".")[0] == table]
    known = [*allowed, *tables]
    elsewhere = [name for name, inner in keys.items() if not isinstance(inner, Kind) and key in inner]
    hint = did_you_mean(key, known)
    if elsewhere:
        hint = f" It belongs in [{elsewhere[0]}]." if elsewhere[0] else " It belongs before the first table."
    where = f" in [{table}]" if table else ""
    of = f"of [{table}]" if table else "of a card"
    return f"unknown key {shortened(key)!r}{where}.{hint} Keys {of}: {listing(known)}."


def _check_value(value: Any, key: Key, name: str, card: str) -> None:
    if not key.kind.fits(value):
        nested = " (a name with a dot in it is written in quotes)" if isinstance(value, dict) else ""
        raise CardError(f"{card}: {name} is {key.kind.words}; got {given(value)}{nested}.")
    for text in value if isinstance(value, list) else [value]:
        if key.choices and text not in key.choices:
            raise CardError(
                f"{card}: {name} cannot be {shortened(text)!r}.{did_you_mean(str(text), key.choices)} "
                f"Possible: {listing(key.choices)}."
            )


def in_words(key: str, table: str) -> str:
    """A key and its table as messages name them."""
    key = shortened(key)
    return f"{key!r} in [{table}]" if table else repr(key)


def given(value: Any) -> str:
    """A value as TOML names it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"the text {shortened(value)!r}" if value.strip() else "an empty text"
    if isinstance(value, int) and not is_whole(value):
        return f"a number of {value.bit_length()} bits"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, list):
        first = listing(map(given, value[:3]), at_most=3) + (", ..." if len(value) > 3 else "")
        return f"a list of {len(value)} ({first})" if value else "an empty list"
    return "a table" if isinstance(value, dict) else f"a {type(value).__name__} ({value})"
