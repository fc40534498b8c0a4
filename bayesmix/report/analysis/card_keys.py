"""The keys that an analysis card may have and the values of each: one table, and the check that reads it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bayesmix.errors import CardError, did_you_mean, listing
from bayesmix.formula.missing import NA_CHOICES
from bayesmix.modelling.settings import METHODS, SAMPLERS
from bayesmix.report.analysis.result_files import FORMATS, PICTURES


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


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -_LARGEST <= value < _LARGEST


def _is_number(value: Any) -> bool:
    return isinstance(value, float) or _is_whole(value)


def _is_level(value: Any) -> bool:
    return isinstance(value, str) or _is_whole(value)


def _is_coded(value: Any) -> bool:
    """A comparison as a text, or the numbers of a column, in order or by level."""
    if isinstance(value, str):
        return True
    numbers = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [None]
    return all(map(_is_number, numbers))


def _is_at(value: Any) -> bool:
    """A value, or a list of some: numbers or levels."""
    values = value if isinstance(value, list) else [value]
    return len(values) > 0 and all(isinstance(one, str) or _is_number(one) for one in values)


def shortened(text: str) -> str:
    """`text` as messages show it: if it is long, its beginning."""
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


TEXT = Kind("a text in quotes", lambda value: isinstance(value, str) and value.strip() != "")
MARK = Kind('one character in quotes, such as ";" or "\\t"', lambda value: isinstance(value, str) and len(value) == 1)
TEXTS = Kind("a list of texts", lambda value: isinstance(value, list) and all(isinstance(text, str) for text in value))
SOME_TEXTS = Kind("a list of one text or more", lambda value: TEXTS.fits(value) and len(value) > 0)
TRUE_OR_FALSE = Kind("true or false", lambda value: isinstance(value, bool))
WHOLE = Kind("a whole number", _is_whole)
NUMBER = Kind("a number", _is_number)
PROBABILITY = Kind("a number between 0 and 1, such as 0.95", lambda value: _is_number(value) and 0 < value < 1)
LEVELS = Kind(
    'a list of two or more levels, such as ["low", "high"]',
    lambda value: isinstance(value, list) and len(value) > 1 and all(_is_level(level) for level in value),
)
KEPT = Kind(
    'a list of levels, such as ["72"]',
    lambda value: isinstance(value, list) and len(value) > 0 and all(_is_level(level) for level in value),
)

CODING = Kind(
    'a coding such as "sum", or a table of comparisons such as {"b-a" = "b - a"} or of columns of numbers',
    lambda value: (
        TEXT.fits(value) or (isinstance(value, dict) and len(value) > 0 and all(map(_is_coded, value.values())))
    ),
)

NAMES = Kind(
    'a name, or a list of names such as ["f", "g"]',
    lambda value: TEXT.fits(value) or (TEXTS.fits(value) and len(value) > 0),
)
VALUES = Kind(
    "a table of values by variable, such as {x = [0, 10]}",
    lambda value: isinstance(value, dict) and len(value) > 0 and all(map(_is_at, value.values())),
)
METHOD = Kind(
    'a method such as "pairwise", or a table of weights by name, such as {"a - b" = [1, -1]}',
    lambda value: (
        TEXT.fits(value)
        or (isinstance(value, dict) and len(value) > 0 and all(isinstance(one, dict | list) for one in value.values()))
    ),
)
ROPE = Kind(
    "a number, or a list of two, such as [-0.1, 0.2]",
    lambda value: _is_number(value) or (isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))),
)
NAMED_TABLE = Kind(
    'a table of its own: give it a name, as in [means.first], and write specs = "f" under it',
    lambda value: isinstance(value, dict),
)
MEANS = "means.NAME"
"""The name in `KEYS` of every table of means. What its texts may be is known to the questions, which load more."""

KEYS: Mapping[str, Mapping[str, Key] | Kind] = {
    "": {"title": Key(TEXT), "description": Key(TEXT)},
    "data": {
        "source": Key(TEXT),
        "path": Key(TEXT),
        "na": Key(TEXT, choices=NA_CHOICES),
        "weights": Key(TEXT),
        "sep": Key(MARK),
        "decimal": Key(TEXT, choices=(".", ",")),
        "encoding": Key(TEXT),
        "na_values": Key(TEXTS),
        "sheet": Key(TEXT),
        "object": Key(TEXT),
    },
    "data.units": TEXT,
    "data.keep": KEPT,
    "data.factors": LEVELS,
    "model": {"formula": Key(TEXT, required=True), "family": Key(TEXT), "auxiliary": Key(TEXTS)},
    "model.contrasts": CODING,
    "priors": TEXT,
    "sampler": {
        "name": Key(TEXT, choices=SAMPLERS),
        "draws": Key(WHOLE),
        "tune": Key(WHOLE),
        "chains": Key(WHOLE),
        "cores": Key(WHOLE),
        "seed": Key(WHOLE),
        "target_accept": Key(NUMBER),
        "method": Key(TEXT, choices=METHODS),
        "keep_effects": Key(TRUE_OR_FALSE),
    },
    "questions": {"rand": Key(TRUE_OR_FALSE), "audit": Key(TRUE_OR_FALSE)},
    "means": NAMED_TABLE,
    MEANS: {
        "specs": Key(NAMES, required=True),
        "by": Key(NAMES),
        "at": Key(VALUES),
        "type": Key(TEXT),
        "weights": Key(TEXT),
        "groups": Key(TEXT),
        "ddf": Key(TEXT),
        "contrasts": Key(METHOD),
        "ref": Key(NAMES),
        "adjust": Key(TEXT),
        "rope": Key(ROPE),
        "letters": Key(TRUE_OR_FALSE),
    },
    "trial": {
        "entry": Key(TEXT, required=True),
        "top": Key(WHOLE),
        "best": Key(TEXT),
        "environment": Key(TEXT),
    },
    "report": {
        "probability": Key(PROBABILITY),
        "pictures": Key(TEXTS, choices=PICTURES),
        "formats": Key(SOME_TEXTS, choices=FORMATS),
    },
    "report.layers": TEXT,
}
"""Every table of a card by its dotted name. A table with a `Kind` in place of keys has free names."""


def check_keys(content: Mapping[str, Any], *, card: str) -> None:
    """Refuse keys that are not in `KEYS`, with near matches, keys that are missing, and values of another kind.

    The `content` is a card as TOML gives it; messages call the `card` by its path.
    """
    _check_table(content, "", card, KEYS[""])
    for name, part in content.get("means", {}).items():
        _check_table(part, f"means.{shortened(name)}", card, KEYS[MEANS])
    if "model" not in content:
        raise CardError(
            f'{card}: the table [model] is missing; it holds the formula, as in formula = "y ~ x + (1 | g)".'
        )
    sources = [key for key in ("source", "path") if key in content.get("data", {})]
    if len(sources) != 1:
        fault = "has both" if sources else "has neither"
        raise CardError(
            f'{card}: [data] {fault}; write either source = "sleepstudy" (a bundled set) or path = "file.csv".'
        )


def _check_table(content: Mapping[str, Any], table: str, card: str, allowed: Mapping[str, Key] | Kind) -> None:
    for key, value in content.items():
        inner = f"{table}.{key}".lstrip(".")
        if isinstance(allowed, Kind):
            _check_value(value, Key(allowed), _in_words(key, table), card)
        elif inner in KEYS:
            if not isinstance(value, dict):
                raise CardError(f"{card}: {inner!r} is a table and begins with a line [{inner}]; got {_given(value)}.")
            _check_table(value, inner, card, KEYS[inner])
        elif key in allowed:
            _check_value(value, allowed[key], _in_words(key, table), card)
        else:
            raise CardError(f"{card}: {_unknown(key, table, allowed)}")
    for key, entry in allowed.items() if not isinstance(allowed, Kind) else ():
        if entry.required and key not in content:
            raise CardError(f"{card}: {_in_words(key, table)} is missing; it is {entry.kind.words}.")


def _unknown(key: str, table: str, allowed: Mapping[str, Key]) -> str:
    """The message for an unknown key, with near matches in its table or the table where it belongs."""
    tables = [name.rpartition(".")[2] for name in KEYS if name and name.rpartition(".")[0] == table]
    known = [*allowed, *tables]
    elsewhere = [name for name, keys in KEYS.items() if not isinstance(keys, Kind) and key in keys]
    hint = did_you_mean(key, known)
    if elsewhere:
        hint = f" It belongs in [{elsewhere[0]}]." if elsewhere[0] else " It belongs before the first table."
    where = f" in [{table}]" if table else ""
    of = f"of [{table}]" if table else "of a card"
    return f"unknown key {shortened(key)!r}{where}.{hint} Keys {of}: {listing(known)}."


def _check_value(value: Any, key: Key, name: str, card: str) -> None:
    if not key.kind.fits(value):
        nested = " (a name with a dot in it is written in quotes)" if isinstance(value, dict) else ""
        raise CardError(f"{card}: {name} is {key.kind.words}; got {_given(value)}{nested}.")
    for text in value if isinstance(value, list) else [value]:
        if key.choices and text not in key.choices:
            raise CardError(
                f"{card}: {name} cannot be {shortened(text)!r}.{did_you_mean(str(text), key.choices)} "
                f"Possible: {listing(key.choices)}."
            )


def _in_words(key: str, table: str) -> str:
    key = shortened(key)
    return f"{key!r} in [{table}]" if table else repr(key)


def _given(value: Any) -> str:
    """A value as TOML names it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"the text {shortened(value)!r}" if value.strip() else "an empty text"
    if isinstance(value, int) and not _is_whole(value):
        return f"a number of {value.bit_length()} bits"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, list):
        first = listing(map(_given, value[:3]), at_most=3) + (", ..." if len(value) > 3 else "")
        return f"a list of {len(value)} ({first})" if value else "an empty list"
    return "a table" if isinstance(value, dict) else f"a {type(value).__name__} ({value})"
