"""The keys that an analysis card may have and the values of each."""

from collections.abc import Mapping
from typing import Any

from bayesmix.errors import CardError
from bayesmix.formula.missing import NA_CHOICES
from bayesmix.modelling.settings import METHODS, SAMPLERS
from bayesmix.report.analysis.card_values import (
    KEPT,
    LEVELS,
    MARK,
    NUMBER,
    PROBABILITY,
    SOME_TEXTS,
    TEXT,
    TEXTS,
    TRUE_OR_FALSE,
    WHOLE,
    Key,
    Keys,
    Kind,
    check_table,
    is_number,
    refuse_other_cards,
    shortened,
)
from bayesmix.report.analysis.result_files import FORMATS, PICTURES


def _is_coded(value: Any) -> bool:
    """A comparison as a text, or the numbers of a column, in order or by level."""
    if isinstance(value, str):
        return True
    numbers = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [None]
    return all(map(is_number, numbers))


def _is_at(value: Any) -> bool:
    """A value, or a list of some: numbers or levels."""
    values = value if isinstance(value, list) else [value]
    return len(values) > 0 and all(isinstance(one, str) or is_number(one) for one in values)


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
    lambda value: is_number(value) or (isinstance(value, list) and len(value) == 2 and all(map(is_number, value))),
)
NAMED_TABLE = Kind(
    'a table of its own: give it a name, as in [means.first], and write specs = "f" under it',
    lambda value: isinstance(value, dict),
)
OF_LOCI = ("contrasts", "coverage", "keep", "significant", "run")
"""Tables that cards of many loci have, and cards of one analysis do not."""
MEANS = "means.NAME"
"""The name in `KEYS` of every table of means. What its texts may be is known to the questions, which load more."""

KEYS: Keys = {
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


def check_keys(content: Mapping[str, Any], *, card: str) -> None:
    """Refuse keys that are not in `KEYS`, with near matches, keys that are missing, and values of another kind.

    The `content` is a card as TOML gives it; messages call the `card` by its path.
    """
    refuse_other_cards(content, OF_LOCI, card=card, command="loci")
    check_table(content, "", card=card, keys=KEYS)
    for name, part in content.get("means", {}).items():
        check_table(part, f"means.{shortened(name)}", card=card, keys=KEYS, of=MEANS)
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
